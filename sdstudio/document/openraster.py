"""OpenRaster (.ora): layers that travel to Krita, GIMP and MyPaint, and back.

The baseline of the OpenRaster specification 0.0.5: `mimetype` first and stored, `stack.xml`
with the topmost layer first, PNGs under `data/`, `mergedimage.png` and a thumbnail. A mask
travels as a hidden white layer whose alpha is the mask.
"""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
from PIL import Image

from sdstudio.atomic_file import write_atomically
from sdstudio.document.archive import Archive
from sdstudio.document.document import Document
from sdstudio.document.document_file import MAX_TOTAL_PIXELS, to_tiles
from sdstudio.document.layers import MAX_LAYERS
from sdstudio.document.png import (
    HEADER_BYTES,
    decode_png,
    encode_png,
    max_png_bytes,
    png_size,
)
from sdstudio.document.rect import Rect
from sdstudio.document.state import DocumentSnapshot, DocumentState, Layer, check_size
from sdstudio.document.tiles import TiledImage, Tiles
from sdstudio.errors import InvalidRequestError, PictureFileError

SUFFIX = ".ora"
MIME_TYPE = "image/openraster"
MAX_STACK_BYTES = 4 << 20
THUMBNAIL_PX = 256

_MAX_DEPTH = 64
_BYTES_PER_PIXEL = 8  # of the largest kind of PNG, 16 bits for each of four channels
_FAR_PX = 1 << 20
_KIND = "sdstudio-kind"  # readers pass over attributes they do not know


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sheet:
    """A layer of stack.xml, its groups folded in."""

    source: str
    name: str
    opacity: float
    is_visible: bool
    is_locked: bool
    is_mask: bool
    x: int
    y: int


def save_openraster(snapshot: DocumentSnapshot, path: Path) -> None:
    """Write the layers of a document, whole or not at all; may run on any thread.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    write_atomically(path, encode_openraster(snapshot))


def encode_openraster(snapshot: DocumentSnapshot) -> bytes:
    """The layers of a document as the bytes of an .ora file."""
    state = snapshot.state
    image = ElementTree.Element("image", version="0.0.5", w=str(state.width), h=str(state.height))
    stack = ElementTree.SubElement(image, "stack", name="root")
    merged = Document.from_snapshot(snapshot).composite(state.bounds)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", MIME_TYPE)
        for layer in reversed(state.layers):
            entry = f"data/layer{layer.id}.png"
            where, pixels = _visible_form(layer, snapshot.tiles.get(layer.id, {}))
            file.writestr(entry, encode_png(pixels))
            ElementTree.SubElement(stack, "layer", _attributes(layer, entry, where, state))
        file.writestr("stack.xml", ElementTree.tostring(image, "utf-8", xml_declaration=True))
        file.writestr("mergedimage.png", encode_png(merged))
        file.writestr("Thumbnails/thumbnail.png", _thumbnail(merged))
    return buffer.getvalue()


def open_openraster(path: Path) -> Document:
    """Read the layers of an .ora file; groups are taken apart, blend modes become normal.

    Raises:
        PictureFileError: with the reason in one sentence; memory stays bounded.
    """
    with Archive(path) as archive:
        if archive.read("mimetype", 64).strip() != MIME_TYPE.encode():
            raise archive.damaged()
        try:
            width, height, sheets = _parse_stack(archive.read("stack.xml", MAX_STACK_BYTES))
            check_size(width, height)
            snapshot = _read_layers(archive, width, height, sheets)
        except (InvalidRequestError, expat.ExpatError) as error:
            raise PictureFileError(
                f"{path.name} is damaged: {error}.".replace("..", ".")
            ) from error
    return Document.from_snapshot(snapshot)


def _visible_form(layer: Layer, tiles: Tiles) -> tuple[Rect, np.ndarray]:
    """A layer's pixels as RGBA, at least one of them, and where they lie in the layer."""
    image = TiledImage(1 if layer.kind == "mask" else 4, tiles)
    rect = image.bounds()
    if rect.is_empty:
        return Rect(0, 0, 1, 1), np.zeros((1, 1, 4), np.uint8)
    pixels = image.read(rect)
    if layer.kind == "mask":
        white = np.full((*pixels.shape, 4), 255, np.uint8)
        white[..., 3] = pixels
        pixels = white
    return rect, pixels


def _attributes(layer: Layer, entry: str, where: Rect, state: DocumentState) -> dict[str, str]:
    is_seen = layer.is_visible and layer.kind == "raster"
    attributes = {
        "name": _xml_text(layer.name),
        "src": entry,
        "x": str(layer.x + where.x),
        "y": str(layer.y + where.y),
        "opacity": f"{layer.opacity:.4f}",
        "visibility": "visible" if is_seen else "hidden",
        "composite-op": "svg:src-over",
    }
    if layer.is_locked:
        attributes["edit-locked"] = "true"
    if layer.id == state.active_id:
        attributes["selected"] = "true"
    if layer.kind == "mask":
        attributes[_KIND] = "mask"
    return attributes


def _xml_text(text: str) -> str:
    """Text as XML can hold it: no control characters, no lone surrogates."""
    return "".join(sign for sign in text if sign.isprintable())


def _thumbnail(merged: np.ndarray) -> bytes:
    image = Image.fromarray(merged)
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return encode_png(np.asarray(image))


class _StackReader:
    """Reads stack.xml without entities: a document type is refused, and so is deep nesting."""

    def __init__(self) -> None:
        self.size = (0, 0)
        self.sheets: list[_Sheet] = []
        self._groups: list[_Sheet] = []
        self._depth = 0

    def read(self, data: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(data, True)

    def _refuse(self, *_: object) -> None:
        raise InvalidRequestError("its list of layers defines entities")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH or len(self.sheets) > MAX_LAYERS:
            raise InvalidRequestError("it has too many layers")
        if tag == "image":
            self.size = _whole(attributes, "w"), _whole(attributes, "h")
        elif tag == "stack":
            self._groups.append(self._folded(attributes))
        elif tag == "layer":
            self.sheets.append(self._folded(attributes))

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "stack":
            self._groups.pop()

    def _folded(self, attributes: dict[str, str]) -> _Sheet:
        """What an element says, within the groups around it."""
        sheet = _Sheet(
            source=attributes.get("src", ""),
            name=attributes.get("name", "")[:500],
            opacity=_opacity(attributes),
            is_visible=attributes.get("visibility", "visible") == "visible",
            is_locked=attributes.get("edit-locked") == "true",
            is_mask=attributes.get(_KIND) == "mask",
            x=_whole(attributes, "x"),
            y=_whole(attributes, "y"),
        )
        if not self._groups:
            return sheet
        group = self._groups[-1]
        return replace(
            sheet,
            opacity=sheet.opacity * group.opacity,
            is_visible=sheet.is_visible and group.is_visible,
            x=sheet.x + group.x,
            y=sheet.y + group.y,
        )


def _parse_stack(data: bytes) -> tuple[int, int, list[_Sheet]]:
    """Width, height, and the layers from the bottom up."""
    reader = _StackReader()
    reader.read(data)
    width, height = reader.size
    return width, height, reader.sheets[::-1]


def _whole(attributes: dict[str, str], name: str) -> int:
    try:
        value = int(attributes.get(name, "0")[:12])
    except ValueError:
        value = _FAR_PX + 1
    if abs(value) > _FAR_PX:
        raise InvalidRequestError(f"{name} is no sensible number")
    return value


def _opacity(attributes: dict[str, str]) -> float:
    try:
        value = float(attributes.get("opacity", "1"))
    except ValueError:
        return 1.0
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 1.0


def _read_layers(
    archive: Archive, width: int, height: int, sheets: list[_Sheet]
) -> DocumentSnapshot:
    layers: list[Layer] = []
    tiles: dict[int, Tiles] = {}
    total = 0
    for number, sheet in enumerate(sheets, 1):
        what = f"The layer {sheet.name!a} of {archive.name}"
        across, down = png_size(archive.head(sheet.source, HEADER_BYTES), what)
        data = archive.read(sheet.source, max_png_bytes(across * down * _BYTES_PER_PIXEL))
        total += across * down
        if total > MAX_TOTAL_PIXELS:
            raise InvalidRequestError("its layers are too large together")
        pixels = decode_png(data, what, channels=4, is_strict=False)
        kind: Literal["mask", "raster"] = "mask" if sheet.is_mask else "raster"
        tiles[number] = to_tiles(pixels[..., 3] if sheet.is_mask else pixels)
        layers.append(
            Layer(
                id=number,
                name=sheet.name or f"Layer {number}",
                kind=kind,
                opacity=sheet.opacity,
                is_visible=sheet.is_visible or sheet.is_mask,
                is_locked=sheet.is_locked,
                x=sheet.x,
                y=sheet.y,
            )
        )
    state = DocumentState(
        width=width,
        height=height,
        layers=tuple(layers),
        active_id=layers[-1].id if layers else 0,
        next_id=len(layers) + 1,
        box=Rect(0, 0, width, height),
    )
    return DocumentSnapshot(state=state, tiles=tiles)
