"""Values from outside (a file, a socket), checked against the type a field was declared with."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from typing import Any, Literal, NoReturn, get_args, get_origin, get_type_hints

from sdstudio.errors import InvalidRequestError


@functools.cache
def field_types(cls: type) -> dict[str, Any]:
    """Return the declared type of every field of a dataclass, in order."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def parse_value(declared: Any, value: object, name: str) -> Any:
    """Return `value` as the declared type, which must be one that JSON can carry.

    Known are str, bool, int, float, Literal, `tuple[X, ...]` and `dict[str, X | Y]`. A whole
    float is an int and an int is a float, but nothing else is converted.

    Raises:
        InvalidRequestError: the value is of another type, not finite, or not one of the choices.
    """
    origin = get_origin(declared)
    if origin is Literal:
        return value if _is_choice(value, get_args(declared)) else _refuse(name, value)
    if origin is tuple and isinstance(value, (list, tuple)):
        return tuple(parse_value(get_args(declared)[0], item, name) for item in value)
    if origin is dict and isinstance(value, dict):
        return {str(key): _parse_scalar(item, f"{name}.{key}") for key, item in value.items()}
    if declared in (int, float):
        return _parse_number(declared, value, name)
    if declared in (str, bool) and type(value) is declared:
        return value
    return _refuse(name, value)


def parse_json(text: str | bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object from an untrusted source; NaN, Infinity and deep nesting are refused.

    Args:
        what: the thing that is read, for the error's sentence ("The request").

    Raises:
        InvalidRequestError: the text is not one JSON object.
    """
    try:
        parsed = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"{what} is not valid JSON.", _reason(error)) from error
    if not isinstance(parsed, dict):
        raise InvalidRequestError(f"{what} is not a JSON object.")
    return parsed


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "It is nested too deeply."
    return f"{str(error)[:200]}."


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")


def _is_choice(value: object, choices: tuple[object, ...]) -> bool:
    return isinstance(value, (str, int)) and value in choices


def _parse_number(declared: type, value: object, name: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _refuse(name, value)
    if isinstance(value, float) and not math.isfinite(value):
        return _refuse(name, value)
    if declared is int:
        return int(value) if value == int(value) else _refuse(name, value)
    try:
        return float(value)
    except OverflowError:
        return _refuse(name, value)


def _parse_scalar(value: object, name: str) -> str | int | float | bool:
    if isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return _refuse(name, value)


def _refuse(name: str, value: object) -> NoReturn:
    shown = ascii(value)
    if len(shown) > 80:
        shown = f"{shown[:77]}..."
    raise InvalidRequestError(f"{name} cannot be {shown}.")
