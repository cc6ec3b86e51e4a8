"""The index finds what was typed, follows the disk, and is never more than a cache."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import sqlite3
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from sdstudio.errors import StorageError
from sdstudio.gallery import index, schema
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.index_file import FILE_NAME, IndexFile
from sdstudio.gallery.search import parse_query
from sdstudio.gallery.store import GalleryStore
from tests.unit.gallery.picture_files import encoded, result_of, write_own


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    yield gallery
    gallery.close()


@pytest.fixture(scope="module")
def searchable(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searchable")
    gallery = Gallery([folder], cache_folder=folder / ".cache")
    prompts = ("red house", "blue boat", "夕日の海辺", "red fence", "Café")
    fill(gallery, *prompts, negative_prompt="fog", sampler="DDIM")
    yield gallery
    gallery.close()


def names(rows):
    return [row.path.name for row in rows]


def fill(gallery: Gallery, *prompts: str, **values) -> list[Path]:
    folder = gallery.folders[0]
    paths = [
        write_own(folder / f"{n}.png", prompt, second=n, seed=n, **values)
        for n, prompt in enumerate(prompts)
    ]
    gallery.scan()
    return paths


def test_a_row_says_what_the_file_says(gallery):
    write_own(
        gallery.folders[0] / "p.png",
        "a red house",
        negative_prompt="fog",
        seed=2**64 - 1,
        sampler="DDIM",
        guidance_scale=3.5,
        parents=("first.png",),
    )
    outcome = gallery.scan()
    (row,) = gallery.search()

    assert (outcome.added, outcome.broken, outcome.problems) == (1, 0, [])
    assert (row.prompt, row.negative_prompt, row.sampler) == ("a red house", "fog", "DDIM")
    assert (row.seed, row.steps, row.guidance_scale) == (2**64 - 1, 20, 3.5)
    assert (row.width, row.height, row.format, row.source) == (16, 8, "PNG", "sdstudio")
    assert row.parents == ("first.png",) and gallery.index.children("first.png") == [row]
    assert row.made == datetime.fromtimestamp(row.mtime_ns / 1e9)


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("", "43210"),
        ("red", "30"),
        ("re", "30"),
        ("RED hous", "0"),
        ('"red house"', "0"),
        ("red -house", "3"),
        ("-red", "421"),
        ("café", "4"),
        ("cafe", "4"),
        ("海辺", "2"),
        ("-海辺", "4310"),
        ("seed:3", "3"),
        ("seed:", "43210"),
        ("seed:x", "43210"),
        ("model:star", "43210"),
        ("model:other", ""),
        ("sampler:ddim", "43210"),
        ("negative:fog", "43210"),
        ("fog", ""),
        ("size:16x8", "43210"),
        ("size:16", "43210"),
        ("size:landscape -size:8", ""),
        ("source:sdstudio", "43210"),
        ("date:2026", "43210"),
        ("date:2025", ""),
        ("date:2025-12-01..2026-02", "43210"),
        ("is:unrated", "43210"),
        ("is:broken", ""),
        ("fence OR AND NEAR(", ""),
        ("'; DROP TABLE pictures; --", ""),
        ("*", "43210"),
        ("%", "43210"),
    ],
)
def test_search_as_typed(searchable, typed, expected):
    assert names(searchable.search(typed)) == [f"{n}.png" for n in expected]
    assert searchable.count(typed) == len(expected)
    assert len(searchable.ids(typed)) == len(expected)


def test_the_beginning_of_a_word_finds_all_that_begin_so(gallery, monkeypatch):
    """Few words are spelled out, many are left to FTS5: both find the same."""
    words = [f"lantern{letter}" for letter in "abcdefg"] + ["lantern", "LANTERNÉ", "lanter", "boat"]
    fill(gallery, *words)
    found = [names(gallery.search(typed)) for typed in ("lantern", '"lantern"', "-lantern")]
    monkeypatch.setattr(index, "_MAX_WORDS", 3)

    assert found == [names(gallery.search(typed)) for typed in ("lantern", '"lantern"', "-lantern")]
    assert len(found[0]) == 9 and found[2] == ["10.png", "9.png"]


OLD_WORDS = """
CREATE VIRTUAL TABLE words USING fts5 (prompt, content='pictures', content_rowid='id');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, instance);
"""


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_an_index_of_an_older_version_is_brought_up_to_date(tmp_path, version):
    """The old tables are there, words and rows with them; searches go on."""
    file = tmp_path / "old.sqlite3"
    with sqlite3.connect(file) as connection:
        steps = "".join(schema.MIGRATIONS[:version])
        connection.executescript(f"{steps}{OLD_WORDS}PRAGMA user_version = {version};")
        row = "INSERT INTO pictures (id, path, folder, mtime_ns, num_bytes, prompt)"
        connection.execute(f"{row} VALUES (7, '/p/a.png', '/p', 7000, 1, 'a red house')")
        connection.execute("INSERT INTO folders (path) VALUES ('/p')")
    connection.close()
    old = index.GalleryIndex(IndexFile(file))

    assert [row.id for row in old.page(parse_query("hous"))] == [7]
    assert old.folders() == ["/p"]
    old.file.close()


def test_a_scan_leaves_the_program_as_it_was(gallery):
    """It lets threads take turns more often and looks for garbage less often, for its own time."""
    before = (sys.getswitchinterval(), gc.get_threshold())
    during = []
    write_own(gallery.folders[0] / "a.png")
    gallery.scan(report=lambda _: during.append((sys.getswitchinterval(), gc.get_threshold())))
    write_own(gallery.folders[0] / "b.png", "another")
    gallery.scan(cancelled=lambda: True)
    assert during and (sys.getswitchinterval(), gc.get_threshold()) == before


def test_half_a_filter_is_explained():
    query = parse_query("rating:9 size: date:2026-13 is:what")
    assert len(query.problems) == 4 and not query.conditions


def test_pages_follow_one_another(gallery):
    fill(gallery, *["house"] * 7)
    pages, after = [], None
    while page := gallery.search("house", after=after, limit=3):
        pages.append(names(page))
        after = page[-1].id

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == [f"{n}.png" for n in range(6, -1, -1)]
    ids = gallery.ids("house")
    assert names(gallery.rows(ids[2:4])) == ["4.png", "3.png"]


def test_files_made_in_one_moment_all_have_a_place(gallery):
    """Row 41: two pictures in the same microsecond, and a clock that was set back."""
    for name in "abc":
        write_own(gallery.folders[0] / f"{name}.png", second=5)
    gallery.scan()
    assert names(gallery.search()) == ["c.png", "b.png", "a.png"]

    late = write_own(gallery.folders[0] / "late.png", second=-1_000_000)
    row = gallery.add(late)

    assert gallery.search()[0] == row


def test_order_is_kept_when_the_clock_jumps_back(gallery):
    """Row 41: pictures of one run, the clock an hour back in its middle; names stay apart."""
    moments = [datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 11), datetime(2026, 1, 1, 11)]
    clock = iter(moments * 2)
    store = GalleryStore(gallery.folders[0], name_pattern="{date}-{time}", now=lambda: next(clock))
    made = []
    for moment in moments * 2:
        path = store.add(result_of())
        os.utime(path, (moment.timestamp(), moment.timestamp()))
        made.append(gallery.add(path).path)

    assert len(set(made)) == 6
    assert [row.path for row in gallery.search()] == made[::-1]
    assert gallery.scan().changed == 0
    assert [row.path for row in gallery.search()] == made[::-1]


@pytest.mark.parametrize(
    "name", ["🏠 海.png", "a'b\"c.png", "two\nlines.png", "100%_{x}.PNG", " lead.webp", "<b>.jpg"]
)
def test_odd_names_are_found_again(gallery, name):
    """Row 42."""
    kind = {".webp": "WEBP", ".jpg": "JPEG"}.get(Path(name).suffix, "PNG")
    path = gallery.folders[0] / name
    path.write_bytes(encoded(kind))
    gallery.scan()

    assert gallery.index.row_of(path).format == kind
    assert gallery.scan().changed == 0


def test_only_what_changed_is_read(gallery):
    paths = fill(gallery, "one", "two", "three")
    write_own(paths[1], "two and a half", second=100)
    paths[2].unlink()
    write_own(gallery.folders[0] / "new.png", "four", second=200)
    reports = []
    outcome = gallery.scan(report=reports.append)

    assert (outcome.added, outcome.changed, outcome.removed) == (1, 1, 1)
    assert reports[-1].done == reports[-1].total == 2
    assert names(gallery.search("half")) == ["1.png"] and not gallery.search("three")


def test_a_renamed_file_keeps_its_row_and_its_marks(gallery):
    """Other programs rename: the row stays, and so do stars and boards."""
    (path,) = fill(gallery, "one")
    gallery.marks.rate([path], 4)
    before = gallery.search()[0]
    (path.parent / "sub").mkdir()
    moved = path.rename(path.parent / "sub" / "else.png")
    outcome = gallery.scan()
    after = gallery.search()[0]

    assert outcome.renamed == [(str(path), str(moved))]
    assert (outcome.added, outcome.removed) == (0, 0)
    assert (after.id, after.rating, after.path) == (before.id, 4, moved)


def test_marks_find_a_file_that_was_renamed_while_the_index_was_lost(gallery, tmp_path):
    (path,) = fill(gallery, "one")
    gallery.marks.rate([path], 4)
    gallery.close()
    (tmp_path / "cache" / FILE_NAME).unlink()
    path.rename(path.with_name("else.png"))

    again = Gallery(gallery.folders, cache_folder=tmp_path / "cache")
    again.scan()
    assert again.search()[0].rating == 4
    again.close()


def test_links_and_hidden_folders_are_left_alone(gallery):
    """Row 7: a loop of links ends, and nothing outside is taken in."""
    folder = gallery.folders[0]
    (path,) = fill(gallery, "one")
    outside = folder.parent / "outside"
    outside.mkdir()
    write_own(outside / "secret.png")
    (folder / "loop").symlink_to(folder)
    (folder / "out").symlink_to(outside)
    (folder / "nowhere.png").symlink_to(folder / "missing.png")
    (folder / ".hidden").mkdir()
    write_own(folder / ".hidden" / "h.png")

    assert gallery.scan().seen == 1
    assert names(gallery.search()) == [path.name]


def test_a_folder_that_disappears_keeps_its_rows(gallery):
    """Row 25: an unplugged disk is not a deletion."""
    fill(gallery, "one")
    away = gallery.folders[0].rename(gallery.folders[0].with_name("away"))
    outcome = gallery.scan()
    assert len(outcome.problems) == 1 and gallery.count() == 1

    away.rename(gallery.folders[0])
    assert gallery.scan().problems == [] and gallery.count() == 1


def test_broken_files_are_listed_with_their_fault(gallery):
    whole = encoded("PNG")
    (gallery.folders[0] / "cut.png").write_bytes(whole[:-20])
    (gallery.folders[0] / "text.png").write_text("<html>")
    (gallery.folders[0] / "empty.jpg").write_bytes(b"")
    (gallery.folders[0] / "really-a.png").write_bytes(encoded("JPEG"))
    outcome = gallery.scan()

    assert outcome.broken == 3
    assert sorted(names(gallery.search("is:broken"))) == ["cut.png", "empty.jpg", "text.png"]
    assert gallery.search("-is:broken")[0].format == "JPEG"
    assert gallery.scan().broken == 0  # not read again and again


def test_cancel_keeps_what_was_read(gallery):
    for n in range(5):
        write_own(gallery.folders[0] / f"{n}.png", second=n)
    asked = iter([False, False, True])
    outcome = gallery.scan(cancelled=lambda: next(asked))

    assert outcome.was_cancelled and gallery.count() == 2
    assert gallery.scan().added == 3


@pytest.mark.parametrize("damage", [b"", b"garbage" * 1000, None])
def test_a_damaged_index_is_set_aside_and_built_again(gallery, tmp_path, damage):
    """Row 26: empty, garbage, cut in half."""
    (path,) = fill(gallery, "one")
    gallery.marks.rate([path], 3)
    gallery.close()
    file = tmp_path / "cache" / FILE_NAME
    data = file.read_bytes()
    for extra in tmp_path.glob("cache/*-wal"):
        extra.unlink()
    file.write_bytes(data[: len(data) // 2] if damage is None else damage)

    again = Gallery(gallery.folders, cache_folder=tmp_path / "cache")
    assert again.index.file.was_rebuilt
    again.scan()
    assert [(row.prompt, row.rating) for row in again.search()] == [("one", 3)]
    aside = list((tmp_path / "cache").glob("*.damaged-1"))
    assert len(aside) == (0 if damage == b"" else 1)
    again.close()


def test_damage_found_late_is_mended_by_a_scan(gallery, tmp_path):
    """Row 26: a page in the middle is overwritten while the index is open."""
    fill(gallery, *["a house of many words " * 20] * 30)
    with sqlite3.connect(tmp_path / "cache" / FILE_NAME) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET rootpage = 9999 WHERE name = 'pictures'")
    connection.close()
    gallery.close()

    gallery.scan()
    assert gallery.count("house") == 30


def test_the_index_may_be_deleted_while_it_is_open(gallery, tmp_path):
    fill(gallery, "one", "two")
    for file in (tmp_path / "cache").glob(f"{FILE_NAME}*"):
        file.unlink()

    gallery.scan()
    assert gallery.count() == 2


def test_an_index_of_a_newer_version_is_not_written(gallery, tmp_path):
    """Row 27."""
    fill(gallery, "one")
    gallery.close()
    file = tmp_path / "cache" / FILE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()

    newer = Gallery(gallery.folders, cache_folder=tmp_path / "cache")
    assert str(schema.VERSION + 1) in newer.index.file.read_only_reason
    with pytest.raises(StorageError, match="newer SD Studio"):
        newer.index.remove(["x"])
    assert newer.count() == 1
    newer.close()


def test_a_locked_index_waits_and_then_says_so(tmp_path):
    """Row 26: another program holds the write lock."""
    file = IndexFile(tmp_path / "i.sqlite3", busy_timeout_ms=50)
    with sqlite3.connect(tmp_path / "i.sqlite3", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="Another program"), file.writing():
            pass
        assert file.read("SELECT count(*) FROM pictures") == [(0,)]  # reading goes on
        other.execute("ROLLBACK")
    other.close()
    with file.writing():
        pass
    file.close()


def test_two_windows_index_at_once_without_duplicates(gallery, tmp_path):
    """Issue 4, point 6: no lock errors, no duplicates, changes seen by both."""
    for n in range(40):
        write_own(gallery.folders[0] / f"{n}.png", f"house {n}", second=n % 3)
    other = Gallery(gallery.folders, cache_folder=tmp_path / "cache")
    faults = []

    def scan(each: Gallery) -> None:
        try:
            each.scan(read_all=True)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=scan, args=(each,)) for each in (gallery, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == [] and gallery.count() == other.count("house") == 40
    gallery.marks.rate([gallery.folders[0] / "7.png"], 5)
    assert names(other.search("rating:5")) == ["7.png"]
    other.close()


def use_gallery(folder: Path, cache_folder: Path, number: int, faults) -> None:
    """Another process: scan, save, rate and delete, all at once with the others."""
    try:
        gallery = Gallery([folder], cache_folder=cache_folder)
        for turn in range(4):
            gallery.scan(read_all=turn == 2)
            path = GalleryStore(folder, name_pattern=f"new-{number}-{turn}").add(result_of())
            gallery.add(path)
            gallery.marks.rate([path], 1 + number)
            if turn == 3:
                gallery.delete([path])
        gallery.close()
    except Exception as error:
        faults.put(repr(error))
    faults.put(None)


@pytest.mark.skipif(os.name == "nt", reason="there is no fork")
def test_processes_on_one_gallery_meet_no_lock_and_make_no_duplicates(gallery, tmp_path):
    """Issue 4, point 6, with real processes on an index that none of them has made yet."""
    gallery.close()
    folder, cache_folder = gallery.folders[0], tmp_path / "shared"
    for n in range(60):
        write_own(folder / f"{n}.png", f"house {n}", second=n % 3)
    fork = multiprocessing.get_context("fork")
    faults = fork.Queue()
    arguments = [(folder, cache_folder, number, faults) for number in range(3)]
    workers = [fork.Process(target=use_gallery, args=each) for each in arguments]
    for worker in workers:
        worker.start()
    said = [faults.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join()

    assert said == [None] * 3
    seen = Gallery([folder], cache_folder=cache_folder)
    assert seen.scan().added == 0
    rows = {row.path.name: row for row in seen.search(limit=1000)}
    assert len(rows) == seen.count() == 60 + 3 * 3
    for number, turn in itertools.product(range(3), range(3)):
        assert rows[f"new-{number}-{turn}.png"].rating == 1 + number
    seen.close()


def test_tables_can_be_made_step_by_step(tmp_path):
    """Every step of the migrations runs on its own, and a finished index is left alone."""
    file = IndexFile(tmp_path / "i.sqlite3")
    assert file.read("PRAGMA user_version") == [(schema.VERSION,)]
    assert file.read("PRAGMA foreign_keys") == [(1,)]
    assert file.read("PRAGMA journal_mode") == [("wal",)]
    assert file.read("PRAGMA busy_timeout") == [(5000,)]
    assert file.was_rebuilt
    file.close()
    again = IndexFile(tmp_path / "i.sqlite3")
    assert not again.was_rebuilt
    again.close()
