"""Pictures one after another on the whole screen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from sdstudio.ui.gallery.picture_pane import PicturePane
from sdstudio.ui.gallery.picture_reader import PictureReader, ReadPicture
from sdstudio.ui.gallery.single_view import Neighbour
from sdstudio.ui.widgets.labels import label
from sdstudio.ui.widgets.visible_text import one_line

DEFAULT_S = 4
MIN_S, MAX_S = 1, 60
WORDS_MS = 2500


class Slideshow(QWidget):
    """A window of its own; Space pauses, arrows step, plus and minus change the pace, Esc ends it.

    At the last picture it begins again with `first`.

    Args:
        neighbour: tells what comes before and after.

    Signals:
        ended: the id of the picture that was shown last.
    """

    ended = Signal(object)

    def __init__(self, reader: PictureReader, *, neighbour: Neighbour) -> None:
        super().__init__()
        self.setWindowFlag(Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Slideshow"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        self._reader = reader
        self._neighbour = neighbour
        self._id: int | None = None
        self._first: int | None = None
        self.interval_s = DEFAULT_S
        self.pane = PicturePane()
        self.pane.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.pane.setCursor(Qt.CursorShape.BlankCursor)
        self.pane.installEventFilter(self)
        self._words = label("", "badge")
        self._words.setParent(self)
        self._words.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pane)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_time)
        self._words_timer = QTimer(self)
        self._words_timer.setSingleShot(True)
        self._words_timer.timeout.connect(self._words.hide)
        self._is_paused = False
        reader.arrived.connect(self._on_arrived)

    @property
    def picture_id(self) -> int | None:
        """The picture that is shown, None while there is none."""
        return self._id

    @property
    def is_paused(self) -> bool:
        """Whether the picture stays until a person steps on."""
        return self._is_paused

    def start(self, picture_id: int, *, first: int | None = None) -> None:
        """Begin with a picture.

        Args:
            first: where to begin again after the last; the same picture by default.
        """
        self._first = picture_id if first is None else first
        self._is_paused = False
        self.setGeometry(self.screen().geometry())
        self.showFullScreen()
        self._go_to(picture_id)

    def step(self, direction: int) -> None:
        """Go on (1) or back (-1)."""
        if self._id is None:
            return
        neighbour = self._neighbour(self._id, direction)
        if neighbour is None and direction > 0:
            neighbour = self._first
        if neighbour is not None:
            self._go_to(neighbour)

    def pause(self, is_paused: bool) -> None:
        """Stay at the picture, or go on."""
        self._is_paused = is_paused
        self._say(self.tr("Paused") if is_paused else self.tr("Going on"))
        self._wait()

    def set_interval(self, seconds: int) -> None:
        """How long each picture is shown."""
        self.interval_s = min(MAX_S, max(MIN_S, seconds))
        self._say(self.tr("{0} s for each").format(self.interval_s))
        self._wait()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Q | Qt.Key.Key_F5:
                self.close()
            case Qt.Key.Key_Space:
                self.pause(not self._is_paused)
            case Qt.Key.Key_Right | Qt.Key.Key_Down | Qt.Key.Key_PageDown:
                self.step(1)
            case Qt.Key.Key_Left | Qt.Key.Key_Up | Qt.Key.Key_PageUp:
                self.step(-1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.set_interval(self.interval_s + 1)
            case Qt.Key.Key_Minus:
                self.set_interval(self.interval_s - 1)
            case _:
                super().keyPressEvent(event)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            self.step(-1 if event.button() == Qt.MouseButton.RightButton else 1)
            return True
        return False

    def closeEvent(self, event: QCloseEvent) -> None:
        self._timer.stop()
        shown, self._id = self._id, None
        self._reader.forget_all()
        self.ended.emit(shown)

    # -- inside ----------------------------------------------------------------------------------

    def _go_to(self, picture_id: int) -> None:
        self._id = picture_id
        self._timer.stop()
        following = self._neighbour(picture_id, 1)
        self._reader.want([each for each in (picture_id, following) if each is not None])
        read = self._reader.get(picture_id)
        if read is not None:
            self._take(read)

    def _on_arrived(self, read: ReadPicture) -> None:
        if read.id == self._id:
            self._take(read)

    def _take(self, read: ReadPicture) -> None:
        """The time of a picture begins when it is seen."""
        if read.picture is None or read.picture is not self.pane.picture:
            self.pane.show_picture(read.picture, one_line(read.fault))
        self.pane.setAccessibleDescription(one_line(read.row.prompt) if read.row else read.fault)
        self._wait()

    def _wait(self) -> None:
        if self._is_paused or self._id is None:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start(self.interval_s * 1000)

    def _on_time(self) -> None:
        self.step(1)

    def _say(self, text: str) -> None:
        self._words.setText(text)
        self._words.adjustSize()
        self._words.move((self.width() - self._words.width()) // 2, self.height() - 60)
        self._words.show()
        self._words.raise_()
        self._words_timer.start(WORDS_MS)
