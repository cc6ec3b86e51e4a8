"""Messages inside the window: one sentence, at most two buttons, never in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from sdstudio.ui.icons import Tint, icon
from sdstudio.ui.widgets.buttons import icon_button, set_look, text_button
from sdstudio.ui.widgets.labels import label, with_short_names

Severity = Literal["info", "success", "warning", "error"]
MAX_BUTTONS = 2
INFO_MS = 6000

_TINTS: dict[Severity, Tint] = {
    "info": "accent",
    "success": "success",
    "warning": "warning",
    "error": "danger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAction:
    """A button of a notice; it closes the notice, then acts."""

    text: str
    act: Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What to tell.

    Attributes:
        text: one sentence.
        hint: what to do about it, in a second, quieter line.
        actions: at most two; later ones are left out.
        key: a later notice with the same key replaces this one.
        stays_ms: leaves by itself after so long, though it has buttons; 0 for the usual.
    """

    text: str
    hint: str = ""
    severity: Severity = "info"
    actions: tuple[NoticeAction, ...] = ()
    key: str = ""
    stays_ms: int = 0


class NoticeBar(QWidget):
    """Shows the newest notice; older ones that were not closed come back after it.

    Plain information without buttons leaves by itself after some seconds.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notices: list[Notice] = []
        self._frame = QFrame()
        self._frame.setProperty("role", "notice")
        self._icon = QLabel()
        self._text = label("", "heading")
        self._hint = label("", "muted")
        for words in (self._text, self._hint):
            words.setWordWrap(True)
            words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._shown_buttons: list[QPushButton] = []
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._close = icon_button("close", self.tr("Close this message"))
        self._close.clicked.connect(self.close_shown)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.close_shown)
        self._lay_out()
        self.hide()

    @property
    def shown(self) -> Notice | None:
        """The notice on screen."""
        return self._notices[-1] if self._notices else None

    def tell(self, notice: Notice) -> None:
        """Show a notice above the ones that are there."""
        self._notices = [old for old in self._notices if not notice.key or old.key != notice.key]
        self._notices.append(notice)
        self._show_newest()

    def close_shown(self) -> None:
        """Close the notice on screen."""
        if self._notices:
            self._notices.pop()
        self._show_newest()

    def drop(self, key: str) -> None:
        """Close the notices with this key, if there are any."""
        self._notices = [old for old in self._notices if old.key != key]
        self._show_newest()

    def _show_newest(self) -> None:
        self._timer.stop()
        notice = self.shown
        self.setVisible(notice is not None)
        if notice is None:
            return
        set_look(self._frame, "severity", notice.severity)
        name = "success" if notice.severity == "success" else notice.severity
        self._icon.setPixmap(icon(name, _TINTS[notice.severity]).pixmap(20, 20))
        for words, text in ((self._text, notice.text), (self._hint, notice.hint)):
            words.setText(with_short_names(text))
            words.setToolTip(text if words.text() != text else "")
        self._hint.setVisible(bool(notice.hint))
        self._show_buttons(notice)
        self.setAccessibleName(f"{notice.text} {notice.hint}".strip())
        if notice.stays_ms:
            self._timer.start(notice.stays_ms)
        elif notice.severity in ("info", "success") and not notice.actions:
            self._timer.start(INFO_MS)
        self.adjust()

    def _show_buttons(self, notice: Notice) -> None:
        for old in self._shown_buttons:
            old.hide()
            old.deleteLater()
        self._shown_buttons.clear()
        for action in notice.actions[:MAX_BUTTONS]:
            button = text_button(action.text)
            button.clicked.connect(lambda _=False, act=action.act: self._do(notice, act))
            self._buttons.addWidget(button)
            button.show()
            self._shown_buttons.append(button)

    def _do(self, notice: Notice, act: Callable[[], object]) -> None:
        self._notices = [old for old in self._notices if old is not notice]
        self._show_newest()
        act()

    def adjust(self) -> None:
        """Lie along the top of the parent, as high as the text needs."""
        parent = self.parentWidget()
        if parent is None or self.shown is None:
            return
        width = min(parent.width() - 24, 720)
        for layout in self._layouts:  # each remembers how high it was before the words changed
            layout.invalidate()
        height = self._layout.totalHeightForWidth(width)
        self.setGeometry((parent.width() - width) // 2, 12, width, height)
        self.raise_()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.setContentsMargins(0, 4, 0, 4)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        inside = QHBoxLayout(self._frame)
        inside.setContentsMargins(12, 8, 8, 8)
        inside.setSpacing(10)
        self._icon.setFixedHeight(28)
        inside.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(words, 1)
        inside.addLayout(self._buttons)
        inside.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self._frame)
        self._layouts = (words, inside, self._layout)
