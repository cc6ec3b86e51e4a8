"""How far two pictures lie apart, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops

from sdstudio.messages.raster import Raster

MAX_LEVEL = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureDifference:
    """What distinguishes the second picture from the first.

    Attributes:
        picture: at each pixel and channel |first - second|, mode "RGB", not strengthened.
        changed_px: pixels that differ in any channel; `num_px` is the number of all.
        highest: the largest difference of any channel, 0 to 255.
        mean: over all pixels and channels, 0 to 255.
        was_resized: the second had another size and was scaled to the first's.
        alpha_differs: the pictures differ in transparency too, or only there.
    """

    picture: Raster
    changed_px: int
    num_px: int
    highest: int
    mean: float
    was_resized: bool = False
    alpha_differs: bool = False

    @property
    def is_zero(self) -> bool:
        """Whether the pictures are the same to the last bit."""
        return not (self.changed_px or self.was_resized or self.alpha_differs)


def difference_of(first: Raster, second: Raster) -> PictureDifference:
    """Compare two pictures; the second is scaled to the size of the first where they differ."""
    one, two = _image(first), _image(second)
    was_resized = one.size != two.size
    if was_resized:
        two = two.resize(one.size, Image.Resampling.LANCZOS)
    apart = ImageChops.difference(one.convert("RGB"), two.convert("RGB"))
    highest = ImageChops.lighter(ImageChops.lighter(*apart.split()[:2]), apart.getchannel("B"))
    levels = highest.histogram()
    num_px = one.width * one.height
    totals = apart.histogram()
    summed = sum(level % 256 * count for level, count in enumerate(totals))
    return PictureDifference(
        picture=Raster(width=one.width, height=one.height, mode="RGB", pixels=apart.tobytes()),
        changed_px=num_px - levels[0],
        num_px=num_px,
        highest=max(level for level, count in enumerate(levels) if count),
        mean=summed / (num_px * 3),
        was_resized=was_resized,
        alpha_differs=_alpha(one).tobytes() != _alpha(two).tobytes(),
    )


def strengthened(difference: Raster, factor: int) -> Raster:
    """The difference with every channel multiplied and held at white."""
    image = _image(difference).point([min(MAX_LEVEL, level * factor) for level in range(256)] * 3)
    return Raster(width=image.width, height=image.height, mode="RGB", pixels=image.tobytes())


def _image(raster: Raster) -> Image.Image:
    return Image.frombytes(raster.mode, raster.size, raster.pixels)


def _alpha(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        return image.getchannel("A")
    return Image.new("L", image.size, MAX_LEVEL)
