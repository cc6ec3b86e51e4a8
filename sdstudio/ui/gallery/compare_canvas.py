"""Two to four pictures in one view: under a slider, side by side, or their difference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QCursor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)

from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas import page_painting
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.canvas.page_view import PageView
from sdstudio.ui.canvas.view_gestures import ViewGestures

Mode = Literal["slider", "side-by-side", "difference"]

GAP_PX = 3
GRIP_PX = 8
KNOB_PX = 13
KEY_STEP = 0.02
BESIDE = 1.2
"""All in one row are compared more easily, even if they are this much smaller."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedPicture:
    """One of the pictures that are compared.

    Attributes:
        id: in the gallery, None for one that is not saved.
        title: what is written over it.
    """

    id: int | None
    title: str
    raster: Raster
    picture: PagePicture


class CompareCanvas(PageView):
    """Paints the pictures with one zoom and place for all of them.

    Signals:
        divider_moved: the slider stands elsewhere now, as a part of the width.
    """

    divider_moved = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Comparison"))
        self.mode: Mode = "slider"
        self.pictures: tuple[ComparedPicture, ...] = ()
        self.pair = (0, 1)
        self.difference: PagePicture | None = None
        self.divider = 0.5
        self._gestures = ViewGestures(self)
        self._grip = _DividerGrip(self)

    # -- what is shown ---------------------------------------------------------------------------

    def show_pictures(self, pictures: Sequence[ComparedPicture]) -> None:
        """Take other pictures; the largest is the measure for all."""
        self.pictures, self.pair, self.difference = tuple(pictures), (0, 1), None
        largest = max((each.picture.size for each in pictures), key=_area, default=QSize(1, 1))
        self._relay()
        self.viewpoint.set_page(largest)
        self.refresh_view()

    def set_mode(self, mode: Mode) -> None:
        """Compare in another way; zoom and place stay as far as the room allows."""
        self.mode = mode
        self._relay()
        self.refresh_view()

    def set_pair(self, first: int, second: int) -> None:
        """Choose the two that slider and difference are about, by their places."""
        self.pair = (first, second)
        self.difference = None
        self.update()

    def show_difference(self, picture: PagePicture | None) -> None:
        """Take the picture of the difference."""
        self.difference = picture
        self.update()

    def move_divider(self, fraction: float) -> None:
        """Put the slider elsewhere, 0 at the left edge, 1 at the right."""
        self.divider = min(1.0, max(0.0, fraction))
        self.update()
        self.divider_moved.emit(self.divider)

    @property
    def divider_x(self) -> float:
        """Where the slider stands, in logical pixels."""
        return self.divider * self.width()

    # -- where things are ------------------------------------------------------------------------

    def cells(self) -> list[QRectF]:
        """A place for each picture that has one of its own, on whole device pixels."""
        if self.mode != "side-by-side" or not self.pictures:
            return [self.rect().toRectF()]
        count, ratio = len(self.pictures), self.devicePixelRatioF()
        columns = self._columns()
        rows = math.ceil(count / columns)
        width = math.floor((self.width() - GAP_PX * (columns - 1)) / columns * ratio) / ratio
        height = math.floor((self.height() - GAP_PX * (rows - 1)) / rows * ratio) / ratio
        return [
            QRectF(
                index % columns * (width + GAP_PX),
                index // columns * (height + GAP_PX),
                width,
                height,
            )
            for index in range(count)
        ]

    def view_size(self) -> QSizeF:
        return self.cells()[0].size()

    def place(self, position: QPointF) -> QPointF:
        for cell in self.cells():
            if cell.contains(position):
                return position - cell.topLeft()
        return position

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def _columns(self) -> int:
        """As many as let the pictures be largest."""
        count = len(self.pictures)
        page = max((each.picture.size for each in self.pictures), key=_area)

        def zoom(columns: int) -> float:
            width = self.width() / columns / page.width()
            zoom = min(width, self.height() / math.ceil(count / columns) / page.height())
            return zoom * BESIDE if columns == count else zoom

        return max(range(count, 0, -1), key=zoom)

    def _relay(self) -> None:
        self.viewpoint.set_view(self.view_size(), self.devicePixelRatioF())

    # -- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        self._relay()
        painter = QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Dark))
        for area, picture, title, side in self._parts():
            painter.save()
            painter.setClipRect(area)
            painter.translate(self._origin(area))
            self._paint_one(painter, picture, area.size())
            painter.restore()
            if title:
                _paint_title(painter, area, title, side, palette)
        if self.mode == "slider" and self.pictures:
            _paint_divider(painter, self.divider_x, self.height(), palette)
        if self.mode == "difference" and self.difference is None and self.pictures:
            words = self.tr("Comparing…")
            page_painting.paint_words(painter, self.rect().toRectF(), words, palette)
        if self.has_key_focus:
            page_painting.paint_focus(painter, self.rect().toRectF(), palette)

    def _parts(self) -> Iterator[tuple[QRectF, PagePicture, str, Qt.AlignmentFlag]]:
        """(area, picture, title, the side its title stands on) of all that is painted."""
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        if not self.pictures:
            return
        whole = self.rect().toRectF()
        if self.mode == "side-by-side":
            for cell, each in zip(self.cells(), self.pictures, strict=True):
                yield cell, each.picture, each.title, left
        elif self.mode == "difference":
            if self.difference is not None:
                yield whole, self.difference, "", left
        else:
            first, second = (self.pictures[index] for index in self.pair)
            x = self.divider_x
            yield QRectF(0, 0, x, whole.height()), first.picture, first.title, left
            rest = QRectF(x, 0, whole.width() - x, whole.height())
            yield rest, second.picture, second.title, right

    def _origin(self, area: QRectF) -> QPointF:
        """Where the viewpoint's view begins; both halves of the slider share one."""
        return area.topLeft() if self.mode == "side-by-side" else QPointF()

    def _paint_one(self, painter: QPainter, picture: PagePicture, size: QSizeF) -> None:
        """Paint a picture into the page, whole and centred where it has other proportions."""
        page = self.viewpoint.device_rect()
        fitted = picture.size.scaled(page.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(page.topLeft(), fitted)
        target.moveCenter(page.center())
        if target.size() == page.size():
            target = page
        ratio = self.devicePixelRatioF()
        if picture.has_alpha:
            logical = QRectF(QPointF(target.topLeft()) / ratio, QSizeF(target.size()) / ratio)
            page_painting.paint_checker(painter, logical, self.palette())
        picture.paint(painter, target, ratio, QRectF(QPointF(), self.view_size()))


class _DividerGrip(QObject):
    """Lets mouse and keys move the slider, before they zoom or pan."""

    def __init__(self, canvas: CompareCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._is_held = False
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self._canvas.mode != "slider":
            return False
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        canvas, x = self._canvas, event.position().x()
        is_near = abs(x - canvas.divider_x) <= GRIP_PX
        match event.type():
            case QEvent.Type.MouseButtonPress if (
                is_near and event.button() == Qt.MouseButton.LeftButton
            ):
                self._is_held = True
                return True
            case QEvent.Type.MouseMove if self._is_held:
                canvas.move_divider(x / max(1, canvas.width()))
                return True
            case QEvent.Type.MouseMove if not event.buttons():
                shape = Qt.CursorShape.SplitHCursor if is_near else Qt.CursorShape.ArrowCursor
                canvas.setCursor(QCursor(shape))
            case QEvent.Type.MouseButtonRelease if self._is_held:
                self._is_held = False
                return True
        return False

    def _key(self, event: QKeyEvent) -> bool:
        step = {Qt.Key.Key_Left: -KEY_STEP, Qt.Key.Key_Right: KEY_STEP}.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step *= 5
        self._canvas.move_divider(self._canvas.divider + step)
        return True


def _area(size: QSize) -> int:
    return size.width() * size.height()


def _paint_divider(painter: QPainter, x: float, height: int, palette: QPalette) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Dark), 4))
    painter.drawLine(QPointF(x, 0), QPointF(x, height))
    painter.setPen(QPen(palette.color(QPalette.ColorRole.Link), 2))
    painter.drawLine(QPointF(x, 0), QPointF(x, height))
    painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
    middle = QPointF(x, height / 2)
    painter.drawEllipse(middle, KNOB_PX, KNOB_PX)
    painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1.5))
    for way in (-1, 1):
        tip = middle + QPointF(8 * way, 0)
        for turn in (-1, 1):
            painter.drawLine(tip, tip + QPointF(-3.5 * way, 3.5 * turn))


def _paint_title(
    painter: QPainter, area: QRectF, title: str, side: Qt.AlignmentFlag, palette: QPalette
) -> None:
    """Write a picture's title on a chip in its upper corner."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.save()
    painter.setFont(font)
    room = area.width() - 16
    if room >= 48:
        text = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, int(room - 16))
        width = painter.fontMetrics().horizontalAdvance(text) + 16.0
        chip = QRectF(area.left() + 8, area.top() + 8, width, 22)
        if side == Qt.AlignmentFlag.AlignRight:
            chip.moveRight(area.right() - 8)
        ground = palette.color(QPalette.ColorRole.Midlight)
        ground.setAlphaF(0.9)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(chip, 5, 5)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
