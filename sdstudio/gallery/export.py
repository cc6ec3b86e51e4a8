"""Copies of pictures for elsewhere, in any format, under any name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sdstudio.errors import InvalidRequestError, PictureFileError
from sdstudio.gallery.metadata.file_texts import read_file_texts
from sdstudio.gallery.picture_encoding import ENDINGS, FileFormat, encode_image
from sdstudio.gallery.picture_file import open_picture
from sdstudio.gallery.picture_row import PictureRow
from sdstudio.gallery.store import PatternValues, name_stem, write_under_free_name

KEEP_NAME = "{name}"


@dataclass(slots=True, kw_only=True)
class ExportOutcome:
    """What an export did.

    Attributes:
        written: the new files, in order.
        problems: a sentence for each picture that could not be exported.
    """

    written: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    was_cancelled: bool = False


def export_pictures(
    rows: Iterable[PictureRow],
    folder: Path,
    *,
    file_format: FileFormat | None = None,
    name_pattern: str = KEEP_NAME,
    report: Callable[[Path], None] = lambda path: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ExportOutcome:
    """Write a copy of each picture into `folder`; nothing there is ever replaced.

    Without a format, and where a picture has it already, files are copied byte for byte; else
    the pixels are encoded anew, and everything the file says goes along.

    Args:
        name_pattern: of {name} {number} {date} {time} {model} {seed} {words}.

    Raises:
        StorageError: the folder cannot be written.
    """
    outcome = ExportOutcome()
    for number, row in enumerate(rows, 1):
        if cancelled():
            outcome.was_cancelled = True
            break
        try:
            data, ending = _encoded(row.path, file_format)
        except (PictureFileError, InvalidRequestError) as error:
            outcome.problems.append(f"{row.path.name}: {error.message}")
            continue
        stem = name_stem(name_pattern, _values(row, number))
        path = write_under_free_name(folder, stem, ending, data)
        outcome.written.append(path)
        report(path)
    return outcome


def example_name(row: PictureRow, name_pattern: str, file_format: FileFormat | None) -> str:
    """The file name that an export would give a picture as the first."""
    ending = ENDINGS[file_format] if file_format else row.path.suffix.lower()
    return name_stem(name_pattern, _values(row, 1)) + ending


def _encoded(path: Path, file_format: FileFormat | None) -> tuple[bytes, str]:
    found = read_file_texts(path)
    if file_format is None or found.format == file_format.upper():
        try:
            return path.read_bytes(), path.suffix.lower()
        except OSError as error:
            raise PictureFileError(f"{path.name} cannot be read.") from error
    with open_picture(path) as image:
        try:
            image.load()
        except (OSError, ValueError, SyntaxError, MemoryError) as error:
            raise PictureFileError(f"{path.name} is damaged.") from error
        return encode_image(image, found.texts, format=file_format), ENDINGS[file_format]


def _values(row: PictureRow, number: int) -> PatternValues:
    return PatternValues(
        moment=row.made,
        prompt=row.prompt,
        model=row.model,
        seed="" if row.seed is None else str(row.seed),
        name=row.path.stem,
        number=number,
    )
