"""Small copies of picture files, and the bounded store of them on the disk."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import time
import zlib
from pathlib import Path

from PIL import Image, ImageOps

from sdstudio.errors import PictureFileError
from sdstudio.gallery.picture_file import open_picture
from sdstudio.gallery.picture_import import to_eight_bits, to_srgb
from sdstudio.messages.raster import Raster

DEFAULT_SIDE_PX = 256
DEFAULT_MAX_BYTES = 512 << 20
_ENDING = ".thumb"
_DAY_S = 86_400
_TRIM_EVERY = 500
_TRIM_TO = 0.9
_DECODING_FAULTS = (OSError, ValueError, SyntaxError, MemoryError, zlib.error)


def read_thumbnail(path: Path, *, side_px: int) -> Raster:
    """Read a picture upright and in sRGB, its longer side at most `side_px`, "RGB" or "RGBA".

    A JPEG is decoded at a reduced size.

    Raises:
        PictureFileError: the file is missing or broken.
    """
    with open_picture(path) as image:
        try:
            image.draft("RGB", (side_px, side_px))
            upright = ImageOps.exif_transpose(to_eight_bits(image))
            upright.thumbnail((side_px, side_px))
        except _DECODING_FAULTS as error:
            raise PictureFileError(f"{path.name} is damaged.") from error
    small = to_srgb(upright)
    mode = "RGBA" if small.has_transparency_data else "RGB"
    small = small.convert(mode)
    return Raster(width=small.width, height=small.height, mode=mode, pixels=small.tobytes())


class ThumbnailCache:
    """Thumbnails kept on the disk; several programs may share the folder.

    A thumbnail goes by path, time and length of its file, so an edited file never shows an old
    one. A file that cannot be read leaves an empty mark and is not tried again until it changes.

    Args:
        folder: made when first needed; it may be deleted at any time.
        max_bytes: when there is more, the thumbnails not looked at for longest go.
    """

    def __init__(
        self,
        folder: Path,
        *,
        side_px: int = DEFAULT_SIDE_PX,
        max_bytes: int = DEFAULT_MAX_BYTES,
    ) -> None:
        self.side_px = side_px
        self.decoded = 0
        self._folder = folder
        self._max_bytes = max_bytes
        self._written_since_trim = 0

    def get(self, path: Path) -> Raster:
        """The thumbnail of a picture file, from the disk if it is there; never on the UI thread.

        Raises:
            PictureFileError: the file is missing, or broken by the mark of an earlier try.
        """
        kept_at = self._place(path)
        kept = self._read(kept_at)
        if kept == b"":
            raise PictureFileError(f"{path.name} is damaged.")
        if kept is not None:
            with contextlib.suppress(*_DECODING_FAULTS):
                return _decoded(kept)
        return self._make(path, kept_at)

    def _read(self, kept_at: Path) -> bytes | None:
        """What is kept, with a note to the day that it was looked at; None if nothing is."""
        try:
            kept = kept_at.read_bytes()
            if time.time() - kept_at.stat().st_mtime > _DAY_S:
                os.utime(kept_at)
        except OSError:
            return None
        return kept

    def trim(self) -> int:
        """Remove the oldest until the store is within its bound; returns how many went."""
        found = []
        for entry in self._folder.glob(f"*/*{_ENDING}"):
            with contextlib.suppress(OSError):
                facts = entry.stat()
                found.append((facts.st_mtime_ns, facts.st_size, entry))
        too_many = sum(size for _, size, _ in found) - self._max_bytes
        if too_many <= 0:
            return 0
        too_many += int(self._max_bytes * (1 - _TRIM_TO))
        removed = 0
        for _, size, entry in sorted(found):
            if too_many <= 0:
                break
            entry.unlink(missing_ok=True)
            too_many -= size
            removed += 1
        return removed

    def _place(self, path: Path) -> Path:
        try:
            facts = path.stat()
        except OSError as error:
            raise PictureFileError(f"{path} is not there.", "Check the name.") from error
        key = f"{os.path.abspath(path)}\0{facts.st_mtime_ns}\0{facts.st_size}\0{self.side_px}"
        name = hashlib.blake2b(os.fsencode(key), digest_size=16).hexdigest()
        return self._folder / name[:2] / f"{name[2:]}{_ENDING}"

    def _make(self, path: Path, kept_at: Path) -> Raster:
        self.decoded += 1
        try:
            small = read_thumbnail(path, side_px=self.side_px)
        except PictureFileError:
            self._keep(kept_at, b"")
            raise
        self._keep(kept_at, _encoded(small))
        return small

    def _keep(self, kept_at: Path, data: bytes) -> None:
        """A store that cannot be written only costs time; nothing is flushed, all can be remade."""
        part = kept_at.with_name(f"{secrets.token_hex(8)}.part")
        with contextlib.suppress(OSError):
            kept_at.parent.mkdir(parents=True, exist_ok=True)
            try:
                part.write_bytes(data)
                part.replace(kept_at)
            finally:
                part.unlink(missing_ok=True)
        self._written_since_trim += 1
        if self._written_since_trim >= _TRIM_EVERY:
            self._written_since_trim = 0
            self.trim()


def _encoded(small: Raster) -> bytes:
    image = Image.frombytes(small.mode, small.size, small.pixels)
    buffer = io.BytesIO()
    if small.mode == "RGB":
        image.save(buffer, "JPEG", quality=88)
    else:
        image.save(buffer, "WEBP", quality=85, method=2)
    return buffer.getvalue()


def _decoded(data: bytes) -> Raster:
    with Image.open(io.BytesIO(data), formats=("JPEG", "WEBP")) as image:
        image.load()
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        plain = image.convert(mode)
    return Raster(width=plain.width, height=plain.height, mode=mode, pixels=plain.tobytes())
