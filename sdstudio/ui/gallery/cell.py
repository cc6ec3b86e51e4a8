"""What the large gallery keeps of a picture that is on screen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import neg
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdstudio.gallery.picture_row import PictureRow

MAX_WORDS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The part of a `PictureRow` that a cell draws; it stays small however long the prompt is.

    Attributes:
        stamp: changes whenever the file does.
        words: the beginning of the prompt.
        has_note: whether a person wrote a note.
    """

    id: int
    path: Path
    stamp: tuple[int, int]
    made: datetime = datetime.min
    width: int = 0
    height: int = 0
    words: str = ""
    fault: str = ""
    rating: int = 0
    label: str = ""
    has_note: bool = False
    boards: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: PictureRow) -> Cell:
        """The cell of a row of the index."""
        return cls(
            id=row.id,
            path=row.path,
            stamp=(row.mtime_ns, row.num_bytes),
            made=row.made,
            width=row.width,
            height=row.height,
            words=" ".join(row.prompt[: MAX_WORDS * 2].split())[:MAX_WORDS],
            fault=row.fault,
            rating=row.rating,
            label=row.label,
            has_note=bool(row.note),
            boards=row.boards,
        )


def day_of(picture_id: int) -> date | None:
    """The day in local time that an id was made on; None for a time that no calendar has."""
    try:
        return datetime.fromtimestamp(picture_id / 1_000_000).date()
    except (OverflowError, ValueError, OSError):
        return None


def day_starts(ids: Sequence[int]) -> list[int]:
    """The first row of every day.

    Args:
        ids: the newest first, so that a day is found by halving.
    """
    starts: list[int] = []
    row = 0
    while row < len(ids):
        starts.append(row)
        day = day_of(ids[row])
        if day is None:
            row = bisect_right(ids, False, row + 1, key=lambda each: day_of(each) is not None)
            continue
        midnight = datetime(day.year, day.month, day.day).timestamp()
        row = bisect_right(ids, -int(midnight * 1_000_000), row + 1, key=neg)
    return starts
