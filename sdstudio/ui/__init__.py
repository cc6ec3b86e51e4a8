"""The window, in PySide6; a sub-room has the name of the room it shows.

May import `jobs`, `gallery`, `model_store`, `document`, `settings` and `messages`.
Must never know the engine, training, the cluster or torch: not even lazily.
"""
