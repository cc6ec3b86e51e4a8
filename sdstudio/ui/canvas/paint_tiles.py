"""The picture as the view needs it: composited tiles at the scale that is looked at.

Level 0 has the document's pixels, each further level half as many across. Only what was looked at
lately is kept, and only what changed is composited again.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from sdstudio.document.rect import EMPTY, Rect
from sdstudio.ui.canvas.paint_composite import PICTURE_FORMAT, PictureComposer

TILE_PX = 256
BLOCK_PX = 256
"""Side of what is composited at a time, in the document's pixels."""

MAX_LEVEL = 5
AT_ONCE_PX = 3_000_000
"""A change up to this size is composited in full at once; a larger one is sketched first."""

MIN_KEPT = 64

Key = tuple[int, int, int]
"""Level, column and row of a tile."""


@dataclass(slots=True)
class _Tile:
    """A piece of the picture.

    Attributes:
        stale: corners of the blocks of the document that must be composited anew.
    """

    image: QImage
    stale: set[tuple[int, int]] = field(default_factory=set)


class PictureTiles:
    """Keeps the composited picture of a document at the levels that are looked at."""

    def __init__(self, composer: PictureComposer) -> None:
        self._composer = composer
        self._tiles: OrderedDict[Key, _Tile] = OrderedDict()

    @property
    def num_bytes(self) -> int:
        """What the kept tiles hold."""
        return sum(tile.image.sizeInBytes() for tile in self._tiles.values())

    def clear(self) -> None:
        """Forget everything: the document has other edges."""
        self._tiles.clear()

    def change(self, rect: Rect, *, level: int, seen: Rect) -> Rect:
        """The document changed in `rect`; draw anew at once what is seen of that.

        Args:
            seen: the part of the document that is looked at, at this level.

        Returns:
            What was drawn; the rest, and to draw a large part well, is left to `work`.
        """
        now = _aligned(rect.intersected(seen), level)
        is_small = now.area <= AT_ONCE_PX
        for (tile_level, column, row), tile in self._tiles.items():
            part = rect.intersected(_area(tile_level, column, row))
            if part.is_empty or (is_small and tile_level == level and now.contains(part)):
                continue
            tile.stale.update(_corners(part))
        if not now.is_empty and (is_small or level):
            draw = self._composer.reduced if is_small else self._composer.sketched
            self._paste(level, now, draw(now, level))
        return now

    def work(self, *, level: int, seen: Rect, budget_ms: float) -> list[Rect]:
        """Composite stale blocks that are seen until the time is over.

        Returns:
            What was composited; nothing when there is nothing left to do.
        """
        end = time.perf_counter() + budget_ms / 1000
        done: list[Rect] = []
        for key, corner in self._stale_blocks(level, seen):
            inside = Rect(*corner, BLOCK_PX, BLOCK_PX).intersected(self._bounds)
            block = _aligned(inside, level)
            self._paste(level, block, self._composer.reduced(block, level))
            self._tiles[key].stale.discard(corner)
            done.append(inside)
            if time.perf_counter() > end:
                break
        return done

    def is_stale(self, *, level: int, seen: Rect) -> bool:
        """Whether `work` has something to do."""
        return next(self._stale_blocks(level, seen), None) is not None

    def part(self, level: int, rect: Rect) -> QImage:
        """The picture in `rect`, counted in the level's pixels; clear beyond its edges."""
        image = QImage(rect.width, rect.height, PICTURE_FORMAT)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.translate(-rect.x, -rect.y)
        self.draw(painter, level, rect)
        painter.end()
        return image

    def draw(self, painter: QPainter, level: int, rect: Rect) -> None:
        """Draw the picture in `rect` tile by tile; scaled smoothly, their seams would show.

        What is not composited at this level yet is shown as well as other levels know it.

        Args:
            painter: in the level's pixels, like `rect`.
        """
        keys = list(_keys(level, rect))
        for key in keys:
            _, column, row = key
            painter.save()
            painter.translate(column * TILE_PX, row * TILE_PX)
            self._draw(painter, key)
            painter.restore()
        self._drop_old(len(keys))

    @property
    def _bounds(self) -> Rect:
        return self._composer.document.bounds

    def _stale_blocks(self, level: int, seen: Rect) -> Iterator[tuple[Key, tuple[int, int]]]:
        """What `work` has to do, tile by tile; a tile that is not there yet is stale as a whole."""
        for key in _keys(level, _shrunk(_aligned(seen, level), level)):
            tile = self._tiles.get(key)
            area = _area(*key).intersected(self._bounds)
            for corner in _corners(area) if tile is None else sorted(tile.stale):
                if seen.intersected(Rect(*corner, BLOCK_PX, BLOCK_PX)).area:
                    yield key, corner

    def _draw(self, painter: QPainter, key: Key) -> None:
        """Draw a tile, or what other levels know of it, into (0, 0, TILE_PX, TILE_PX)."""
        tile = self._tiles.get(key)
        if tile is not None:
            self._tiles.move_to_end(key)
            painter.drawImage(QPoint(), tile.image)
            return
        area = _area(*key)
        for known in self._known_under(area, key[0]):
            where = _area(*known)
            part = where.intersected(area)
            source = _in_tile(part, where)
            painter.drawImage(_in_tile(part, area), self._tiles[known].image, source)

    def _tile(self, key: Key) -> _Tile:
        """A tile to paste into."""
        if key not in self._tiles:
            image = QImage(TILE_PX, TILE_PX, PICTURE_FORMAT)
            image.fill(Qt.GlobalColor.transparent)
            painter = QPainter(image)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            self._draw(painter, key)
            painter.end()
            stale = set(_corners(_area(*key).intersected(self._bounds)))
            self._tiles[key] = _Tile(image, stale)
        self._tiles.move_to_end(key)
        return self._tiles[key]

    def _known_under(self, area: Rect, level: int) -> list[Key]:
        """The tiles of the nearest other level that show something of an area."""
        others = [each for each in range(MAX_LEVEL + 1) if each != level]
        for other in sorted(others, key=lambda each: (abs(each - level), -each)):
            keys = _keys(other, _shrunk(_aligned(area.intersected(self._bounds), other), other))
            known = [key for key in keys if key in self._tiles]
            if known:
                return known
        return []

    def _paste(self, level: int, rect: Rect, image: QImage) -> None:
        target = _shrunk(rect, level)
        for key in _keys(level, target):
            _, column, row = key
            left, top = column * TILE_PX, row * TILE_PX
            part = target.intersected(Rect(left, top, TILE_PX, TILE_PX))
            painter = QPainter(self._tile(key).image)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            source = QRect(part.x - target.x, part.y - target.y, part.width, part.height)
            painter.drawImage(QPoint(part.x - left, part.y - top), image, source)
            painter.end()

    def _drop_old(self, in_use: int) -> None:
        while len(self._tiles) > max(MIN_KEPT, 2 * in_use):
            self._tiles.popitem(last=False)


def _area(level: int, column: int, row: int) -> Rect:
    """What a tile covers of the document."""
    side = TILE_PX << level
    return Rect(column * side, row * side, side, side)


def _in_tile(part: Rect, area: Rect) -> QRectF:
    """Where a part of the document lies in a tile that covers this area."""
    scale = TILE_PX / area.width
    x, y = (part.x - area.x) * scale, (part.y - area.y) * scale
    return QRectF(x, y, part.width * scale, part.height * scale)


def _keys(level: int, rect: Rect) -> Iterator[Key]:
    """The tiles under `rect`, counted in the level's pixels."""
    if rect.is_empty:
        return
    for row in range(rect.y // TILE_PX, (rect.bottom - 1) // TILE_PX + 1):
        for column in range(rect.x // TILE_PX, (rect.right - 1) // TILE_PX + 1):
            yield level, column, row


def _corners(rect: Rect) -> Iterator[tuple[int, int]]:
    """The blocks of the document under `rect`."""
    for y in range(rect.y // BLOCK_PX * BLOCK_PX, rect.bottom, BLOCK_PX):
        for x in range(rect.x // BLOCK_PX * BLOCK_PX, rect.right, BLOCK_PX):
            yield x, y


def _aligned(rect: Rect, level: int) -> Rect:
    """Grown to whole pixels of the level."""
    if rect.is_empty:
        return EMPTY
    step = 1 << level
    left, top = rect.x // step * step, rect.y // step * step
    right, bottom = -(-rect.right // step) * step, -(-rect.bottom // step) * step
    return Rect(left, top, right - left, bottom - top)


def _shrunk(rect: Rect, level: int) -> Rect:
    """Counted in the level's pixels."""
    return Rect(rect.x >> level, rect.y >> level, rect.width >> level, rect.height >> level)
