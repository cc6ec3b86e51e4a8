"""A run in words: what it makes, and from what."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from sdstudio.messages.generation import STARTER_MODEL, GenerationRequest
from sdstudio.messages.training import TrainingRequest

Request = GenerationRequest | TrainingRequest


def _tr(text: str) -> str:
    return QCoreApplication.translate("JobWords", text)


def title(request: Request) -> str:
    """The prompt on one line, or what is trained."""
    if isinstance(request, TrainingRequest):
        return _tr("Training: {0}").format(request.kind.replace("-", " "))
    return " ".join(request.prompt.split()) or _tr("No prompt")


def details(request: Request, *, model_label: str = "") -> str:
    """Size, number, model and seed in a few words.

    Args:
        model_label: the model's name for people; left out for the built-in model.
    """
    if isinstance(request, TrainingRequest):
        return _tr("{0} steps").format(f"{request.steps:,}")
    parts = [f"{request.width} × {request.height}"]
    if request.count > 1:
        parts.append(_tr("{0} pictures").format(request.count))
    if request.start is not None:
        parts.append(_tr("strength {0} %").format(round(request.start.strength * 100)))
    if request.model != STARTER_MODEL:
        parts.append(model_label or request.model)
    parts.append(_tr("seed {0}").format(request.seed))
    return " · ".join(parts)


def icon_name(request: Request) -> str:
    """The icon of the run's kind."""
    if isinstance(request, TrainingRequest):
        return "training"
    return "generate" if request.start is None else "picture"
