"""A part of a panel that can be folded away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.labels import ElidedLabel


class Section(QWidget):
    """A heading that shows or hides its content.

    Args:
        title: of the section.
        is_open: how it starts.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, *, is_open: bool = True) -> None:
        super().__init__()
        self.header = QPushButton()
        self.header.setProperty("kind", "section")
        self.header.setText(title)
        self.header.setAccessibleName(title)
        self.header.setCheckable(True)
        self.header.setIconSize(QSize(14, 14))
        self.header.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._words = ""
        self._summary = ElidedLabel("", "caption")
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        top = QHBoxLayout()
        top.setContentsMargins(-9, 0, 0, 0)  # the chevron stands where the labels begin
        top.setSpacing(8)
        top.addWidget(self.header)
        top.addWidget(self._summary, 1)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, 2, 0, 4)
        self.body.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(top)
        layout.addWidget(self.content)
        self.header.toggled.connect(self._show_content)
        self.header.setChecked(is_open)
        self._show_content(is_open)

    @property
    def is_open(self) -> bool:
        """Whether the content shows."""
        return self.header.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        self.header.setChecked(is_open)

    def set_summary(self, text: str) -> None:
        """Say in a few words what lies inside while it is closed."""
        self._words = text
        self._show_summary()

    def _show_summary(self) -> None:
        self._summary.setText("" if self.is_open else self._words)

    def _show_content(self, is_open: bool) -> None:
        self.header.setIcon(icon("chevron-down" if is_open else "chevron-right", "muted"))
        self.header.setToolTip(self.tr("Hide") if is_open else self.tr("Show"))
        self.content.setVisible(is_open)
        self._show_summary()
        self.toggled.emit(is_open)
