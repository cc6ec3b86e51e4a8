"""What stands where no pictures are: why that is so, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sdstudio.ui.gallery.gallery_desk import Wish
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.visible_text import one_line

MARK_PX = 44
WIDTH_PX = 420

Act = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptiness:
    """Why there is nothing.

    Attributes:
        acts: what can be done, by the text of its button.
    """

    icon_name: str
    title: str
    text: str
    acts: dict[str, Act]


class EmptyState(QWidget):
    """Shows an `Emptiness` in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mark = QLabel()
        self._mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title = label("", "heading")
        self.title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.title.setWordWrap(True)
        self.text = label("", "muted")
        self.text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text.setWordWrap(True)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addStretch(2)
        for widget in (self._mark, self.title, self.text):
            widget.setMaximumWidth(WIDTH_PX)
            column.addWidget(widget)
        column.addSpacing(4)
        column.addLayout(self._buttons)
        column.addStretch(3)
        row = QHBoxLayout(self)
        row.addStretch()
        row.addLayout(column, 10)
        row.addStretch()

    def show_emptiness(self, emptiness: Emptiness) -> None:
        """Say this now."""
        self._mark.setPixmap(icon(emptiness.icon_name, "muted").pixmap(MARK_PX, MARK_PX))
        self.title.setText(emptiness.title)
        self.text.setText(emptiness.text)
        while self._buttons.count():
            item = self._buttons.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self._buttons.addStretch()
        for text, act in emptiness.acts.items():
            button = text_button(text)
            button.clicked.connect(act)
            self._buttons.addWidget(button)
        self._buttons.addStretch()


def emptiness_of(
    wish: Wish, *, is_reading: bool, clear: Act, explain: Act, watch_folder: Act, make: Act | None
) -> Emptiness:
    """Why nothing answers this wish.

    Args:
        is_reading: whether the folders are being read for the first time.
        make: makes a first picture, None where nothing can.
    """
    if wish.text.strip():
        return Emptiness(
            icon_name="search",
            title=_tr("No picture answers “{0}”.").format(one_line(wish.text, limit=60)),
            text=_tr("All that is typed must be true of a picture. Fewer words find more."),
            acts={_tr("Clear Search"): clear, _tr("How to Search"): explain},
        )
    if wish.board is not None:
        return Emptiness(
            icon_name="board",
            title=_tr("This board is empty."),
            text=_tr("Drag pictures here, or choose Put on Board in their menu."),
            acts={},
        )
    if wish.is_unboarded:
        return Emptiness(
            icon_name="unsorted",
            title=_tr("Everything is sorted."),
            text=_tr("Every picture is on a board."),
            acts={},
        )
    if is_reading:
        return Emptiness(
            icon_name="gallery",
            title=_tr("Your pictures are being read."),
            text=_tr("They come one after the other; this is needed only once."),
            acts={},
        )
    acts: dict[str, Act] = {} if make is None else {_tr("Make the First One"): make}
    return Emptiness(
        icon_name="gallery",
        title=_tr("Your pictures will be here."),
        text=_tr(
            "Each picture you make is saved by itself, with its settings inside. Folders with"
            " pictures of other programs can be shown here as well; nothing in them is moved."
        ),
        acts=acts | {_tr("Watch a Folder…"): watch_folder},
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("EmptyState", text)
