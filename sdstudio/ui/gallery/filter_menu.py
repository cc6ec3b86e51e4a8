"""The filters of a search as a menu, with what there is to choose from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QMenu

from sdstudio.ui.gallery.gallery_desk import Contents
from sdstudio.ui.gallery.mark_menus import label_icon, label_names, stars_text
from sdstudio.ui.widgets.labels import short_name
from sdstudio.ui.widgets.visible_text import one_line

MAX_CHOICES = 24

Add = Callable[[str], object]


def fill_filter_menu(menu: QMenu, contents: Contents, add: Add) -> None:
    """Offer filters; `add` is called with the text of the one that is chosen."""
    rating = menu.addMenu(_tr("Stars"))
    for stars in range(5, 0, -1):
        text = stars_text(stars) + (_tr(" and more") if stars < 5 else "")
        rating.addAction(text, partial(add, f"rating:>={stars}"))
    rating.addAction(_tr("None"), partial(add, "rating:0"))
    label = menu.addMenu(_tr("Colour label"))
    for name, words in label_names().items():
        label.addAction(label_icon(name), words, partial(add, f"label:{name}"))
    date = menu.addMenu(_tr("Date"))
    for value, words in _dates().items():
        date.addAction(words, partial(add, f"date:{value}"))
    shape = menu.addMenu(_tr("Shape"))
    for value, words in _shapes().items():
        shape.addAction(words, partial(add, f"size:{value}"))
    titles = {"model": _tr("Model"), "sampler": _tr("Sampler"), "source": _tr("Made by")}
    for name, title in titles.items():
        _add_choices(menu.addMenu(title), name, contents.choices.get(name, []), add)
    boards = menu.addMenu(_tr("Board"))
    for board, count in contents.boards[:MAX_CHOICES]:
        if '"' not in board:
            boards.addAction(_entry(board, count), partial(add, f'board:"{board}"'))
    boards.setEnabled(not boards.isEmpty())
    menu.addSeparator()
    menu.addAction(_tr("On no board"), partial(add, "is:unboarded"))
    menu.addAction(_tr("Without stars"), partial(add, "is:unrated"))
    menu.addAction(_tr("Broken files"), partial(add, "is:broken"))


def _add_choices(menu: QMenu, name: str, choices: list[tuple[str, int]], add: Add) -> None:
    for value, count in choices[:MAX_CHOICES]:
        if '"' not in value:
            text = f'{name}:"{value}"' if " " in value else f"{name}:{value}"
            menu.addAction(_entry(value, count), partial(add, text))
    menu.setEnabled(not menu.isEmpty())


def _entry(value: str, count: int) -> str:
    plain = short_name(one_line(value)).replace("&", "&&")
    return f"{plain}\t{count:,}"


def _dates() -> dict[str, str]:
    from datetime import date

    today = date.today()
    return {
        "today": _tr("Today"),
        "yesterday": _tr("Yesterday"),
        f"{today:%Y-%m}": _tr("This month"),
        f"{today:%Y}": _tr("This year"),
    }


def _shapes() -> dict[str, str]:
    return {
        "square": _tr("Square"),
        "portrait": _tr("Portrait"),
        "landscape": _tr("Landscape"),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("FilterMenu", text)
