"""Stars, labels and boards as menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu

from sdstudio.ui.gallery.cell_painting import LABEL_COLORS
from sdstudio.ui.icons import ICON_PX, icon
from sdstudio.ui.widgets.labels import short_name
from sdstudio.ui.widgets.visible_text import one_line


def stars_text(stars: int) -> str:
    """Stars to be read at a glance."""
    return "★" * stars + "☆" * (5 - stars)


def label_names() -> dict[str, str]:
    """How each colour label is called."""
    return {
        "red": _tr("Red"),
        "orange": _tr("Orange"),
        "yellow": _tr("Yellow"),
        "green": _tr("Green"),
        "blue": _tr("Blue"),
        "purple": _tr("Purple"),
    }


def label_icon(name: str) -> QIcon:
    """A dot in the label's colour."""
    pixmap = QPixmap(ICON_PX * 2, ICON_PX * 2)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(LABEL_COLORS[name]))
    painter.drawEllipse(QRectF(4, 4, ICON_PX - 8, ICON_PX - 8))
    painter.end()
    return QIcon(pixmap)


def fill_rating_menu(menu: QMenu, rate: Callable[[int], object]) -> None:
    """Offer stars, with the keys that give them."""
    for stars in range(5, 0, -1):
        menu.addAction(f"{stars_text(stars)}\t{stars}", partial(rate, stars))
    menu.addSeparator()
    menu.addAction(_tr("No stars") + "\t0", partial(rate, 0))


def fill_label_menu(menu: QMenu, choose: Callable[[str], object]) -> None:
    """Offer colours, with the keys that give them."""
    for number, (name, words) in enumerate(label_names().items(), 1):
        menu.addAction(label_icon(name), f"{words}\tAlt+{number}", partial(choose, name))
    menu.addSeparator()
    menu.addAction(_tr("No label") + "\tAlt+0", partial(choose, ""))


def fill_board_menu(
    menu: QMenu,
    boards: Sequence[str],
    put: Callable[[str], object],
    ask_new: Callable[[], object],
) -> None:
    """Offer all boards, and a new one."""
    menu.addAction(icon("plus"), _tr("New Board…"), ask_new)
    menu.addSeparator()
    for board in boards:
        text = short_name(one_line(board)).replace("&", "&&")
        menu.addAction(icon("board"), text, partial(put, board))


def _tr(text: str) -> str:
    return QCoreApplication.translate("MarkMenus", text)
