"""Training pictures on disk, memory-mapped, and the order in which they are shown.

pictures.npy    uint8 (N, height, width, 3)
captions.jsonl  one line a picture: {"caption": ..., "attributes": ...}
dataset.json    how it was made
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from PIL import Image, ImageOps

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError

CHUNK = 64
"""Pictures drawn between two notes of progress on the disk."""

PICTURE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})

Sample = tuple[np.ndarray, dict[str, Any]]
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDataset:
    """Pictures with captions, read at random.

    Attributes:
        pictures: uint8 (N, height, width, 3), memory-mapped.
        captions: one text a picture, "" where none is known.
        attributes: what is where, one dict a picture, {} where unknown.
        skipped: files of a picture folder that could not be read, with the reason.
    """

    pictures: np.ndarray
    captions: tuple[str, ...]
    attributes: tuple[dict[str, Any], ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.captions)

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """Return the pictures at `indices` (B,) as float32 (B, 3, height, width) in [-1, 1]."""
        levels = torch.from_numpy(self.pictures[indices.numpy()])
        return levels.permute(0, 3, 1, 2).float() / 127.5 - 1


def open_dataset(
    data: str,
    folder: Path,
    *,
    count: int,
    seed: int,
    size: tuple[int, int] = (256, 256),
    report: Report | None = None,
) -> PictureDataset:
    """Return the drawn world if `data` is "world", else the pictures of the folder it names."""
    if data == "world":
        return draw_dataset(folder, count, seed, size=size, report=report)
    return gather_pictures(Path(data), folder, size=size, report=report)


def draw_dataset(
    folder: Path,
    count: int,
    seed: int,
    *,
    size: tuple[int, int] = (256, 256),
    workers: int = 2,
    report: Report | None = None,
) -> PictureDataset:
    """Draw scenes `seed` to `seed + count - 1`, or go on with or reopen what lies in `folder`.

    Args:
        size: (width, height) in pixels.
        workers: processes that draw.
        report: called with (pictures done, pictures in all).

    Raises:
        InvalidRequestError: `folder` holds a data set made otherwise.
        StorageError: the disk is full or the folder cannot be written.
    """
    recipe = {"source": "world", "count": count, "seed": seed, "size": list(size)}

    def scenes(start: int) -> Iterator[Sample]:
        seeds = range(seed + start, seed + count)
        # spawn: torch's threads do not survive a fork
        with multiprocessing.get_context("spawn").Pool(workers, _leave_interrupts) as pool:
            yield from pool.imap(partial(_draw, size=size), seeds, chunksize=8)

    return _complete(folder, recipe, scenes, report)


def gather_pictures(
    source: Path,
    folder: Path,
    *,
    size: tuple[int, int] = (256, 256),
    report: Report | None = None,
) -> PictureDataset:
    """Bring a person's pictures to one size and keep them in `folder`; the originals stay.

    The middle of each picture is kept; its caption is read from a .txt file of the same name.
    Files that cannot be read are left out and named in `skipped`.

    Raises:
        InvalidRequestError: `source` is no folder or holds no picture that can be read.
    """
    if not source.is_dir():
        raise InvalidRequestError(f"{source} is not a folder.", "Choose a folder of pictures.")
    paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in PICTURE_ENDINGS)
    readable, skipped = _sift(paths)
    if not readable:
        raise InvalidRequestError(
            f"{source} holds no picture that can be read ({len(skipped)} skipped).",
            "Choose a folder with PNG, JPEG or WebP pictures.",
        )
    recipe = {"source": str(source), "count": len(readable), "seed": 0, "size": list(size)}

    def samples(start: int) -> Iterator[Sample]:
        return (_read_sample(path, size) for path in readable[start:])

    dataset = _complete(folder, recipe, samples, report)
    return dataclasses.replace(dataset, skipped=tuple(skipped))


def hold_out(length: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the places of the samples to train on and of those kept out, spread evenly.

    At most a tenth is kept out, and at least one; a single sample is in both.
    """
    kept = max(1, min(count, length // 10))
    held_out = torch.arange(kept) * length // kept
    mask = torch.ones(length, dtype=torch.bool)
    mask[held_out] = length == 1
    return mask.nonzero().flatten(), held_out


def seeded_generator(*numbers: int) -> torch.Generator:
    """Return a CPU generator that any list of numbers (seed, step, part ...) decides alone."""
    state = np.random.SeedSequence([n % 2**64 for n in numbers]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) % 2**63)


def batch_indices(step: int, *, batch_size: int, length: int, seed: int) -> torch.Tensor:
    """Return the places (batch_size,) of the samples of optimiser step `step`, from 0.

    Each pass shows every sample once, in an order that (seed, pass) decides: a resumed run needs
    nothing but the number of its step.
    """
    positions = torch.arange(step * batch_size, (step + 1) * batch_size)
    epochs = positions // length
    return torch.stack(
        [
            _shuffled(length, seed, int(epoch))[position % length]
            for position, epoch in zip(positions, epochs, strict=True)
        ]
    )


@lru_cache(maxsize=4)
def _shuffled(length: int, seed: int, epoch: int) -> torch.Tensor:
    return torch.randperm(length, generator=seeded_generator(seed, epoch))


def _leave_interrupts() -> None:
    """Let Ctrl+C reach the main process only, which ends the drawing in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw(seed: int, *, size: tuple[int, int]) -> Sample:
    from sdstudio.training.world.scene import draw_scene

    picture, caption, attributes = draw_scene(seed, width=size[0], height=size[1])
    return np.asarray(picture), {
        "caption": caption,
        "attributes": dataclasses.asdict(attributes),
    }


def _sift(paths: list[Path]) -> tuple[list[Path], list[str]]:
    readable, skipped = [], []
    for path in paths:
        try:
            _open_picture(path)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            skipped.append(f"{path.name}: {error}")
        else:
            readable.append(path)
    return readable, skipped


def _open_picture(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def _read_sample(path: Path, size: tuple[int, int]) -> Sample:
    picture = ImageOps.fit(_open_picture(path), size, Image.Resampling.LANCZOS)
    text = path.with_suffix(".txt")
    caption = text.read_text(encoding="utf-8", errors="replace").strip() if text.exists() else ""
    attributes = {"file": path.name, "folder": path.parent.name}
    return np.asarray(picture), {"caption": caption, "attributes": attributes}


def _complete(
    folder: Path,
    recipe: dict[str, Any],
    samples: Callable[[int], Iterable[Sample]],
    report: Report | None,
) -> PictureDataset:
    """Make what of the recipe is still missing, then open it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _claim(folder, recipe)
        if not (folder / "captions.jsonl").exists():
            _fill(folder, recipe, samples, report)
    except OSError as error:
        raise storage_error(folder, error) from error
    records = [json.loads(line) for line in _lines(folder / "captions.jsonl")]
    return PictureDataset(
        pictures=np.load(folder / "pictures.npy", mmap_mode="r"),
        captions=tuple(record["caption"] for record in records),
        attributes=tuple(record["attributes"] for record in records),
    )


def _claim(folder: Path, recipe: dict[str, Any]) -> None:
    note = folder / "dataset.json"
    if not note.exists():
        write_atomically(note, json.dumps(recipe).encode())
    elif json.loads(note.read_text()) != recipe:
        raise InvalidRequestError(
            f"{folder} holds other training pictures than asked for.",
            "Choose another folder, or delete this one.",
        )


def _fill(
    folder: Path,
    recipe: dict[str, Any],
    samples: Callable[[int], Iterable[Sample]],
    report: Report | None,
) -> None:
    count, (width, height) = recipe["count"], recipe["size"]
    array_part, text_part = folder / "pictures.npy.part", folder / "captions.jsonl.part"
    lines = _lines(text_part) if array_part.exists() else []
    write_atomically(text_part, "".join(f"{line}\n" for line in lines).encode())
    done = len(lines)
    pictures = (
        np.load(array_part, mmap_mode="r+")
        if done
        else open_memmap(array_part, "w+", np.uint8, (count, height, width, 3))
    )
    with text_part.open("a", encoding="utf-8") as text:
        records: list[str] = []
        for place, (pixels, record) in enumerate(samples(done), start=done):
            pictures[place] = pixels
            records.append(json.dumps(record) + "\n")
            if len(records) == CHUNK or place == count - 1:
                pictures.flush()  # pixels first: a caption on the disk vouches for its picture
                text.writelines(records)
                text.flush()
                records.clear()
                if report:
                    report(place + 1, count)
    array_part.rename(folder / "pictures.npy")
    text_part.rename(folder / "captions.jsonl")


def _lines(path: Path) -> list[str]:
    """Return the whole lines of a file; the last one may have been torn by a power cut."""
    if not path.exists():
        return []
    *whole, _torn = path.read_text(encoding="utf-8").split("\n")
    return whole
