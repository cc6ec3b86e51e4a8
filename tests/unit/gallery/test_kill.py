"""kill -9 at any moment: what was announced is whole and found again, nothing half is shown."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import time
from pathlib import Path

import pytest

from sdstudio.errors import StorageError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.picture_file import read_request
from sdstudio.gallery.picture_import import import_picture
from sdstudio.gallery.side_file import SideFile
from sdstudio.gallery.store import GalleryStore
from sdstudio.gallery.trash import TRASH_NAME
from tests.unit.gallery.picture_files import result_of

KILLS = 100

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no fork")


def work(folder: Path, cache_folder: Path, announce, seed: int) -> None:
    """Save, rate, put on boards and delete, and say what is done; until killed."""
    gallery = Gallery([folder], cache_folder=cache_folder)
    gallery.scan()
    store, choose = GalleryStore(folder), random.Random(seed)
    for n in range(10_000):
        path = store.add(result_of(f"house {seed} {n}", seed=n, shade=n))
        announce.send(("saved", path.name))
        gallery.add(path)
        stars = 1 + n % 5
        gallery.marks.mark([path], lambda marks, s=stars: marks.with_board(f"board {s}"))
        gallery.marks.rate([path], stars)
        announce.send(("rated", path.name, stars))
        if choose.random() < 0.3:
            announce.send(("deleting", path.name))
            undo = gallery.delete([path])
            if choose.random() < 0.5:
                undo()


def test_a_hundred_kills_lose_nothing(tmp_path):
    """Rows 21, 22 and 23."""
    folder, cache_folder = tmp_path / "pictures", tmp_path / "cache"
    folder.mkdir()
    fork = multiprocessing.get_context("fork")
    saved: set[str] = set()
    rated: dict[str, int] = {}
    whole: set[str] = set()
    moments = random.Random(7)
    for kill in range(KILLS):
        ours, theirs = fork.Pipe(duplex=False)
        worker = fork.Process(target=work, args=(folder, cache_folder, theirs, kill))
        worker.start()
        theirs.close()
        wanted = moments.randrange(1, 5)
        while wanted and ours.poll(60):
            wanted -= take(ours.recv(), saved, rated)
        time.sleep(moments.random() * 0.01)
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        while drain(ours, saved, rated):
            pass
        check(folder, cache_folder, saved, rated, whole)
    assert len(saved) >= KILLS / 2 and rated


def take(news: tuple, saved: set[str], rated: dict[str, int]) -> int:
    if news[0] == "saved":
        saved.add(news[1])
    elif news[0] == "rated":
        rated[news[1]] = news[2]
    return 1


def drain(ours, saved: set[str], rated: dict[str, int]) -> bool:
    try:
        return ours.poll(0) and bool(take(ours.recv(), saved, rated))
    except (EOFError, OSError):
        return False


def check(
    folder: Path, cache_folder: Path, saved: set[str], rated: dict[str, int], whole: set[str]
) -> None:
    """Look at everything; a file that was found `whole` once is not decoded again."""
    gallery = Gallery([folder], cache_folder=cache_folder)
    assert not gallery.index.file.read_only_reason
    outcome = gallery.scan()
    assert outcome.broken == 0 and outcome.problems == []
    rows = {row.path.name: row for row in gallery.search(limit=10_000)}
    shelved = {each.name: each for _, deletion in gallery.shelf() for each in deletion.pictures}

    assert saved <= rows.keys() | shelved.keys()
    assert not rows.keys() & shelved.keys()
    assert sorted(rows) == sorted(path.name for path in folder.glob("*.png"))
    for name, row in rows.items():
        if name not in whole:
            assert import_picture(row.path).width == 16
            assert read_request(row.path).prompt == row.prompt
            whole.add(name)
        assert not row.fault
        if name in rated:
            assert (row.rating, row.boards) == (rated[name], (f"board {rated[name]}",))
    for name, each in shelved.items():
        if name in rated:
            assert each.marks.rating == rated[name]
    marked = SideFile(folder).read().pictures.keys()
    assert marked <= rows.keys(), "what a kill left of the marks of shelved pictures is tidied"
    assert len(list(folder.glob(f"{TRASH_NAME}/*/*.png"))) == len(shelved)
    gallery.close()


def test_a_picture_whose_row_was_never_written_is_adopted_once(tmp_path):
    """Row 22: killed between the file's rename and the row."""
    gallery = Gallery([tmp_path / "pictures"], cache_folder=tmp_path / "cache")
    path = GalleryStore(tmp_path / "pictures").add(result_of())

    assert gallery.scan().added == 1 and gallery.scan().added == 0
    assert [row.path for row in gallery.search()] == [path]
    gallery.close()


def test_half_written_files_of_the_dead_are_cleared_away(tmp_path):
    for name, age_s in (("old", 100_000), ("young", 10)):
        part = tmp_path / f".{name}.part"
        part.write_bytes(b"half")
        os.utime(part, (time.time() - age_s,) * 2)
    gallery = Gallery([tmp_path], cache_folder=tmp_path / "cache")
    assert gallery.scan().seen == 0
    assert [path.name for path in tmp_path.glob("*.part")] == [".young.part"]
    gallery.close()


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    """Row 24: a real limit of the file's size, as a full disk would be."""
    store = GalleryStore(tmp_path / "pictures")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        with pytest.raises(StorageError, match="no space"):
            store.add(result_of())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((tmp_path / "pictures").iterdir()) == []
    assert store.add(result_of()).exists()


@pytest.mark.parametrize("is_file", [True, False])
def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path, is_file):
    """Row 25: it is a file, or it vanished and cannot be made again."""
    blocker = tmp_path / "blocker"
    blocker.write_bytes(b"")
    folder = blocker if is_file else blocker / "pictures"
    with pytest.raises(StorageError):
        GalleryStore(folder).add(result_of())
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    assert len(gallery.scan().problems) == 1
    gallery.close()
