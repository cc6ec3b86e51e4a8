"""The family of a picture as a tree: what it was made from, and what was made from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QIcon,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QFrame, QScrollArea, QToolButton, QVBoxLayout, QWidget

from sdstudio.errors import PictureFileError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.icons import ICON_PX, icon
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.picture_view import to_qimage
from sdstudio.ui.widgets.plain_tooltip import plain_tooltip
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.lineage import Family, Member

NODE_PX = 68
THUMBNAIL_PX = 56
ACROSS_PX, DOWN_PX = 10, 26
MARGIN_PX = 6
MAX_VIEW_PX = 330

_STEPS = {
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
}


class Tree(QWidget):
    """Nodes in rows by generation, with lines from parents to children.

    Signals:
        chosen: the id of a picture that a person steps to.
    """

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[str, QToolButton] = {}
        self._family: Family | None = None
        self._rows: list[list[str]] = []

    def show_family(self, family: Family, shown: int) -> None:
        """Take another family; `shown` is the picture it is the family of."""
        self._family = family
        for old in self.nodes.values():
            old.hide()
            old.deleteLater()
        self.nodes = {member.key: self._node(member, shown) for member in family.members}
        self._rows = _rows(family)
        widest = max((len(row) for row in self._rows), default=0)
        self.setMinimumSize(
            widest * (NODE_PX + ACROSS_PX) - ACROSS_PX + 2 * MARGIN_PX,
            len(self._rows) * (NODE_PX + DOWN_PX) - DOWN_PX + 2 * MARGIN_PX,
        )
        self._place()
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._family is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.PlaceholderText), 1.5))
        for member in self._family.members:
            for parent in member.parents:
                painter.drawPath(
                    _line(self.nodes[parent].geometry(), self.nodes[member.key].geometry())
                )

    def _node(self, member: Member, shown: int) -> QToolButton:
        node = QToolButton(self)
        node.setFixedSize(NODE_PX, NODE_PX)
        node.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        node.setIcon(icon("picture" if member.row else "eye-off", "muted"))
        node.setProperty("kind", "quiet")
        name = one_line(member.name, limit=80)
        if member.row is None:
            name = self.tr("{0}, which is not in the gallery").format(name)
            node.setIconSize(QSize(ICON_PX, ICON_PX))
            node.setEnabled(False)
        else:
            picture_id = member.row.id
            is_shown = picture_id == shown
            node.setCheckable(True)
            node.setChecked(is_shown)
            node.clicked.connect(lambda: self._choose(node, picture_id, is_shown))
        words = one_line(member.row.prompt) if member.row else ""
        node.setAccessibleName(name)
        node.setAccessibleDescription(words)
        node.setToolTip(plain_tooltip(f"{name}\n{words}".strip()))
        node.installEventFilter(self)
        node.show()
        return node

    def eventFilter(self, watched: object, event: object) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None:
                self._step(*step)
                return True  # at an edge nothing else should take the key
        return False

    def _choose(self, node: QToolButton, picture_id: int, is_shown: bool) -> None:
        node.setChecked(is_shown)
        self.chosen.emit(picture_id)

    def _step(self, across: int, down: int) -> None:
        """Move the keyboard to the nearest node in a direction."""
        focused = next((key for key, node in self.nodes.items() if node.hasFocus()), None)
        if focused is None:
            return
        row = next(number for number, keys in enumerate(self._rows) if focused in keys)
        here = self.nodes[focused].geometry().center()
        if down:
            wanted = self._rows[row + down] if 0 <= row + down < len(self._rows) else []
        else:
            wanted = [
                key
                for key in self._rows[row]
                if (self.nodes[key].geometry().center().x() - here.x()) * across > 0
            ]
        usable = [key for key in wanted if self.nodes[key].isEnabled()]
        if not usable:
            return
        nearest = min(
            usable, key=lambda key: abs(self.nodes[key].geometry().center().x() - here.x())
        )
        self.nodes[nearest].setFocus(Qt.FocusReason.TabFocusReason)

    def _place(self) -> None:
        for number, keys in enumerate(self._rows):
            width = len(keys) * (NODE_PX + ACROSS_PX) - ACROSS_PX
            left = (self.width() - width) // 2
            for place, key in enumerate(keys):
                self.nodes[key].move(
                    left + place * (NODE_PX + ACROSS_PX), MARGIN_PX + number * (NODE_PX + DOWN_PX)
                )


class LineageView(QWidget):
    """Shows the family of one picture; nothing where it has none.

    Args:
        gallery: tells which gallery is open now.
        thumbnail: reads a small copy of a picture file, elsewhere.

    Signals:
        chosen: the id of a picture that a person steps to.
        has_family: whether there is anything to show.
    """

    chosen = Signal(object)
    has_family = Signal(bool)

    def __init__(
        self,
        gallery: Callable[[], Gallery],
        background: Background,
        thumbnail: Callable[[Path], Raster],
    ) -> None:
        super().__init__()
        self._gallery = gallery
        self._background = background
        self._thumbnail = thumbnail
        self._wanted: int | None = None
        self._is_reading = False
        self._is_due = False
        self._family: Family | None = None
        self._shown: int | None = None
        self.tree = Tree()
        self.tree.setProperty("role", "panel")
        self.tree.chosen.connect(self.chosen)
        self._more = label(self.tr("Only the nearest are shown."), "caption")
        self._more.hide()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidget(self.tree)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._scroll)
        layout.addWidget(self._more)
        self.setAccessibleName(self.tr("Family of the picture"))

    @property
    def family(self) -> Family | None:
        """Whose tree is shown."""
        return self._family

    def show_picture(self, picture_id: int | None) -> None:
        """Show the family of a picture; while one is read, only the newest wish is kept."""
        self._wanted, self._is_due = picture_id, True
        self._read_next()

    def _read_next(self) -> None:
        if self._is_reading or not self._is_due:
            return
        self._is_due = False
        wanted = self._wanted
        if wanted is None:
            self._show(None, None)
            return
        self._is_reading = True
        gallery = self._gallery()

        def read() -> Family:
            from sdstudio.gallery.lineage import family_of

            return family_of(gallery.index, wanted, renamed=gallery.marks.renamed())

        def done(family: Family) -> None:
            self._is_reading = False
            if wanted == self._wanted:
                self._show(family, wanted)
            self._read_next()

        def failed(error: Exception) -> None:
            self._is_reading = False
            self._read_next()

        self._background.run(read, done, failed)

    def _show(self, family: Family | None, shown: int | None) -> None:
        if (family, shown) == (self._family, self._shown):
            return
        self._family, self._shown = family, shown
        is_related = family is not None and len(family.members) > 1
        self.has_family.emit(is_related)
        if family is None or shown is None or not is_related:
            return
        self.tree.show_family(family, shown)
        self._more.setVisible(family.is_cut)
        height = self.tree.minimumHeight() + self._scroll.horizontalScrollBar().sizeHint().height()
        self._scroll.setFixedHeight(min(MAX_VIEW_PX, height))
        current = next((m.key for m in family.members if m.row and m.row.id == shown), None)
        if current is not None:
            node = self.tree.nodes[current]
            QTimer.singleShot(0, node, lambda: self._scroll.ensureWidgetVisible(node))
        for member in family.members:
            if member.row is not None:
                self._fetch(family, member.key, member.row.path)

    def _fetch(self, family: Family, key: str, path: Path) -> None:
        def read() -> Raster | None:
            if self._family is not family:
                return None
            try:
                return self._thumbnail(path)
            except PictureFileError:
                return None

        def done(raster: Raster | None) -> None:
            if raster is not None and self._family is family and key in self.tree.nodes:
                pixmap = QPixmap.fromImage(to_qimage(raster))
                self.tree.nodes[key].setIcon(QIcon(pixmap))

        self._background.run(read, done)


def _rows(family: Family) -> list[list[str]]:
    """Keys by generation; children stand near the middle of their parents."""
    rows: list[list[str]] = []
    place: dict[str, float] = {}
    for generation in sorted({member.generation for member in family.members}):
        members = [each for each in family.members if each.generation == generation]

        def middle(member: Member, place: dict[str, float] = place) -> float:
            placed = [place[parent] for parent in member.parents if parent in place]
            return sum(placed) / len(placed) if placed else 0.5

        keys = [member.key for member in sorted(members, key=middle)]
        place |= {key: (number + 0.5) / len(keys) for number, key in enumerate(keys)}
        rows.append(keys)
    return rows


def _line(parent: QRect, child: QRect) -> QPainterPath:
    start = QPointF(parent.center().x(), parent.bottom() + 1)
    end = QPointF(child.center().x(), child.top())
    middle = (start.y() + end.y()) / 2
    path = QPainterPath(start)
    path.cubicTo(QPointF(start.x(), middle), QPointF(end.x(), middle), end)
    return path
