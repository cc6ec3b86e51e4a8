"""A document as one hash, to tell whether two are the same to the byte."""

from __future__ import annotations

import hashlib
import weakref

import numpy as np

from sdstudio.document.state import DocumentSnapshot


def fingerprint(snapshot: DocumentSnapshot) -> str:
    """All of a document as one hash: its state, and every tile's place and bytes."""
    digest = hashlib.sha256(str(hash(_without_active(snapshot))).encode())
    for layer_id, held in sorted(snapshot.tiles.items()):
        for key in sorted(held):
            digest.update(f"{layer_id}{key}".encode() + _tile_digest(held[key]))
    return digest.hexdigest()


_known: dict[int, tuple[weakref.ref[np.ndarray], bytes]] = {}


def _tile_digest(tile: np.ndarray) -> bytes:
    """SHA-256 of a tile, which never changes once it is in a snapshot."""
    known = _known.get(id(tile))
    if known is None or known[0]() is not tile:
        known = weakref.ref(tile), hashlib.sha256(tile.tobytes()).digest()
        _known[id(tile)] = known
    return known[1]


def _without_active(snapshot: DocumentSnapshot) -> tuple[object, ...]:
    """Which layer is active is no change of the document, only its company."""
    state = snapshot.state
    return state.width, state.height, state.layers, state.box, state.has_selection, state.accepted
