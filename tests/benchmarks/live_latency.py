"""How soon live painting answers: from the end of a stroke to the first preview and the picture.

python -m tests.benchmarks.live_latency             the built-in model, 20 strokes
python -m tests.benchmarks.live_latency --strokes 3 quicker

The window is not shown, everything else is as in the studio: easel, view, controller, engine
thread. Each stroke is painted twice, in turns: with the model's few-step companion, if it has one,
and without. The goal is a first preview within one second and a picture within half a second, the
grace of 150 ms included in the first.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.messages.generation import STARTER_MODEL
from sdstudio.model_store.records import read_record
from sdstudio.ui.generation_choices import GenerationChoices, ModelChoice
from sdstudio.ui.immortal_constants import make_constants_immortal
from tests.benchmarks.models_under_test import STARTER
from tests.support.paint_desk import PaintDesk, smooth_document

PATIENCE_S = 120.0


def wait_for(truth: Callable[[], bool]) -> float:
    """Let Qt work until something is true; returns how long that took."""
    began = time.perf_counter()
    loop = QEventLoop()
    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(lambda: loop.quit() if truth() else None)
    timer.start()
    while not truth() and time.perf_counter() - began < PATIENCE_S:
        loop.exec()
    return time.perf_counter() - began


def measure(desk: PaintDesk) -> tuple[float, float]:
    """(seconds to the first thing seen, to the picture) of one stroke."""
    run, made = desk.repainting.run, len(desk.candidates_made)
    desk.view.stroke_began.emit()
    desk.draw()
    began = time.perf_counter()
    desk.view.stroke_ended.emit()
    # two quick steps may leave no time for a preview: the picture itself is seen first then
    wait_for(lambda: run.preview is not None or len(desk.candidates_made) > made)
    first = time.perf_counter() - began
    wait_for(lambda: len(desk.candidates_made) > made)
    return first, time.perf_counter() - began


def ways(model: Path) -> dict[str, GenerationChoices]:
    """What the form offers: the model with its companion, and without."""
    record = read_record(model, STARTER_MODEL)
    defaults = record.defaults
    plain = ModelChoice(
        name=STARTER_MODEL,
        label=defaults.title,
        width=defaults.width,
        height=defaults.height,
        guidance_scale=defaults.guidance_scale,
    )
    found = {"the model": GenerationChoices(models=(plain,))}
    if record.few_step is not None:
        quick = replace(plain, few_step=record.few_step)
        found = {"few steps": GenerationChoices(models=(quick,))} | found
    return found


def report(name: str, times: list[tuple[float, float]]) -> None:
    """Print one line for the preview and one for the picture."""
    for what, index in (("first seen", 0), ("picture", 1)):
        values = sorted(each[index] for each in times)
        middle, last = values[len(values) // 2], values[-1]
        print(f"{name:10s} {what:14s} median {middle:.2f} s, longest {last:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--side", type=int, default=512, help="of the document, in pixels")
    parser.add_argument("--model", type=Path, default=STARTER)
    arguments = parser.parse_args()
    keep_freed_memory()
    make_constants_immortal()
    application = QApplication([])
    engine = DiffusionEngine(resolve_model=lambda _: arguments.model)
    desk = PaintDesk(engine, document=smooth_document(arguments.side, arguments.side))
    choices = ways(arguments.model)
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in choices}
    desk.form.take_choices(next(iter(choices.values())))
    desk.repainting.live.set_on(True)
    loading = wait_for(lambda: bool(desk.candidates_made))
    for stroke in range(arguments.strokes + 1):  # the first warms both ways up
        for name, offered in choices.items():
            desk.form.take_choices(offered)
            found = measure(desk)
            times[name] += [found] if stroke else []
    desk.close()
    application.quit()
    for error in desk.errors:
        print(error)
    print(f"Live painting on {arguments.side} x {arguments.side}, {arguments.strokes} strokes")
    print(f"switched on, model loaded, first picture: {loading:.2f} s")
    for name, found in times.items():
        report(name, found)


if __name__ == "__main__":
    main()
