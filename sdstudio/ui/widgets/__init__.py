"""Small building blocks of the window that know nothing of pictures or jobs.

May import PySide6, `ui.icons` and the standard library.
Must never know the form, the controller or any other room.
"""
