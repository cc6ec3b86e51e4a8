"""Where new pictures go: one folder on the user's disk, one file per picture."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sdstudio.gallery.picture_file import save_picture
from sdstudio.messages.result import PictureResult

DEFAULT_NAME_PATTERN = "{date}-{time}-{words}-{seed}"
PICTURE_ENDINGS = (".png", ".webp", ".jpg", ".jpeg")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
_MAX_STEM_BYTES = 120
_WORDS = 5


class GalleryStore:
    """Saves pictures under names that are safe on every file system and never taken twice.

    Args:
        folder: made when first needed.
        name_pattern: of {date} {time} {model} {seed} {words} (the prompt's first words).
        now: the clock, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name_pattern: str = DEFAULT_NAME_PATTERN,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.folder = folder
        self._name_pattern = name_pattern
        self._now = now

    def add(self, result: PictureResult) -> Path:
        """Save one picture and return its file; on return it is on the disk for good.

        Raises:
            StorageError: the disk is full, or the folder read-only or gone.
        """
        stem = self._stem(result)
        attempt = 0
        while True:
            name = f"{stem}.png" if attempt == 0 else f"{stem}-{attempt + 1}.png"
            path = self.folder / name
            try:
                save_picture(result, path, replace=False)
            except FileExistsError:
                attempt += 1
            else:
                return path

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
        now = self._now()
        request = result.request
        fields = {
            "date": now.strftime("%Y-%m-%d"),
            "time": now.strftime("%H%M%S"),
            "model": _safe(Path(request.model).name),
            "seed": str(request.seed),
            "words": _safe("-".join(request.prompt.split()[:_WORDS])),
        }
        stem = re.sub(r"\{(\w+)\}", lambda match: fields.get(match[1], ""), self._name_pattern)
        return safe_stem(stem)


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
