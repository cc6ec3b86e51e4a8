"""Buttons of the house: a kind for the style sheet, an icon, a tooltip with its shortcut."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QToolButton, QWidget

from sdstudio.ui.icons import ICON_PX, Tint, icon

CONTROL_PX = 28
"""Height of every control."""


def with_shortcut(text: str, keys: QKeySequence | None) -> str:
    """A tooltip that ends with its shortcut in the platform's spelling."""
    if keys is None or keys.isEmpty():
        return text
    return f"{text} ({keys.toString(QKeySequence.SequenceFormat.NativeText)})"


def text_button(
    text: str, *, kind: str = "", icon_name: str = "", tooltip: str = ""
) -> QPushButton:
    """A button with a label; a click does not take the keyboard focus away from the text."""
    button = QPushButton(text)
    button.setProperty("kind", kind)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if icon_name:
        button.setIcon(icon(icon_name, "on-accent" if kind == "primary" else "text"))
        button.setIconSize(QSize(18, 18))
    button.setToolTip(tooltip or text)
    return button


def answer_row(dialog: QDialog, yes: str, no: str) -> QHBoxLayout:
    """The foot of a dialog: the button that Enter presses, and the one that leaves it be."""
    accept = text_button(yes, kind="primary")
    accept.setDefault(True)
    accept.clicked.connect(dialog.accept)
    cancel = text_button(no)
    cancel.clicked.connect(dialog.reject)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(cancel)
    row.addWidget(accept)
    return row


def icon_button(
    icon_name: str, name: str, *, tooltip: str = "", kind: str = "quiet", tint: Tint = "text"
) -> QToolButton:
    """A square button that shows only an icon; `name` is what a screen reader says."""
    button = QToolButton()
    button.setProperty("kind", kind)
    button.setIcon(icon(icon_name, tint))
    button.setIconSize(QSize(ICON_PX - 2, ICON_PX - 2))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedSize(CONTROL_PX, CONTROL_PX)
    button.setAccessibleName(name)
    button.setToolTip(tooltip or name)
    return button


def follow_action(button: QPushButton, action: QAction) -> None:
    """Let a labelled button trigger an action and share its state and tooltip."""
    button.clicked.connect(action.trigger)
    button.setToolTip(with_shortcut(action.toolTip(), action.shortcut()))
    button.setAccessibleName(action.text().replace("&", ""))

    def take_state() -> None:
        button.setEnabled(action.isEnabled())

    action.changed.connect(take_state)
    take_state()


def set_look(widget: QWidget, name: str, value: str) -> None:
    """Set a property that the style sheet reads, and draw the widget anew."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
