"""How a place of the side bar is drawn, and how its name is typed."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPalette
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sdstudio.ui.gallery.picture_list import Index
from sdstudio.ui.gallery.place_list import COUNT_ROLE, ICONS, PLACE_ROLE, Place
from sdstudio.ui.icons import icon

ROW_PX = 30
HEADING_PX = 34
RULE_PX = 13
ICON_PX = 18

State = QStyle.StateFlag


class PlaceDelegate(QStyledItemDelegate):
    """An icon, a name, a number; the place where one is stands out."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        place: Place = index.data(PLACE_ROLE)
        if place.kind != "heading":
            return QSize(60, ROW_PX)
        return QSize(60, HEADING_PX if place.name else RULE_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        place: Place = index.data(PLACE_ROLE)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        palette: QPalette = option.palette  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if place.kind == "heading":
            _paint_heading(painter, rect, place.name, palette)
        else:
            _paint_back(painter, rect, palette, state)
            _paint_place(painter, rect, index, palette, bool(state & State.State_Selected))
        painter.restore()

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> QLineEdit:
        editor = QLineEdit(parent)
        editor.setAccessibleName(self.tr("Name of the board"))
        editor.setPlaceholderText(self.tr("Name"))
        editor.setMaxLength(200)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        editor.setGeometry(rect.adjusted(30, 0, -2, 0))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())


def _paint_heading(painter: QPainter, rect: QRect, title: str, palette: QPalette) -> None:
    if not title:
        painter.setPen(palette.color(QPalette.ColorRole.Mid))
        middle = rect.center().y()
        painter.drawLine(rect.left() + 8, middle, rect.right() - 8, middle)
        return
    font = QFont(painter.font())
    font.setPixelSize(11)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    muted = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.PlaceholderText)
    painter.setPen(muted)  # a heading cannot be chosen, but it is no disabled thing
    align = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
    painter.drawText(rect.adjusted(8, 0, -8, -6), align, title)


def _paint_back(painter: QPainter, rect: QRect, palette: QPalette, state: QStyle.StateFlag) -> None:
    path = QPainterPath()
    path.addRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
    if state & State.State_Selected:
        painter.fillPath(path, palette.color(QPalette.ColorRole.Highlight))
    elif state & State.State_MouseOver:
        painter.fillPath(path, palette.color(QPalette.ColorRole.Light))


def _paint_place(
    painter: QPainter, rect: QRect, index: Index, palette: QPalette, is_chosen: bool
) -> None:
    place: Place = index.data(PLACE_ROLE)
    mark = QRect(rect.left() + 8, rect.center().y() - ICON_PX // 2 + 1, ICON_PX, ICON_PX)
    icon(ICONS[place.kind], "on-accent" if is_chosen else "text").paint(painter, mark)
    role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.WindowText
    inside = rect.adjusted(34, 0, -10, 0)
    count = index.data(COUNT_ROLE)
    if count:
        quiet = role if is_chosen else QPalette.ColorRole.PlaceholderText
        painter.setPen(palette.color(quiet))
        align = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(inside, align, f"{count:,}")
        inside.setRight(inside.right() - painter.fontMetrics().horizontalAdvance(f"{count:,}") - 8)
    painter.setPen(palette.color(role))
    title = painter.fontMetrics().elidedText(
        index.data(Qt.ItemDataRole.DisplayRole), Qt.TextElideMode.ElideRight, inside.width()
    )
    painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter), title)
