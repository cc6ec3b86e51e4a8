"""Thumbnails are upright, in sRGB, never stale, bounded, and made once."""

from __future__ import annotations

import os
import struct

import numpy as np
import pytest
from PIL import Image

from sdstudio.errors import PictureFileError
from sdstudio.gallery import thumbnails
from sdstudio.gallery.thumbnails import ThumbnailCache, read_thumbnail


def write(path, colour="red", size=(400, 200), **options):
    Image.new("RGB", size, colour).save(path, **options)
    return path


@pytest.fixture
def cache(tmp_path):
    return ThumbnailCache(tmp_path / "thumbs", side_px=64)


def test_the_longer_side_fits_and_small_pictures_stay(tmp_path, cache):
    assert cache.get(write(tmp_path / "a.png")).size == (64, 32)
    assert cache.get(write(tmp_path / "b.png", size=(9, 5))).size == (9, 5)
    assert cache.get(write(tmp_path / "c.png", size=(1000, 1))).size == (64, 1)


def test_what_is_kept_is_not_decoded_again(tmp_path, cache):
    path = write(tmp_path / "a.png")
    first = cache.get(path)
    again = ThumbnailCache(tmp_path / "thumbs", side_px=64)

    kept = again.get(path)
    assert (again.decoded, kept.size) == (0, first.size)
    assert abs(kept.pixels[0] - 255) < 8 and kept.pixels[1] < 8


def test_an_edited_file_never_shows_an_old_thumbnail(tmp_path, cache):
    path = write(tmp_path / "a.png")
    cache.get(path)
    write(path, "blue")
    os.utime(path, ns=(1, 1))

    assert cache.get(path).pixels[2] > 240


@pytest.mark.parametrize("damage", [b"garbage", None])
def test_a_damaged_or_missing_store_is_made_again(tmp_path, cache, damage):
    """Row 43."""
    path = write(tmp_path / "a.png")
    cache.get(path)
    for kept in (tmp_path / "thumbs").glob("*/*"):
        kept.unlink() if damage is None else kept.write_bytes(damage)

    assert cache.get(path).size == (64, 32)
    assert cache.decoded == 2


def test_a_broken_picture_is_tried_once(tmp_path, cache):
    """Row 43: a fail mark, not a loop; it goes when the file changes."""
    path = tmp_path / "broken.png"
    path.write_bytes(b"nothing")
    for _ in range(3):
        with pytest.raises(PictureFileError):
            cache.get(path)
    assert cache.decoded == 1
    assert cache.get(write(path)).size == (64, 32)
    with pytest.raises(PictureFileError, match="not there"):
        cache.get(tmp_path / "missing.png")


def test_the_store_is_bounded(tmp_path):
    cache = ThumbnailCache(tmp_path / "thumbs", side_px=64, max_bytes=6000)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for n in range(6):
        Image.fromarray(noise).save(tmp_path / f"{n}.png")
        cache.get(tmp_path / f"{n}.png")
        for kept in (tmp_path / "thumbs").glob("*/*"):
            os.utime(kept, (kept.stat().st_mtime - 10,) * 2)

    assert cache.trim() > 0
    assert sum(kept.stat().st_size for kept in (tmp_path / "thumbs").glob("*/*")) <= 6000
    cache.get(tmp_path / "5.png")
    assert cache.decoded == 6, "the newest stays"


def test_a_store_that_cannot_be_written_only_costs_time(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cache = ThumbnailCache(tmp_path / "file", side_px=64)
    path = write(tmp_path / "a.png")
    assert cache.get(path).size == cache.get(path).size == (64, 32)


def test_orientation_is_honoured(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "a.jpg", exif=exif)
    assert read_thumbnail(path, side_px=64).size == (32, 64)


def linear_profile() -> bytes:
    """A display whose values are proportional to light, with the primaries of sRGB (ICC.1:2001)."""

    def xyz(*values: float) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    straight = b"curv" + bytes(8)  # no points: the identity
    name = b"desc" + bytes(4) + struct.pack(">I", 7) + b"linear\0" + bytes(78)
    tags = {
        b"desc": name,
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.4360, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), straight),
    }
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">I4sI4s4s4s12s4s", start + len(body), b"", 0x02400000, b"mntr", b"RGB ",
                         b"XYZ ", bytes(12), b"acsp")  # fmt: skip
    header = header.ljust(68, b"\0") + xyz(0.9642, 1.0, 0.8249)[8:]
    return header.ljust(128, b"\0") + table + body


def test_the_colour_profile_is_honoured(tmp_path, cache):
    """Half the light is 188 in sRGB: 255 * (1.055 * 0.502 ** (1 / 2.4) - 0.055)."""
    path = write(tmp_path / "a.png", (128, 128, 128), icc_profile=linear_profile())

    assert read_thumbnail(path, side_px=64).pixels[:3] == bytes([188, 188, 188])
    cache.get(path)
    assert abs(cache.get(path).pixels[0] - 188) <= 2  # once, not twice


def test_transparency_and_deep_pictures(tmp_path, cache):
    Image.new("RGBA", (200, 100), (255, 0, 0, 80)).save(tmp_path / "a.png")
    raster = cache.get(tmp_path / "a.png")
    assert raster.mode == cache.get(tmp_path / "a.png").mode == "RGBA"
    Image.fromarray(np.full((100, 200), 40_000, np.uint16)).save(tmp_path / "deep.png")
    assert abs(cache.get(tmp_path / "deep.png").pixels[0] - 40_000 // 257) <= 2


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_every_orientation_of_every_format_is_upright(tmp_path, ending, orientation):
    """EXIF 3.0, 4.6.5.1: where row 0 and column 0 of the file lie; the red corner is top left."""
    upright = np.zeros((32, 64, 3), np.uint8)
    upright[:16, :16, 0] = 255
    turns = {  # what an upright picture undergoes to be stored
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a.transpose(1, 0, 2), 2), 8: lambda a: np.rot90(a, 3),
    }  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation](upright)))
    path = tmp_path / f"a.{ending}"
    stored.save(path, exif=exif, quality=100)

    small = read_thumbnail(path, side_px=64)
    assert small.size == (64, 32)
    pixels = np.frombuffer(small.pixels, np.uint8).reshape(32, 64, 3)
    assert pixels[4:12, 4:12, 0].min() > 200
    assert pixels[20:, 4:12, 0].max() < 60 and pixels[4:12, 20:, 0].max() < 60


def test_a_large_jpeg_is_decoded_at_a_reduced_size(tmp_path, monkeypatch):
    """3000 x 2000 pixels are never in memory: the decoder gives a quarter of each side."""
    path = write(tmp_path / "large.jpg", size=(3000, 2000))
    decoded = []
    turn_upright = thumbnails.ImageOps.exif_transpose

    def spy(image):
        decoded.append(image.size)
        return turn_upright(image)

    monkeypatch.setattr(thumbnails.ImageOps, "exif_transpose", spy)
    assert read_thumbnail(path, side_px=256).size == (256, 171)
    assert decoded == [(750, 500)]
