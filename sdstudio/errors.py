"""The one family of errors, drawn once.

    SdstudioError(message, hint, remedies)
    |- EnvironmentFault          what the machine did: retry, free something, repair a file
    |  |- OutOfMemoryError
    |  |- StorageError           disk full, folder read-only or gone
    |  |- ModelFileError         weights or configuration that cannot be read
    |  |- ModelNotFoundError
    |  |- PictureFileError       a picture or document that cannot be read
    |  '- NumericalError         non-finite latents, a constant picture
    '- RequestFault              what the user asked for
       |- InvalidRequestError    a value out of range or inconsistent with another
       '- UnsupportedRequestError  the loaded model cannot do this

`Cancelled` stands outside: being told to stop is not an error.
"""

from __future__ import annotations

from typing import Literal

Remedy = Literal[
    "smaller-size",
    "tiled-vae",
    "cpu-offload",
    "float32",
    "try-again",
    "save-again",
    "choose-folder",
    "use-built-in-model",
]
"""Something one click can do about an error; `ui` turns each into a button."""


class SdstudioError(Exception):
    """An error a person can read.

    Args:
        message: one plain sentence that says what happened.
        hint: what to do about it, or "".
        remedies: the fixes a button can apply, most useful first.
    """

    def __init__(self, message: str, hint: str = "", remedies: tuple[Remedy, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.remedies = remedies

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class EnvironmentFault(SdstudioError):
    """The machine, the disk or a file is at fault."""


class OutOfMemoryError(EnvironmentFault):
    """The device has too little memory for this run."""


class StorageError(EnvironmentFault):
    """A file cannot be written or a folder cannot be reached."""


class ModelFileError(EnvironmentFault):
    """A file of weights or its configuration is broken or not what it claims to be."""


class ModelNotFoundError(EnvironmentFault):
    """No model goes by this name or lies at this path."""


class PictureFileError(EnvironmentFault):
    """A picture or document cannot be read."""


class NumericalError(EnvironmentFault):
    """The numbers of a run became unusable (NaN, infinite, or a constant picture)."""


class RequestFault(SdstudioError):
    """The request cannot be carried out as asked."""


class InvalidRequestError(RequestFault):
    """A value of the request is out of range or contradicts another."""


class UnsupportedRequestError(RequestFault):
    """The chosen model or family cannot do what was asked."""


class Cancelled(Exception):
    """The person asked to stop; raised inside an engine, never shown."""
