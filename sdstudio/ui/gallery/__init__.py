"""The gallery strip: the newest pictures, and what can be done with a picture file.

May import what `ui` may, and the room `gallery` inside functions that run in the background.
Must never know the engine; never touches the disk on the UI thread.
"""
