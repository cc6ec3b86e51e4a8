"""How far a run is, in words and as a fraction."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from sdstudio.messages.events import ProgressEvent, StepEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """What the status strip shows.

    Attributes:
        text: what is being done.
        pace: seconds per step, or "".
        time_left: or "".
        fraction: of the whole run, in [0, 1], None when unknown.
    """

    text: str
    pace: str = ""
    time_left: str = ""
    fraction: float | None = None


def _tr(text: str) -> str:
    return QCoreApplication.translate("RunProgress", text)


def of_step(event: StepEvent) -> RunProgress:
    """The progress after a step."""
    done = event.picture_index * event.num_steps + event.step
    total = event.picture_count * event.num_steps
    text = _tr("Step {0} of {1}").format(event.step, event.num_steps)
    if event.picture_count > 1:
        which = _tr("Picture {0} of {1}").format(event.picture_index + 1, event.picture_count)
        text = f"{which} · {text}"
    seconds = event.seconds_per_step
    return RunProgress(
        text=text,
        pace=_tr("{0} s/step").format(f"{seconds:.2f}") if seconds > 0 else "",
        time_left=time_left(seconds * (total - done)) if seconds > 0 else "",
        fraction=done / total,
    )


def of_progress(event: ProgressEvent) -> RunProgress:
    """The progress of loading, encoding and the like."""
    return RunProgress(text=event.text, fraction=event.fraction)


def time_left(seconds: float) -> str:
    """A rough duration as a person would say it."""
    if round(seconds) < 1:
        return _tr("a moment left")
    return _tr("{0} left").format(duration(seconds))


def duration(seconds: float) -> str:
    """Seconds as "8 s", "2 min 5 s" or "1 h 20 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _tr("{0} s").format(whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _tr("{0} min {1} s").format(minutes, rest)
    hours, minutes = divmod(minutes, 60)
    return _tr("{0} h {1} min").format(hours, minutes)
