"""Families of pictures, as their files tell of them."""

from pathlib import Path

import pytest

from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.lineage import MAX_MEMBERS, Family, family_of
from tests.unit.gallery.picture_files import write_own


@pytest.fixture
def gallery(tmp_path, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda _: None)
    (tmp_path / "pictures").mkdir()
    gallery = Gallery([tmp_path / "pictures"], cache_folder=tmp_path / "cache")
    yield gallery
    gallery.close()


def made(gallery: Gallery, name: str, second: int, *parents: str) -> Path:
    folder = gallery.folders[0]
    return write_own(folder / name, name, second=second, parents=parents)


def family(gallery: Gallery, path: Path) -> Family:
    gallery.scan()
    row = gallery.index.row_of(path)
    assert row is not None
    return family_of(gallery.index, row.id)


def tree(found: Family) -> dict[str, tuple[int, list[str]]]:
    """Generation and parents by name."""
    names = {member.key: member.name for member in found.members}
    return {m.name: (m.generation, [names[each] for each in m.parents]) for m in found.members}


def test_a_picture_alone_is_its_family(gallery):
    assert tree(family(gallery, made(gallery, "a.png", 0))) == {"a.png": (0, [])}


def test_everyone_related_is_found_from_anywhere(gallery):
    made(gallery, "root.png", 0)
    made(gallery, "left.png", 1, "root.png")
    right = made(gallery, "right.png", 2, "root.png")
    made(gallery, "both.png", 3, "left.png", "right.png")
    made(gallery, "stranger.png", 4)
    expected = {
        "root.png": (0, []),
        "left.png": (1, ["root.png"]),
        "right.png": (1, ["root.png"]),
        "both.png": (2, ["left.png", "right.png"]),
    }

    assert tree(family(gallery, right)) == expected
    assert tree(family(gallery, right.with_name("both.png"))) == expected


def test_a_child_stands_below_its_lowest_parent(gallery):
    made(gallery, "a.png", 0)
    made(gallery, "b.png", 1, "a.png")
    child = made(gallery, "c.png", 2, "a.png", "b.png")

    assert tree(family(gallery, child))["c.png"] == (2, ["a.png", "b.png"])


def test_a_parent_that_is_gone_keeps_its_place(gallery):
    child = made(gallery, "child.png", 0, "lost.png")

    found = family(gallery, child)
    assert tree(found) == {"lost.png": (0, []), "child.png": (1, ["lost.png"])}
    assert found.members[0].row is None


def test_a_renamed_folder_and_a_name_taken_twice_find_the_nearest(gallery):
    folder = gallery.folders[0]
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    made(gallery, "one/a.png", 0)
    made(gallery, "two/a.png", 1)
    child = made(gallery, "one/child.png", 2, "a.png")
    elsewhere = made(gallery, "other.png", 3, "a.png")

    (parent, _) = family(gallery, child).members
    assert parent.row is not None and parent.row.path == folder / "one" / "a.png"
    assert {m.name for m in family(gallery, elsewhere).members} == {"a.png", "other.png"}


def test_a_parent_that_another_program_renamed_is_found(gallery):
    old = made(gallery, "first.png", 0)
    child = made(gallery, "child.png", 1, "first.png")
    family(gallery, child)
    for name in ("second.png", "third.png"):
        old = old.rename(old.with_name(name))
        gallery.scan()
    gallery.index.file.begin_anew()
    gallery.scan()

    for path in (child, old):
        row = gallery.index.row_of(path)
        found = family_of(gallery.index, row.id, renamed=gallery.marks.renamed())
        assert tree(found) == {"third.png": (0, []), "child.png": (1, ["third.png"])}
    assert gallery.marks.renamed() == {"first.png": "third.png", "second.png": "third.png"}
    old.rename(old.with_name("first.png"))
    gallery.scan()
    assert "first.png" not in gallery.marks.renamed(), "it is called as its children say again"


def test_renames_of_pictures_without_children_are_not_kept(gallery):
    lonely = made(gallery, "a.png", 0)
    gallery.scan()
    lonely.rename(lonely.with_name("b.png"))
    gallery.scan()
    assert gallery.marks.renamed() == {}


@pytest.mark.parametrize("name", ["", "../a.png", "/etc/passwd", "%", "x" * 5000, "\ud800"])
def test_hostile_names_of_parents_are_only_names(gallery, name):
    child = made(gallery, "child.png", 0, name)

    found = family(gallery, child)
    assert all(m.row is None for m in found.members if m.name != "child.png")


def test_pictures_that_name_each_other_end_somewhere(gallery):
    made(gallery, "a.png", 0, "b.png")
    made(gallery, "b.png", 1, "a.png")
    own = made(gallery, "self.png", 2, "self.png")

    found = family(gallery, own.with_name("a.png"))
    assert {m.name for m in found.members} == {"a.png", "b.png"}
    assert tree(family(gallery, own)) == {"self.png": (0, [])}


def test_a_large_family_is_cut(gallery):
    root = made(gallery, "root.png", 0)
    for number in range(MAX_MEMBERS + 5):
        made(gallery, f"{number}.png", number + 1, "root.png")

    found = family(gallery, root)
    assert found.is_cut and len(found.members) == MAX_MEMBERS
