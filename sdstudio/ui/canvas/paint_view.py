"""The canvas one paints on: a surface whose pointer and keys are a painter's tools."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.errors import InvalidRequestError, SdstudioError
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.canvas_controls import EDGE_PX, ZoomBar, add_view_actions
from sdstudio.ui.canvas.generation_frame import paint_frame
from sdstudio.ui.canvas.paint_colours import Colours
from sdstudio.ui.canvas.paint_keys import PaintKeys
from sdstudio.ui.canvas.paint_surface import PaintSurface
from sdstudio.ui.canvas.pen import PointerInput, keep_every_point
from sdstudio.ui.canvas.tools.toolbox import Toolbox

ZOOM_PER_NOTCH = 1.25
NOTCH = 120.0
TYPED_INTO = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)


class PaintView(PaintSurface):
    """Shows one document and lets it be painted on.

    Signals:
        document_changed: Rect or None (anything may differ); after every act and every
            `repaint_document`, for a stroke once at its end.
        refused: SdstudioError, when a tool cannot do what was asked.

    Attributes:
        tools: `tools.current`, `tools.choose(name)`.
        background: where large fills are looked for; on the spot if None.
        view_actions: fit, actual, in, out; for menus.
        keys: answers keys; a room may hand it those its panels leave over.
    """

    document_changed = Signal(object)
    generation_box_changed = Signal()
    stroke_began = Signal()
    stroke_ended = Signal()
    refused = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        keep_every_point()
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self.setAccessibleName(self.tr("Canvas to paint on"))
        self.background: Background | None = None
        self.colours = Colours(self)
        self.pointer = PointerInput(self)
        self.tools = Toolbox(self)
        self.keys = PaintKeys(self)
        self.view_actions = add_view_actions(self)
        self.zoom_bar = ZoomBar(self, self.view_actions)
        self.view_changed.connect(self._place_zoom_bar)
        self._box = document.box
        self.tools.show_cursor()
        self.set_document(document)

    # --- the document ---------------------------------------------------------------------

    def set_document(self, document: Document) -> None:
        """Show another document, whole."""
        self.pointer.cancel()
        self.show_document(document)
        self.note_change(None)

    def repaint_document(self, rect: Rect | None) -> None:
        """The document changed in `rect`, or anywhere if None; says `document_changed`."""
        self.touch(self.document.bounds if rect is None else rect)
        self.note_change(rect)

    def note_change(self, rect: Rect | None) -> None:
        """Follow what else changed with the document, and tell everybody."""
        active = self.document.layers.active
        self.colours.use_for(active.kind if active else "raster")
        if self._outline.follow(self.document.selection):
            self.update()
        if self.document.box != self._box:
            self._box = self.document.box
            self.update()
            self.generation_box_changed.emit()
        self.document_changed.emit(rect)

    @property
    def ink(self) -> Ink:
        """What a tool paints with now."""
        return Ink(colour=self.colours.foreground)

    @property
    def generation_box(self) -> Rect | None:
        """Where the model works; may reach beyond the picture. None puts it around the picture."""
        return self.document.box

    @generation_box.setter
    def generation_box(self, box: Rect | None) -> None:
        self.document.undo_stack.seal()
        self.put_generation_box(self.document.bounds if box is None else box)
        self.document.undo_stack.seal()

    def put_generation_box(self, box: Rect) -> None:
        """Move the box within a drag; the moves until `undo_stack.seal` are one step of undo."""
        if box != self.document.box:
            self.document.set_box(box)
            self.note_change(EMPTY)

    # --- what a person asks for -----------------------------------------------------------

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something; False where the document refused, which `refused` tells."""
        try:
            act()
        except SdstudioError as error:
            self.refused.emit(error)
            return False
        return True

    def require_paintable(self) -> None:
        """Refuse to paint where it could not be seen.

        Raises:
            InvalidRequestError: there is no layer, or it is locked or hidden.
        """
        layer = self.document.layers.editable()
        if not layer.is_visible:
            raise InvalidRequestError(f"The layer “{layer.name}” is hidden.", "Show it first.")

    def undo(self) -> None:
        """Take back the drag under way, or the last step."""
        if self.pointer.is_down:
            self.pointer.cancel()
        else:
            self.repaint_document(self.document.undo())

    def redo(self) -> None:
        """Do again what was taken back."""
        if not self.pointer.is_down:
            self.repaint_document(self.document.redo())

    def invert_mask(self) -> None:
        """Turn the active mask over."""
        self.repaint_document(self.document.paint.invert_mask())

    def select_all(self) -> None:
        """Select the whole picture."""
        width, height = self.document.size
        self.document.selection.rectangle(0, 0, width, height)
        self.note_change(EMPTY)

    def select_nothing(self) -> None:
        """Let everything be painted on again."""
        self.document.selection.clear()
        self.note_change(EMPTY)

    def invert_selection(self) -> None:
        """Select what is not selected."""
        self.document.selection.invert()
        self.note_change(EMPTY)

    def clear_selected(self) -> None:
        """Erase what is selected from the active layer; without a selection nothing."""
        if self.document.selection.is_active:
            self.require_paintable()
            self.repaint_document(self.document.paint.fill_selection(Ink(erases=True)))

    # --- pointer and keys -----------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.save()
        paint_frame(painter, self, has_handles=self.tools.current.name == "generation-box")
        painter.restore()
        self.pointer.shown_tool.paint(painter)

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, QNativeGestureEvent):
            return super().event(event)
        if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.pointer.take(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.pointer.take(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.pointer.take(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.pointer.take(event)

    def tabletEvent(self, event: QTabletEvent) -> None:
        self.pointer.take(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keyboard with the pointer, unless somebody is typing."""
        if self.isActiveWindow() and not isinstance(QApplication.focusWidget(), TYPED_INTO):
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer.leave()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = (event.angleDelta().y() or event.angleDelta().x()) / NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.tools.brush.step_size(notches)
        elif notches:
            self.zoom_by(ZOOM_PER_NOTCH**notches, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self.keys.press(event))

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self.keys.release(event))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.keys.let_go()
        super().focusOutEvent(event)

    def zoom_to(self, zoom: float) -> None:
        """Show the picture at this many device pixels per pixel, around the view's middle."""
        self.viewpoint.zoom_to(zoom)
        self.refresh_view()

    def _place_zoom_bar(self) -> None:
        bar = self.zoom_bar
        bar.adjustSize()
        bar.move(self.width() - bar.width() - EDGE_PX, self.height() - bar.height() - EDGE_PX)
