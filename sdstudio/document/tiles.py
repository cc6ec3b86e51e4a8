"""Pictures as sparse tiles that snapshots share until they are painted over.

Tiles of one value are one array however often they lie in a picture, and tiles of nothing none:
paper and the inside of large fills take no memory.

Colour is stored with straight alpha: PNG, OpenRaster and `Raster` are straight as well, so a
picture survives saving, opening and erasing half-way byte for byte. Premultiplied bytes would
spare a division per painted pixel and lose colour wherever alpha is low.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from weakref import WeakValueDictionary

import numpy as np

from sdstudio.document.rect import EMPTY, Rect

TILE_PX = 256
"""Side of a tile; measured against 128 and 512 in tests/benchmarks/document_speed.py."""

TileKey = tuple[int, int]
"""(column, row) of a tile, counted from pixel (0, 0); may be negative."""

Tiles = Mapping[TileKey, np.ndarray]
"""Tiles nobody writes to any more: safe to keep, to share and to read from any thread."""

_even_tiles: WeakValueDictionary[tuple[object, ...], np.ndarray] = WeakValueDictionary()


class TiledImage:
    """A plane of pixels without edges; where no tile lies every value is 0.

    Args:
        channels: 1 for (height, width) arrays, 4 for (height, width, 4).
        tiles: to start from; they are shared, and copied only when written to.
        dtype: of one value.
    """

    def __init__(self, channels: int, tiles: Tiles | None = None, dtype: type = np.uint8) -> None:
        self.channels = channels
        self.dtype = dtype
        self.version = 0
        self._bounds = -1, EMPTY  # as of which version; finding them looks at every edge tile
        self._tiles: dict[TileKey, np.ndarray] = dict(tiles or {})
        self._owned: set[TileKey] = set()

    @property
    def num_bytes(self) -> int:
        """What is held; a tile that lies in several places counts once."""
        return sum({id(tile): tile.nbytes for tile in self._tiles.values()}.values())

    def snapshot(self) -> Tiles:
        """The picture as it is now, at the cost of a list of its tiles."""
        self._owned.clear()
        return dict(self._tiles)

    def read(self, rect: Rect) -> np.ndarray:
        """A copy of the pixels in `rect`: (height, width) or (height, width, 4)."""
        pixels = np.zeros(self._shape(rect.height, rect.width), self.dtype)
        for key, inside, outside in _cells(rect):
            tile = self._tiles.get(key)
            if tile is not None:
                pixels[outside] = tile[inside]
        return pixels

    def write(self, rect: Rect, pixels: np.ndarray) -> None:
        """Put pixels into `rect`; shaped like what `read` returns."""
        self.version += 1
        for key, inside, outside in _cells(rect):
            part = pixels[outside]
            if part.shape[0] == part.shape[1] == TILE_PX:
                self._put_whole(key, part)
            elif key in self._tiles or part.any():
                self._own_tile(key)[inside] = part

    def tiles_under(self, rect: Rect) -> list[tuple[Rect, np.ndarray]]:
        """Where tiles lie under `rect`, and they; not copied: to look at before the next write."""
        return [
            (tile_rect(key), tile)
            for key, _, _ in _cells(rect)
            if (tile := self._tiles.get(key)) is not None
        ]

    def holds_any(self, rect: Rect) -> bool:
        """Whether a tile lies in `rect`; if not, all of it is 0."""
        return any(key in self._tiles for key, _, _ in _cells(rect))

    def bounds(self) -> Rect:
        """The smallest rectangle around everything that is not 0."""
        version, around = self._bounds
        if version == self.version:
            return around
        around = EMPTY
        for key, tile in self._tiles.items():
            where = tile_rect(key)
            if not around.contains(where):
                around = around.united(nonzero_bounds(tile).moved(where.x, where.y))
        self._bounds = self.version, around
        return around

    def swap_tile(self, key: TileKey, tile: np.ndarray | None) -> np.ndarray | None:
        """Put a shared tile, or none, in a place; return what was there."""
        self.version += 1
        self._owned.discard(key)
        old = self._tiles.pop(key, None)
        if tile is not None:
            self._tiles[key] = tile
        return old

    def changed_since(self, before: Tiles) -> dict[TileKey, np.ndarray | None]:
        """The tiles of `before` that are no longer there, None where there was none.

        Tiles that were painted over until nothing is left are dropped first.
        """
        changed = {
            key: before.get(key)
            for key in self._tiles.keys() | before.keys()
            if self._tiles.get(key) is not before.get(key)
        }
        for key in changed:
            tile = self._tiles.get(key)
            if tile is not None and not tile.any():
                self.swap_tile(key, None)
        return {key: old for key, old in changed.items() if self._tiles.get(key) is not old}

    def put_tiles(self, tiles: Tiles) -> None:
        """Hold these tiles, which are shared, instead of those that are there."""
        self.version += 1
        self._owned.clear()
        self._tiles = dict(tiles)

    def _put_whole(self, key: TileKey, pixels: np.ndarray) -> None:
        tile = np.array(pixels, self.dtype, order="C")
        if not is_even(tile):
            self._tiles[key] = tile
            self._owned.add(key)
        elif tile[0, 0].any():
            self.swap_tile(key, even_tile(tile[0, 0], self.dtype))
        else:
            self.swap_tile(key, None)

    def _own_tile(self, key: TileKey) -> np.ndarray:
        if key not in self._owned:
            shared = self._tiles.get(key)
            fresh = np.zeros(self._shape(TILE_PX, TILE_PX), self.dtype)
            self._tiles[key] = fresh if shared is None else shared.copy()
            self._owned.add(key)
        return self._tiles[key]

    def _shape(self, height: int, width: int) -> tuple[int, ...]:
        return (height, width) if self.channels == 1 else (height, width, self.channels)


def tile_rect(key: TileKey) -> Rect:
    """The pixels a tile covers."""
    return Rect(key[0] * TILE_PX, key[1] * TILE_PX, TILE_PX, TILE_PX)


def parts_in_tiles(rect: Rect) -> Iterator[Rect]:
    """The parts of `rect` that lie in one tile each."""
    for key, _, _ in _cells(rect):
        yield tile_rect(key).intersected(rect)


def is_even(pixels: np.ndarray) -> bool:
    """Whether all pixels are alike; most that are not are found out by their first row.

    Args:
        pixels: (height, width), or (height, width, 4) of uint8 without gaps.
    """
    values = pixels if pixels.ndim == 2 else pixels.view(np.uint32)[..., 0]
    first = values[0, 0]
    return bool((values[0] == first).all() and (values == first).all())


def even_tile(value: np.ndarray, dtype: type = np.uint8) -> np.ndarray:
    """The one tile, never to be written to, whose pixels all have this value.

    Args:
        value: of a pixel: () or (channels,).
    """
    name = _name_of_even(value, dtype)
    tile = _even_tiles.get(name)
    if tile is None:
        tile = np.empty((TILE_PX, TILE_PX, *np.shape(value)), dtype)
        tile[:] = value
        tile.flags.writeable = False
        _even_tiles[name] = tile
    return tile


def is_even_tile(tile: np.ndarray) -> bool:
    """Whether the tile is one that `even_tile` made: held once, wherever it lies."""
    return _even_tiles.get(_name_of_even(tile[0, 0], tile.dtype.type)) is tile


def _name_of_even(value: np.ndarray, dtype: type) -> tuple[object, ...]:
    value = np.asarray(value, dtype)
    return TILE_PX, value.shape, dtype, value.tobytes()


def nonzero_bounds(pixels: np.ndarray) -> Rect:
    """The smallest rectangle around all values that are not 0."""
    filled = np.asarray(pixels.any(axis=2) if pixels.ndim == 3 else pixels != 0)
    rows = np.flatnonzero(filled.any(axis=1))
    if not rows.size:
        return EMPTY
    columns = np.flatnonzero(filled.any(axis=0))
    return Rect.between(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


def _cells(rect: Rect) -> Iterator[tuple[TileKey, tuple[slice, slice], tuple[slice, slice]]]:
    """Every tile under `rect`: its key, the part of the tile, the part of the rectangle."""
    if rect.is_empty:
        return
    for row in range(rect.y // TILE_PX, (rect.bottom - 1) // TILE_PX + 1):
        top = row * TILE_PX
        first, last = max(rect.y, top), min(rect.bottom, top + TILE_PX)
        rows_in, rows_out = slice(first - top, last - top), slice(first - rect.y, last - rect.y)
        for column in range(rect.x // TILE_PX, (rect.right - 1) // TILE_PX + 1):
            left = column * TILE_PX
            start, stop = max(rect.x, left), min(rect.right, left + TILE_PX)
            yield (
                (column, row),
                (rows_in, slice(start - left, stop - left)),
                (rows_out, slice(start - rect.x, stop - rect.x)),
            )
