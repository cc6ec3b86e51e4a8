"""What a failed run says, and the buttons that help."""

from __future__ import annotations

import dataclasses
import errno
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from sdstudio.errors import Remedy, SdstudioError
from sdstudio.messages.events import JobFailed
from sdstudio.messages.generation import STARTER_MODEL, GenerationRequest
from sdstudio.ui.generation_choices import snap


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyText:
    """How a remedy reads on its button."""

    remedy: Remedy
    text: str


def _tr(text: str) -> str:
    return QCoreApplication.translate("ErrorText", text)


def told(error: Exception) -> tuple[str, str]:
    """(sentence, hint) for what the person just did; the system's own words only as a last way."""
    if isinstance(error, SdstudioError):
        return error.message, error.hint
    if not isinstance(error, OSError):
        return str(error), ""
    name = Path(error.filename).name if isinstance(error.filename, str) else _tr("the file")
    if error.errno in (errno.ENOENT, errno.ESTALE):
        return _tr("{0} is not there any more.").format(name), _tr("It was moved or deleted.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = _tr("Choose another place, or change its permissions.")
        return _tr("The system does not allow that with {0}.").format(name), hint
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _tr("The disk is full."), _tr("Free some space, then do it again.")
    return _tr("That did not work with {0}.").format(name), error.strerror or str(error)


def remedy_text(remedy: Remedy) -> str:
    """The label of the button that applies a remedy."""
    labels: dict[Remedy, str] = {
        "smaller-size": _tr("Try smaller"),
        "tiled-vae": _tr("Decode in tiles"),
        "cpu-offload": _tr("Run on the processor"),
        "float32": _tr("Full precision"),
        "try-again": _tr("Try again"),
        "save-again": _tr("Save again"),
        "choose-folder": _tr("Choose folder…"),
        "use-built-in-model": _tr("Use the built-in model"),
    }
    return labels[remedy]


def remedy_buttons(failure: JobFailed, request: GenerationRequest) -> tuple[RemedyText, ...]:
    """The remedies worth a button: those that would change something, at most two."""
    useful: list[Remedy] = [each for each in failure.remedies if _helps(each, request)]
    return tuple(RemedyText(remedy=each, text=remedy_text(each)) for each in useful)[:2]


def remedied(request: GenerationRequest, remedy: Remedy, *, multiple: int) -> GenerationRequest:
    """The same request with the remedy applied; remedies of the engine's settings change nothing.

    Args:
        multiple: pixels that both sides must be a multiple of.
    """
    if remedy == "smaller-size":
        width, height = (_smaller(side, multiple) for side in (request.width, request.height))
        return dataclasses.replace(request, width=width, height=height)
    if remedy == "tiled-vae":
        return dataclasses.replace(request, vae_tiling=True)
    if remedy == "use-built-in-model":
        return dataclasses.replace(request, model=STARTER_MODEL)
    return request


def _helps(remedy: Remedy, request: GenerationRequest) -> bool:
    if remedy == "tiled-vae":
        return not request.vae_tiling
    if remedy == "use-built-in-model":
        return request.model != STARTER_MODEL
    return True


def _smaller(side: int, multiple: int) -> int:
    """About 0.7 of a side, which is half the area and half the memory."""
    return min(snap(side * 0.7, multiple), max(multiple, side - multiple))
