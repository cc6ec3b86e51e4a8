"""How fast the document paints, undoes, composites and fills, as ratios measured side by side.

python -m tests.benchmarks.document_speed            the table of the README
python -m tests.benchmarks.document_speed --quick    a few seconds, to see that it runs
pytest tests/benchmarks/document_speed.py            the same, held together by a test
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable

import numpy as np

from sdstudio.document import tiles
from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.document_file import encode_document
from sdstudio.document.fill import flood
from sdstudio.document.masks import MaskEdges, blend_mask, denoise_mask

BRUSH = Brush(size_px=200, hardness=0.0)
INK = Ink(colour=(200, 40, 40))
NUM_LAYERS = 5


def painted_document(side: int, num_layers: int = NUM_LAYERS) -> Document:
    """Layers with gradients and holes: neither empty nor all alike."""
    document = Document(side, side)
    rng = np.random.default_rng(0)
    for index in range(num_layers):
        document.layers.add()
        red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
        ink = Ink(colour=(red, green, blue))
        if index == 0:
            document.paint.fill_selection(ink)
        else:
            edges = (side * 0.05 * index, side * 0.1, side * 0.95, side * 0.9)
            document.paint.draw_shape("ellipse", edges, ink, opacity=0.6)
    return Document.from_snapshot(document.snapshot())


def pen_points(side: int, count: int) -> list[tuple[float, float, float]]:
    """A brisk pen at 200 Hz over the middle 1,600 pixels: up to 20 px per event."""
    reach = min(800.0, side * 0.4)
    times = np.arange(count) / 200
    return [
        (
            side / 2 + reach * np.sin(3.1 * t) * np.cos(0.53 * t),
            side / 2 + reach * np.sin(4.3 * t + 1),
            0.55 + 0.45 * np.sin(3 * t),
        )
        for t in times
    ]


def milliseconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return (time.perf_counter() - started) * 1000


def stroke_times(document: Document, points: list[tuple[float, float, float]]) -> dict[str, object]:
    """Per event: painting alone, and with the composite of the dirty rectangle; then undo, redo."""
    stroke = document.paint.begin_stroke(BRUSH, INK)
    paint, frame = [], []
    for point in points:
        started = time.perf_counter()
        area = stroke.add_point(*point)
        painted = time.perf_counter()
        document.composite(area)
        paint.append((painted - started) * 1000)
        frame.append((time.perf_counter() - started) * 1000)
    return {
        "paint": np.percentile(paint, [50, 99, 100]),
        "frame": np.percentile(frame, [50, 99, 100]),
        "end": milliseconds(stroke.end),
        "undo": milliseconds(document.undo),
        "redo": milliseconds(document.redo),
    }


def print_strokes(sides: list[int], num_events: int) -> None:
    print(f"\n{NUM_LAYERS} layers, {BRUSH.size_px:.0f} px soft brush, {num_events} pen events, ms")
    print(
        f"{'side':>6} {'paint 50/99/max':>22} {'+ composite 50/99/max':>24} {'undo':>7} {'redo':>7}"
    )
    first = 0.0
    for side in sides:
        document = painted_document(side)
        result = stroke_times(document, pen_points(side, num_events))
        paint, frame = (
            "{:7.2f}{:7.2f}{:7.2f}".format(*result[name]) for name in ("paint", "frame")
        )
        first = first or float(result["paint"][0])
        growth = float(result["paint"][0]) / first
        print(
            f"{side:>6} {paint:>22} {frame:>24} {result['undo']:7.1f} {result['redo']:7.1f}"
            f"   x {growth:.2f} of the smallest"
        )
        del document
        gc.collect()


def print_tile_sides(side: int, num_events: int) -> None:
    print("\nside of a tile: median paint per event, undo, bytes an undo step holds")
    original = tiles.TILE_PX
    try:
        for tile_px in (64, 128, 256, 512):
            tiles.TILE_PX = tile_px
            document = painted_document(side, 2)
            result = stroke_times(document, pen_points(side, num_events))
            print(
                f"{tile_px:>6} {result['paint'][0]:7.2f} {result['undo']:7.2f}"
                f" {document.undo_stack.num_bytes / 2**20:8.1f} MiB"
            )
    finally:
        tiles.TILE_PX = original


def print_memory(side: int) -> None:
    document = painted_document(side)
    held = sum(image.num_bytes for image in document._content.images.values())
    raw = side * side * 4 * NUM_LAYERS
    print(f"\n{side} px, {NUM_LAYERS} layers: {held / raw:.2f} of the raw bytes of its layers")


def print_rest(side: int) -> None:
    """One-off acts, each beside the plainest thing numpy does to as many bytes: a copy."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 2, (side, side), dtype=np.uint8) * 255
    pixels = np.dstack([noise, noise, noise, np.full_like(noise, 255)])
    flat = np.full((side, side, 4), 90, np.uint8)
    mask = np.zeros((side, side), np.uint8)
    mask[side // 8 : side // 2, side // 8 : side // 2] = 255
    document = painted_document(side)
    copy = milliseconds(pixels.copy)
    acts: dict[str, Callable[[], object]] = {
        "flood fill of one colour": lambda: flood(flat, 1, 1, 10),
        "flood fill in noise": lambda: flood(pixels, 1, 1, 10),
        "denoise mask": lambda: denoise_mask(mask, MaskEdges()),
        "blend mask": lambda: blend_mask(mask, MaskEdges()),
        "composite of everything": lambda: document.composite(document.bounds),
        "document as a file": lambda: encode_document(document.snapshot()),
    }
    print(f"\n{side} px, one-off acts: ms, and times a copy of the pixels ({copy:.1f} ms)")
    for name, act in acts.items():
        taken = milliseconds(act)
        print(f"{name:>26} {taken:9.1f}   x {taken / copy:7.1f}")


def run(*, quick: bool) -> None:
    print_strokes([256, 512] if quick else [1024, 4096, 8192], 40 if quick else 1000)
    print_tile_sides(512 if quick else 4096, 20 if quick else 400)
    print_memory(512 if quick else 4096)
    print_rest(256 if quick else 4096)


def test_the_benchmark_runs(capsys) -> None:
    run(quick=True)
    out = capsys.readouterr().out
    assert "of the smallest" in out and "flood fill in noise" in out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    run(quick=parser.parse_args().quick)
