"""A picture as plain bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sdstudio.errors import InvalidRequestError

RasterMode = Literal["L", "RGB", "RGBA"]
CHANNELS: dict[RasterMode, int] = {"L": 1, "RGB": 3, "RGBA": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Raster:
    """An 8-bit sRGB picture, rows from the top, pixels interleaved, no padding.

    Attributes:
        mode: "L", "RGB" or "RGBA" (straight alpha).
        pixels: width * height * channels bytes.

    Raises:
        InvalidRequestError: the number of bytes is not what size and mode call for.
    """

    width: int
    height: int
    mode: RasterMode
    pixels: bytes = field(repr=False)

    def __post_init__(self) -> None:
        wanted = self.width * self.height * CHANNELS[self.mode]
        if self.width < 1 or self.height < 1 or len(self.pixels) != wanted:
            raise InvalidRequestError(
                f"A {self.width} x {self.height} {self.mode} picture needs {wanted} bytes,"
                f" not {len(self.pixels)}."
            )

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    def digest(self) -> str:
        """SHA-256 over mode, size and pixels, as hex: the name of this very picture."""
        import hashlib  # loads OpenSSL, which the first paint need not wait for

        head = f"{self.mode}:{self.width}x{self.height}:".encode()
        return hashlib.sha256(head + self.pixels).hexdigest()
