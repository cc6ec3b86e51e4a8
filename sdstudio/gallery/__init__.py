"""Pictures on the user's disk: gallery, index, search, marks, metadata, thumbnails, trash, export.

May import `messages`, `errors`, `paths`, `atomic_file`, Pillow and sqlite3.
Must never know Qt, torch, jobs or settings.
"""
