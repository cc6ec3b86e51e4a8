"""OpenRaster files and bytes at random: a file opens, or is refused in one sentence."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdstudio.document import openraster
from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.document_file import encode_document, open_document
from sdstudio.document.openraster import encode_openraster, open_openraster
from sdstudio.document.png import encode_png
from sdstudio.errors import PictureFileError, SdstudioError
from sdstudio.gallery.picture_import import import_picture

ROUNDS = 400
MAX_PEAK = 100 << 20
STACK = '<image w="40" h="30"><stack>{}</stack></image>'
ONE = STACK.format('<layer src="data/a.png"/>')


def _document() -> Document:
    document = Document(40, 30)
    document.layers.add("Sky")
    document.paint.draw_shape("rectangle", (5, 5, 25, 20), Ink(colour=(1, 2, 3)))
    document.layers.add("What to change", kind="mask")
    document.paint.draw_shape("ellipse", (5, 5, 25, 20), Ink(colour=(255, 255, 255)))
    return document


def _ora(stack: str, way: int = zipfile.ZIP_STORED, **entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as file:
        file.writestr("mimetype", openraster.MIME_TYPE, zipfile.ZIP_STORED)
        file.writestr("stack.xml", stack)
        for name, data in entries.items():
            file.writestr(f"data/{name}.png", data)
    return buffer.getvalue()


def _promising_png(width: int, height: int, *, bits: int = 8) -> bytes:
    """A PNG whose header promises far more than it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, bits, 6, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _gif() -> bytes:
    buffer = io.BytesIO()
    Image.new("P", (40, 30)).save(buffer, "GIF")
    return buffer.getvalue()


GOOD = encode_png(np.zeros((30, 40, 4), np.uint8))
LARGE = encode_png(np.zeros((8192, 8192), np.uint8))
MANY = STACK.format('<layer src="data/a.png"/>' * 40)

HOSTILE: dict[str, Callable[[], bytes]] = {
    "half a zip": lambda: (whole := encode_openraster(_document().snapshot()))[: len(whole) // 2],
    "end cut off": lambda: encode_openraster(_document().snapshot())[:-25],
    "layer cut off": lambda: _ora(ONE, a=GOOD[: len(GOOD) // 2]),
    "layer empty": lambda: _ora(ONE, a=b""),
    "layer a GIF": lambda: _ora(ONE, a=_gif()),
    "layer text": lambda: _ora(ONE, a=b"no picture"),
    "layer 60,000 wide": lambda: _ora(ONE, a=_promising_png(60_000, 60_000)),
    "layer 2^31 wide": lambda: _ora(ONE, a=_promising_png(2**31 - 1, 1)),
    "layer without width": lambda: _ora(ONE, a=_promising_png(0, 30)),
    "layer promises": lambda: _ora(ONE, a=_promising_png(8192, 8000)),
    "layer of impossible depth": lambda: _ora(ONE, a=_promising_png(40, 30, bits=99)),
    "layer a zip bomb": lambda: _ora(
        ONE, zipfile.ZIP_DEFLATED, a=b"\x89PNG\r\n\x1a\n" + b"\0" * (600 << 20)
    ),
    "many large layers": lambda: _ora(MANY, a=LARGE),
    "stack a bomb": lambda: _ora(" " * (40 << 20), zipfile.ZIP_DEFLATED),
    "layer outside": lambda: _ora(STACK.format('<layer src="../../etc/passwd"/>'), a=GOOD),
    "layer absolute": lambda: _ora(STACK.format('<layer src="/etc/passwd"/>'), a=GOOD),
    "layer a folder": lambda: _ora(STACK.format('<layer src="data/"/>'), a=GOOD),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_openraster_file_is_refused_in_one_sentence(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "many large layers":  # the rule, without decoding gigabytes to reach it
        monkeypatch.setattr(openraster, "MAX_TOTAL_PIXELS", 8192 * 8192 - 1)
    path = tmp_path / "from a stranger.ora"
    path.write_bytes(HOSTILE[kind]())
    tracemalloc.start()
    try:
        with pytest.raises(PictureFileError) as refusal:
            open_openraster(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    message = refusal.value.message
    assert message.endswith(".") and len(message) < 200 and "\n" not in message
    assert peak < MAX_PEAK
    assert {each.name for each in tmp_path.iterdir()} == {path.name}


@pytest.mark.parametrize(
    "encode, opens",
    [(encode_document, open_document), (encode_openraster, open_openraster)],
    ids=["document", "openraster"],
)
def test_random_damage_opens_or_is_refused(
    tmp_path: Path,
    encode: Callable[[object], bytes],
    opens: Callable[[Path], Document],
) -> None:
    whole = encode(_document().snapshot())
    path = tmp_path / "damaged.zip"
    chance = random.Random(5)
    refused: list[str] = []
    for _ in range(ROUNDS):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cut = chance.randrange(len(data)) if chance.random() < 0.2 else len(data)
        path.write_bytes(bytes(data[:cut]))
        try:
            document = opens(path)
        except PictureFileError as refusal:
            refused.append(refusal.message)
        else:
            assert document.composite(document.bounds).shape[2] == 4
    assert all(message.count("\n") == 0 for message in refused)
    assert len(refused) > ROUNDS // 4, "the damage was too small to test anything"


@pytest.mark.parametrize("size", [(8193, 4), (4, 8193), (9000, 9000)])
def test_a_picture_too_large_to_be_painted_on_is_refused(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = tmp_path / "panorama.png"
    Image.new("1", size).save(path)
    with pytest.raises(SdstudioError, match=r"painted on|too large"):
        Document.from_picture(import_picture(path))
