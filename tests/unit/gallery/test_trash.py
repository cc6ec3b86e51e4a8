"""What is deleted comes back with everything a person said about it, whenever the power fails."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest

from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.side_file import SideFile
from sdstudio.gallery.steps import Steps
from sdstudio.gallery.trash import TRASH_NAME, Trash
from tests.unit.gallery.picture_files import write_own


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    for n in range(3):
        write_own(folder / f"{n}.png", f"picture {n}", second=n)
    gallery.scan()
    yield gallery
    gallery.close()


@pytest.fixture
def paths(gallery):
    return [gallery.folders[0] / f"{n}.png" for n in range(3)]


class PowerCut(BaseException):
    """The program ends here."""


def mark_all(gallery, paths):
    gallery.marks.rate(paths, 4)
    gallery.marks.set_label(paths[:1], "green")
    gallery.marks.set_note(paths[:1], "the best")
    gallery.marks.put_on_board(paths[:2], "snow")
    gallery.marks.put_on_board(paths[:1], "red things")


def test_undo_brings_back_file_boards_stars_and_notes(gallery, paths):
    mark_all(gallery, paths)
    before, data = gallery.search(), paths[0].read_bytes()
    undo = gallery.delete(paths[:2])

    assert [row.path for row in gallery.search()] == [paths[2]]
    assert not paths[0].exists() and dict(gallery.marks.boards()) == {"snow": 0, "red things": 0}
    assert len(gallery.shelf()[0][1].pictures) == 2

    assert undo() == paths[:2]
    assert gallery.search() == before and paths[0].read_bytes() == data
    assert gallery.shelf() == [] and not (gallery.folders[0] / TRASH_NAME).exists()


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(gallery, paths):
    undo = gallery.delete([paths[0]])
    write_own(paths[0], "another")
    (back,) = undo()

    assert back.name == "0-2.png"
    gallery.scan()
    assert {row.prompt for row in gallery.search()} == {
        *("another", "picture 0", "picture 1", "picture 2")
    }


def test_single_pictures_of_a_deletion_come_back(gallery, paths):
    mark_all(gallery, paths)
    gallery.delete(paths)
    (folder, deletion) = gallery.shelf()[0]

    assert gallery.restore(folder, deletion, {"1.png"}) == [paths[1]]
    assert [(row.path, row.rating, row.boards) for row in gallery.search()] == [
        (paths[1], 4, ("snow",))
    ]
    (folder, rest) = gallery.shelf()[0]
    assert [each.name for each in rest.pictures] == ["0.png", "2.png"]
    assert (rest.batch, rest.deleted_at) == (deletion.batch, deletion.deleted_at)
    everywhere_once(gallery, paths)

    gallery.restore(folder, rest, {"0.png"})
    gallery.restore(*gallery.shelf()[0], {"2.png"})
    assert gallery.shelf() == [] and gallery.count() == 3


def test_single_pictures_of_a_deletion_are_deleted_for_good(gallery, paths):
    gallery.delete(paths)
    gallery.discard(*gallery.shelf()[0], {"0.png", "2.png"})
    assert [each.name for each in gallery.shelf()[0][1].pictures] == ["1.png"]
    gallery.discard(*gallery.shelf()[0], {"1.png"})
    assert gallery.shelf() == [] and not (gallery.folders[0] / TRASH_NAME).exists()


def test_two_that_come_back_never_take_one_name(gallery, paths):
    """The first gives way to a new file of its name, where the second had lain."""
    second = write_own(gallery.folders[0] / "0-2.png", "the second")
    gallery.scan()
    undo = gallery.delete([paths[0], second])
    write_own(paths[0], "another")

    assert len(set(undo())) == 2
    gallery.scan()
    assert {row.prompt for row in gallery.search()} >= {"picture 0", "the second", "another"}


def test_a_stopped_deletion_leaves_the_rest(gallery, paths):
    mark_all(gallery, paths)
    told = []
    steps = Steps(lambda done, total: (told.append((done, total)), steps.stop()), clock=clock())
    steps.expect(3)
    undo = gallery.delete(paths, steps)

    assert told == [(1, 3)]
    assert gallery.count() == 3 and gallery.shelf() == [] and undo() == []
    steps = Steps(lambda done, total: done == 2 and steps.stop(), clock=clock())
    steps.expect(3)
    undo = gallery.delete(paths, steps)
    assert [row.path for row in gallery.search()] == [paths[2], paths[1]]
    assert undo() == [paths[0]]
    assert [row.rating for row in gallery.search()] == [4, 4, 4] and gallery.shelf() == []


def clock():
    """Long between any two looks."""
    moments = iter(range(0, 10_000, 10))
    return lambda: next(moments)


@pytest.mark.parametrize("moves_until_cut", [0, 1, 2])
def test_the_return_of_some_cut_short_is_finished(gallery, paths, monkeypatch, moves_until_cut):
    """Those that were to come back do, the others lie where they lay."""
    mark_all(gallery, paths)
    gallery.delete(paths)
    (folder, deletion) = gallery.shelf()[0]
    cut_after(monkeypatch, moves_until_cut, of=2)
    with pytest.raises(PowerCut):
        gallery.restore(folder, deletion, {"0.png", "1.png"})
    monkeypatch.undo()
    everywhere_once(gallery, paths)

    gallery.scan()
    assert [(row.path, row.rating) for row in gallery.search()] == [(paths[1], 4), (paths[0], 4)]
    assert [each.name for each in gallery.shelf()[0][1].pictures] == ["2.png"]
    assert gallery.shelf()[0][1].state == "shelved"


@pytest.mark.parametrize("moves_until_cut", [0, 1, 2, 3])
def test_a_deletion_cut_short_is_finished(gallery, paths, monkeypatch, moves_until_cut):
    """Row 23: killed between any two steps, no row stands without its file."""
    mark_all(gallery, paths)
    cut_after(monkeypatch, moves_until_cut)
    with pytest.raises(PowerCut):
        gallery.delete(paths)
    monkeypatch.undo()
    everywhere_once(gallery, paths)

    gallery.scan()
    assert gallery.search() == [] and not any(path.exists() for path in paths)
    assert SideFile(gallery.folders[0]).read().pictures == {}
    (folder, deletion) = gallery.shelf()[0]
    gallery.restore(folder, deletion)
    assert [row.rating for row in gallery.search()] == [4, 4, 4]


@pytest.mark.parametrize("moves_until_cut", [0, 1, 2, 3])
def test_an_undo_cut_short_is_finished(gallery, paths, monkeypatch, moves_until_cut):
    """Row 23, the other way round: marks come back too."""
    mark_all(gallery, paths)
    before = gallery.search()
    undo = gallery.delete(paths)
    cut_after(monkeypatch, moves_until_cut)
    with pytest.raises(PowerCut):
        undo()
    monkeypatch.undo()
    everywhere_once(gallery, paths)

    gallery.scan()
    assert gallery.search() == before and gallery.shelf() == []


def cut_after(monkeypatch, moves: int, of: int = 3) -> None:
    """Let the program end before move number `moves` + 1, or right after the last."""
    done = 0
    whole = Trash._move

    def move(self, origin, target):
        nonlocal done
        if done == moves:
            raise PowerCut
        whole(self, origin, target)
        done += 1
        if done == of and moves == of:
            raise PowerCut

    monkeypatch.setattr(Trash, "_move", move)


def everywhere_once(gallery, paths):
    """Each file is either in its place or on the shelf, never in neither."""
    in_place = sum(path.exists() for path in paths)
    shelved = len(list((gallery.folders[0] / TRASH_NAME).glob("*/*.png")))
    assert in_place + shelved == len(paths)


def test_a_scan_leaves_alone_what_is_under_way(gallery, paths):
    """It would finish a deletion that a person has just stopped."""
    mark_all(gallery, paths)
    other = Gallery(gallery.folders, cache_folder=gallery.index.file.path.parent)

    def report(done, total):
        other.scan()
        if done == 2:
            steps.stop()

    steps = Steps(report, clock=clock())
    steps.expect(3)
    gallery.delete(paths, steps)
    other.scan()
    other.close()

    assert [row.path for row in gallery.search()] == [paths[2], paths[1]]
    assert [each.name for each in gallery.shelf()[0][1].pictures] == ["0.png"]


def test_a_folder_that_cannot_be_written_keeps_its_pictures(gallery, paths, monkeypatch):
    """Row 25: what could not be moved stays, with its row and its marks."""
    mark_all(gallery, paths)
    moves = iter([None, OSError(30, "Read-only file system")])
    whole = type(paths[0]).rename

    def rename(self, target):
        if fault := next(moves):
            raise fault
        return whole(self, target)

    monkeypatch.setattr(type(paths[0]), "rename", rename)
    with pytest.raises(StorageError):
        gallery.delete(paths)
    monkeypatch.undo()

    gallery.scan()
    assert [row.path for row in gallery.search()] == [paths[2], paths[1]]
    assert len(gallery.shelf()[0][1].pictures) == 1


def test_links_are_moved_not_followed(gallery, paths, tmp_path):
    """Row 7: deleting a link to a picture leaves the picture alone."""
    outside = write_own(tmp_path / "outside.png")
    link = gallery.folders[0] / "link.png"
    link.symlink_to(outside)
    gallery.scan()
    gallery.delete([link])

    assert outside.exists() and not os.path.lexists(link)


@pytest.mark.parametrize("name", ["../outside.png", "/etc/passwd", "sub/../../outside.png"])
def test_nothing_outside_is_deleted(gallery, tmp_path, name):
    outside = write_own(tmp_path / "outside.png")
    with pytest.raises(InvalidRequestError):
        gallery.delete([gallery.folders[0] / name])
    with pytest.raises(InvalidRequestError):
        Trash(gallery.folders[0]).delete([name], lambda name: None)
    assert outside.exists()


def test_after_thirty_days_the_shelf_is_cleared(gallery, paths):
    gallery.delete([paths[0]])
    gallery.delete([paths[1]])
    soon = Trash(gallery.folders[0], now=lambda: datetime.now(UTC) + timedelta(days=29))
    late = Trash(gallery.folders[0], now=lambda: datetime.now(UTC) + timedelta(days=31))
    discarded = []

    assert soon.expire(discarded.append) == []
    assert len(late.expire(discarded.append)) == 2
    assert len(discarded) == 2 and gallery.shelf() == []


def test_a_hostile_manifest_is_not_believed(gallery, paths, tmp_path):
    gallery.delete([paths[0]])
    (manifest,) = gallery.folders[0].glob(f"{TRASH_NAME}/*/manifest.json")
    manifest.write_text(manifest.read_text().replace('"0.png"', '"../../evil.png"'))

    assert gallery.shelf() == []
    gallery.scan()
    assert not (tmp_path / "evil.png").exists()
