"""Layers that travel: the OpenRaster baseline, and the flat picture."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.export import ExportOptions, PictureFormat, encode_picture
from sdstudio.document.openraster import encode_openraster, open_openraster, save_openraster
from sdstudio.document.png import encode_png
from sdstudio.document.rect import Rect
from sdstudio.errors import InvalidRequestError, PictureFileError

PNG = encode_png(np.full((4, 5, 4), 200, np.uint8))


def _document() -> Document:
    document = Document(320, 200)
    document.layers.add("Ground & “sky” \x07 <1>")
    document.paint.fill_selection(Ink(colour=(200, 220, 255)))
    upper = document.layers.add("Sun")
    document.paint.draw_shape("ellipse", (200, 20, 280, 100), Ink(colour=(255, 220, 0)))
    document.layers.set_opacity(upper.id, 0.7)
    document.layers.shift(upper.id, -13, 7)
    hidden = document.layers.add("Hidden")
    document.paint.draw_shape("rectangle", (0, 0, 9, 9), Ink(colour=(9, 9, 9)))
    document.layers.set_visible(hidden.id, False)
    document.layers.set_locked(hidden.id, True)
    document.layers.add("What to change", kind="mask")
    document.paint.draw_shape("ellipse", (20, 20, 90, 70), Ink(colour=(120, 120, 120)))
    document.layers.add("Empty")
    return document


def _with_stack(xml: str | bytes, **data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("mimetype", "image/openraster")
        file.writestr("stack.xml", xml)
        file.writestr("data/a.png", PNG)
        for name, content in data.items():
            file.writestr(f"data/{name}.png", content)
    return buffer.getvalue()


def _opened(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "from krita.ora"
    path.write_bytes(content)
    return open_openraster(path)


def test_the_file_follows_the_baseline() -> None:
    document = _document()
    content = encode_openraster(document.snapshot())
    assert content[30:38] == b"mimetype"  # the very first entry ...
    assert content[38:54] == b"image/openraster"  # ... and stored
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        stack = ElementTree.fromstring(file.read("stack.xml"))
        assert stack.tag == "image" and (stack.get("w"), stack.get("h")) == ("320", "200")
        layers = stack.findall("stack/layer")
        assert [layer.get("name") for layer in layers[1:3]] == ["What to change", "Hidden"]
        assert layers[1].get("visibility") == layers[2].get("visibility") == "hidden"
        assert layers[3].get("opacity") == "0.7000"
        assert layers[0].get("selected") == "true"
        for layer in layers:
            with Image.open(io.BytesIO(file.read(layer.get("src") or ""))) as picture:
                assert picture.mode == "RGBA"
        with Image.open(io.BytesIO(file.read("mergedimage.png"))) as merged:
            assert np.array_equal(np.asarray(merged), document.composite(document.bounds))
        with Image.open(io.BytesIO(file.read("Thumbnails/thumbnail.png"))) as thumbnail:
            assert thumbnail.size == (256, 160)


def test_layers_come_back(tmp_path: Path) -> None:
    document = _document()
    path = tmp_path / "painting.ora"
    save_openraster(document.snapshot(), path)
    opened = open_openraster(path)
    assert [layer.name for layer in opened.layers] == [
        "Ground & “sky”  <1>",
        *[layer.name for layer in list(document.layers)[1:]],
    ]
    assert [(each.kind, each.opacity, each.is_locked) for each in opened.layers] == [
        (each.kind, each.opacity, each.is_locked) for each in document.layers
    ]
    for old, new in zip(document.layers, opened.layers, strict=True):
        assert np.array_equal(
            opened.layer_pixels(new.id, opened.bounds),
            document.layer_pixels(old.id, document.bounds),
        )
    assert np.array_equal(opened.composite(opened.bounds), document.composite(document.bounds))


def test_groups_of_others_are_taken_apart(tmp_path: Path) -> None:
    xml = (
        '<?xml version="1.0"?><image w="30" h="20"><stack>'
        '<layer name="top" src="data/a.png" x="1" y="2" composite-op="svg:multiply"/>'
        '<stack name="group" opacity="0.5" visibility="hidden" x="10" y="5">'
        '<layer name="inside" src="data/a.png" opacity="0.5" x="2" y="1"/></stack>'
        '<filter type="blur"/><text x="0"/></stack></image>'
    )
    document = _opened(tmp_path, _with_stack(xml))
    inside, top = document.layers
    assert (inside.name, inside.opacity, inside.is_visible) == ("inside", 0.25, False)
    assert document.layers.bounds(inside.id) == Rect(12, 6, 5, 4)
    assert document.layers.bounds(top.id) == Rect(1, 2, 5, 4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "I;16"])
def test_other_kinds_of_png_are_converted(tmp_path: Path, mode: str) -> None:
    grey = Image.new("L", (5, 4), 200)
    picture = (
        Image.new("I;16", (5, 4), 200 * 257)
        if mode == "I;16"
        else grey.convert(mode, dither=Image.Dither.NONE)
    )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    xml = '<image w="5" h="4"><stack><layer src="data/b.png"/></stack></image>'
    document = _opened(tmp_path, _with_stack(xml, b=buffer.getvalue()))
    wanted = 255 if mode == "1" else 200
    assert (document.composite(document.bounds) == (wanted, wanted, wanted, 255)).all()


_BOMB = (
    '<!DOCTYPE image [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><image w="5" h="4"><stack name="&c;"/></image>'
)
_OUTSIDE = (
    '<!DOCTYPE image [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    '<image w="5" h="4"><stack name="&a;"/></image>'
)


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<image",
        "plain text",
        _BOMB,
        _OUTSIDE,
        _BOMB.encode("utf-16"),
        "<image w='5' h='4'>" + "<stack>" * 500 + "</stack>" * 500 + "</image>",
        "<image w='60000' h='60000'><stack/></image>",
        "<image w='five' h='4'><stack/></image>",
        "<image><stack/></image>",
        "<image w='5' h='4'><stack><layer src='data/missing.png'/></stack></image>",
        "<image w='5' h='4'><stack><layer src='../../evil.png'/></stack></image>",
        "<image w='5' h='4'><stack><layer src='data/a.png' x='99999999999'/></stack></image>",
        "<image w='5' h='4'><stack>" + "<layer src='data/a.png'/>" * 600 + "</stack></image>",
    ],
    ids=str,
)
def test_a_hostile_stack_is_refused_in_one_sentence(tmp_path: Path, xml: str | bytes) -> None:
    with pytest.raises(PictureFileError) as refusal:
        _opened(tmp_path, _with_stack(xml))
    assert "\n" not in refusal.value.message and refusal.value.message.endswith(".")


def test_another_mime_type_is_refused(tmp_path: Path) -> None:
    content = _with_stack("<image/>").replace(b"image/openraster", b"image/openrasteR")
    with pytest.raises(PictureFileError):
        _opened(tmp_path, content)


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP"])
def test_a_lossless_export_is_what_is_seen(picture_format: PictureFormat) -> None:
    document = _document()
    document.layers.delete(document.layers[0].id)  # the sun alone, so there is transparency
    options = ExportOptions(is_lossless=True)
    content = encode_picture(document.snapshot(), picture_format, options)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == picture_format
        assert np.array_equal(np.asarray(picture), document.composite(document.bounds))


def test_a_jpeg_lies_on_a_background_and_is_close() -> None:
    document = _document()
    content = encode_picture(document.snapshot(), "JPEG", background=(10, 200, 10))
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == "RGB"
        seen = document.composite(document.bounds, background=(10, 200, 10))[..., :3]
        assert np.abs(np.asarray(picture).astype(int) - seen).mean() < 2


def test_an_opaque_png_has_no_alpha_and_a_silly_quality_is_refused() -> None:
    document = _document()
    with Image.open(io.BytesIO(encode_picture(document.snapshot(), "PNG"))) as picture:
        assert picture.mode == "RGB"
    with pytest.raises(InvalidRequestError, match="Quality"):
        ExportOptions(quality=0)


@pytest.mark.parametrize("picture_format", ["JPEG", "WEBP"])
def test_a_file_of_lower_quality_is_smaller_and_less_true(picture_format: PictureFormat) -> None:
    document = _document()
    seen = document.composite(document.bounds, background=(255, 255, 255))[..., :3].astype(int)
    lengths, errors = [], []
    for quality in (10, 60, 100):
        options = ExportOptions(quality=quality)
        content = encode_picture(document.snapshot(), picture_format, options)
        with Image.open(io.BytesIO(content)) as picture:
            off = np.abs(np.asarray(picture.convert("RGB")).astype(int) - seen)
        lengths.append(len(content))
        errors.append(off.mean())
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1]
    assert errors == sorted(errors, reverse=True) and errors[0] > errors[-1] > 0
