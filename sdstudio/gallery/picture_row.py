"""One picture as the index knows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sdstudio.gallery.metadata.file_texts import FileTexts
from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

_MAX_INDEXED_CHARS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """One picture of the gallery, by its file and its marks.

    Attributes:
        id: the microsecond it was made, moved on to the next free one; newer is larger.
        width, height: of the file; 0 where it cannot be read.
        seed: None where unknown.
        fault: a sentence where the file is broken, else "".
        rating: stars, 0 to 5.
        label: the name of a colour, or "".
        boards: in alphabetical order.
    """

    id: int
    path: Path
    folder: Path
    mtime_ns: int
    num_bytes: int
    identity: str
    format: str
    width: int
    height: int
    source: str
    prompt: str
    negative_prompt: str
    model: str
    sampler: str
    steps: int | None
    guidance_scale: float | None
    seed: int | None
    parents: tuple[str, ...]
    fault: str
    rating: int
    label: str
    note: str
    boards: tuple[str, ...] = ()

    @property
    def made(self) -> datetime:
        """When it was made, in local time."""
        try:
            return datetime.fromtimestamp(self.id / 1_000_000)
        except (OverflowError, ValueError, OSError):
            return datetime.fromtimestamp(0)

    @classmethod
    def from_columns(cls, columns: Sequence[Any], *, boards: Iterable[str]) -> PictureRow:
        """The row of one answer of the index, in the order of `COLUMNS`."""
        plain = dict(zip(_NAMES, columns, strict=True))
        plain["path"], plain["folder"] = Path(plain["path"]), Path(plain["folder"])
        plain["seed"] = int(plain["seed"]) if plain["seed"] else None
        plain["parents"] = tuple(json.loads(plain["parents"])) if plain["parents"] else ()
        return cls(**plain, boards=tuple(sorted(boards)))


_NAMES = tuple(name for name in PictureRow.__slots__ if name != "boards")
COLUMNS = ", ".join(_NAMES)


class ScannedFile(NamedTuple):
    """What a scan found in one file: the columns that the file decides, in their order.

    A plain tuple, for it goes into SQLite as it is, a hundred thousand times in a rebuild.

    Attributes:
        seed: in digits, "" where unknown: SQLite's whole numbers end at 2**63.
        parents: a JSON list, "" where there are none.
        fault: a sentence where the file is broken, else "".
    """

    path: str
    folder: str
    mtime_ns: int
    num_bytes: int
    identity: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    source: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    sampler: str = ""
    steps: int | None = None
    guidance_scale: float | None = None
    seed: str = ""
    parents: str = ""
    fault: str = ""


FILE_COLUMNS = ScannedFile._fields
"""What the file decides; the other columns are a person's marks."""


def scanned(
    path: str,
    folder: str,
    mtime_ns: int,
    num_bytes: int,
    *,
    texts: FileTexts,
    metadata: PictureMetadata,
) -> ScannedFile:
    """The columns of a picture that can be read."""
    return ScannedFile(
        path,
        folder,
        mtime_ns,
        num_bytes,
        texts.identity,
        texts.format,
        min(texts.width, 2**31),
        min(texts.height, 2**31),
        metadata.source,
        metadata.prompt[:_MAX_INDEXED_CHARS],
        metadata.negative_prompt[:_MAX_INDEXED_CHARS],
        metadata.model,
        metadata.sampler,
        metadata.steps,
        metadata.guidance_scale,
        "" if metadata.seed is None else str(metadata.seed),
        json.dumps(metadata.parents) if metadata.parents else "",
        "" if texts.is_whole else "The file ends too early.",
    )
