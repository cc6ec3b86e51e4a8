"""Reading zip files that strangers made: nothing is trusted but what was checked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from types import TracebackType

from sdstudio.errors import PictureFileError

MAX_ENTRIES = 4000
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    NotImplementedError,  # a way of packing Python does not know
    RuntimeError,  # encrypted
)


class Archive:
    """A zip file opened for reading in memory; nothing is ever unpacked to the disk.

    Raises:
        PictureFileError: it is no zip, or built to do harm (paths that climb out, too many
            entries, two of one name).
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise PictureFileError(f"{path} is not there.", "Check the name.") from error
        except _DAMAGE as error:
            raise self.damaged() from error
        try:
            self._check_entries()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def __contains__(self, entry: str) -> bool:
        return entry in self._zip.NameToInfo

    def head(self, entry: str, num_bytes: int) -> bytes:
        """The first bytes of an entry, fewer if it has fewer.

        Raises:
            PictureFileError: it is missing or damaged.
        """
        if entry not in self:
            raise PictureFileError(f"{self.name} is incomplete: {entry!a} is missing.")
        try:
            with self._zip.open(entry) as file:
                return file.read(num_bytes)
        except _DAMAGE as error:
            raise self.damaged() from error

    def read(self, entry: str, max_bytes: int) -> bytes:
        """The bytes of an entry; unpacking stops at `max_bytes`, whatever the entry claims.

        Raises:
            PictureFileError: it is missing, damaged or larger.
        """
        data = self.head(entry, max_bytes + 1)
        if len(data) > max_bytes:
            raise PictureFileError(f"{self.name} cannot be opened: {entry!a} is too large.")
        return data

    def damaged(self) -> PictureFileError:
        return PictureFileError(
            f"{self.name} is damaged or not a picture of this kind.",
            "If it was copied or downloaded, do that again.",
        )

    def _check_entries(self) -> None:
        names = self._zip.namelist()
        if len(names) > MAX_ENTRIES or len(set(names)) != len(names):
            raise self.damaged()
        for name in names:
            if _climbs_out(name):
                raise PictureFileError(
                    f"{self.name} cannot be opened: it holds a file that would lie outside it.",
                    "Do not trust where it came from.",
                )


def _climbs_out(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        path.is_absolute()
        or ".." in path.parts
        or "\\" in name
        or "\0" in name
        or ":" in (path.parts[0] if path.parts else "")
    )
