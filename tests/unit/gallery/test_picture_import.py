"""Pictures of every kind arrive upright, 8-bit and sRGB (PERFORMANCE.md 3.3, rows 10 to 12)."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from sdstudio.errors import PictureFileError
from sdstudio.gallery.picture_import import import_picture


def corner_picture(mode="RGB"):
    """Red in the top left corner, blue elsewhere."""
    image = Image.new("RGB", (24, 16), (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, 8, 8))
    return image.convert(mode)


def pixel(raster, x, y):
    channels = len(raster.mode)
    start = (y * raster.width + x) * channels
    return tuple(raster.pixels[start : start + channels])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose members
    image = corner_picture()
    if orientation > 1:
        image = image.transpose(Image.Transpose(inverse[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    image.save(path, exif=exif)

    raster = import_picture(path)

    assert raster.size == (24, 16)
    assert pixel(raster, 1, 1) == (255, 0, 0)
    assert pixel(raster, 22, 14) == (0, 0, 255)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "1"])
def test_png_modes(tmp_path, mode):
    path = tmp_path / "mode.png"
    corner_picture(mode).save(path)

    assert import_picture(path).mode in ("L", "RGB", "RGBA")


def test_cmyk_jpeg_becomes_rgb(tmp_path):
    path = tmp_path / "print.jpg"
    corner_picture("CMYK").save(path, quality=95)

    raster = import_picture(path)

    assert raster.mode == "RGB"
    red, green, blue = pixel(raster, 2, 2)
    assert red > 200 and green < 60 and blue < 60


def test_sixteen_bits_keep_their_upper_byte(tmp_path):
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(4, axis=0)
    path = tmp_path / "deep.png"
    Image.fromarray(ramp).save(path)

    raster = import_picture(path)

    assert raster.mode == "L"
    expected = ramp[0] // 257
    assert np.abs(np.frombuffer(raster.pixels[:256], np.uint8) - expected).max() <= 1


def test_an_embedded_profile_is_honoured(tmp_path):
    """Lightness 50 of CIE L*a*b* is 119 in sRGB; an XYZ-linear file of it is not 119 itself."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = tmp_path / "profiled.png"
    corner_picture().save(path, icc_profile=profile)

    assert pixel(import_picture(path), 1, 1) == (255, 0, 0)


def test_a_broken_profile_does_not_stop_the_import(tmp_path):
    path = tmp_path / "profiled.png"
    corner_picture().save(path, icc_profile=b"not a profile at all")

    assert pixel(import_picture(path), 1, 1) == (255, 0, 0)


def test_an_animation_gives_its_first_frame(tmp_path):
    path = tmp_path / "moving.webp"
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)

    assert pixel(import_picture(path), 4, 4)[:3] == (255, 0, 0)


@pytest.mark.parametrize("kept", [0, 3, 20, 60, 0.5, 0.95])
@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_a_cut_file_is_one_sentence(tmp_path, kept, ending):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = io.BytesIO()
    Image.fromarray(noise).save(whole, {"jpg": "JPEG"}.get(ending, ending.upper()))
    data = whole.getvalue()
    path = tmp_path / f"cut.{ending}"
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])

    with pytest.raises(PictureFileError) as caught:
        import_picture(path)
    assert caught.value.hint


def test_a_bomb_is_refused_by_its_header(tmp_path):
    """Row 10: 30,000 x 30,000 pixels announced by a file of a hundred bytes."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))

    with pytest.raises(PictureFileError):
        import_picture(path)


def test_other_formats_and_missing_files(tmp_path):
    text = tmp_path / "text.png"
    text.write_text("<html>")
    bitmap = tmp_path / "picture.png"
    corner_picture().save(bitmap, "BMP")

    for path in (text, bitmap, tmp_path / "missing.png", tmp_path):
        with pytest.raises(PictureFileError):
            import_picture(path)
