"""The gallery strip: the newest pictures of the folder, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from sdstudio.jobs.job import Job
from sdstudio.messages.events import FinalEvent, JobFinished
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.shown_picture import ShownPicture
from sdstudio.ui.gallery.folder_watch import MAX_PICTURES, FolderWatch
from sdstudio.ui.gallery.picture_list import PictureList
from sdstudio.ui.gallery.strip_view import StripView
from sdstudio.ui.gallery.thumbnail_loader import ThumbnailLoader
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import icon_button, text_button, with_shortcut
from sdstudio.ui.widgets.labels import label


class EmptyGallery(QWidget):
    """Says what will be here, and offers to make it."""

    def __init__(self, generate: QAction) -> None:
        super().__init__()
        mark = QLabel()
        mark.setPixmap(icon("gallery", "muted").pixmap(28, 28))
        self.button = text_button(
            self.tr("Make the first one"),
            icon_name="generate",
            tooltip=with_shortcut(generate.toolTip(), generate.shortcut()),
        )
        self.button.clicked.connect(generate.trigger)
        self.headline = label("", "")
        self.detail = label("", "caption")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch()
        words.addWidget(self.headline)
        words.addWidget(self.detail)
        words.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(14)
        row.addStretch()
        row.addWidget(mark)
        row.addLayout(words)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch()
        self.show_run(False)

    def show_run(self, is_running: bool) -> None:
        """Offer to make a picture, or say that one is being made."""
        self.button.setHidden(is_running)
        self.headline.setText(
            self.tr("The first picture is on its way.")
            if is_running
            else self.tr("Your pictures will be here, the newest first.")
        )
        self.detail.setText(self.tr("Each is saved by itself, with its settings inside."))


class GalleryStrip(QWidget):
    """Shows the folder and reports what a person does with a picture.

    Args:
        folder: tells where pictures are saved now.
        background: lists the folder and decodes thumbnails.
        generate, open_folder: the window's actions.
    """

    empty_changed = Signal(bool)

    def __init__(
        self,
        folder: Callable[[], Path],
        background: Background,
        *,
        generate: QAction,
        open_folder: QAction,
    ) -> None:
        super().__init__()
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.watch = FolderWatch(folder, background, self)
        self.thumbnails = ThumbnailLoader(background, self)
        self.pictures = PictureList(self.thumbnails)
        self.view = StripView(self.pictures)
        self._shown: Path | None = None
        self._count = label("", "caption")
        open_button = icon_button("folder", open_folder.text().replace("&", ""))
        open_button.clicked.connect(open_folder.trigger)
        self.title_widgets = (self._count, open_button)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self.empty_room = EmptyGallery(generate)
        self._stack.addWidget(self.empty_room)
        self._stack.addWidget(self.view)
        self.watch.listed.connect(self._take)
        for changed in (
            self.pictures.rowsInserted,
            self.pictures.rowsRemoved,
            self.pictures.modelReset,
        ):
            changed.connect(self._show_state)
        self._show_state()

    def open(self) -> None:
        """Read the folder; called once the window is painted, and when the folder changes."""
        self.watch.read()

    def close_room(self) -> None:
        """Start no further work on the disk."""
        self.watch.is_closed = self.thumbnails.is_closed = True

    def begin_run(self, job: Job) -> None:
        """Say in an empty gallery that a picture is being made."""
        self.empty_room.show_run(True)

    def end_run(self, job: Job, event: FinalEvent) -> None:
        """Offer a first picture again, unless one is being saved at this moment."""
        if not isinstance(event, JobFinished):
            self.empty_room.show_run(False)

    def add_saved(self, path: Path) -> None:
        """Put a picture in front that was saved just now."""
        self.empty_room.show_run(False)
        self.pictures.add_newest(path)
        self.watch.read_soon()

    def mark_shown(self, shown: ShownPicture) -> None:
        """Ring the picture that is on the canvas."""
        self._shown = shown.path
        self.view.mark(self.pictures.index_of(self._shown))

    def _take(self, paths: list[Path]) -> None:
        self.pictures.take(paths)
        self.view.mark(self.pictures.index_of(self._shown))

    def _show_state(self) -> None:
        count = self.pictures.rowCount()
        self._stack.setCurrentIndex(1 if count else 0)
        more = "+" if count >= MAX_PICTURES else ""
        self._count.setText(f"{count}{more}" if count else "")
        self._count.setAccessibleName(self.tr("{0} pictures").format(count))
        self.empty_changed.emit(not count)
