"""The family of a picture as a tree that can be walked."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.support.gallery_views import OpenViews, write_picture
from tests.ui.gallery.test_single_view import is_single, shown_name

KEY = Qt.Key


@pytest.fixture
def family(views: OpenViews) -> OpenViews:
    for minute, (name, parents) in enumerate(
        {
            "root": (),
            "left": ("root.png",),
            "right": ("root.png",),
            "both": ("left.png", "right.png"),
            "orphan": ("lost.png",),
            "alone": (),
        }.items()
    ):
        write_picture(views.folder, f"{name}.png", minute=minute, parents=parents, prompt=name)
    views.rescan()
    return views


def node(views: OpenViews, name: str):
    tree = views.views.lineage.tree
    return next(each for each in tree.nodes.values() if each.accessibleName().startswith(name))


def test_relatives_are_shown_with_the_selected_one_marked(family: OpenViews) -> None:
    family.select("left.png")
    tree = family.views.lineage.tree
    assert family.views.family.isVisibleTo(family.views.panel)
    names = {each.accessibleName() for each in tree.nodes.values()}
    assert names == {"root.png", "left.png", "right.png", "both.png"}
    assert [n for n in names if node(family, n).isChecked()] == ["left.png"]
    tops = [node(family, name).y() for name in ("root.png", "left.png", "both.png")]
    assert tops == sorted(set(tops)), "children stand below"
    assert node(family, "left.png").y() == node(family, "right.png").y()
    assert not node(family, "left.png").icon().isNull()


def test_a_picture_alone_shows_no_tree(family: OpenViews) -> None:
    family.select("alone.png")
    assert not family.views.family.isVisibleTo(family.views.panel)
    family.select("left.png")
    assert family.views.family.isVisibleTo(family.views.panel)


def test_a_click_steps_to_any_branch(family: OpenViews) -> None:
    family.select("left.png")
    node(family, "both.png").click()
    family.wait_idle()
    assert family.opened.room.selected_ids() == [family.id_of("both.png")]
    assert node(family, "both.png").isChecked()


def test_a_click_while_looking_looks_at_the_other(family: OpenViews) -> None:
    family.select("both.png")
    family.views.open_single(family.id_of("both.png"))
    family.wait_idle()
    node(family, "root.png").click()
    family.wait_idle()
    assert is_single(family) and shown_name(family) == "root.png"


def test_a_relative_that_the_search_hides_is_looked_at_alone(family: OpenViews) -> None:
    family.opened.room.search.field.setText("both")
    family.wait_idle()
    family.select("both.png")
    node(family, "root.png").click()
    family.wait_idle()
    assert is_single(family) and shown_name(family) == "root.png"


def test_a_parent_that_is_gone_keeps_its_place(family: OpenViews) -> None:
    family.select("orphan.png")
    lost = node(family, "lost.png")
    assert not lost.isEnabled() and "not in the gallery" in lost.accessibleName()
    assert lost.y() < node(family, "orphan.png").y()


def test_arrows_walk_the_tree(family: OpenViews) -> None:
    family.opened.room.activateWindow()
    family.select("root.png")
    qtbot = family.opened.qtbot
    node(family, "root.png").setFocus()

    def walk(key: Qt.Key) -> str:
        focused = family.opened.room.focusWidget()
        qtbot.keyClick(focused, key)
        return family.opened.room.focusWidget().accessibleName()

    below = walk(KEY.Key_Down)
    assert below in ("left.png", "right.png")
    beside = walk(KEY.Key_Right if below == "left.png" else KEY.Key_Left)
    assert {below, beside} == {"left.png", "right.png"}
    assert walk(KEY.Key_Down) == "both.png"
    assert walk(KEY.Key_Down) == "both.png", "there is nothing below"
    assert walk(KEY.Key_Up) in ("left.png", "right.png")


def test_a_hostile_parent_is_plain_words(views: OpenViews) -> None:
    write_picture(views.folder, "a.png", parents=("<b>x</b>\u202e.png",), prompt="<i>words</i>")
    views.rescan()
    views.select("a.png")
    lost = node(views, "<b>x</b>⟨U+202E⟩.png")
    assert "&lt;b&gt;" in lost.toolTip() and "<b>" not in lost.toolTip()
    own = node(views, "a.png")
    assert "&lt;i&gt;words" in own.toolTip()
