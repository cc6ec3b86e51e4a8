"""Everything about a document but its pixels, as values: an undo step keeps the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sdstudio.document.rect import Rect
from sdstudio.document.tiles import Tiles
from sdstudio.errors import InvalidRequestError
from sdstudio.messages.generation import MAX_SIDE_PX, GenerationRequest

LayerKind = Literal["raster", "mask"]
CHANNELS: dict[LayerKind, int] = {"raster": 4, "mask": 1}

SELECTION_ID = 0
"""Stands for the selection wherever a layer's id names pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A sheet of the document.

    Attributes:
        kind: "raster" is RGBA; "mask" is greyscale, 255 = repaint, and never part of the picture.
        opacity: 0 to 1; of a mask: how much its white repaints.
        is_locked: no tool may change its pixels or take it away.
        keeps_alpha: tools may only colour what is already there.
        x, y: where its own pixel (0, 0) lies in the document; whole pixels.
    """

    id: int
    name: str
    kind: LayerKind = "raster"
    opacity: float = 1.0
    is_visible: bool = True
    is_locked: bool = False
    keeps_alpha: bool = False
    x: int = 0
    y: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:
            raise InvalidRequestError(
                f"Opacity {self.opacity} is out of range.", "Choose from 0 to 1."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedResult:
    """A generated picture that became part of the document, and how it was made."""

    layer_id: int
    box: Rect
    request: GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentState:
    """Size, layers from the bottom up, what is active and selected, where the model works.

    Attributes:
        box: the generation box; may reach beyond the picture (outpainting).
        has_selection: False means that everything may be painted on.
        next_id: for the next layer.
    """

    width: int
    height: int
    layers: tuple[Layer, ...] = ()
    active_id: int = 0
    box: Rect
    has_selection: bool = False
    accepted: tuple[AcceptedResult, ...] = ()
    next_id: int = 1

    def __post_init__(self) -> None:
        check_size(self.width, self.height)

    @property
    def bounds(self) -> Rect:
        return Rect(0, 0, self.width, self.height)

    def layer(self, layer_id: int) -> Layer:
        """The layer of this id.

        Raises:
            InvalidRequestError: there is none.
        """
        for layer in self.layers:
            if layer.id == layer_id:
                return layer
        raise InvalidRequestError("This layer is no longer there.")

    def index(self, layer_id: int) -> int:
        """Its place counted from the bottom."""
        return self.layers.index(self.layer(layer_id))

    def with_layer(self, layer_id: int, **changes: Any) -> DocumentState:
        """The same document with some attributes of one layer changed."""
        changed = replace(self.layer(layer_id), **changes)
        layers = tuple(changed if each.id == layer_id else each for each in self.layers)
        return replace(self, layers=layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSnapshot:
    """A document at one moment: cheap to take, never changes, may be saved by any thread.

    Attributes:
        tiles: by layer id; `SELECTION_ID` is the selection.
    """

    state: DocumentState
    tiles: Mapping[int, Tiles]


def check_size(width: int, height: int) -> None:
    """Refuse sizes no document can have.

    Raises:
        InvalidRequestError: a side is under 1 or over 8192 pixels.
    """
    if not (1 <= width <= MAX_SIDE_PX and 1 <= height <= MAX_SIDE_PX):
        raise InvalidRequestError(
            f"A picture of {width} x {height} pixels cannot be painted on.",
            f"Choose sides from 1 to {MAX_SIDE_PX} pixels.",
        )
