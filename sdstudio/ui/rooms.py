"""The three rooms beside the prompt: canvas, gallery and queue, and what passes between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QAction, QDrag, QPixmap

from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.canvas_controls import CanvasControls
from sdstudio.ui.canvas.canvas_view import CanvasView
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.canvas.picture_drop import PictureDrop, PictureOffer, read_picture
from sdstudio.ui.canvas.shown_picture import ShownPicture, read_shown
from sdstudio.ui.canvas.view_gestures import ViewGestures
from sdstudio.ui.commands import PictureCommands
from sdstudio.ui.failures import Failures
from sdstudio.ui.gallery.deleting import missing_file
from sdstudio.ui.gallery.file_commands import FileCommands
from sdstudio.ui.gallery.gallery_strip import GalleryStrip
from sdstudio.ui.gallery.picture_list import picture_mime
from sdstudio.ui.gallery.picture_menu import picture_menu
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.notices import Notice
from sdstudio.ui.queue.queue_panel import QueuePanel
from sdstudio.ui.stage import Stage
from sdstudio.ui.widgets.labels import short_name

DRAG_PX = 96


class Rooms(QObject):
    """Makes the rooms' widgets; `connect_to` ties them to the finished window.

    Args:
        actions: the window's, by name.
        gallery_folder: tells where pictures are saved now.
    """

    def __init__(
        self,
        *,
        controller: JobController,
        form: GenerationForm,
        actions: Mapping[str, QAction],
        gallery_folder: Callable[[], Path],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._form = form
        self._actions = actions
        self._pictures = Background(self)
        """Reads and prepares pictures for the canvas."""
        self._folder = Background(self)
        """Lists the folder and decodes thumbnails, so that neither waits for a large picture."""
        self._wanted: Path | None = None
        self.canvas = CanvasView(self._pictures)
        self.controls = CanvasControls(self.canvas)
        self.gestures = ViewGestures(self.canvas)
        self.gallery = GalleryStrip(
            gallery_folder,
            self._folder,
            generate=actions["generate"],
            open_folder=actions["open-folder"],
        )
        self.queue = QueuePanel(controller, actions, self._model_label)

    def connect_to(self, stage: Stage, pictures: PictureCommands, failures: Failures) -> None:
        """Tie the rooms to the window, once."""
        self._stage = stage
        self._commands = pictures
        self._failures = failures
        self.files = FileCommands(
            self._form,
            self._pictures,
            tell=stage.notices.tell,
            tell_error=failures.tell,
            gallery_folder=self.gallery.watch.folder,
            parent=self,
        )
        self.drop = PictureDrop(stage)
        self._connect_canvas()
        self._connect_gallery()
        self._connect_form()
        self.queue.settings_wanted.connect(self._use_request)

    def open(self) -> None:
        """Start what may wait until the window is painted."""
        self.gallery.open()

    def close(self) -> None:
        """Wait for what is being read; called when the window has closed."""
        self.gallery.close_room()
        self._pictures.finish()
        self._folder.finish()

    def show_file(self, path: Path) -> None:
        """Show a picture file on the canvas; while one is read, only the newest wish is kept."""
        self._wanted = path

        def read() -> tuple[ShownPicture, PagePicture] | None:
            return _read_for_canvas(path) if self._wanted == path else None

        def done(answer: tuple[ShownPicture, PagePicture] | None) -> None:
            if answer is not None and self._wanted == path:
                self._stage.hide_welcome()
                self.canvas.look_at(*answer)

        def failed(error: Exception) -> None:
            if self._wanted == path:
                self.canvas.show_missing(path.name)
            self.gallery.watch.read_soon()
            self._failures.tell(error)

        self._pictures.run(read, done, failed)

    # --- wiring ---------------------------------------------------------------------------

    def _connect_canvas(self) -> None:
        canvas, controller = self.canvas, self._controller
        controller.job_started.connect(self._begin_run)
        controller.progress.connect(canvas.show_activity)
        controller.job_ended.connect(canvas.end_run)
        controller.picture_not_saved.connect(self._show_unsaved)
        canvas.shown_changed.connect(self._commands.remember_shown)
        canvas.shown_changed.connect(self.gallery.mark_shown)
        canvas.mime_pasted.connect(self.drop.take)
        canvas.copy_wanted.connect(self._actions["copy-picture"].trigger)
        canvas.menu_wanted.connect(self._show_canvas_menu)
        canvas.drag_wanted.connect(self._drag_out)
        canvas.neighbour_wanted.connect(self._show_neighbour)
        self.drop.dropped.connect(self.start_from)
        self.drop.refused.connect(self._failures.tell)

    def _connect_gallery(self) -> None:
        view = self.gallery.view
        view.chosen.connect(self.show_file)
        view.settings_wanted.connect(self.files.use_settings)
        view.trash_wanted.connect(self.files.move_to_trash)
        view.menu_wanted.connect(self._show_file_menu)
        self._controller.job_ended.connect(self.gallery.end_run)
        self._controller.picture_saved.connect(self._on_saved)
        self.files.start_wanted.connect(self._start_from_file)
        self.files.trashed.connect(self._on_trashed)
        self.files.restored.connect(self._on_restored)

    def _connect_form(self) -> None:
        form = self._form
        form.width_changed.connect(self._take_page)
        form.height_changed.connect(self._take_page)
        form.init_image_changed.connect(self._show_start)
        self._take_page()

    # --- what happens ---------------------------------------------------------------------

    def _begin_run(self, job: Job) -> None:
        """Show the run, unless its pictures belong to the page that asked for them."""
        if not self._controller.is_kept_aside(job):
            self.canvas.begin_run(job)
            self.gallery.begin_run(job)

    def start_from(self, offer: PictureOffer) -> None:
        """Read what was dropped or pasted and make it the starting picture."""

        def done(raster: Raster) -> None:
            self._commands.start_from(raster, offer.name)
            if offer.left_out:
                text = self.tr("{0} is the starting picture.").format(short_name(offer.name))
                hint = self.tr("One picture can be; {0} other files were left out.")
                self._stage.notices.tell(
                    Notice(text=text, hint=hint.format(f"{offer.left_out:,}"), key="left-out")
                )

        self._pictures.run(lambda: read_picture(offer), done, self._failures.tell)

    def _start_from_file(self, path: Path) -> None:
        """Make a picture of the gallery the starting picture, and show it if nothing runs."""

        def done(answer: tuple[ShownPicture, PagePicture]) -> None:
            if self._controller.queue.running is None:
                self._stage.hide_welcome()
                self.canvas.look_at(*answer)
            self._commands.start_from(answer[0].picture, path.name)

        self._pictures.run(lambda: _read_for_canvas(path), done, self._failures.tell)

    def _on_trashed(self, path: Path) -> None:
        """Go on to the next picture, if the one that is gone was on the canvas."""
        row = self.gallery.pictures.index_of(path).row()
        self.gallery.pictures.remove(path)
        shown, paths = self.canvas.shown, self.gallery.pictures.paths
        if shown is None or shown.path != path:
            return
        if row >= 0 and paths:
            self.show_file(paths[min(row, len(paths) - 1)])
        else:
            self.canvas.show_missing(path.name)

    def _on_saved(self, result: PictureResult, path: Path) -> None:
        self.gallery.add_saved(path)

    def _on_restored(self, path: Path) -> None:
        self.gallery.watch.read()

    def _show_unsaved(self, result: PictureResult, error: Exception) -> None:
        self.canvas.show_picture(result, None)
        self.gallery.empty_room.show_run(False)

    def _show_start(self, raster: Raster | None) -> None:
        """Show a new starting picture, unless a run is on the canvas or it is there already."""
        shown = self.canvas.shown
        is_there = shown is not None and shown.picture is raster
        if raster is None or is_there or self._controller.queue.running is not None:
            return

        def done(picture: PagePicture) -> None:
            if self._form.init_image is raster:
                self._stage.hide_welcome()
                self.canvas.look_at(ShownPicture(picture=raster), picture)

        self._pictures.run(lambda: PagePicture(raster), done)

    def _take_page(self) -> None:
        self.canvas.set_empty_page(QSize(self._form.width, self._form.height))

    def _use_request(self, request: GenerationRequest) -> None:
        self._form.load(request)

    def _show_neighbour(self, direction: int) -> None:
        self.gallery.view.step(direction)

    def _show_file_menu(self, path: Path, place: QPoint) -> None:
        picture_menu(self.gallery.view, path, self.files, show=self.show_file).popup(place)

    def _show_canvas_menu(self, place: QPoint) -> None:
        shown = self.canvas.shown
        if shown is not None and shown.path is not None:
            save = self._actions["save-copy"].trigger
            picture_menu(self.canvas, shown.path, self.files, save_copy=save).popup(place)

    def _drag_out(self) -> None:
        shown = self.canvas.shown
        if shown is None or shown.path is None:
            return
        drag = QDrag(self.canvas)
        drag.setMimeData(self.drag_mime(shown.path))
        thumbnail = self.gallery.thumbnails.get(shown.path)
        if thumbnail is not None:
            drag.setPixmap(_drag_picture(thumbnail))
        drag.exec(Qt.DropAction.CopyAction)

    @staticmethod
    def drag_mime(path: Path) -> QMimeData:
        """What a drag of the shown picture carries: its file."""
        return picture_mime([path])

    def _model_label(self, name: str) -> str:
        models = {model.name: model.label for model in self._form.choices.models}
        return models.get(name, Path(name).name)


def _read_for_canvas(path: Path) -> tuple[ShownPicture, PagePicture]:
    if not path.is_file():
        raise missing_file(path)
    shown = read_shown(path)
    return shown, PagePicture(shown.picture)


def _drag_picture(thumbnail: QPixmap) -> QPixmap:
    return thumbnail.scaled(
        DRAG_PX,
        DRAG_PX,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
