"""The canvas: shows the picture, and what comes of a run at its place and final size.

May import what `ui` may.
Must never know the engine: previews and pictures arrive as messages.
"""
