"""Where the model looks: the part of the picture around a mask, and the size it paints it in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError

MIN_CONTEXT = 1.5
MAX_ASPECT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCrop:
    """What the model sees and how large.

    Attributes:
        box: the part of the picture, in its pixels.
        width, height: of the request; the result is scaled back to the box.
    """

    box: Rect
    width: int
    height: int

    @property
    def is_scaled(self) -> bool:
        """Whether the model paints in another size than the picture's own."""
        return (self.width, self.height) != (self.box.width, self.box.height)


def context_crop(
    mask_bounds: Rect,
    picture: Rect,
    *,
    training_side: int,
    multiple: int = 8,
    context: float = MIN_CONTEXT,
) -> ContextCrop:
    """The crop around a mask that gives the model enough to go by.

    The mask's bounds times `context`, at least the size the model was trained on, at most twice
    as long as wide, within the picture, sides a multiple of `multiple` where the picture allows.

    Args:
        mask_bounds: within `picture` and not empty.
        picture: the document's bounds, or the generation box if the painter set one.
        training_side: pixels of a side of the pictures the model was trained on.
    """
    bounds = mask_bounds.intersected(picture)
    if bounds.is_empty:
        raise InvalidRequestError("Nothing is masked.", "Paint over what should change.")
    factor = max(context, 1.0)
    width = max(bounds.width * factor, training_side)
    height = max(bounds.height * factor, training_side)
    width, height = max(width, height / MAX_ASPECT), max(height, width / MAX_ASPECT)
    left, across = _span(bounds.x, bounds.width, picture.x, picture.width, width, multiple)
    top, down = _span(bounds.y, bounds.height, picture.y, picture.height, height, multiple)
    box = Rect(left, top, across, down)
    return crop_of_box(box, training_side=training_side, multiple=multiple)


def crop_of_box(box: Rect, *, training_side: int, multiple: int = 8) -> ContextCrop:
    """The crop that shows the model exactly this box, in about its training size."""
    scale = training_side / math.sqrt(box.area)
    if abs(scale - 1) < 0.05 and box.width % multiple == box.height % multiple == 0:
        scale = 1.0  # scaling by a hair would only blur
    width, height = (
        max(multiple, round(side * scale / multiple) * multiple) for side in (box.width, box.height)
    )
    return ContextCrop(box=box, width=width, height=height)


def _span(
    first: int, length: int, low: int, room: int, wanted: float, multiple: int
) -> tuple[int, int]:
    """Start and length along one axis: around the mask, within the picture."""
    size = math.ceil(wanted / multiple) * multiple
    if size > room:
        whole_steps = room // multiple * multiple
        size = whole_steps if whole_steps >= length else room
    start = first + (length - size) // 2
    return min(max(start, low), low + room - size), size
