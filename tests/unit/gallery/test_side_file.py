"""Boards, stars, notes and labels outlive the index, other writers and damage."""

from __future__ import annotations

import json
import threading

import pytest

from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.index_file import FILE_NAME
from sdstudio.gallery.side_file import SIDE_FILE_NAME, Marks, SideFile
from tests.unit.gallery.picture_files import write_own


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    for n in range(2):
        write_own(folder / f"{n}.png", second=n)
    gallery.scan()
    yield gallery
    gallery.close()


@pytest.fixture
def paths(gallery):
    return [gallery.folders[0] / f"{n}.png" for n in range(2)]


def test_marks_are_found_by_search_and_kept_without_the_index(gallery, paths, tmp_path):
    gallery.marks.rate(paths, 3)
    gallery.marks.rate(paths[:1], 5)
    gallery.marks.set_label(paths[:1], "green")
    gallery.marks.set_note(paths[:1], "for the <b>cover</b>")
    gallery.marks.put_on_board(paths, "Snow  scenes")
    gallery.marks.put_on_board(paths, "Snow scenes")
    gallery.marks.take_off_board(paths[1:], "Snow scenes")
    typed = ["rating:5", "rating:>=4", "rating:4+", "label:green", 'board:"snow scenes"', "cover"]

    def check(each):
        for text in typed:
            assert [row.path for row in each.search(text)] == paths[:1], text
        assert each.count("rating:>2") == 2 and each.marks.boards() == [("Snow scenes", 1)]
        assert each.search("rating:5")[0].boards == ("Snow scenes",)

    check(gallery)
    before = gallery.search()
    gallery.close()
    (tmp_path / "cache" / FILE_NAME).unlink()
    again = Gallery(gallery.folders, cache_folder=tmp_path / "cache")
    again.scan()
    check(again)
    assert again.search() == before
    again.close()


def test_marks_another_window_made_are_seen_after_a_scan(gallery, paths, tmp_path):
    other = Gallery(gallery.folders, cache_folder=tmp_path / "other cache")
    other.scan()
    other.marks.rate(paths[:1], 2)
    gallery.marks.rate(paths[1:], 1)  # also learns of the other's stars
    other.scan()

    assert (
        [row.rating for row in gallery.search()] == [1, 2] == [row.rating for row in other.search()]
    )
    other.close()


def test_boards_and_searches_without_pictures_stay(gallery, paths):
    gallery.marks.add_board("later")
    gallery.marks.put_on_board(paths, "now")
    gallery.marks.save_search("best", "rating:5")
    gallery.marks.save_search("gone", "x")
    gallery.marks.save_search("gone", "")
    assert gallery.marks.boards() == [("later", 0), ("now", 2)]
    assert gallery.marks.searches() == {"best": "rating:5"}

    gallery.marks.remove_board("now")
    assert gallery.marks.boards() == [("later", 0)] and gallery.count() == 2


@pytest.mark.parametrize(
    "act",
    [
        lambda gallery, path: gallery.marks.rate([path], 6),
        lambda gallery, path: gallery.marks.set_label([path], "mauve"),
        lambda gallery, path: gallery.marks.put_on_board([path], " \0 "),
        lambda gallery, path: gallery.marks.rate([path.parent.parent / "x.png"], 1),
    ],
)
def test_what_makes_no_sense_is_refused(gallery, paths, act):
    with pytest.raises(InvalidRequestError):
        act(gallery, paths[0])
    assert not SideFile(gallery.folders[0]).path.exists()


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    """Each change reads the file again under the folder's lock."""

    def write(name):
        for n in range(5):
            new = {f"{name}{n}": Marks(rating=n + 1)}
            SideFile(tmp_path).change(lambda content, new=new: content.pictures.update(new))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(SideFile(tmp_path).read().pictures) == 15


@pytest.mark.parametrize("damage", ["", "{", "[" * 100_000, "null", "[1]", '{"pictures": NaN}'])
def test_a_damaged_side_file_is_kept_beside_the_new_one(gallery, paths, damage):
    (gallery.folders[0] / SIDE_FILE_NAME).write_text(damage)
    gallery.scan()
    gallery.marks.rate(paths[:1], 1)

    assert SideFile(gallery.folders[0]).read().pictures["0.png"].rating == 1
    (aside,) = gallery.folders[0].glob("*.damaged-1")
    assert aside.read_text() == damage


def test_odd_values_in_a_side_file_are_left_out(gallery):
    plain = {
        "version": 1,
        "pictures": {
            "0.png": {"rating": 99, "label": "mauve", "boards": ["a", 3, "a", " "], "note": None},
            "../../etc/passwd": {"rating": 5},
            "1.png": 7,
        },
        "boards": [1, "b"],
        "searches": {"x": 1, "y": "z"},
    }
    (gallery.folders[0] / SIDE_FILE_NAME).write_text(json.dumps(plain))
    gallery.scan()

    assert [(row.rating, row.boards) for row in gallery.search()] == [(0, ()), (5, ("a",))]
    assert gallery.marks.searches() == {"y": "z"}


def test_a_side_file_of_a_newer_version_is_not_written(gallery, paths):
    """Row 27, for the side file."""
    path = gallery.folders[0] / SIDE_FILE_NAME
    path.write_text('{"version": 2, "pictures": {}}')
    with pytest.raises(StorageError, match="newer"):
        gallery.marks.rate(paths, 1)
    assert path.read_text() == '{"version": 2, "pictures": {}}'
    assert gallery.scan().problems
