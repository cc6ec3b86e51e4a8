"""Pictures on the user's disk: store, index, metadata, thumbnails, trash.

May import `messages`, `errors`, `paths`, Pillow and sqlite3.
Must never know Qt, torch, jobs or settings.
"""
