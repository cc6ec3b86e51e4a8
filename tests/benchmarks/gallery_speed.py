"""How quick the gallery is with many pictures: `python -m tests.benchmarks.gallery_speed`.

It writes small real PNG files with varied metadata, then prints ratios measured side by side:
the rebuild against a plain loop that only opens each file with Pillow, and how opening, search
and paging grow from 1,000 pictures to all of them. Times are this machine's; ratios are the point.

    --files N    pictures in the large gallery (default 100,000)
    --folder D   where to write them; kept and used again (default: a temporary folder)
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from sdstudio.gallery.gallery import Gallery

SMALL = 1000
REPEATS = 9
WORDS = tuple(
    word
    for line in (
        "red blue green golden misty snowy old tiny huge quiet house boat tree fox river mountain",
        "castle lighthouse garden street portrait night morning winter summer rain storm lantern",
    )
    for word in line.split()
)
SAMPLERS = ("DDIM", "Euler", "Euler a", "DPM++ 2M", "UniPC")
MODELS = ("starter", "dreamy_v1", "photo_xl", "ink")
SEARCHES = (
    "",
    "fox",
    "red hou",
    "lantern winter -boat",
    "model:photo fox",
    "seed:77",
    "size:24x16",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = args.folder or Path(temporary)
        small, large = root / "small", root / "large"
        write_pictures(small, min(SMALL, args.files))
        write_pictures(large, args.files)
        measure_rebuild(large, root)
        measure_growth(small, large, root)


def write_pictures(folder: Path, count: int) -> None:
    """Pictures 0 .. count-1, in sub-folders of a thousand, as our own and as A1111's."""
    for number in range(count):
        path = folder / f"{number // 1000:03}" / f"{number:06}.png"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(small_png(number))
            moment = 1_700_000_000 + number * 60
            os.utime(path, (moment, moment))


def small_png(number: int) -> bytes:
    """A real PNG of a few hundred pixels with its metadata."""
    choose = random.Random(number)
    width, height = choose.choice(((16, 16), (24, 16), (16, 24)))
    prompt = " ".join(choose.choices(WORDS, k=12))
    sampler, model, steps = choose.choice(SAMPLERS), choose.choice(MODELS), choose.randint(4, 50)
    infotext = (
        f"{prompt}\nNegative prompt: {choose.choice(WORDS)}\nSteps: {steps}, Sampler: {sampler},"
        f" CFG scale: 7, Seed: {number}, Size: {width}x{height}, Model: {model}"
    )
    texts = {"parameters": infotext}
    if number % 2:
        request = {"type": "generation", "version": 1, "prompt": prompt, "negative_prompt": "fog",
                   "num_inference_steps": steps, "sampler": sampler, "seed": number,
                   "width": width, "height": height, "model": model, "guidance_scale": 7.0,
                   "parents": []}  # fmt: skip
        texts["sdstudio"] = json.dumps({"version": 1, "request": request})
    rows = b"".join(b"\0" + choose.randbytes(3) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head)]
    chunks += [(b"tEXt", f"{key}\0{text}".encode()) for key, text in texts.items()]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def measure_rebuild(folder: Path, root: Path) -> None:
    files = sorted(folder.rglob("*.png"))

    def open_each() -> None:
        for path in files:
            with Image.open(path):
                pass

    open_each()  # warm the disk's cache for both
    plain_s = seconds(open_each)
    with tempfile.TemporaryDirectory(dir=root) as cache:
        gallery = Gallery([folder], cache_folder=Path(cache))
        rebuild_s = seconds(lambda: gallery.scan(report=show))
        again_s = seconds(gallery.scan)
        gallery.close()
    print(f"\nrebuild of {len(files):,} files: {len(files) / rebuild_s:,.0f} files/s")
    print(f"  against opening each with Pillow: {rebuild_s / plain_s:.2f} x (goal: at most 1.5)")
    print(f"  a scan that finds nothing new: {again_s / plain_s:.3f} x")


def measure_growth(small: Path, large: Path, root: Path) -> None:
    galleries = []
    for folder in (small, large):
        gallery = Gallery([folder], cache_folder=root / f"cache-{folder.name}")
        gallery.scan()
        galleries.append((folder, gallery))
    counts = [gallery.count() for _, gallery in galleries]
    print(f"growth from {counts[0]:,} to {counts[1]:,} pictures (goal: at most 2 x)")

    def open_first_page(folder: Path) -> None:
        gallery = Gallery([folder], cache_folder=root / f"cache-{folder.name}")
        gallery.search(limit=60)
        gallery.close()

    compare("open to the first page", *(lambda f=f: open_first_page(f) for f, _ in galleries))
    for text in SEARCHES:
        compare(
            f'search "{text}"', *(lambda g=g, t=text: g.search(t, limit=60) for _, g in galleries)
        )
    compare("jump to the end", *(lambda g=g: g.rows(g.ids()[-60:]) for _, g in galleries))
    for _, gallery in galleries:
        gallery.close()


def compare(what: str, on_small: Callable[[], object], on_large: Callable[[], object]) -> None:
    """Interleaved, so that both meet the same disturbances."""
    times = [(seconds(on_small), seconds(on_large)) for _ in range(REPEATS)]
    first, last = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"  {what:<32} {first * 1e3:8.2f} -> {last * 1e3:8.2f} ms   {last / first:6.2f} x")


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def show(progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress.done:,} of {progress.total:,}", end="", file=sys.stderr)


if __name__ == "__main__":
    main()
