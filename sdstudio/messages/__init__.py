"""The vocabulary: frozen values for all that crosses a thread, a file or a socket.

May import the standard library and `sdstudio.errors`.
Must never know Qt, torch, Pillow, numpy or the disk.
"""
