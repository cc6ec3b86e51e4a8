"""The strip below the canvas: all candidates as small pictures, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QToolButton,
    QWidget,
)

from sdstudio.messages.raster import Raster
from sdstudio.ui.canvas.repaint_request import Candidate
from sdstudio.ui.canvas.staging import Staging
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.picture_view import to_qimage

THUMB_PX = 52
STRIP_PX = 68
WORDS_PX = 104
NARROW_PX = 540
"""Below this the words, and the arrows that keys and clicks replace, leave room for pictures."""
_SHARP = 2
"""Thumbnails are kept at twice their size, for screens with fine pixels."""


class Thumb(QAbstractButton):
    """One candidate; a click looks at it, a second click takes it off the canvas again."""

    accept_wanted = Signal()

    def __init__(self, picture: Raster) -> None:
        super().__init__()
        self._image = _thumbnail(picture)
        self.marks: tuple[str, ...] = ()
        """Names of icons: what became of it."""
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(THUMB_PX + 8, THUMB_PX + 8)

    def show_picture(self, picture: Raster) -> None:
        """Show another picture, for one that is being made."""
        self._image = _thumbnail(picture)
        self.update()

    def mouseDoubleClickEvent(self, event: object) -> None:
        self.accept_wanted.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        palette = self.palette()
        area = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        painter.fillRect(area, palette.color(QPalette.ColorRole.Dark))
        size = QSize(self._image.size()).scaled(
            area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio
        )
        target = QRectF(0, 0, size.width(), size.height())
        target.moveCenter(area.center())
        painter.drawImage(target, self._image)
        self._paint_marks(painter, area)
        if self.isChecked() or self.hasFocus() or self.underMouse():
            role = QPalette.ColorRole.Link if self.isChecked() else QPalette.ColorRole.Mid
            painter.setPen(QPen(palette.color(role), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        right = area.right() - 3
        for name in self.marks:
            spot = QRectF(right - 16, area.top() + 3, 16, 16)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 170))
            painter.drawEllipse(spot)
            painter.drawPixmap(
                spot.adjusted(2, 2, -2, -2).toRect(), icon(name, "on-accent").pixmap(24, 24)
            )
            right -= 18


class StagingStrip(QFrame):
    """Shows the candidates; hidden while there are none and nothing is made.

    Signals:
        more_wanted: more candidates like the one looked at.
        stop_wanted: what is being made should stop.
        touched: a small picture was clicked; the keys should go to the canvas.
    """

    more_wanted = Signal()
    stop_wanted = Signal()
    touched = Signal()

    def __init__(self, staging: Staging) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setFixedHeight(STRIP_PX)
        self._staging = staging
        self._candidates = staging.candidates
        self._thumbs: dict[Candidate, Thumb] = {}
        self._making: Thumb | None = None
        self._words = label("", "caption")
        self._words.setToolTip(
            self.tr("← → cycle, Space shows the original, Enter accepts, Esc steps back")
        )
        self._row = QHBoxLayout()
        self._buttons = self._make_buttons()
        self._lay_out()
        self._candidates.changed.connect(self._show_candidates)
        self._candidates.current_changed.connect(self._show_current)
        self.hide()

    def show_making(self, picture: Raster | None, *, is_busy: bool) -> None:
        """Show what is being made as the last small picture, or that nothing is."""
        self._stop.setVisible(is_busy)
        if not is_busy:
            self._drop_making()
        elif picture is not None:
            if self._making is None:
                self._making = Thumb(picture)
                self._making.setEnabled(False)
                self._making.setToolTip(self.tr("Being made"))
                self._row.insertWidget(len(self._thumbs), self._making)
            self._making.show_picture(picture)
        self._show_state()

    def wheelEvent(self, event: QWheelEvent) -> None:
        bar = self._scroll.horizontalScrollBar()
        delta = event.angleDelta()
        bar.setValue(bar.value() - (delta.x() or delta.y()) // 2)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for widget in (self._words, self._previous, self._next):
            widget.setVisible(self.width() >= NARROW_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self._staging.discard()
        else:
            super().keyPressEvent(event)

    # --- building -------------------------------------------------------------------------

    def _make_buttons(self) -> tuple[QWidget, ...]:
        self._previous = self._icon_button("chevron-left", self.tr("Previous candidate (←)"), -1)
        self._next = self._icon_button("chevron-right", self.tr("Next candidate (→)"), 1)
        self._accept = text_button(
            self.tr("Accept"),
            icon_name="check",
            tooltip=self.tr("Make it a new layer (Enter); the gallery keeps a copy"),
        )
        self._accept.clicked.connect(lambda: self._staging.accept())
        self._accept_more = QToolButton()
        self._accept_more.setIcon(icon("chevron-down"))
        self._accept_more.setAccessibleName(self.tr("More ways to accept"))
        self._accept_more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._accept_more.setMenu(self._accept_menu())
        self._more = icon_button(
            "plus",
            self.tr("More candidates"),
            tooltip=self.tr("Make more candidates of the same place, with the next seeds"),
        )
        self._more.clicked.connect(self.more_wanted)
        self._save = icon_button("save", self.tr("Save to gallery"), tooltip=self.tr("Save (S)"))
        self._save.clicked.connect(self._staging.save)
        self._discard = icon_button(
            "trash", self.tr("Discard"), tooltip=self.tr("Discard (Delete)")
        )
        self._discard.clicked.connect(self._staging.discard)
        self._clear = icon_button("close", self.tr("Discard all candidates"))
        self._clear.clicked.connect(self._candidates.clear)
        self._stop = icon_button("stop", self.tr("Stop making candidates"), tint="danger")
        self._stop.clicked.connect(self.stop_wanted)
        return (
            self._stop,
            self._accept,
            self._accept_more,
            self._more,
            self._save,
            self._discard,
            self._clear,
        )

    def _icon_button(self, name: str, text: str, direction: int) -> QToolButton:
        button = icon_button(name, text)
        button.clicked.connect(lambda: self._candidates.step(direction))
        return button

    def _accept_menu(self) -> QMenu:
        menu = QMenu(self)
        table: tuple[tuple[str, Callable[[], None]], ...] = (
            (self.tr("As a New Layer"), lambda: self._staging.accept()),
            (self.tr("Merged into the Active Layer\tShift+Enter"), self._merge),
        )
        for text, act in table:
            action = QAction(text, menu)
            action.triggered.connect(act)
            menu.addAction(action)
        return menu

    def _merge(self) -> None:
        self._staging.accept(merges=True)

    def _lay_out(self) -> None:
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        self._row.addStretch(1)
        inside = QWidget()
        inside.setProperty("role", "panel")
        inside.setLayout(self._row)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumWidth(THUMB_PX + 8)
        self._scroll.setFixedHeight(THUMB_PX + 8)
        self._words.setFixedWidth(WORDS_PX)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 3, 8, 3)
        layout.setSpacing(4)
        layout.addWidget(self._previous)
        layout.addWidget(self._next)
        layout.addWidget(self._scroll, 1)
        layout.addSpacing(4)
        layout.addWidget(self._words)
        for button in self._buttons:
            layout.addWidget(button)

    # --- showing --------------------------------------------------------------------------

    def _show_candidates(self) -> None:
        for gone in self._thumbs.keys() - set(self._candidates):
            self._thumbs.pop(gone).deleteLater()
        for index, candidate in enumerate(self._candidates):
            if candidate not in self._thumbs:
                self._drop_making()
                self._row.insertWidget(index, self._new_thumb(candidate))
            self._thumbs[candidate].marks = self._marks(candidate)
            self._thumbs[candidate].update()
        self._show_current()

    def _new_thumb(self, candidate: Candidate) -> Thumb:
        thumb = Thumb(candidate.small)
        seed = candidate.result.request.seed
        thumb.setToolTip(self.tr("Seed {0}; double-click accepts").format(seed))
        thumb.setAccessibleName(self.tr("Candidate with seed {0}").format(seed))
        thumb.clicked.connect(lambda: self._click(candidate))
        thumb.accept_wanted.connect(lambda: self._accept_thumb(candidate))
        self._thumbs[candidate] = thumb
        return thumb

    def _marks(self, candidate: Candidate) -> tuple[str, ...]:
        marks = {"star": self._candidates.is_used, "save": self._candidates.is_saved}
        return tuple(name for name, holds in marks.items() if holds(candidate))

    def _click(self, candidate: Candidate) -> None:
        is_current = candidate is self._candidates.current
        self._candidates.look_at(None if is_current else candidate)
        self._show_current()
        self.touched.emit()

    def _accept_thumb(self, candidate: Candidate) -> None:
        self._candidates.look_at(candidate)
        self._staging.accept()

    def _show_current(self) -> None:
        current = self._candidates.current
        for candidate, thumb in self._thumbs.items():
            thumb.setChecked(candidate is current)
        if current in self._thumbs:
            self._scroll.ensureWidgetVisible(self._thumbs[current])
        self._show_state()

    def _show_state(self) -> None:
        current, count = self._candidates.current, len(self._candidates)
        for widget in (self._accept, self._accept_more, self._save, self._discard):
            widget.setEnabled(current is not None)
        for widget in (self._more, self._clear, self._previous, self._next):
            widget.setEnabled(count > 0)
        self._words.setText(self._describe(current, count))
        self.setVisible(count > 0 or not self._stop.isHidden())

    def _describe(self, current: Candidate | None, count: int) -> str:
        if not count:
            return self.tr("Being made")
        if current is None:
            text = self.tr("1 candidate") if count == 1 else self.tr("{0} candidates").format(count)
            return text + "\n" + self.tr("← → to look")
        place = self.tr("{0} of {1}").format(self._candidates.current_index + 1, count)
        seed = self.tr("seed {0}").format(current.result.request.seed)
        return f"{place}\n{seed}"

    def _drop_making(self) -> None:
        if self._making is not None:
            self._making.deleteLater()
            self._making = None


def _thumbnail(picture: Raster) -> QImage:
    side = THUMB_PX * _SHARP
    return to_qimage(picture).scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
