"""A guard against references that PySide6 6.12 loses on Python 3.11.

Its wheels are built with `Py_RETURN_NONE` and `Py_RETURN_TRUE` as of Python 3.12, where both are
immortal (PEP 683) and no reference is taken. Python 3.11 does count them. Measured there: each
`QObject.setObjectName` lowers `sys.getrefcount(None)` by one, each `Signal.emit` that of True;
after some hundred signals the process ends with "deallocating True or False".
"""

from __future__ import annotations

import ctypes
import sys

_PLENTY = 1 << 60


def make_constants_immortal() -> None:
    """Do to None, True and False what Python 3.12 does; call it before Qt is used."""
    if sys.version_info >= (3, 12) or sys.implementation.name != "cpython":
        return
    for constant in (None, True, False, NotImplemented):
        count = ctypes.c_ssize_t.from_address(id(constant))  # PyObject begins with its count
        if count.value < _PLENTY:
            count.value += _PLENTY
