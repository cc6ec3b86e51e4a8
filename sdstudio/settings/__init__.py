"""What the user chose, kept in one JSON file.

May import `messages`, `errors` and `paths`.
Must never know Qt, torch or what the values are used for.
"""
