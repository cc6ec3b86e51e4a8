"""The gallery: a strip of the newest pictures, and the workspace that shows and orders them all.

May import what `ui` may, and the room `gallery` inside functions that run in the background.
Must never know the engine; never touches a picture file on the UI thread.
"""
