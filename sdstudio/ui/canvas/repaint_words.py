"""What a painter reads for intents, fills and what the model sees."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from sdstudio.ui.canvas.repaint_intent import TRAITS, Intent
from sdstudio.ui.generation_choices import NamedChoice


def _tr(text: str) -> str:
    return QCoreApplication.translate("Repaint", text)


def intent_name(intent: Intent) -> str:
    """What the button says."""
    return {
        "generate": _tr("Generate"),
        "refine": _tr("Refine"),
        "fill": _tr("Fill"),
        "expand": _tr("Expand"),
        "add": _tr("Add"),
        "remove": _tr("Remove"),
        "replace-background": _tr("Replace background"),
    }[intent]


def intent_hint(intent: Intent) -> str:
    """One sentence on what it does."""
    return {
        "generate": _tr("Makes a new picture in the generation box."),
        "refine": _tr("Reworks what is there; lower strength keeps more of it."),
        "fill": _tr("Fills the mask with what the prompt says and the surroundings suggest."),
        "expand": _tr("Continues the picture to the edges of the generation box."),
        "add": _tr("Puts what the prompt says into the mask."),
        "remove": _tr("Fills the mask from its surroundings, without the prompt."),
        "replace-background": _tr("Paints the mask anew and sees the whole picture."),
    }[intent]


def fill_choices(intent: Intent) -> tuple[NamedChoice, ...]:
    """What may lie under the mask; the first follows the intent."""
    names = {
        "original": (_tr("Original"), _tr("Keeps what is there and paints over it.")),
        "blur": (_tr("Blur"), _tr("Spreads the colours around the mask.")),
        "neutral": (_tr("Neutral grey"), _tr("Says nothing about what should be there.")),
        "noise": (_tr("Noise"), _tr("Grain of all colours.")),
        "edge": (_tr("Extended edge"), _tr("Continues the nearest pixels.")),
    }
    automatic = names[TRAITS[intent].fill][0]
    follows = NamedChoice(
        name="auto",
        label=_tr("Automatic: {0}").format(automatic.lower()),
        hint=_tr("What suits the intent."),
    )
    others = (NamedChoice(name=name, label=text, hint=hint) for name, (text, hint) in names.items())
    return (follows, *others)


def sight_choices() -> tuple[NamedChoice, ...]:
    """What the model sees of the picture."""
    return (
        NamedChoice(
            name="auto", label=_tr("Around the mask"), hint=_tr("Enough to go by, and sharp.")
        ),
        NamedChoice(name="box", label=_tr("Generation box"), hint=_tr("Exactly what it covers.")),
        NamedChoice(
            name="picture", label=_tr("Whole picture"), hint=_tr("Everything, painted smaller.")
        ),
    )


def inpainting_choices() -> tuple[NamedChoice, ...]:
    """What an inpainting model is told."""
    return (
        NamedChoice(
            name="auto",
            label=_tr("Automatic"),
            hint=_tr("A model made for inpainting is shown the mask."),
        ),
        NamedChoice(
            name="off",
            label=_tr("Off"),
            hint=_tr("Every model is used like an ordinary one."),
        ),
    )
