"""Files of weights, known by their headers: records, catalog, inspection, starter.

May import `messages`, `errors` and `paths`.
Must never know Qt or torch.
"""
