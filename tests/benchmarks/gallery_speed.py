"""How quick the gallery is with many pictures: `python -m tests.benchmarks.gallery_speed`.

It writes small real PNG files with varied metadata, then prints ratios measured side by side:
the rebuild against a plain loop that only opens each file with Pillow, and how opening, search
and paging grow from 1,000 pictures to all of them. Times are this machine's; ratios are the point.
What a person sees of it in the window is measured by `gallery_window`.

    --files N    pictures in the large gallery (default 100,000)
    --folder D   where to write them; kept and used again (default: a temporary folder)
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.infotext import write_infotext
from sdstudio.gallery.picture_encoding import encode_image, encode_picture
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

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
SIZES = ((16, 16), (24, 16), (16, 24))
SEARCHES = (
    "r",
    "",
    "fox",
    "red hou",
    "lantern winter -boat",
    "model:photo fox",
    "-boat",
    "source:comfyui winter",
    "seed:77",
    "size:24x16",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="How quick the gallery is with many pictures.")
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
    """A real PNG of a few hundred pixels: six of ten ours, three A1111's, one ComfyUI's."""
    choose = random.Random(number)
    width, height = choose.choice(SIZES)
    request = GenerationRequest(
        prompt=" ".join(choose.choices(WORDS, k=12)),
        negative_prompt=choose.choice(WORDS),
        model=choose.choice(MODELS),
        sampler=choose.choice(SAMPLERS),
        num_inference_steps=choose.randint(4, 50),
        guidance_scale=7.0,
        seed=number,
        width=width,
        height=height,
    )
    colours = [choose.randbytes(3) for _ in range(height)]
    pixels = b"".join(colour * width for colour in colours)
    picture = Raster(width=width, height=height, mode="RGB", pixels=pixels)
    result = PictureResult(picture=picture, request=request, model_hash="0123abcd")
    if number % 10 < 6:
        return encode_picture(result)
    infotext = write_infotext(result, version="1")
    texts = {"parameters": infotext} if number % 10 < 9 else {"prompt": comfy_graph(request)}
    return encode_image(Image.frombytes("RGB", picture.size, pixels), texts, format="png")


def comfy_graph(request: GenerationRequest) -> str:
    """The nodes of ComfyUI's default workflow, as its `prompt` names them."""
    text = {"class_type": "CLIPTextEncode"}
    settings = {
        "seed": request.seed,
        "steps": request.num_inference_steps,
        "cfg": request.guidance_scale,
        "sampler_name": request.sampler,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    }
    size = {"width": request.width, "height": request.height, "batch_size": 1}
    nodes = {
        "3": {"class_type": "KSampler", "inputs": settings},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": request.model}},
        "5": {"class_type": "EmptyLatentImage", "inputs": size},
        "6": text | {"inputs": {"text": request.prompt, "clip": ["4", 1]}},
        "7": text | {"inputs": {"text": request.negative_prompt, "clip": ["4", 1]}},
    }
    return json.dumps(nodes)


def measure_rebuild(folder: Path, root: Path) -> None:
    files = sorted(folder.rglob("*.png"))

    def open_each() -> None:
        for path in files:
            with Image.open(path):
                pass

    open_each()  # warm the disk's cache for both
    plains: list[Stopwatch] = []
    rebuilds: list[Stopwatch] = []
    agains: list[Stopwatch] = []
    for _ in range(2):  # in turns, so that both meet the same disturbances
        plains.append(Stopwatch.around(open_each))
        with tempfile.TemporaryDirectory(dir=root) as cache:
            gallery = Gallery([folder], cache_folder=Path(cache))
            rebuilds.append(Stopwatch.around(lambda g=gallery: g.scan(report=show)))
            agains.append(Stopwatch.around(gallery.scan))
            gallery.close()
    plain, rebuild, again = map(Stopwatch.best, (plains, rebuilds, agains))
    print(f"\nrebuild of {len(files):,} files: {len(files) / rebuild.wall_s:,.0f} files/s")
    print(f"  against opening each with Pillow: {rebuild / plain} (goal: at most 1.5)")
    print(f"  a scan that finds nothing new: {again / plain}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopwatch:
    """How long something took, by the clock and by the processor's time of all its threads.

    Only the second is the program's own where the machine has other work.
    """

    wall_s: float
    cpu_s: float

    @classmethod
    def around(cls, act: Callable[[], object]) -> Stopwatch:
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        return cls(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)

    @classmethod
    def best(cls, of: list[Stopwatch]) -> Stopwatch:
        return cls(wall_s=min(each.wall_s for each in of), cpu_s=min(each.cpu_s for each in of))

    def __truediv__(self, other: Stopwatch) -> str:
        by_clock, by_processor = self.wall_s / other.wall_s, self.cpu_s / other.cpu_s
        return f"{by_clock:.2f} x by the clock, {by_processor:.2f} x by processor time"


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
    all_ids = [gallery.ids() for _, gallery in galleries]
    compare(
        "jump to the end, with a list of ids",
        *(
            lambda g=g, ids=ids: g.rows(ids[-60:])
            for (_, g), ids in zip(galleries, all_ids, strict=True)
        ),
    )
    compare("that list, which is made beside", *(lambda g=g: g.ids() for _, g in galleries))
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
