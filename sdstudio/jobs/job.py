"""One piece of queued work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from sdstudio.jobs.cancel import CancelToken
from sdstudio.messages.events import JobEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.training import TrainingRequest

Request = GenerationRequest | TrainingRequest
Emit = Callable[[JobEvent], None]


def _new_id() -> str:
    return os.urandom(16).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request, its name in the queue and the token that stops it."""

    request: Request
    id: str = field(default_factory=_new_id)
    cancel: CancelToken = field(default_factory=CancelToken, compare=False)
