"""Where new pictures go: one folder on the user's disk, one file per picture."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sdstudio.atomic_file import write_atomically
from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.picture_encoding import ENDINGS, FileFormat, encode_picture
from sdstudio.gallery.starting_pictures import keep_starting_pictures
from sdstudio.messages.result import PictureResult

DEFAULT_NAME_PATTERN = "{date}-{time}-{words}-{seed}"
PICTURE_ENDINGS = (".png", ".webp", ".jpg", ".jpeg")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
_MAX_STEM_BYTES = 120
_WORDS = 5
_SMALL_WORDS = frozenset(("a", "an", "the", "in", "on", "at", "of", "with", "and", "by", "to"))
_MAX_PROMPT_CHARS = 1000


class GalleryStore:
    """Saves pictures under names that are safe on every file system and never taken twice.

    Args:
        folder: made when first needed.
        name_pattern: of {date} {time} {model} {seed} {words} (the prompt's first words).
        file_format: a JPEG whose prompt is too long for it becomes a PNG.
        is_marked_as_ai: see `picture_encoding.encode_picture`.
        now: the clock, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name_pattern: str = DEFAULT_NAME_PATTERN,
        file_format: FileFormat = "png",
        is_marked_as_ai: bool = False,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.folder = folder
        self._name_pattern = name_pattern
        self._file_format: FileFormat = file_format
        self._is_marked_as_ai = is_marked_as_ai
        self._now = now

    def add(self, result: PictureResult) -> Path:
        """Save one picture and return its file; on return it is on the disk for good.

        Raises:
            StorageError: the disk is full, or the folder read-only or gone.
        """
        try:
            data, ending = self._encode(result, self._file_format)
        except InvalidRequestError:
            data, ending = self._encode(result, "png")
        keep_starting_pictures(self.folder, result.request)
        return write_under_free_name(self.folder, self._stem(result), ending, data)

    def _encode(self, result: PictureResult, file_format: FileFormat) -> tuple[bytes, str]:
        data = encode_picture(result, format=file_format, is_marked_as_ai=self._is_marked_as_ai)
        return data, ENDINGS[file_format]

    def newest(self, limit: int) -> list[Path]:
        """Up to `limit` picture files of the folder, the newest first."""
        try:
            with os.scandir(self.folder) as entries:
                found = [
                    (entry.stat().st_mtime_ns, entry.path)
                    for entry in entries
                    if not entry.name.startswith(".")
                    and entry.name.lower().endswith(PICTURE_ENDINGS)
                    and entry.is_file()
                ]
        except FileNotFoundError:
            return []
        return [Path(path) for _, path in sorted(found, reverse=True)[:limit]]

    def _stem(self, result: PictureResult) -> str:
        request = result.request
        values = PatternValues(
            moment=self._now(),
            prompt=request.prompt,
            model=request.model,
            seed=str(request.seed),
        )
        return name_stem(self._name_pattern, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternValues:
    """What a name pattern may speak of.

    Attributes:
        name, number: of a picture that is exported: its old name, its place from 1.
    """

    moment: datetime
    prompt: str
    model: str
    seed: str
    name: str = ""
    number: int = 1


def name_stem(pattern: str, values: PatternValues) -> str:
    """The name a pattern gives a picture, without its ending; unknown words of it are left out."""
    fields = {
        "date": values.moment.strftime("%Y-%m-%d"),
        "time": values.moment.strftime("%H%M%S"),
        "model": _safe(Path(values.model).name),
        "seed": values.seed,
        "words": _safe("-".join(_first_words(values.prompt))),
        "name": _safe(values.name),
        "number": f"{values.number:04}",
    }
    return safe_stem(re.sub(r"\{(\w+)\}", lambda match: fields.get(match[1], ""), pattern))


def _first_words(prompt: str) -> list[str]:
    """The first words of a prompt; they do not end in the middle of "in the snow"."""
    words = prompt[:_MAX_PROMPT_CHARS].split()[:_WORDS]
    while len(words) > 1 and words[-1].lower() in _SMALL_WORDS:
        words.pop()
    return words


def write_under_free_name(folder: Path, stem: str, ending: str, data: bytes) -> Path:
    """Write `data` whole under the first of stem, stem-2, stem-3 ... that nobody has taken.

    Raises:
        StorageError: the disk is full, or the folder read-only or gone.
    """
    attempt = 1
    while True:
        path = folder / (f"{stem}{ending}" if attempt == 1 else f"{stem}-{attempt}{ending}")
        try:
            write_atomically(path, data, replace=False)
        except FileExistsError:
            attempt += 1
        else:
            return path


def safe_stem(text: str) -> str:
    """A file name without its ending that Windows, macOS and Linux all accept."""
    stem = re.sub(r"-{2,}", "-", _safe(text)).strip("-. ")
    stem = stem.encode()[:_MAX_STEM_BYTES].decode("utf-8", "ignore").strip("-. ")
    if not stem or _RESERVED.match(stem):
        return f"picture-{stem}".strip("-")
    return stem


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in plain)
