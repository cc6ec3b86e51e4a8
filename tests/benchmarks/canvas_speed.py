"""How long a pen's event takes to the painted frame, and what else a painter waits for.

python -m tests.benchmarks.canvas_speed            offscreen, and in a real window if DISPLAY is set
python -m tests.benchmarks.canvas_speed --xvfb     in a real window on a screen of its own as well
python -m tests.benchmarks.canvas_speed --busy     the same while the built-in model generates
python -m tests.benchmarks.canvas_speed --quick    a few seconds, to see that it runs

Events are due at 200 Hz and late ones count from when they were due. Goals on two idle cores:
99 % under 16 ms, growth from 1024 to 8192 px at most 1.5, undo and the window's part in a fill
under 50 ms, zoom and pan 99 % under 16 ms, memory at most 1.3 times the raw bytes of the layers, at
most twice of it all --busy.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from sdstudio.document.brush import PressureCurve
from sdstudio.document.document import Document
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.hand_first import HandFirst
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.pen import PointerPoint
from sdstudio.ui.immortal_constants import make_constants_immortal
from sdstudio.ui.job_controller import JobController
from tests.benchmarks.document_speed import NUM_LAYERS, painted_document

make_constants_immortal()

RATE_HZ = 200
VIEW_PX = (1000, 700)
BRUSH_PX = 200.0
PATIENCE_S = 60.0
SETTLE_S = 0.3


class WatchedView(PaintView):
    """Knows when its frames are on the screen."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.frames: list[float] = []

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.UpdateRequest:  # painted, and handed to the screen
            self.frames.append(time.perf_counter())
        return done


def process() -> None:
    QApplication.processEvents()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.perf_counter() + PATIENCE_S
    while not is_so():
        if time.perf_counter() > end:
            raise TimeoutError("The view did not come to rest.")
        process()


def settle(view: WatchedView) -> None:
    """Let everything be composited and painted, and the window come to rest."""
    wait_until(lambda: view.is_settled)
    end = time.perf_counter() + SETTLE_S
    while time.perf_counter() < end:
        process()


def open_view(document: Document) -> WatchedView:
    view = WatchedView(document)
    view.resize(*VIEW_PX)
    view.show()
    wait_until(view.isVisible)
    settle(view)
    view.tools.choose("brush")
    view.tools.brush.change(size_px=BRUSH_PX, hardness=0.0)
    view.tools.brush.set_pen(size=True, opacity=True, curve=PressureCurve(at_zero=0.3))
    view.colours.set_foreground((200, 40, 40))
    return view


# --- a pen ------------------------------------------------------------------------------------

PEN = QPointingDevice(
    "pen",
    1,
    QInputDevice.DeviceType.Stylus,
    QPointingDevice.PointerType.Pen,
    QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
    1,
    3,
)


def pen_event(view: PaintView, kind: QEvent.Type, position: QPointF, pressure: float):
    button = Qt.MouseButton.LeftButton
    is_move = kind == QEvent.Type.TabletMove
    is_up = kind == QEvent.Type.TabletRelease
    return QTabletEvent(
        kind,
        PEN,
        position,
        view.mapToGlobal(position),
        pressure,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        Qt.KeyboardModifier.NoModifier,
        Qt.MouseButton.NoButton if is_move else button,
        Qt.MouseButton.NoButton if is_up else button,
    )


def pen_path(count: int) -> Iterator[tuple[QPointF, float]]:
    """A brisk hand over most of the view: up to 20 px between two events."""
    width, height = VIEW_PX
    for t in np.arange(count) / RATE_HZ:
        x = width / 2 + 0.40 * width * np.sin(3.1 * t) * np.cos(0.53 * t)
        y = height / 2 + 0.42 * height * np.sin(4.3 * t + 1)
        yield QPointF(float(x), float(y)), float(0.55 + 0.45 * np.sin(3 * t))


def send_pen(view: PaintView, kind: QEvent.Type, position: QPointF, pressure: float) -> None:
    QApplication.sendEvent(view, pen_event(view, kind, position, pressure))


def stroke_latencies(view: WatchedView, count: int) -> list[float]:
    """Milliseconds from when each event was due to the frame that shows it."""
    path = list(pen_path(count))
    send_pen(view, QEvent.Type.TabletPress, *path[0])
    process()
    start = time.perf_counter() + 0.05
    due = [start + number / RATE_HZ for number in range(count)]
    sent = shown = 0
    latencies: list[float] = []
    while shown < count:
        while sent < count and due[sent] <= time.perf_counter():
            send_pen(view, QEvent.Type.TabletMove, *path[sent])
            sent += 1
        before = len(view.frames)
        process()
        if len(view.frames) > before and not view.pointer.has_waiting:
            latencies += [(view.frames[-1] - due[index]) * 1000 for index in range(shown, sent)]
            shown = sent
        elif shown == sent and sent < count:
            time.sleep(max(0.0, due[sent] - time.perf_counter()))
    send_pen(view, QEvent.Type.TabletRelease, *path[-1])
    process()
    return latencies


# --- what is measured -------------------------------------------------------------------------


def frame_ms(view: WatchedView, act: Callable[[], object]) -> float:
    """Milliseconds from an act to the next frame."""
    before = len(view.frames)
    started = time.perf_counter()
    act()
    wait_until(lambda: len(view.frames) > before)
    return (view.frames[-1] - started) * 1000


def undo_ms(view: WatchedView, act: Callable[[], object]) -> str:
    """Milliseconds from an act to the frame that shows it, and to the last that refines it."""
    started = time.perf_counter()
    shown = frame_ms(view, act)
    wait_until(lambda: view.is_settled)
    refined = (time.perf_counter() - started) * 1000
    return f"{shown:7.1f} /{refined:6.1f}"


def wheel(view: PaintView, notches: float) -> None:
    at = QPointF(VIEW_PX[0] * 0.4, VIEW_PX[1] * 0.4)
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def zoom_times(view: WatchedView, count: int) -> list[float]:
    """In and out again, a quarter notch a frame, as a touchpad does."""
    view.fit()
    settle(view)
    steps = [0.25] * (count // 2) + [-0.25] * (count // 2)
    return [frame_ms(view, lambda step=step: wheel(view, step)) for step in steps]


def pan_times(view: WatchedView, count: int) -> list[float]:
    view.zoom_to(1.0)
    settle(view)
    ways = [QPointF(-9, -6)] * (count // 2) + [QPointF(9, 6)] * (count // 2)
    return [frame_ms(view, lambda way=way: view.pan(way)) for way in ways]


def fill_times(view: WatchedView) -> tuple[float, float]:
    """A click of the fill tool: the longest the window was held, and until all is shown, in ms."""
    document, middle = view.document, QPointF(view.rect().center())
    view.background = view.background or Background(view)
    view.tools.choose("fill")
    place, revision = view.to_document(middle), document.revision
    point = PointerPoint(x=place.x(), y=place.y(), position=middle)
    started = time.perf_counter()
    view.tools.current.press(point)
    held = [time.perf_counter() - started]
    while document.revision == revision or not view.is_settled:
        time.sleep(0.001)
        before = time.perf_counter()
        process()
        held.append(time.perf_counter() - before)
    return max(held) * 1000, (time.perf_counter() - started) * 1000


def percentiles(times: list[float]) -> str:
    return "{:7.2f}{:7.2f}{:7.2f}".format(*np.percentile(times, [50, 99, 100]))


def measure(side: int, count: int, controller: JobController | None) -> dict[str, float]:
    document = painted_document(side)
    view = open_view(document)
    if controller is not None:
        HandFirst(view, controller)
    figures: dict[str, float] = {}
    for name, zoom in (("100 %", 1.0), ("fit", 0.0)):
        view.zoom_to(zoom) if zoom else view.fit()
        settle(view)
        latencies = stroke_latencies(view, count)
        undo, redo = undo_ms(view, view.undo), undo_ms(view, view.redo)
        print(f"{side:>6} {name:>6} {percentiles(latencies):>22}  {undo}  {redo}", flush=True)
        figures[name] = float(np.percentile(latencies, 50))
        figures[f"{name} 99th"] = float(np.percentile(latencies, 99))
    print(f"{side:>6}   zoom {percentiles(zoom_times(view, count // 4)):>22}")
    print(f"{side:>6}    pan {percentiles(pan_times(view, count // 4)):>22}")
    figures["memory"] = print_memory(document, view)
    held, done = fill_times(view)
    print(f"{side:>6}   fill holds the window for at most {held:.1f} ms, is shown after {done:.0f}")
    view.close()
    view.deleteLater()
    process()
    return figures


def print_memory(document: Document, view: WatchedView) -> float:
    """Bytes held for a document and to show it, as parts of its layers' raw bytes."""
    width, height = document.size
    raw = width * height * 4 * NUM_LAYERS
    held = sum(image.num_bytes for image in document._content.images.values()) / raw
    shown = view.num_bytes / raw
    print(
        f"{width:>6} memory {held + shown:7.2f} of the raw bytes of its layers: {held:.2f} the"
        f" layers, {shown:.2f} to show them; {1 + shown:.2f} were no tile of one colour",
        flush=True,
    )
    return held + shown


@contextmanager
def busy_engine() -> Iterator[JobController]:
    """The built-in model makes one picture after the other on the engine thread."""
    from sdstudio.apps import gui
    from sdstudio.messages.generation import GenerationRequest
    from sdstudio.settings.store import SettingsStore

    store = SettingsStore(Path(tempfile.mkdtemp()) / "settings.json")
    controller = JobController(gui.diffusion_engine(store), lambda result: Path("not-saved.png"))
    pictures: list[object] = []
    request = GenerationRequest(prompt="a small red house in the snow", num_inference_steps=50)

    def make_another(*_: object) -> None:
        pictures.append(None)
        controller.submit(request)

    controller.job_ended.connect(make_another)
    controller.submit(replace(request, num_inference_steps=2))
    end = time.perf_counter() + 10 * PATIENCE_S
    while not pictures and time.perf_counter() < end:  # torch is imported and the model loaded
        process()
        time.sleep(0.02)
    made, started = len(pictures), time.perf_counter()
    yield controller
    rate = (len(pictures) - made) / (time.perf_counter() - started)
    steps = rate * request.num_inference_steps
    print(f"meanwhile the model finished about {steps:.1f} steps a second")
    controller.job_ended.disconnect(make_another)
    controller.shut_down()


Figures = dict[int, dict[str, float]]


def measure_all(
    title: str, sides: list[int], count: int, controller: JobController | None = None
) -> Figures:
    print(
        f"\n{title}: {NUM_LAYERS} layers, {BRUSH_PX:.0f} px soft brush,"
        f" {count} pen events at {RATE_HZ} Hz, ms\n"
        f"{'side':>6} {'zoom':>6} {'event to frame 50/99/max':>22}"
        f"  {'undo shown/fine':>15}  {'redo shown/fine':>15}"
    )
    figures: Figures = {}
    for side in sides:
        figures[side] = measure(side, count, controller)
        gc.collect()
    return figures


def run_here(sides: list[int], count: int, *, busy: bool) -> None:
    """Measure on the platform that this process was started for."""
    from sdstudio.apps import gui

    sys.setswitchinterval(gui.GIL_SWITCH_S)
    app = gui.make_application()
    idle = measure_all(app.platformName(), sides, count)
    first, last = sides[0], sides[-1]
    for name in ("100 %", "fit"):
        growth = idle[last][name] / idle[first][name]
        print(f"growth from {first} to {last} px, {name}: x {growth:.2f}", flush=True)
    if not busy:
        return
    with busy_engine() as controller:
        title = f"{app.platformName()}, the model at work"
        loaded = measure_all(title, sides, count, controller)
    for side in sides:
        ratios = {name: loaded[side][name] / idle[side][name] for name in idle[side]}
        print(
            f"{side} px, at work against idle: "
            + ", ".join(
                f"{name} x {ratio:.2f}" for name, ratio in ratios.items() if name != "memory"
            )
        )


def run_on(platform: str, display: str, arguments: list[str]) -> int:
    """Measure in a process of its own: Qt takes its platform once."""
    environment = os.environ | {"QT_QPA_PLATFORM": platform, "DISPLAY": display}
    command = [sys.executable, "-m", "tests.benchmarks.canvas_speed", "--here", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sides", type=int, nargs="+", default=[1024, 4096, 8192])
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--xvfb", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    sides, count = ([512, 1024], 60) if args.quick else (args.sides, args.events)
    if args.here:
        run_here(sides, count, busy=args.busy)
        return 0
    arguments = ["--sides", *map(str, sides), "--events", str(count)]
    arguments += ["--busy"] if args.busy else []
    code = run_on("offscreen", "", arguments)
    if args.xvfb:
        from tests.support.real_window import virtual_screen

        with virtual_screen(Path(tempfile.mkdtemp())) as screen:
            code = code or run_on("xcb", screen.display, arguments)
    elif os.environ.get("DISPLAY"):
        code = code or run_on("xcb", os.environ["DISPLAY"], arguments)
    return code


def test_the_benchmark_runs() -> None:
    assert run_on("offscreen", "", ["--sides", "256", "512", "--events", "40"]) == 0


if __name__ == "__main__":
    raise SystemExit(main())
