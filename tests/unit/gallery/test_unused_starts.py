"""Starting pictures go when nothing names them, and never before."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.picture_encoding import FileFormat
from sdstudio.gallery.starting_pictures import FOLDER_NAME, read_whole_request
from sdstudio.gallery.store import GalleryStore
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from tests.unit.gallery.test_repetition import raster, result_of

DAYS_2 = 2 * 86_400


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    yield gallery
    gallery.close()


def save(gallery: Gallery, shade: int, *, file_format: FileFormat = "png") -> Path:
    """A picture that started from another; that one is two days old."""
    start = ImageToImage(init_image=raster(shade=shade), strength=0.5)
    request = GenerationRequest(prompt=f"from {shade}", width=8, height=8, start=start)
    path = GalleryStore(gallery.folders[0], file_format=file_format).add(result_of(request))
    grow_old(gallery)
    return path


def grow_old(gallery: Gallery) -> None:
    then = time.time() - DAYS_2
    for path in starts(gallery):
        os.utime(path, (then, then))


def has_start(path: Path) -> bool:
    request = read_whole_request(path)
    return request is not None and request.start is not None


def starts(gallery: Gallery) -> list[Path]:
    folder = gallery.folders[0] / FOLDER_NAME
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("file_format", ["png", "webp", "jpeg"])
def test_what_a_picture_names_stays_and_the_rest_goes(gallery, file_format):
    kept, gone = (save(gallery, shade, file_format=file_format) for shade in (1, 2))
    assert gallery.drop_unused_starts() == 0
    gone.unlink()

    assert gallery.drop_unused_starts() == 1
    assert has_start(kept) and len(starts(gallery)) == 1


def test_pictures_in_the_trash_and_below_name_theirs(gallery):
    first, second = save(gallery, 1), save(gallery, 2)
    deep = gallery.folders[0] / "2026" / "may"
    deep.mkdir(parents=True)
    first.rename(deep / first.name)
    gallery.scan()
    undo = gallery.delete([second])

    assert gallery.drop_unused_starts() == 0
    (back,) = undo()
    assert has_start(back) and has_start(deep / first.name)
    gallery.delete([back])
    gallery.discard(*gallery.shelf()[0])
    assert gallery.drop_unused_starts() == 1


def test_young_ones_stay_and_a_second_use_makes_young(gallery):
    save(gallery, 1).unlink()
    start = ImageToImage(init_image=raster(shade=1), strength=0.5)
    request = GenerationRequest(prompt="again", width=8, height=8, start=start)
    path = GalleryStore(gallery.folders[0]).add(result_of(request))
    data = path.read_bytes()
    path.unlink()  # as if it was not written yet

    assert gallery.drop_unused_starts() == 0
    path.write_bytes(data)
    assert read_whole_request(path) == request


def test_one_that_is_used_while_it_is_looked_for_stays(gallery, monkeypatch):
    """The age is looked at again when no one can make it young unseen."""
    save(gallery, 1).unlink()
    (start,) = starts(gallery)
    whole = Path.rename

    def rename(self, target):
        if self == start:
            os.utime(self)  # a picture is saved in this moment
        return whole(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert gallery.drop_unused_starts() == 0 and starts(gallery) == [start]


def test_nothing_goes_while_something_cannot_be_read(gallery, tmp_path, monkeypatch):
    save(gallery, 1).unlink()
    away = Gallery([gallery.folders[0], tmp_path / "unplugged"], cache_folder=tmp_path / "cache-2")
    assert away.drop_unused_starts() == 0
    away.close()

    save(gallery, 2)
    with monkeypatch.context() as patched:
        patched.setattr("os.read", lambda *_: (_ for _ in ()).throw(OSError(5, "I/O error")))
        assert gallery.drop_unused_starts() == 0
    assert gallery.drop_unused_starts(cancelled=lambda: True) == 0
    (gallery.folders[0] / "broken.png").write_bytes(b"no picture")
    (gallery.folders[0] / "nowhere.png").symlink_to(tmp_path / "nothing")
    assert gallery.drop_unused_starts() == 1


def test_what_a_crash_left_aside_goes_another_time(gallery):
    save(gallery, 1).unlink()
    (start,) = starts(gallery)
    aside = start.with_name(f".{start.name}.unused")
    start.rename(aside)
    assert gallery.drop_unused_starts() == 1 and starts(gallery) == []
