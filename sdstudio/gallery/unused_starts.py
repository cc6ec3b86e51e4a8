"""Clears away starting pictures that no picture names any more.

Waiting runs carry their pictures in the journal, and documents hold theirs, so only pictures of
the gallery and of its trash can name one. What is younger than a day may belong to a picture
that is being saved.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sdstudio.errors import PictureFileError
from sdstudio.gallery.metadata.file_texts import OWN_KEY, OutOfReachError, read_file_texts
from sdstudio.gallery.starting_pictures import FOLDER_NAME
from sdstudio.gallery.store import PICTURE_ENDINGS

KEPT_S = 86_400
_DIGEST = re.compile("[0-9a-f]{32,}")


def drop_unused_starts(
    folders: Sequence[Path], *, cancelled: Callable[[], bool] = lambda: False
) -> int:
    """Remove what no picture below the watched folders names; returns how many files.

    Nothing is removed where a folder or a picture cannot be read now: it might name any.
    """
    limit = time.time() - KEPT_S
    unused = {path.stem: path for folder in folders for path in _old_files(folder, limit)}
    try:
        for folder in folders:
            for picture in _pictures_below(folder) if unused else ():
                if cancelled():
                    return 0
                for digest in _named_by(picture):
                    unused.pop(digest, None)
    except (OSError, OutOfReachError):
        return 0
    return sum(_drop(path, limit) for path in unused.values())


def _old_files(folder: Path, limit: float) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(folder / FOLDER_NAME) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < limit:
                yield Path(entry.path)


def _pictures_below(folder: Path) -> Iterator[str]:
    """Those in the trash, too.

    Raises:
        OSError: a folder cannot be listed.
    """
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != FOLDER_NAME:
                        waiting.append(entry.path)
                elif entry.name.lower().endswith(PICTURE_ENDINGS):
                    yield entry.path


def _named_by(picture: str) -> list[str]:
    """Everything in a picture's own text that looks like a digest.

    Raises:
        OutOfReachError: the file cannot be read now.
    """
    try:
        texts = read_file_texts(picture).texts
    except OutOfReachError:
        if not os.path.exists(picture):  # gone since it was listed, or a link to nowhere
            return []
        raise
    except PictureFileError:
        return []
    return _DIGEST.findall(texts.get(OWN_KEY, ""))


def _drop(path: Path, limit: float) -> bool:
    """Remove a file, unless a picture that names it was saved in this moment.

    Whoever keeps a picture makes its file young: here it is put aside before its age is looked
    at again, so that it is either seen to be young or missed, and written anew.
    """
    aside = path.with_name(f".{path.name}.unused")
    with contextlib.suppress(OSError):
        path.rename(aside)
        if aside.stat().st_mtime >= limit:
            aside.rename(path)
            return False
        aside.unlink()
        return True
    return False
