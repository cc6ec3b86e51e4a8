"""One picture of the gallery at a time: look closely, step to its neighbours, go back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from sdstudio.ui.canvas.canvas_controls import EDGE_PX, ZoomBar, add_view_actions
from sdstudio.ui.canvas.view_gestures import ViewGestures
from sdstudio.ui.gallery.picture_pane import PicturePane
from sdstudio.ui.gallery.picture_reader import PictureReader, ReadPicture
from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.visible_text import one_line

BAR_PX = 38

Neighbour = Callable[[int, int], int | None]
"""From the id of a picture and a step to the id that many places on, or None at the end."""


class SingleView(QWidget):
    """Shows one picture with zoom and pan.

    Args:
        neighbour: tells what comes before and after.
        position: tells (place from 1, number of all) of an id, or None.
        sketch: a thumbnail with the size of its file, shown until the picture is read, or None.

    Signals:
        shown: the id of the picture that is looked at now.
        closed: a person wants the grid back.
        slideshow_wanted: the id to begin with.
        menu_wanted: (id, QPoint on the screen).
        drag_wanted: the id whose file a person takes elsewhere.
        mark_key_pressed: a key event that rates, labels or deletes.
        fault_found: one sentence about a picture that cannot be read.
    """

    shown = Signal(object)
    closed = Signal()
    slideshow_wanted = Signal(object)
    menu_wanted = Signal(object, object)
    drag_wanted = Signal(object)
    mark_key_pressed = Signal(object)
    fault_found = Signal(str)

    def __init__(
        self,
        reader: PictureReader,
        *,
        neighbour: Neighbour,
        position: Callable[[int], tuple[int, int] | None],
        sketch: Callable[[int], tuple[QPixmap, QSize] | None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._reader = reader
        self._neighbour = neighbour
        self._position = position
        self._sketch = sketch
        self._id: int | None = None
        self._told_fault: tuple[int, str] | None = None
        self.pane = PicturePane()
        self._gestures = ViewGestures(self.pane)
        self._zoom_bar = ZoomBar(self.pane, add_view_actions(self.pane))
        self._lay_out()
        self.setFocusProxy(self.pane)
        self.pane.neighbour_wanted.connect(self.step)
        self.pane.view_changed.connect(self._place_zoom_bar)
        self.pane.menu_wanted.connect(lambda place: self.menu_wanted.emit(self._id, place))
        self.pane.drag_wanted.connect(lambda: self.drag_wanted.emit(self._id))
        reader.arrived.connect(self._on_arrived)

    @property
    def picture_id(self) -> int | None:
        """The picture that is looked at, None while there is none."""
        return self._id

    def show_picture(self, picture_id: int) -> None:
        """Look at a picture; its neighbours are read afterwards, so that stepping is quick."""
        self._id = picture_id
        ahead = [self._neighbour(picture_id, step) for step in (1, -1)]
        self._reader.want([picture_id, *(each for each in ahead if each is not None)])
        read = self._reader.get(picture_id)
        if read is not None:
            self._take(read)
        elif (sketch := self._sketch(picture_id)) is not None:
            self.pane.show_sketch(*sketch)
        self._show_place()
        self.shown.emit(picture_id)

    def refresh(self) -> None:
        """The gallery changed: read again what is looked at, and where it stands."""
        if self._id is not None and self.isVisible():
            self._reader.want([self._id])
            self._show_place()

    def step(self, direction: int) -> None:
        """Go on (1) or back (-1) by one picture."""
        if self._id is None:
            return
        neighbour = self._neighbour(self._id, direction)
        if neighbour is not None:
            self.show_picture(neighbour)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.closed.emit()
            case Qt.Key.Key_PageDown:
                self.step(1)
            case Qt.Key.Key_PageUp:
                self.step(-1)
            case Qt.Key.Key_F5:
                self.slideshow_wanted.emit(self._id)
            case _ if self._marks(event):
                self.mark_key_pressed.emit(event)
            case _:
                super().keyPressEvent(event)

    @staticmethod
    def _marks(event: QKeyEvent) -> bool:
        """Whether the key rates, labels or deletes, which the grid knows how to do."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if Qt.Key.Key_0 <= event.key() <= Qt.Key.Key_9:
            alone = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier)
            return modifiers in alone
        return event.key() == Qt.Key.Key_Delete and not modifiers

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._reader.forget_all()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_zoom_bar()

    # -- inside ----------------------------------------------------------------------------------

    def _on_arrived(self, read: ReadPicture) -> None:
        if read.id == self._id:
            self._take(read)

    def _take(self, read: ReadPicture) -> None:
        name = one_line(read.row.path.name) if read.row else ""
        self._name.setText(name)
        if read.picture is None or read.picture is not self.pane.picture:
            self.pane.show_picture(read.picture, one_line(read.fault))
        words = one_line(read.row.prompt) if read.row else read.fault
        self.pane.setAccessibleDescription(words or name)
        if read.fault and self._told_fault != (read.id, read.fault):
            self._told_fault = (read.id, read.fault)
            self.fault_found.emit(read.fault)

    def _show_place(self) -> None:
        if self._id is None:
            return
        place = self._position(self._id)
        self._count.setText("" if place is None else self.tr("{0:,} of {1:,}").format(*place))
        self._back_one.setEnabled(self._neighbour(self._id, -1) is not None)
        self._on_one.setEnabled(self._neighbour(self._id, 1) is not None)

    def _place_zoom_bar(self) -> None:
        bar, pane = self._zoom_bar, self.pane
        bar.adjustSize()
        bar.move(pane.width() - bar.width() - EDGE_PX, pane.height() - bar.height() - EDGE_PX)

    def _lay_out(self) -> None:
        back = text_button(
            self.tr("All pictures"),
            kind="quiet",
            icon_name="gallery",
            tooltip=self.tr("Back to the grid (Esc)"),
        )
        back.clicked.connect(self.closed)
        self._name = ElidedLabel("", "muted", Qt.TextElideMode.ElideMiddle)
        self._name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._count = label("", "caption")
        self._back_one = self._step_button("chevron-left", self.tr("Picture before (Left)"), -1)
        self._on_one = self._step_button("chevron-right", self.tr("Next picture (Right)"), 1)
        play = icon_button("play", self.tr("Slideshow"), tooltip=self.tr("Slideshow (F5)"))
        play.clicked.connect(lambda: self.slideshow_wanted.emit(self._id))
        bar = QWidget()
        bar.setProperty("role", "panel")
        bar.setFixedHeight(BAR_PX)
        row = QHBoxLayout(bar)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(6)
        row.addWidget(back)
        row.addWidget(self._name, 1)
        for each in (self._count, self._back_one, self._on_one, play):
            row.addWidget(each)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(bar)
        layout.addWidget(self.pane, 1)

    def _step_button(self, icon_name: str, text: str, direction: int) -> QToolButton:
        button = icon_button(icon_name, text)
        button.clicked.connect(lambda: self.step(direction))
        return button
