"""The pictures and masks that runs started from, kept so that every request can be run again.

They lie in a hidden folder beside the pictures, each once, named by its digest: a picture file
names them without growing, and giving it away does not give away what it was made from.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from sdstudio.atomic_file import write_atomically
from sdstudio.errors import PictureFileError
from sdstudio.gallery.metadata.file_texts import read_file_texts
from sdstudio.gallery.picture_file import facts_of_texts, request_of_texts
from sdstudio.messages.generation import GenerationRequest, ImageToImage, Inpaint
from sdstudio.messages.raster import Raster

FOLDER_NAME = ".sdstudio-starts"
_COMPRESS_LEVEL = 4
_FOLDERS_UP = 6
"""A picture may have been moved this deep below the folder it was saved in."""


def rasters_of(start: ImageToImage | Inpaint | None) -> list[Raster]:
    """The pictures of a start, the mask last."""
    if start is None:
        return []
    return (
        [start.init_image, start.mask_image] if isinstance(start, Inpaint) else [start.init_image]
    )


def keep_starting_pictures(folder: Path, request: GenerationRequest) -> None:
    """Keep what a run started from beside its pictures, once; it is young again if it was there.

    Raises:
        StorageError: the disk is full, or the folder read-only or gone.
    """
    for raster in rasters_of(request.start):
        path = folder / FOLDER_NAME / f"{raster.digest()}.png"
        try:
            os.utime(path)
        except OSError:
            write_atomically(path, _encoded(raster))


def read_whole_request(path: Path) -> GenerationRequest | None:
    """The request inside a picture of the studio with the pictures it started from, or None.

    They are looked for where they were kept, and among the parents beside it. Where one is not
    found the request comes back without its `start`; see `starts_from_picture`.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    texts = read_file_texts(path).texts
    facts = facts_of_texts(texts) or {}
    request = facts.get("request")
    parents = request.get("parents") if isinstance(request, dict) else ()
    names = [name for name in parents or () if isinstance(name, str)]

    def find(digest: str) -> Raster | None:
        for candidate in _candidates(path, digest, names):
            raster = _read(candidate, digest)
            if raster is not None:
                return raster
        return None

    return request_of_texts(texts, find_raster=find)


def starts_from_picture(path: Path) -> bool:
    """Whether the run that made a picture of the studio started from a picture.

    Raises:
        PictureFileError: the file is not a picture that can be read.
    """
    facts = facts_of_texts(read_file_texts(path).texts) or {}
    request = facts.get("request")
    return isinstance(request, dict) and request.get("start") is not None


def _candidates(path: Path, digest: str, parents: list[str]) -> Iterator[Path]:
    if not digest.isalnum():
        return
    for folder in path.absolute().parents[:_FOLDERS_UP]:
        yield folder / FOLDER_NAME / f"{digest}.png"
    for name in parents:
        if name and name == Path(name).name:
            yield path.parent / name


def _read(path: Path, digest: str) -> Raster | None:
    """The picture at this place, if it is the one that is sought."""
    if not path.is_file():
        return None
    from sdstudio.gallery.picture_import import import_picture  # saving needs no colour profiles

    try:
        raster = import_picture(path)
    except PictureFileError:
        return None
    return raster if raster.digest() == digest else None


def _encoded(raster: Raster) -> bytes:
    buffer = io.BytesIO()
    image = Image.frombytes(raster.mode, raster.size, raster.pixels)
    image.save(buffer, "PNG", compress_level=_COMPRESS_LEVEL)
    return buffer.getvalue()
