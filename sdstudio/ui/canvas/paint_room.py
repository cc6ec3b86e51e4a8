"""The Paint workspace: tools, the picture, its layers, and what a model does to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMessageBox,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from sdstudio import paths
from sdstudio.document.rect import EMPTY, Rect
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.document_commands import DocumentCommands
from sdstudio.ui.canvas.document_files import NEW_SIDE_PX, DocumentFiles, blank_document
from sdstudio.ui.canvas.drop_zones import DropZones
from sdstudio.ui.canvas.easel import Easel
from sdstudio.ui.canvas.hand_first import HandFirst
from sdstudio.ui.canvas.layer_clipboard import LayerClipboard
from sdstudio.ui.canvas.layer_commands import LayerCommands
from sdstudio.ui.canvas.layers_panel import LayersPanel
from sdstudio.ui.canvas.paint_menus import add_paint_menus
from sdstudio.ui.canvas.paint_view import PaintView
from sdstudio.ui.canvas.picture_arrivals import PictureArrivals
from sdstudio.ui.canvas.recovery_offer import RECOVERY_FOLDER
from sdstudio.ui.canvas.repaint_memory import RepaintMemory
from sdstudio.ui.canvas.repainting import Repainting
from sdstudio.ui.canvas.tool_memory import ToolMemory
from sdstudio.ui.canvas.tool_options import ToolOptions
from sdstudio.ui.canvas.tool_palette import ToolPalette
from sdstudio.ui.notices import Notice
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.section import Section

if TYPE_CHECKING:
    from sdstudio.ui.studio import Studio

SIDE_PX = (248, 284)
"""Least and ordinary width of the panels at the right; a narrow room gives them less."""
SIDE_PART = 0.32
TITLE_PX = 220


class PaintRoom(QWidget):
    """Puts the parts together and passes on what one of them tells to the others.

    Attributes:
        easel: the document and what is told about it.
        files: where the document lies.
        title_widgets: for the row of tabs.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self._is_following = False
        self._leaves_unsaved = False
        self.easel = Easel(blank_document(NEW_SIDE_PX, NEW_SIDE_PX), self)
        self.background = Background(self)
        folder = paths.data_folder() / RECOVERY_FOLDER
        self.files = DocumentFiles(self.easel, Background(self), folder)
        self.view = PaintView(self.easel.document)
        self.view.background = self.background
        ToolMemory(self.view, studio.store)
        HandFirst(self.view, studio.controller)
        self.repainting = Repainting(
            self.view,
            easel=self.easel,
            form=studio.form,
            controller=studio.controller,
            tell=studio.failures.tell,
        )
        RepaintMemory(self.repainting.form, studio.store)
        self.layer_commands = LayerCommands(self.easel)
        self.layers = LayersPanel(self.easel, self.layer_commands, self.background)
        self.documents = DocumentCommands(
            self.files, self.easel, window=self, store=studio.store, tell=studio.stage.notices.tell
        )
        self.clipboard = LayerClipboard(self.easel, self.background)
        self.arrivals = PictureArrivals(self.easel, studio.form, self.documents.open)
        self.drop = DropZones(self.view)
        self.setFocusProxy(self.view)
        self._title = ElidedLabel("", "muted")
        self._title.setFixedWidth(TITLE_PX)
        self._title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._title.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.title_widgets = (self._title,)
        self._lay_out()
        self._connect()
        add_paint_menus(studio, self.documents, self.layer_commands, self.clipboard)
        self._show_title()

    # --- what the window asks for ---------------------------------------------------------

    def open_picture(self, picture: Path | Raster, name: str = "") -> None:
        """Paint on a picture: a file, or one in memory; asks first where work would be lost."""
        if not self.files.is_modified:
            self._open_now(picture, name)
            return
        answer = self._ask_where()
        if answer == "layer":
            self.arrivals.add_layer(picture, name)
        elif answer == "picture" and self.documents.may_leave(
            lambda: self._open_now(picture, name)
        ):
            self._open_now(picture, name)

    def generate(self, *, first: bool) -> None:
        """Do what the button beside the canvas says."""
        self.repainting.generate(first=first)

    def undo(self) -> None:
        """Take back the drag under way, or the last step."""
        self.view.undo()

    def redo(self) -> None:
        """Do again what was taken back."""
        self.view.redo()

    def cut(self) -> None:
        """Take the selected part of the active layer onto the clipboard."""
        self.clipboard.cut()

    def copy(self) -> None:
        """Copy the selected part of the active layer."""
        self.clipboard.copy()

    def paste(self) -> None:
        """Paste what was copied, here or elsewhere, as a layer."""
        if not self.clipboard.paste():
            self.arrivals.paste()

    def may_close(self) -> bool:
        """Whether the window may close now; asks where work would be lost."""
        return self.documents.may_leave(self._studio.window.close)

    def leave_unsaved(self) -> None:
        """The window will close without a question: what is not saved is offered at the start."""
        self._leaves_unsaved = True

    def close_room(self) -> None:
        """Give up the recovery file and wait for what is in work; the window has closed."""
        self.repainting.close()
        self.files.close(leaves_unsaved=self._leaves_unsaved)
        self.arrivals.close()
        self.background.finish()

    # --- building -------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(ToolOptions(self.view))
        middle.addWidget(self.view, 1)
        middle.addWidget(self.repainting.strip)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(ToolPalette(self.view))
        layout.addLayout(middle, 1)
        self._side = self._make_side()
        layout.addWidget(self._side)

    def _make_side(self) -> QWidget:
        section = Section(self.tr("Layers"))
        section.body.addWidget(self.layers)
        layers = QWidget()
        layers.setProperty("role", "panel")
        inside = QVBoxLayout(layers)
        inside.setContentsMargins(12, 6, 12, 8)
        inside.addWidget(section, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.repainting.panel)
        side = QSplitter(Qt.Orientation.Vertical)
        side.setChildrenCollapsible(False)
        side.addWidget(scroll)
        side.addWidget(layers)
        side.setStretchFactor(0, 1)
        side.setStretchFactor(1, 1)
        return side

    def _connect(self) -> None:
        easel, view, tell_error = self.easel, self.view, self._studio.failures.tell
        easel.document_changed.connect(self._show_document)
        easel.repaint_wanted.connect(view.touch)
        easel.touched.connect(self._on_easel_touched)
        view.document_changed.connect(self._on_view_changed)
        for part in (easel, view, self.arrivals):
            part.refused.connect(tell_error)
        self.files.failed.connect(tell_error)
        self.files.not_kept.connect(self._tell_not_kept)
        self.files.title_changed.connect(self._show_title)
        easel.touched.connect(self._show_undo)
        self.repainting.intent_text_changed.connect(self._studio.panel.show_page_intent)
        self.drop.dropped.connect(self.arrivals.take)
        self.arrivals.told.connect(self._studio.stage.notices.tell)
        self.arrivals.start_wanted.connect(self._studio.pictures.start_from)

    # --- what happens ---------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        least, ordinary = SIDE_PX
        self._side.setFixedWidth(min(ordinary, max(least, round(self.width() * SIDE_PART))))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_undo()
        self.repainting.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._show_undo()
        self.repainting.set_shown(False)

    def _show_document(self) -> None:
        self.view.set_document(self.easel.document)

    def _on_easel_touched(self) -> None:
        """An act elsewhere is over: the view follows, without telling it back."""
        if not self._is_following:
            self._is_following = True
            self.view.note_change(EMPTY)
            self._is_following = False

    def _on_view_changed(self, rect: Rect | None) -> None:
        """A tool's act is over: everybody else follows."""
        if not self._is_following:
            self._is_following = True
            self.easel.touch()
            self._is_following = False

    def _show_undo(self) -> None:
        """Say in the Edit menu what would be taken back."""
        stack, actions = self.easel.document.undo_stack, self._studio.actions
        steps = (
            ("undo", self.tr("Undo"), stack.undo_label),
            ("redo", self.tr("Redo"), stack.redo_label),
        )
        for name, text, label in steps:
            is_told = bool(label) and self.isVisible()
            actions[name].setText(f"{text}: {self.tr(label)}" if is_told else text)

    def _show_title(self) -> None:
        mark = " •" if self.files.is_modified else ""
        self._title.setText(f"{self.files.name}{mark}")

    def _tell_not_kept(self, error: Exception) -> None:
        text = self.tr("This picture would be lost if the studio ended unexpectedly.")
        self._studio.stage.notices.tell(
            Notice(text=text, hint=str(error), severity="warning", key="not-kept")
        )

    def _open_now(self, picture: Path | Raster, name: str) -> None:
        if isinstance(picture, Raster):
            self.files.open_raster(picture, name)
        else:
            self.files.open(picture)

    def _ask_where(self) -> str:
        box = QMessageBox(self)
        box.setWindowTitle(self.tr("Open in Paint"))
        box.setText(self.tr("“{0}” has changes that are not saved.").format(self.files.name))
        box.setInformativeText(self.tr("Where shall the picture go?"))
        layer = box.addButton(self.tr("New Layer"), QMessageBox.ButtonRole.AcceptRole)
        other = box.addButton(self.tr("New Picture"), QMessageBox.ButtonRole.ActionRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        return {layer: "layer", other: "picture"}.get(box.clickedButton(), "")  # type: ignore[arg-type]
