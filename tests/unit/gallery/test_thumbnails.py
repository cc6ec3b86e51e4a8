"""Small copies of picture files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sdstudio.errors import PictureFileError
from sdstudio.gallery.thumbnails import read_thumbnail


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_becomes_a_small_picture(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new(mode, (300, 150)).save(path)
    small = read_thumbnail(path, side_px=64)
    assert small.size == (64, 32)
    assert small.mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_a_photo_stands_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (300, 150))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(tmp_path / "a.jpg", exif=exif)
    assert read_thumbnail(tmp_path / "a.jpg", side_px=64).size == (32, 64)


def test_a_picture_that_is_cut_off_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise((300, 300), 50).save(path)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(PictureFileError, match="damaged"):
        read_thumbnail(path, side_px=64)
