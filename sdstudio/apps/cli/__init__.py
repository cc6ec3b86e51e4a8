"""The commands of `sdstudio`, one module each, with `add_parser` and `run`.

May import everything, what is slow only inside functions.
Must never hold business rules.
"""
