"""The strip at the foot of the window: what is going on, how far, how long still."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from sdstudio.ui.run_progress import RunProgress
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.progress_line import ProgressLine


class StatusStrip(QWidget):
    """Shows what it is told; all places keep their width, so that nothing jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(28)
        self.activity = ElidedLabel("", "")
        self.activity.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.bar = ProgressLine(self.tr("Progress of the run"))
        self.bar.setFixedWidth(160)
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.pace = label("", "caption")
        self.time_left = label("", "caption")
        self.waiting = _yielding_label()
        self.model = _yielding_label()
        self.device = _yielding_label()
        for words, width in ((self.activity, 232), (self.pace, 76), (self.time_left, 96)):
            words.setFixedWidth(width)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(14)
        for widget in (self.activity, self.bar, self.pace, self.time_left):
            layout.addWidget(widget)
        layout.addStretch(1)
        for widget in (self.waiting, self.model, self.device):
            layout.addWidget(widget)
        self.show_idle(self.tr("Ready"))

    def show_idle(self, text: str) -> None:
        """Say that nothing runs, and why if that is worth saying."""
        self.activity.setText(text)
        self.pace.clear()
        self.time_left.clear()
        self.bar.hide()

    def show_progress(self, progress: RunProgress) -> None:
        """Show how far the run is."""
        self.activity.setText(progress.text)
        self.pace.setText(progress.pace)
        self.time_left.setText(progress.time_left)
        self.bar.show()
        self.bar.show_fraction(progress.fraction)

    def show_waiting(self, count: int, *, is_paused: bool) -> None:
        """Say how many runs wait."""
        text = "" if not count else self.tr("{0} waiting").format(count)
        self.waiting.setText(
            self.tr("Queue paused") + f" · {text}" * bool(text) if is_paused else text
        )

    def show_model(self, text: str) -> None:
        """Name the model in use."""
        self.model.setText(text)
        self.model.setAccessibleName(self.tr("Model: {0}").format(text))

    def show_device(self, text: str) -> None:
        """Name where and in what precision pictures are made."""
        self.device.setText(text)
        self.device.setAccessibleName(self.tr("Device and precision: {0}").format(text))


def _yielding_label() -> ElidedLabel:
    """A label as wide as its text, which gives way before anything to its left moves."""
    result = ElidedLabel("", "caption", Qt.TextElideMode.ElideMiddle)
    result.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    result.setMaximumWidth(220)
    return result
