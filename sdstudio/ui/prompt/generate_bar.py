"""The button that makes pictures, and the two ways to stop."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import follow_action, text_button
from sdstudio.ui.widgets.labels import label


class GenerateBar(QWidget):
    """Stays at the foot of the panel; the main button never disables, runs queue instead.

    Args:
        generate, stop_now, after_picture: the window's actions.
        more: further actions of the split button's menu.
    """

    def __init__(
        self,
        *,
        generate: QAction,
        stop_now: QAction,
        after_picture: QAction,
        more: Sequence[QAction] = (),
    ) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.generate_button = text_button(generate.text(), kind="primary", icon_name="generate")
        self.generate_button.setProperty("attached", "left")
        follow_action(self.generate_button, generate)
        self.more_button = text_button("", kind="primary")
        self.more_button.setProperty("attached", "right")
        self.more_button.setIcon(icon("chevron-down", "on-accent"))
        self.more_button.setIconSize(QSize(16, 16))
        self.more_button.setFixedWidth(32)
        self.more_button.setAccessibleName(self.tr("More ways to generate"))
        self.more_button.setToolTip(self.tr("More ways to generate"))
        menu = QMenu(self.more_button)
        menu.addActions(list(more))
        self.more_button.setMenu(menu)
        self.stop_button = text_button(self.tr("Stop now"), kind="danger", icon_name="stop")
        follow_action(self.stop_button, stop_now)
        self.after_button = text_button(self.tr("After this one"), icon_name="after-picture")
        follow_action(self.after_button, after_picture)
        self.badge = label("", "badge")
        self.badge.hide()
        self._lay_out()

    def show_waiting(self, count: int) -> None:
        """Say how many runs wait."""
        self.badge.setText(str(count))
        self.badge.setVisible(count > 0)
        one, many = self.tr("1 run waits"), self.tr("{0} runs wait")
        self.badge.setToolTip(one if count == 1 else many.format(count))
        self.badge.setAccessibleName(self.badge.toolTip())

    def show_intent(self, text: str) -> None:
        """Name on the button what it will do."""
        self.generate_button.setText(text)

    def _lay_out(self) -> None:
        main = QHBoxLayout()
        main.setSpacing(0)
        main.addWidget(self.generate_button, 1)
        main.addWidget(self.more_button)
        over = QHBoxLayout(self.generate_button)
        over.setContentsMargins(0, 0, 10, 0)
        over.addStretch()
        over.addWidget(self.badge)
        stops = QHBoxLayout()
        stops.setSpacing(8)
        stops.addWidget(self.stop_button, 1)
        stops.addWidget(self.after_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(main)
        layout.addLayout(stops)
