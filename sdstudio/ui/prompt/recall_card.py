"""Offers the settings of a picture, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout

from sdstudio.messages.generation import GenerationRequest
from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled

GROUPS: dict[str, tuple[str, ...]] = {
    "Prompt": ("prompt",),
    "Negative prompt": ("negative_prompt",),
    "Model": ("model",),
    "Size": ("width", "height"),
    "Seed": ("seed",),
    "Steps": ("num_inference_steps", "few_step"),
    "Guidance": ("guidance_scale",),
    "Sampler": ("sampler", "schedule"),
    "Advanced": ("guidance_rescale", "clip_skip", "vae_tiling"),
}


def recall_text(request: GenerationRequest, group: str) -> str:
    """What taking over a group would set, in a few words."""
    values = [getattr(request, name) for name in GROUPS[group]]
    if group == "Size":
        return f"{values[0]} × {values[1]}"
    if group == "Steps":
        return f"{values[0]}, quick" if values[1] else str(values[0])
    if group == "Guidance":
        return f"{values[0]:g}"
    if group == "Advanced":
        return f"rescale {values[0]:g}, CLIP skip {values[1]}"
    words = ("Automatic" if value == "auto" else str(value) for value in values)
    return ", ".join(dict.fromkeys(words))


class RecallCard(QFrame):
    """Check boxes for what to take over from a picture."""

    taken = Signal(object, object)  # GenerationRequest, tuple of field names
    start_wanted = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._recalled: Recalled | None = None
        self.left_out = label("", "caption")
        self.left_out.setWordWrap(True)
        self.boxes: dict[str, QCheckBox] = {}
        self._values: dict[str, ElidedLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        for row, group in enumerate(GROUPS):
            self.boxes[group] = QCheckBox(self.tr(group))
            self.boxes[group].setToolTip(self.tr("Take this over from the picture"))
            self._values[group] = ElidedLabel("", "muted")
            grid.addWidget(self.boxes[group], row, 0)
            grid.addWidget(self._values[group], row, 1)
        self.use_button = text_button(self.tr("Use these"))
        self.start_button = text_button(
            self.tr("Start from it"), tooltip=self.tr("Use the picture itself as starting picture")
        )
        self._lay_out(grid)
        self.use_button.clicked.connect(self._take)
        self.start_button.clicked.connect(self.start_wanted)

    def offer(self, recalled: Recalled) -> None:
        """Show what a picture was made with; all but advanced settings are ticked."""
        self._recalled = recalled
        for group, box in self.boxes.items():
            is_said = not set(GROUPS[group]).isdisjoint(recalled.fields)
            text = recall_text(recalled.request, group) if is_said else ""
            box.setChecked(group != "Advanced" and bool(text))
            box.setEnabled(bool(text))
            self._values[group].setText(text or self.tr("none"))
        names = ", ".join(one_line(each, limit=60) for each in recalled.left_out)
        self.left_out.setText(self.tr("Not known here: {0}.").format(names))
        self.left_out.setVisible(bool(names))
        self.show()

    def _lay_out(self, grid: QGridLayout) -> None:
        close = icon_button("close", self.tr("Close"))
        close.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(label(self.tr("Settings of this picture"), "heading"), 1)
        top.addWidget(close)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.use_button, 1)
        buttons.addWidget(self.start_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 8, 10)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addLayout(grid)
        layout.addWidget(self.left_out)
        layout.addLayout(buttons)

    def _take(self) -> None:
        recalled = self._recalled
        if recalled is None:
            return
        ticked = (GROUPS[group] for group, box in self.boxes.items() if box.isChecked())
        fields = tuple(name for names in ticked for name in names if name in recalled.fields)
        self.taken.emit(recalled.request, fields)
