"""The front doors, where concrete parts meet: the window and the command line.

May import everything, inside functions.
Must never hold business rules.
"""
