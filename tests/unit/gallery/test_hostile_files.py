"""Hostile and unlucky files and folders: each costs one line at most, and the rest goes on."""

from __future__ import annotations

import errno
import os
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sdstudio.errors import PictureFileError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.metadata import file_texts
from sdstudio.gallery.thumbnails import ThumbnailCache
from tests.unit.gallery.picture_files import encoded, write_own


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    folder = tmp_path / "pictures"
    folder.mkdir()
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    yield gallery
    gallery.close()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    parts = [chunk(b"IHDR", head), *chunks, chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_fifty_megabytes_of_text_are_not_even_read(gallery: Gallery) -> None:
    """The text is skipped by its length; the picture stands in the index with what else it says."""
    long = b"Comment\0" + b"x" * 50_000_000
    small = chunk(b"tEXt", b"parameters\0a red house")
    path = gallery.folders[0] / "long.png"
    path.write_bytes(png_of(16, 8, chunk(b"tEXt", long), small))
    tracemalloc.start()
    outcome = gallery.scan()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (outcome.added, outcome.broken, outcome.problems) == (1, 0, [])
    assert gallery.search("red house")[0].path == path
    assert peak < 10_000_000


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_bomb_is_listed_by_its_header_and_refused_as_a_thumbnail(
    gallery: Gallery, tmp_path: Path, kind: str
) -> None:
    """Row 10: 900 million pixels cost no more than their header."""
    path = gallery.folders[0] / f"bomb.{kind.lower()}"
    if kind == "PNG":
        path.write_bytes(png_of(30_000, 30_000))
    else:
        data = bytearray(encoded(kind))
        if kind == "JPEG":  # SOF0: length, precision, height, width
            struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 30_000, 30_000)
        else:  # VP8's frame header holds 14 bits of each side, behind its start code
            struct.pack_into("<HH", data, data.index(b"\x9d\x01\x2a") + 3, 16_383, 16_383)
        path.write_bytes(data)
    tracemalloc.start()
    gallery.scan()
    with pytest.raises(PictureFileError):
        ThumbnailCache(tmp_path / "thumbnails").get(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert gallery.count() == 1
    assert peak < 20_000_000


def test_a_wrong_ending_is_no_fault(gallery: Gallery) -> None:
    (gallery.folders[0] / "a.png").write_bytes(encoded("WEBP"))
    (gallery.folders[0] / "b.jpg").write_bytes(encoded("PNG"))
    assert gallery.scan().broken == 0
    assert [row.format for row in gallery.search()] == ["PNG", "WEBP"]


def test_a_folder_without_permission_is_one_sentence_and_keeps_its_rows(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row 25; refused by the system's call itself, because root may read everything."""
    locked = gallery.folders[0] / "locked"
    locked.mkdir()
    write_own(locked / "in.png")
    write_own(gallery.folders[0] / "out.png", second=1)
    gallery.scan()
    refuse_scandir(monkeypatch, locked, errno.EACCES)
    write_own(gallery.folders[0] / "new.png", second=2)
    outcome = gallery.scan()

    assert outcome.added == 1 and outcome.removed == 0
    assert len(outcome.problems) == 1 and "Permission denied" in outcome.problems[0]
    assert gallery.count() == 3


def refuse_scandir(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int) -> None:
    scandir = os.scandir

    def refusing(path: str):
        if os.path.abspath(path) == str(folder):
            raise OSError(number, os.strerror(number), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


def test_a_network_folder_that_dies_while_it_is_listed_loses_nothing(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        write_own(gallery.folders[0] / f"{n}.png", second=n)
    gallery.scan()
    refuse_scandir(monkeypatch, gallery.folders[0], errno.ESTALE)
    outcome = gallery.scan()
    monkeypatch.undo()

    assert outcome.removed == 0 and len(outcome.problems) == 1
    assert gallery.count() == 3
    assert gallery.scan().problems == []


def test_files_that_a_dying_disk_does_not_give_keep_what_is_known_and_are_tried_again(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = write_own(gallery.folders[0] / "known.png", "a red house")
    gallery.scan()
    os.utime(known)
    write_own(gallery.folders[0] / "new.png", "a blue boat", second=1)

    def dying(descriptor: int, length: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(file_texts.os, "read", dying)
    outcome = gallery.scan()
    monkeypatch.undo()

    assert outcome.problems == ["2 files cannot be read now; they will be tried again."]
    assert [row.path.name for row in gallery.search("red house")] == ["known.png"]
    assert [row.path.name for row in gallery.search("is:broken")] == ["new.png"]
    again = gallery.scan()
    assert again.problems == [] and again.broken == 0
    assert gallery.search("blue boat")[0].fault == ""


def test_a_folder_that_vanishes_while_its_files_are_read(gallery: Gallery) -> None:
    """Between the listing and the reading of the second file the whole folder goes."""
    below = gallery.folders[0] / "below"
    for n in range(3):
        write_own(below / f"{n}.png", second=n)
    away = gallery.folders[0].parent / "away"
    asked = iter(range(10))

    def vanish() -> bool:
        if next(asked) == 1:
            below.rename(away)
        return False

    outcome = gallery.scan(cancelled=vanish)
    assert not outcome.was_cancelled and gallery.count("-is:broken") == 1
    away.rename(below)
    gallery.scan()
    assert gallery.count("-is:broken") == 3


def test_a_pipe_with_a_pictures_name_stops_nobody(gallery: Gallery) -> None:
    """Opening a named pipe would wait for a writer for ever."""
    os.mkfifo(gallery.folders[0] / "pipe.png")
    (gallery.folders[0] / "folder.png").mkdir()
    scanning = threading.Thread(target=gallery.scan, daemon=True)
    scanning.start()
    scanning.join(60)
    assert not scanning.is_alive() and gallery.count() == 0
