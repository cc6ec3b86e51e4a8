"""Where the program's own log goes, and how a fault is reported.

May import `errors` and `paths`.
Must never know Qt or torch.
"""
