"""The document file: a zip with a manifest in JSON and every layer as a PNG.

manifest.json        version, size, layers from the bottom up, box, accepted requests
layers/ID.png        the part of a layer that is not empty; RGBA, or L of a mask
selection.png        L, only if something is selected
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

import sdstudio
from sdstudio.atomic_file import write_atomically
from sdstudio.document.archive import Archive
from sdstudio.document.document import Document
from sdstudio.document.layers import MAX_LAYERS
from sdstudio.document.png import MAX_PIXELS, decode_png, encode_png, max_png_bytes
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.document.state import (
    CHANNELS,
    SELECTION_ID,
    AcceptedResult,
    DocumentSnapshot,
    DocumentState,
    Layer,
)
from sdstudio.document.tiles import TiledImage, Tiles
from sdstudio.errors import InvalidRequestError, PictureFileError
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.typed_values import field_types, parse_json, parse_value

SUFFIX = ".sdstudio"
FORMAT = "sdstudio-document"
VERSION = 1
MAX_MANIFEST_BYTES = 16 << 20
MAX_TOTAL_PIXELS = 1 << 30
"""Of all layers together: 16 full ones of the largest size, 4 GiB."""

_FAR_PX = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _EncodedPlane:
    tiles: Tiles
    rect: Rect
    png: bytes


class PlaneCache:
    """Layers encoded before: saving again encodes only what was painted on since."""

    def __init__(self) -> None:
        self._encoded: dict[int, _EncodedPlane] = {}

    def encode(self, layer_id: int, tiles: Tiles, channels: int) -> tuple[Rect, bytes]:
        """Where a plane is not empty, and that part as a PNG (b"" where all is)."""
        known = self._encoded.get(layer_id)
        if known is None or not _same_tiles(known.tiles, tiles):
            rect, png = _encode_plane(tiles, channels)
            known = _EncodedPlane(tiles=tiles, rect=rect, png=png)
            self._encoded[layer_id] = known
        return known.rect, known.png

    def keep_only(self, layer_ids: set[int]) -> None:
        for layer_id in self._encoded.keys() - layer_ids:
            del self._encoded[layer_id]


def save_document(
    snapshot: DocumentSnapshot, path: Path, *, cache: PlaneCache | None = None, origin: str = ""
) -> None:
    """Write a document whole or not at all; may run on any thread.

    Args:
        cache: of earlier saves of the same document; used by one thread at a time.
        origin: where the document really lives, if this is its recovery file.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
        InvalidRequestError: its layers are too large together.
    """
    write_atomically(path, encode_document(snapshot, cache=cache, origin=origin))


def encode_document(
    snapshot: DocumentSnapshot, *, cache: PlaneCache | None = None, origin: str = ""
) -> bytes:
    """The document as the bytes of its file; see `save_document`."""
    cache = cache or PlaneCache()
    state = snapshot.state
    buffer = io.BytesIO()
    entries = []
    total = 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:  # PNG is packed already
        for layer in state.layers:
            tiles = snapshot.tiles.get(layer.id, {})
            rect, png = cache.encode(layer.id, tiles, CHANNELS[layer.kind])
            total += rect.area
            _require_storable(layer, rect, total)
            entries.append({**_plain_layer(layer), "rect": list(rect)})
            if png:
                file.writestr(_entry(layer.id), png)
        manifest = _plain_state(state) | {"origin": origin, "layers": entries}
        if state.has_selection:
            rect, png = cache.encode(SELECTION_ID, snapshot.tiles.get(SELECTION_ID, {}), 1)
            manifest["selection"] = list(rect)
            file.writestr("selection.png", png)
        file.writestr("manifest.json", json.dumps(manifest), zipfile.ZIP_DEFLATED)
    cache.keep_only({layer.id for layer in state.layers} | {SELECTION_ID})
    return buffer.getvalue()


def open_document(path: Path) -> Document:
    """Read what `save_document` wrote.

    Raises:
        PictureFileError: with the reason in one sentence; memory stays bounded.
    """
    with Archive(path) as archive:
        manifest = read_manifest(archive)
        try:
            state = _parse_state(manifest)
            rects = _parse_rects(manifest, state)
            tiles = {name: _read_plane(archive, name, rect, state) for name, rect in rects.items()}
        except InvalidRequestError as error:
            raise PictureFileError(
                f"{path.name} is damaged: {error.message}", error.hint
            ) from error
    return Document.from_snapshot(DocumentSnapshot(state=state, tiles=tiles))


def read_manifest(archive: Archive) -> dict[str, Any]:
    """The manifest of an open archive, its format and version checked."""
    if "manifest.json" not in archive:
        raise archive.damaged()
    data = archive.read("manifest.json", MAX_MANIFEST_BYTES)
    try:
        manifest = parse_json(data, "Its manifest")
    except InvalidRequestError as error:
        raise archive.damaged() from error
    version = manifest.get("version")
    if manifest.get("format") != FORMAT or type(version) is not int:
        raise archive.damaged()
    if version > VERSION:
        raise PictureFileError(
            f"{archive.name} was made by a newer version of the studio.", "Update the studio."
        )
    return manifest


def _entry(layer_id: int) -> str:
    return f"layers/{layer_id}.png"


def _same_tiles(first: Tiles, second: Tiles) -> bool:
    return first.keys() == second.keys() and all(tile is second[key] for key, tile in first.items())


def _encode_plane(tiles: Tiles, channels: int) -> tuple[Rect, bytes]:
    image = TiledImage(channels, tiles)
    rect = image.bounds()
    return (rect, encode_png(image.read(rect))) if rect.area else (EMPTY, b"")


def _require_storable(layer: Layer, rect: Rect, total: int) -> None:
    if rect.area > MAX_PIXELS:
        raise InvalidRequestError(
            f"The layer “{layer.name}” reaches too far beyond the picture to be saved.",
            "Cut off what lies outside, or move the layer back.",
        )
    if total > MAX_TOTAL_PIXELS:
        raise InvalidRequestError(
            "The layers are too large together to be saved.", "Merge some of them."
        )


def _plain_layer(layer: Layer) -> dict[str, Any]:
    return {field.name: getattr(layer, field.name) for field in fields(layer)}


def _plain_state(state: DocumentState) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "software": f"sdstudio {sdstudio.__version__}",
        "width": state.width,
        "height": state.height,
        "box": list(state.box),
        "active_id": state.active_id,
        "next_id": state.next_id,
        "accepted": [
            {
                "layer_id": each.layer_id,
                "box": list(each.box),
                "request": wire.to_dict(each.request, rasters="digest"),
            }
            for each in state.accepted
        ],
    }


def _parse_state(manifest: dict[str, Any]) -> DocumentState:
    entries = _list_of(manifest, "layers")
    if len(entries) > MAX_LAYERS:
        raise InvalidRequestError("it has too many layers.")
    layers = tuple(_parse_layer(each) for each in entries)
    numbers = {name: parse_value(int, manifest.get(name), name) for name in ("width", "height")}
    if len({layer.id for layer in layers}) != len(layers):
        raise InvalidRequestError("two layers share one number.")
    return DocumentState(
        **numbers,
        layers=layers,
        active_id=parse_value(int, manifest.get("active_id", 0), "active_id"),
        next_id=1 + max((layer.id for layer in layers), default=0),
        box=_parse_rect(manifest.get("box"), "box"),
        has_selection="selection" in manifest,
        accepted=_parse_accepted(manifest),
    )


def _parse_layer(plain: object) -> Layer:
    if not isinstance(plain, dict):
        raise InvalidRequestError("a layer cannot be read.")
    values = {
        name: parse_value(declared, plain[name], name)
        for name, declared in field_types(Layer).items()
        if name in plain
    }
    if not {"id", "name"} <= values.keys() or not 0 < values["id"] < 1 << 53:
        raise InvalidRequestError("a layer has no number or name.")
    if max(abs(values.get("x", 0)), abs(values.get("y", 0))) > _FAR_PX:
        raise InvalidRequestError("a layer lies too far away.")
    return Layer(**values)


def _parse_accepted(manifest: dict[str, Any]) -> tuple[AcceptedResult, ...]:
    """The requests of accepted results; one that cannot be read is left out, not the picture."""
    accepted = []
    for plain in _list_of(manifest, "accepted"):
        try:
            request = wire.from_dict(plain["request"])
            if isinstance(request, GenerationRequest):
                layer_id = parse_value(int, plain["layer_id"], "layer_id")
                box = _parse_rect(plain["box"], "box")
                accepted.append(AcceptedResult(layer_id=layer_id, box=box, request=request))
        except (InvalidRequestError, KeyError, TypeError):
            continue
    return tuple(accepted)


def _parse_rects(manifest: dict[str, Any], state: DocumentState) -> dict[int, Rect]:
    """Where each plane's PNG lies in the plane, and that they are not too large together."""
    entries = _list_of(manifest, "layers")
    rects = {
        layer.id: _parse_rect(entry.get("rect"), "rect")
        for layer, entry in zip(state.layers, entries, strict=True)
    }
    if state.has_selection:
        rects[SELECTION_ID] = _parse_rect(manifest["selection"], "selection")
    if sum(rect.area for rect in rects.values()) > MAX_TOTAL_PIXELS:
        raise InvalidRequestError("its layers are too large together.")
    return rects


def _parse_rect(plain: object, name: str) -> Rect:
    if not isinstance(plain, list) or len(plain) != 4:
        raise InvalidRequestError(f"{name} is not a rectangle.")
    rect = Rect(*(parse_value(int, value, name) for value in plain))
    if min(rect.width, rect.height) < 0 or max(abs(value) for value in rect) > _FAR_PX:
        raise InvalidRequestError(f"{name} is not a rectangle.")
    return rect


def _read_plane(archive: Archive, layer_id: int, rect: Rect, state: DocumentState) -> Tiles:
    if rect.is_empty:
        return {}
    is_selection = layer_id == SELECTION_ID
    channels = 1 if is_selection else CHANNELS[state.layer(layer_id).kind]
    entry = "selection.png" if is_selection else _entry(layer_id)
    data = archive.read(entry, max_png_bytes(rect.area * channels))
    pixels = decode_png(data, f"{entry} of {archive.name}", channels=channels)
    if pixels.shape[:2] != (rect.height, rect.width):
        raise PictureFileError(f"{archive.name} is damaged: {entry} is of another size.")
    return to_tiles(pixels, rect.x, rect.y)


def to_tiles(pixels: np.ndarray, x: int = 0, y: int = 0) -> Tiles:
    """Pixels whose first one lies at (x, y) as tiles; empty ones are left out."""
    image = TiledImage(1 if pixels.ndim == 2 else pixels.shape[2])
    image.write(Rect(x, y, pixels.shape[1], pixels.shape[0]), pixels)
    image.changed_since({})
    return image.snapshot()


def _list_of(manifest: dict[str, Any], name: str) -> list[Any]:
    values = manifest.get(name, [])
    if not isinstance(values, list):
        raise InvalidRequestError(f"{name} is not a list.")
    return values
