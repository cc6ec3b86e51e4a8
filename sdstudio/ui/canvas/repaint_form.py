"""How the painter wants repaints made: one typed signal per property, bound once."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Signal

from sdstudio.document.masks import MaskEdges
from sdstudio.messages.generation import FillMode
from sdstudio.ui.canvas.repaint_intent import Intent
from sdstudio.ui.generation_form import FormValue, Number

FillChoice = Literal["auto", "original", "blur", "neutral", "noise", "edge"]
Sight = Literal["auto", "box", "picture"]
"""What the model sees: a crop around the mask, the generation box, or the whole picture."""

MAX_CANDIDATES = 16
REFINE_STRENGTH = 0.6
_EDGES = MaskEdges()


class RepaintForm(QObject):
    """The state of the panel beside the painted picture."""

    strength_changed = Signal(float)
    chosen_changed = Signal(str)
    fill_changed = Signal(str)
    sight_changed = Signal(str)
    grow_px_changed = Signal(int)
    feather_changed = Signal(float)
    min_feather_px_changed = Signal(int)
    blend_px_changed = Signal(int)
    matches_colours_changed = Signal(bool)
    use_inpainting_model_changed = Signal(str)
    count_changed = Signal(int)
    changed = Signal()
    """After a change of any property."""

    strength = Number(1.0, 0.01, 1.0)
    chosen: FormValue[Intent] = FormValue("fill")
    fill: FormValue[FillChoice] = FormValue("auto")
    sight: FormValue[Sight] = FormValue("auto")
    grow_px = Number(_EDGES.grow_px, 0, 64)
    feather = Number(_EDGES.feather, 0.0, 0.5)
    min_feather_px = Number(_EDGES.min_feather_px, 0, 128)
    blend_px = Number(_EDGES.blend_px, 0, 128)
    matches_colours = FormValue(True)
    use_inpainting_model: FormValue[Literal["auto", "off"]] = FormValue("auto")
    count = Number(2, 1, MAX_CANDIDATES)

    NAMES = (
        "strength",
        "chosen",
        "fill",
        "sight",
        "grow_px",
        "feather",
        "min_feather_px",
        "blend_px",
        "matches_colours",
        "use_inpainting_model",
        "count",
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        for name in self.NAMES:
            getattr(self, f"{name}_changed").connect(self.changed)

    @property
    def edges(self) -> MaskEdges:
        """How far the two masks reach."""
        return MaskEdges(
            grow_px=self.grow_px,
            feather=self.feather,
            min_feather_px=self.min_feather_px,
            blend_px=self.blend_px,
        )

    def fill_for(self, automatic: FillMode) -> FillMode:
        """The fill the painter chose, or what the intent asks for."""
        return automatic if self.fill == "auto" else self.fill

    def choose(self, intent: Intent) -> None:
        """Take an intent; the strength follows where the intent is a matter of strength."""
        if intent == "refine":
            self.strength = min(self.strength, REFINE_STRENGTH)
            return
        self.strength = 1.0
        if intent not in ("generate", "expand"):
            self.chosen = intent

    def reset_edges(self) -> None:
        """Growth, feather and blend back to their defaults."""
        for name in ("grow_px", "feather", "min_feather_px", "blend_px"):
            setattr(self, name, getattr(RepaintForm, name).default)
