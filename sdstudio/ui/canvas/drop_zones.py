"""Where a picture that is dragged over the canvas may be dropped, and what each place means."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QWidget

from sdstudio.ui.canvas.picture_arrivals import Zone
from sdstudio.ui.canvas.picture_drop import has_something
from sdstudio.ui.icons import icon

GAP_PX = 12
ICON_PX = 28
VEIL_ALPHA = 225
MAX_PX = QRect(0, 0, 720, 420)


class DropZones(QWidget):
    """Four labelled places over a view while something is dragged over it.

    Signals:
        dropped: Zone, QMimeData.
    """

    dropped = Signal(str, object)

    ORDER: tuple[Zone, ...] = ("layer", "start", "mask", "settings")
    ICONS = {"layer": "layers", "start": "add-picture", "mask": "mask", "settings": "reuse"}

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._under: Zone | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._words = {
            "layer": (self.tr("New layer"), self.tr("Lay it over the picture")),
            "start": (self.tr("Starting picture"), self.tr("Make pictures like it")),
            "mask": (self.tr("Mask"), self.tr("White is painted anew, black is kept")),
            "settings": (self.tr("Settings"), self.tr("Take over how it was made")),
        }
        self.hide()
        view.setAcceptDrops(True)
        view.installEventFilter(self)

    @property
    def under(self) -> Zone | None:
        """The zone under the pointer."""
        return self._under

    def places(self) -> dict[Zone, QRect]:
        """Where each zone lies, in the view."""
        area = self.rect().adjusted(GAP_PX, GAP_PX, -GAP_PX, -GAP_PX)
        size = area.size().boundedTo(MAX_PX.size())
        area = QRect(area.center() - QPoint(size.width(), size.height()) / 2, size)
        width, height = (area.width() - GAP_PX) // 2, (area.height() - GAP_PX) // 2
        return {
            zone: QRect(
                area.x() + (number % 2) * (width + GAP_PX),
                area.y() + (number // 2) * (height + GAP_PX),
                width,
                height,
            )
            for number, zone in enumerate(self.ORDER)
        }

    def zone_at(self, place: QPoint) -> Zone:
        """The zone a place belongs to; between and beside them the nearest counts."""
        return min(
            self.places().items(),
            key=lambda pair: (pair[1].center() - place).manhattanLength(),
        )[0]

    def cover(self) -> None:
        """Lie over the whole view."""
        self.setGeometry(self._view.rect())
        self.raise_()
        self.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent):
            if has_something(event.mimeData()):
                self.cover()
                self._point_at(event.position().toPoint())
                event.acceptProposedAction()
            return True
        if isinstance(event, QDragMoveEvent):
            self._point_at(event.position().toPoint())
            event.acceptProposedAction()
            return True
        if event.type() == QEvent.Type.DragLeave:
            self.hide()
            return True
        if isinstance(event, QDropEvent):
            self.hide()
            event.acceptProposedAction()
            self.dropped.emit(self.zone_at(event.position().toPoint()), event.mimeData())
            return True
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self.palette().color(QPalette.ColorRole.Dark))
        veil.setAlpha(VEIL_ALPHA)
        painter.fillRect(self.rect(), veil)
        for zone, place in self.places().items():
            self._paint_zone(painter, zone, place)

    def _paint_zone(self, painter: QPainter, zone: Zone, place: QRect) -> None:
        palette, is_under = self.palette(), zone == self._under
        ground = QPalette.ColorRole.Highlight if is_under else QPalette.ColorRole.Midlight
        ink = QPalette.ColorRole.HighlightedText if is_under else QPalette.ColorRole.Text
        pen = QPen(
            palette.color(QPalette.ColorRole.Link if is_under else QPalette.ColorRole.Mid), 2
        )
        pen.setStyle(Qt.PenStyle.SolidLine if is_under else Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(palette.color(ground))
        painter.drawRoundedRect(QRectF(place).adjusted(1, 1, -1, -1), 6, 6)
        middle = place.center()
        picture = QRect(middle.x() - ICON_PX // 2, middle.y() - 46, ICON_PX, ICON_PX)
        icon(self.ICONS[zone], "on-accent" if is_under else "accent").paint(painter, picture)
        title, words = self._words[zone]
        font = self.font()
        painter.setPen(palette.color(ink))
        font.setPixelSize(17)
        painter.setFont(font)
        line = QRect(place.x() + 8, middle.y() - 10, place.width() - 16, 26)
        centred = int(Qt.AlignmentFlag.AlignCenter)
        painter.drawText(line, centred, title)
        font.setPixelSize(12)
        painter.setFont(font)
        if not is_under:
            painter.setPen(QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(line.translated(0, 26), centred | int(Qt.TextFlag.TextWordWrap), words)

    def _point_at(self, place: QPoint) -> None:
        self._under = self.zone_at(place)
        self.update()
