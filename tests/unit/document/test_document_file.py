"""Documents come back as they were, and hostile files are refused in one sentence."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.document_file import (
    PlaneCache,
    encode_document,
    open_document,
    save_document,
)
from sdstudio.document.openraster import open_openraster
from sdstudio.document.png import encode_png
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError, PictureFileError, StorageError
from tests.support.fingerprint import fingerprint
from tests.support.random_painter import RandomPainter

Entries = dict[str, bytes]


def _painted(acts: int = 60, seed: int = 3) -> Document:
    document = Document(300, 260)
    document.layers.add()
    painter = RandomPainter(document, seed=seed)
    for _ in range(acts):
        painter.act()
    return document


@pytest.mark.parametrize("seed", range(4))
def test_a_document_comes_back_to_the_byte(tmp_path: Path, seed: int) -> None:
    document = _painted(seed=seed)
    path = tmp_path / "a painting.sdstudio"
    save_document(document.snapshot(), path)
    opened = open_document(path)
    assert fingerprint(opened.snapshot()) == fingerprint(document.snapshot())
    assert opened.state.accepted == document.state.accepted
    assert not opened.is_modified and not opened.undo_stack.num_steps
    opened.layers.add()  # ids go on where they were
    assert len({layer.id for layer in opened.layers}) == len(opened.layers)


def test_saving_again_encodes_only_what_was_painted_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, cache = _painted(), PlaneCache()
    first = encode_document(document.snapshot(), cache=cache)
    encoded = []
    monkeypatch.setattr(
        "sdstudio.document.document_file.encode_png",
        lambda pixels: encoded.append(pixels.shape) or encode_png(pixels),
    )
    assert encode_document(document.snapshot(), cache=cache) == first
    assert not encoded
    layer = document.layers.add()
    document.paint.draw_shape("ellipse", (5, 5, 50, 50), Ink(colour=(1, 2, 3)), layer_id=layer.id)
    again = encode_document(document.snapshot(), cache=cache)
    assert len(encoded) == 1
    path = tmp_path / "again.sdstudio"
    path.write_bytes(again)
    assert fingerprint(open_document(path).snapshot()) == fingerprint(document.snapshot())


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "painting.sdstudio"
    save_document(_painted(5).snapshot(), path)
    before = path.read_bytes()

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(StorageError, match="no space left"):
        save_document(_painted(9).snapshot(), path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["painting.sdstudio"]


def test_layers_too_large_together_are_not_saved_but_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdstudio.document.document_file.MAX_TOTAL_PIXELS", 100)
    document = Document(20, 20)
    document.layers.add()
    document.paint.fill_selection(Ink())
    with pytest.raises(InvalidRequestError, match="too large together"):
        encode_document(document.snapshot())


def _entries() -> Entries:
    document = Document(40, 30)
    document.layers.add("Sky")
    document.paint.draw_shape("rectangle", (5, 5, 25, 20), Ink(colour=(1, 2, 3)))
    document.layers.add("What to change", kind="mask")
    document.paint.draw_shape("ellipse", (5, 5, 25, 20), Ink(colour=(255, 255, 255)))
    document.selection.rectangle(0, 0, 9, 9)
    with zipfile.ZipFile(io.BytesIO(encode_document(document.snapshot()))) as file:
        return {name: file.read(name) for name in file.namelist()}


def _zipped(entries: Entries, way: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", way) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def _with_manifest(change: Callable[[dict], object]) -> bytes:
    entries = _entries()
    manifest = json.loads(entries["manifest.json"])
    change(manifest)
    return _zipped(entries | {"manifest.json": json.dumps(manifest).encode()})


def _huge_png(width: int, height: int) -> bytes:
    """A PNG whose header promises far more than it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100_000))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


GREY = encode_png(np.zeros((15, 20), np.uint8))
LAYER, MASK = "layers/1.png", "layers/2.png"
HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "html": lambda: b"<!doctype html><title>Not found</title>",
    "a picture": lambda: GREY,
    "half": lambda: (whole := _zipped(_entries()))[: len(whole) // 2],
    "end cut off": lambda: _zipped(_entries())[:-30],
    "no manifest": lambda: _zipped({"layers/1.png": GREY}),
    "manifest no json": lambda: _zipped(_entries() | {"manifest.json": b"{"}),
    "manifest deep": lambda: _zipped(_entries() | {"manifest.json": b"[" * 100_000}),
    "manifest a list": lambda: _zipped(_entries() | {"manifest.json": b"[]"}),
    "manifest a bomb": lambda: _zipped(
        _entries() | {"manifest.json": b" " * (40 << 20)}, zipfile.ZIP_DEFLATED
    ),
    "climbs out": lambda: _zipped(_entries() | {"../../evil.png": GREY}),
    "absolute": lambda: _zipped(_entries() | {"/etc/evil": GREY}),
    "windows path": lambda: _zipped(_entries() | {"C:\\evil": GREY}),
    "other format": lambda: _with_manifest(lambda m: m.update(format="krita")),
    "newer version": lambda: _with_manifest(lambda m: m.update(version=99)),
    "version of text": lambda: _with_manifest(lambda m: m.update(version="1")),
    "no size": lambda: _with_manifest(lambda m: m.pop("width")),
    "size huge": lambda: _with_manifest(lambda m: m.update(width=60_000, height=60_000)),
    "size negative": lambda: _with_manifest(lambda m: m.update(width=-5)),
    "layers a number": lambda: _with_manifest(lambda m: m.update(layers=7)),
    "layer a number": lambda: _with_manifest(lambda m: m.update(layers=[7])),
    "layer twice": lambda: _with_manifest(lambda m: m["layers"].append(m["layers"][0])),
    "layers too many": lambda: _with_manifest(lambda m: m.update(layers=m["layers"] * 500)),
    "layer kind": lambda: _with_manifest(lambda m: m["layers"][0].update(kind="vector")),
    "layer opacity": lambda: _with_manifest(lambda m: m["layers"][0].update(opacity=7)),
    "layer id 0": lambda: _with_manifest(lambda m: m["layers"][0].update(id=0)),
    "layer far": lambda: _with_manifest(lambda m: m["layers"][0].update(x=1 << 40)),
    "rect short": lambda: _with_manifest(lambda m: m["layers"][0].update(rect=[1, 2])),
    "rect huge": lambda: _with_manifest(
        lambda m: m["layers"][0].update(rect=[0, 0, 60_000, 60_000])
    ),
    "rect other": lambda: _with_manifest(lambda m: m["layers"][0].update(rect=[5, 5, 9, 9])),
    "box missing": lambda: _with_manifest(lambda m: m.pop("box")),
    "layer missing": lambda: _zipped(
        {name: data for name, data in _entries().items() if name != LAYER}
    ),
    "layer truncated": lambda: _zipped(_entries() | {LAYER: _entries()[LAYER][:60]}),
    "layer no png": lambda: _zipped(_entries() | {LAYER: b"GIF89a" + b"\0" * 99}),
    "layer 60,000 wide": lambda: _zipped(_entries() | {LAYER: _huge_png(60_000, 60_000)}),
    "layer promises": lambda: _zipped(_entries() | {LAYER: _huge_png(8192, 8192)}),
    "layer grey": lambda: _zipped(_entries() | {LAYER: GREY}),
    "mask in colour": lambda: _zipped(_entries() | {MASK: _entries()[LAYER]}),
    "selection missing": lambda: _zipped(
        {name: data for name, data in _entries().items() if name != "selection.png"}
    ),
    "layer a bomb": lambda: _zipped(
        _entries() | {LAYER: b"\x89PNG\r\n\x1a\n" + b"\0" * (60 << 20)}, zipfile.ZIP_DEFLATED
    ),
}


@pytest.mark.parametrize("opens", [open_document, open_openraster])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_in_one_sentence(
    tmp_path: Path, kind: str, opens: Callable[[Path], Document]
) -> None:
    path = tmp_path / "from a stranger.zip"
    path.write_bytes(HOSTILE[kind]())
    tracemalloc.start()
    try:
        with pytest.raises(PictureFileError) as refusal:
            opens(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refusal.value.message.endswith(".") and len(refusal.value.message) < 200
    assert "\n" not in refusal.value.message
    assert peak < 100 << 20


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PictureFileError, match="is not there"):
        open_document(tmp_path / "gone.sdstudio")


def test_two_entries_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.sdstudio"
    with zipfile.ZipFile(path, "w") as file:
        for name, data in [*_entries().items(), (LAYER, GREY)]:
            with (
                pytest.warns(UserWarning, match="Duplicate")
                if name == LAYER and data is GREY
                else nullcontext()
            ):
                file.writestr(name, data)
    with pytest.raises(PictureFileError):
        open_document(path)


def test_a_request_nobody_can_read_does_not_cost_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "future.sdstudio"
    path.write_bytes(_with_manifest(lambda m: m.update(accepted=[7, {}, {"request": {}}])))
    document = open_document(path)
    assert not document.state.accepted
    assert document.layer_pixels(1, Rect(5, 5, 1, 1)).tolist() == [[[1, 2, 3, 255]]]
