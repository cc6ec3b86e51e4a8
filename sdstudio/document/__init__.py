"""The painted picture: tiles, layers, masks, brush, undo, document files, what a repaint sees.

May import `messages`, `errors`, numpy and Pillow.
Must never know Qt, torch, jobs or settings.
"""
