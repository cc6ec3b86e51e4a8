"""A corpus of odd and broken pictures: each is a picture or one sentence, never a crash.

The corpus is made here, of every kind that Pillow writes and people have: whole, cut off, and
with seeded damage to heads, lengths, texts and pixels.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from sdstudio.errors import PictureFileError
from sdstudio.gallery.gallery import Gallery
from sdstudio.gallery.metadata.reader import read_metadata
from sdstudio.gallery.picture_import import import_picture
from sdstudio.gallery.thumbnails import read_thumbnail

pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF")

SIZE = (24, 17)
DAMAGES_EACH = 30
READ = ("png", "jpeg", "webp")
"""The kinds that are read; every other is refused in words."""


def colours(mode: str = "RGB") -> Image.Image:
    image = Image.new("RGB", SIZE)
    image.putdata([(x * 10 % 256, y * 14 % 256, x * y % 256) for y in range(17) for x in range(24)])
    return image.convert(mode)


def sixteen_bits() -> Image.Image:
    wide = b"".join((x * 2700 % 65536).to_bytes(2, "little") for x in range(24 * 17))
    return Image.frombytes("I;16", SIZE, wide)


def exif(orientation: int = 6) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "Steps: 20, Sampler: Euler".encode("utf-16-be")
    return tags.tobytes()


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a house\nSteps: 20, Sampler: Euler, Seed: 5", zip=True)
    info.add_itxt("sdstudio", '{"request": {"prompt": "a house"}}', zip=True)
    return info


def frames(kind: str) -> bytes:
    return saved(colours(), kind, save_all=True, append_images=[colours().rotate(180)], duration=50)


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CORPUS: dict[str, Callable[[], bytes]] = {
    "png-1": lambda: saved(colours("1"), "PNG"),
    "png-grey": lambda: saved(colours("L"), "PNG", icc_profile=PROFILE),
    "png-grey-alpha": lambda: saved(colours("LA"), "PNG"),
    "png-palette": lambda: saved(colours("P"), "PNG", transparency=3),
    "png-rgb-texts": lambda: saved(colours(), "PNG", pnginfo=texts(), exif=exif()),
    "png-rgba": lambda: saved(colours("RGBA"), "PNG", icc_profile=PROFILE),
    "png-16": lambda: saved(sixteen_bits(), "PNG"),
    "png-animated": lambda: frames("PNG"),
    "jpeg-grey": lambda: saved(colours("L"), "JPEG"),
    "jpeg-rgb": lambda: saved(colours(), "JPEG", exif=exif(), comment=b"hello"),
    "jpeg-progressive": lambda: saved(colours(), "JPEG", progressive=True, icc_profile=PROFILE),
    "jpeg-cmyk": lambda: saved(colours("CMYK"), "JPEG", exif=exif(3)),
    "webp": lambda: saved(colours(), "WEBP", exif=exif(8)),
    "webp-lossless": lambda: saved(colours("RGBA"), "WEBP", lossless=True, icc_profile=PROFILE),
    "webp-animated": lambda: frames("WEBP"),
    "gif": lambda: frames("GIF"),
    "bmp": lambda: saved(colours(), "BMP"),
    "tiff": lambda: saved(colours(), "TIFF", compression="tiff_lzw", icc_profile=PROFILE),
    "tiff-16": lambda: saved(sixteen_bits(), "TIFF"),
    "tiff-cmyk": lambda: saved(colours("CMYK"), "TIFF"),
    "ico": lambda: saved(colours("RGBA"), "ICO", sizes=[(16, 16)]),
    "ppm": lambda: saved(colours(), "PPM"),
    "tga": lambda: saved(colours(), "TGA"),
}


def damaged(data: bytes, choose: random.Random) -> Iterator[bytes]:
    """Cut off, bits turned, bytes lost, doubled, zeroed or exchanged; heads more than the rest."""
    for _ in range(DAMAGES_EACH):
        end = len(data) if choose.random() < 0.5 else min(len(data), 120)
        at, span = choose.randrange(end), choose.randrange(1, 9)
        noise = choose.randbytes(span)
        zeros = bytes(span)
        yield choose.choice(
            [
                data[:at],
                data[:at] + bytes([data[at] ^ (1 << choose.randrange(8))]) + data[at + 1 :],
                data[:at] + data[at + span :],
                data[: at + span] + data[at:],
                data[:at] + zeros + data[at + span :],
                data[:at] + noise + data[at + span :],
                data[:at] + b"\xff" * span + data[at + span :],
            ]
        )


def opens_or_is_told(read: Callable[[], object]) -> bool:
    message = ""
    try:
        read()
    except PictureFileError as error:
        message = error.message or "?"
    assert "\n" not in message and message != "?"
    return not message


@pytest.mark.parametrize("name", CORPUS)
def test_a_whole_picture_is_read_or_refused_in_words(tmp_path: Path, name: str) -> None:
    path = tmp_path / "picture.png"  # the name says nothing
    path.write_bytes(CORPUS[name]())
    is_read = opens_or_is_told(lambda: import_picture(path))
    assert is_read == name.startswith(READ)
    assert opens_or_is_told(lambda: read_thumbnail(path, side_px=16)) == is_read
    assert opens_or_is_told(lambda: read_metadata(path)) == is_read
    if is_read:
        raster = import_picture(path)
        assert sorted((raster.width, raster.height)) == sorted(SIZE)
        assert raster.mode in ("L", "RGB", "RGBA")


@pytest.mark.parametrize("name", CORPUS)
def test_damage_is_a_picture_or_one_sentence(tmp_path: Path, name: str) -> None:
    whole = CORPUS[name]()
    paths = []
    for number, data in enumerate(damaged(whole, random.Random(name))):
        paths.append(tmp_path / f"{number:03}.png")
        paths[-1].write_bytes(data)
        opens_or_is_told(lambda p=paths[-1]: read_metadata(p))
        opens_or_is_told(lambda p=paths[-1]: import_picture(p))
        opens_or_is_told(lambda p=paths[-1]: read_thumbnail(p, side_px=16))


def test_a_folder_of_broken_pictures_is_listed(tmp_path: Path) -> None:
    """Each has its row, with the sentence where it is broken; the scan ends well."""
    folder, count = tmp_path / "pictures", 0
    folder.mkdir()
    for name, make in CORPUS.items():
        for data in damaged(make(), random.Random(name)):
            count += 1
            (folder / f"{count:04}.{('png', 'jpg', 'webp')[count % 3]}").write_bytes(data)
    gallery = Gallery([folder], cache_folder=tmp_path / "cache")
    outcome = gallery.scan()

    assert (outcome.added, outcome.problems) == (count, [])
    rows = gallery.search(limit=count)
    assert len(rows) == count and 0 < outcome.broken < count
    assert sum(bool(row.fault) for row in rows) == outcome.broken
    assert all("\n" not in row.fault for row in rows)
    gallery.close()
