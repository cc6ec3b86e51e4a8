"""Edits of what picture files say, made whole or not at all, with the index kept in line."""

from __future__ import annotations

import os
from pathlib import Path

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import PictureFileError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.index_writing import IndexWriter
from sdstudio.gallery.metadata import editing
from sdstudio.gallery.metadata.file_texts import read_file_texts
from sdstudio.gallery.picture_file import MAX_FILE_BYTES
from sdstudio.gallery.picture_marks import folder_of
from sdstudio.gallery.scan import read_file

_STEP_NS = 1000
"""An edit moves a file's time on by this: enough to be noticed, too little to change its order."""


def edit_prompt(gallery: Gallery, path: Path, *, prompt: str, negative_prompt: str) -> bytes:
    """Write other prompts into a picture file.

    Returns:
        the file as it was, for `put_back`.

    Raises:
        InvalidRequestError: the file cannot hold them.
        PictureFileError: it is no picture, or gone.
        StorageError: it cannot be written; then it is as it was.
    """
    texts = read_file_texts(path).texts
    return change_file(
        gallery,
        path,
        lambda data: editing.with_prompt(
            data, texts, prompt=prompt, negative_prompt=negative_prompt
        ),
    )


def strip_metadata(gallery: Gallery, path: Path) -> bytes:
    """Remove all that a picture file says but what decides how it looks; see `edit_prompt`."""
    return change_file(gallery, path, editing.without_metadata)


def mark_as_ai_made(gallery: Gallery, path: Path, *, is_marked: bool) -> bytes:
    """Write or remove IPTC's mark of pictures that a trained model made; see `edit_prompt`."""
    return change_file(gallery, path, lambda data: editing.with_ai_mark(data, is_marked=is_marked))


def put_back(gallery: Gallery, path: Path, data: bytes) -> None:
    """Undo an edit."""
    change_file(gallery, path, lambda _: data)


def change_file(gallery: Gallery, path: Path, edit: editing.Edit) -> bytes:
    """Replace a file by what `edit` makes of it and bring index and marks in line."""
    target = Path(os.path.realpath(path))  # a link stays one
    old = _read(target)
    new = edit(old)
    if new != old:
        facts = target.stat()
        write_atomically(target, new)
        try:
            os.chmod(target, facts.st_mode & 0o7777)
            os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns + _STEP_NS))
        except OSError as error:
            raise storage_error(target, error) from error
        _follow(gallery, path)
    return old


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PictureFileError(f"{path.name} is too large to be edited.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PictureFileError(f"{path.name} is not there any more.") from error
    except OSError as error:
        raise PictureFileError(f"{path.name} cannot be read.") from error


def _follow(gallery: Gallery, path: Path) -> None:
    """The row keeps its id; marks know the file by what is in it now."""
    path = Path(os.path.abspath(path))
    facts = path.stat()
    folder = str(folder_of(gallery.folders, path))
    file = read_file(str(path), folder, facts.st_mtime_ns, facts.st_size)
    IndexWriter(gallery.index).write([file])
    row = gallery.index.row_of(path)
    if row is not None and (row.rating or row.label or row.note or row.boards):
        gallery.marks.mark([path], lambda marks: marks)
