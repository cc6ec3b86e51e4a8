"""One sheet of 64 pictures over the whole world in every style, for the README and for the eye.

python packaging/contact_sheet.py docs/contact-sheet.webp [--model FOLDER]

Every subject comes up three times, every style nine times; nothing is chosen by hand.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from sdstudio.training.world.attributes import Thing

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 8
COUNT = 64
SEED = 64
TILE_PX = 144
QUALITY = 82


def prompts() -> list[str]:
    """Return the prompts: mostly one thing, here and there a pair, three of a kind, a portrait."""
    from dataclasses import replace

    import numpy as np

    from sdstudio.training.world import vocabulary as words
    from sdstudio.training.world.attributes import SceneAttributes
    from sdstudio.training.world.captions import canonical_caption

    rng = np.random.default_rng(SEED)
    places, times = (_endless(rng, options) for options in (words.PLACES, words.TIMES))
    things = _things(rng)
    said = []
    for index in range(COUNT):
        first = next(things)
        is_pair, is_close = index % 8 == 5, index % 16 == 9
        if index % 8 == 2:
            first = replace(first, count=2 + index // 8 % 2)
        scene = SceneAttributes(
            things=(first, next(things)) if is_pair else (first,),
            relation=("left of", "right of")[index // 8 % 2] if is_pair else None,
            place=next(places),
            time=next(times),
            extras=(),
            style=words.STYLES[index % len(words.STYLES)],
            close_up=is_close,
            width=256,
            height=256,
            seed=0,
        )
        said.append(canonical_caption(scene))
    return said


def _things(rng) -> Iterator[Thing]:
    from sdstudio.training.world.attributes import Thing
    from sdstudio.training.world.subjects.table import SUBJECTS

    colours = {name: _endless(rng, spec.colours) for name, spec in SUBJECTS.items()}
    for subject in _endless(rng, tuple(SUBJECTS)):
        yield Thing(subject=subject, colour=next(colours[subject]))


def _endless(rng, options: tuple[str, ...]) -> Iterator:
    """Yield all options in a new order, again and again."""
    while True:
        yield from (options[place] for place in rng.permutation(len(options)))


def paint_sheet(model: Path) -> Image.Image:
    """Paint all prompts and lay the pictures out, reduced to `TILE_PX`."""
    from sdstudio.engine.allocator import keep_freed_memory
    from sdstudio.training.autoencoder import reduce_to
    from sdstudio.training.sample_grid import picture_grid
    from tests.benchmarks.painting import Painter

    keep_freed_memory()
    said = prompts()
    pictures = Painter(model).paint(said, list(range(len(said))), show=True)
    return picture_grid(reduce_to(pictures, TILE_PX), columns=COLUMNS)


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=Path, help="a .webp, .jpg or .png file")
    parser.add_argument("--model", type=Path, default=ROOT / "resources" / "models" / "starter")
    parser.add_argument("--prompts", action="store_true", help="print the prompts, paint nothing")
    chosen = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if chosen.prompts:
        print("\n".join(prompts()))
        return
    from sdstudio.atomic_file import write_atomically

    buffer = io.BytesIO()
    kinds = {".webp": "WEBP", ".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
    sheet = paint_sheet(chosen.model)
    sheet.save(buffer, kinds[chosen.output.suffix.lower()], quality=QUALITY, method=6)
    write_atomically(chosen.output, buffer.getvalue())
    print(
        f"\n{chosen.output}: {sheet.width} x {sheet.height}, {len(buffer.getvalue()) / 1e3:.0f} kB"
    )


if __name__ == "__main__":
    main()
