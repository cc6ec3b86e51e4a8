"""What the menu's actions do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from sdstudio.errors import InvalidRequestError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.shown_picture import ShownPicture
from sdstudio.ui.failures import Failures
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.job_controller import JobController
from sdstudio.ui.main_window import MainWindow
from sdstudio.ui.notices import Notice
from sdstudio.ui.prompt.prompt_panel import PromptPanel
from sdstudio.ui.widgets.labels import short_name
from sdstudio.ui.widgets.picture_view import to_qimage

if TYPE_CHECKING:
    from sdstudio.gallery.recall import Recalled

PICTURE_FILTER = "*.png *.jpg *.jpeg *.webp"


class RunCommands(QObject):
    """Make, stop, pause: the actions that concern runs.

    Signals:
        submitted: the request that was queued.
    """

    submitted = Signal(object)

    def __init__(
        self,
        actions: dict[str, QAction],
        *,
        controller: JobController,
        form: GenerationForm,
        panel: PromptPanel,
        failures: Failures,
    ) -> None:
        super().__init__(panel)
        self._actions = actions
        self._controller = controller
        self._form = form
        self._panel = panel
        self._failures = failures
        self.generates_elsewhere: Callable[[bool], bool] = lambda first: False
        """Asked before the form is: whether the page that is shown makes something itself."""
        actions["generate"].triggered.connect(self._generate)
        actions["generate-first"].triggered.connect(self._generate_first)
        actions["stop-now"].triggered.connect(controller.stop_now)
        actions["after-picture"].triggered.connect(controller.stop_after_picture)
        actions["pause-queue"].toggled.connect(self._pause)
        actions["clear-queue"].triggered.connect(self._clear)
        actions["reuse-seed"].triggered.connect(form.reuse_last_seed)
        actions["random-seed"].toggled.connect(self._choose_random)
        actions["swap-size"].triggered.connect(form.swap_size)
        actions["reset-form"].triggered.connect(form.reset)
        actions["focus-prompt"].triggered.connect(panel.focus_prompt)
        controller.queue_changed.connect(self._show_state)
        form.last_seed_changed.connect(self._show_state)
        form.is_seed_random_changed.connect(self._show_state)
        self._show_state()

    def submit(self, *, first: bool) -> None:
        """Queue what the form says."""
        try:
            request = self._form.to_request()
            self._controller.submit(request, first=first)
        except InvalidRequestError as error:
            self._failures.tell(error)
            self._panel.focus_prompt()
            return
        self.submitted.emit(request)

    def _generate(self) -> None:
        if not self.generates_elsewhere(False):
            self.submit(first=False)

    def _generate_first(self) -> None:
        if not self.generates_elsewhere(True):
            self.submit(first=True)

    def _pause(self, is_paused: bool) -> None:
        if is_paused:
            self._controller.pause()
        else:
            self._controller.resume()

    def _clear(self) -> None:
        self._controller.queue.clear()

    def _choose_random(self, is_random: bool) -> None:
        self._form.choose_random(is_random)

    def _show_state(self) -> None:
        queue = self._controller.queue
        running = queue.running
        self._actions["stop-now"].setEnabled(running is not None)
        ends_anyway = running is not None and running.cancel.stops_after_picture
        self._actions["after-picture"].setEnabled(running is not None and not ends_anyway)
        self._actions["clear-queue"].setEnabled(len(queue) > 0)
        self._actions["pause-queue"].setChecked(queue.is_paused)
        self._actions["reuse-seed"].setEnabled(self._form.last_seed is not None)
        self._actions["random-seed"].setChecked(self._form.is_seed_random)
        self._panel.generate_bar.show_waiting(len(queue))


class PictureCommands(QObject):
    """Open, copy, save: the actions that concern pictures."""

    def __init__(
        self,
        actions: dict[str, QAction],
        *,
        window: MainWindow,
        panel: PromptPanel,
        failures: Failures,
        background: Background,
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._panel = panel
        self._failures = failures
        self._background = background
        self._shown: ShownPicture | None = None
        self._shown_path: Path | None = None
        actions["open-start"].triggered.connect(self._choose_start)
        actions["read-settings"].triggered.connect(self._choose_settings)
        actions["save-copy"].triggered.connect(self._save_copy)
        actions["copy-picture"].triggered.connect(self._copy_picture)
        actions["use-as-start"].triggered.connect(self._use_shown_as_start)
        panel.picture_dropped.connect(self.offer_settings)
        panel.start_file_wanted.connect(self.start_from_file)

    def remember_shown(self, shown: ShownPicture) -> None:
        """Note the picture on the canvas, which these commands act on."""
        self._shown, self._shown_path = shown, shown.path
        self._actions["save-copy"].setEnabled(shown.path is not None)
        for name in ("copy-picture", "use-as-start", "send-to-paint"):
            self._actions[name].setEnabled(True)

    def start_from(self, raster: Raster, name: str) -> None:
        """Make a picture the starting picture; the run takes its shape."""
        form = self._panel.form
        form.take_shape(raster.width, raster.height)
        form.start_from(raster, (name,))

    def start_from_file(self, path: Path) -> None:
        """Read a picture and make it the starting picture."""

        def use(raster: Raster) -> None:
            self.start_from(raster, path.name)

        self._background.run(lambda: _import_picture(path), use, self._failures.tell)

    def offer_settings(self, path: Path) -> None:
        """Offer the settings in a picture; one that has none becomes the starting picture."""

        def offer(recalled: Recalled | None) -> None:
            if recalled is not None:
                self._panel.offer_recall(recalled, path)
                return
            text = self.tr("{0} does not say how it was made.").format(short_name(path.name))
            hint = self.tr("It is used as the starting picture.")
            self._window.stage.notices.tell(Notice(text=text, hint=hint))
            self.start_from_file(path)

        self._background.run(lambda: _recall(path), offer, self._failures.tell)

    def _choose_start(self) -> None:
        path = self._ask_for_picture(self.tr("Start from Picture"))
        if path is not None:
            self.start_from_file(path)

    def _choose_settings(self) -> None:
        path = self._ask_for_picture(self.tr("Read Settings of Picture"))
        if path is not None:
            self.offer_settings(path)

    def _ask_for_picture(self, title: str) -> Path | None:
        from PySide6.QtWidgets import QFileDialog

        folder = str(self._shown_path.parent) if self._shown_path else ""
        kinds = self.tr("Pictures") + f" ({PICTURE_FILTER})"
        name, _ = QFileDialog.getOpenFileName(self._window, title, folder, kinds)
        return Path(name) if name else None

    def _save_copy(self) -> None:
        source = self._shown_path
        if source is None:
            return
        from PySide6.QtWidgets import QFileDialog

        kinds = self.tr("Picture") + f" (*{source.suffix})"
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save a Copy"), source.name, kinds
        )
        if not name:
            return
        target = Path(name).with_suffix(source.suffix)

        def told(_: object) -> None:
            text = self.tr("Saved {0}.").format(short_name(target.name))
            self._window.stage.notices.tell(Notice(text=text, severity="success"))

        self._background.run(lambda: shutil.copyfile(source, target), told, self._failures.tell)

    def _copy_picture(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setImage(to_qimage(self._shown.picture))

    def _use_shown_as_start(self) -> None:
        if self._shown is not None:
            name = self._shown_path.name if self._shown_path else self._shown.picture.digest()
            self.start_from(self._shown.picture, name)


class EditCommands(QObject):
    """Undo, cut and paste in the field that has the keyboard, or else in the page that is shown.

    Args:
        shown: tells what that page wants edited; its methods "undo", "cut" and so on are called,
            those it has.
    """

    def __init__(
        self, actions: dict[str, QAction], parent: QObject, shown: Callable[[], QWidget]
    ) -> None:
        super().__init__(parent)
        self._shown = shown
        actions["undo"].triggered.connect(lambda: self._do("undo"))
        actions["redo"].triggered.connect(lambda: self._do("redo"))
        actions["cut"].triggered.connect(lambda: self._do("cut"))
        actions["copy"].triggered.connect(lambda: self._do("copy"))
        actions["paste"].triggered.connect(lambda: self._do("paste"))

    def _do(self, verb: str) -> None:
        focused = QApplication.focusWidget()
        is_text = isinstance(focused, QLineEdit | QPlainTextEdit)
        method = getattr(focused if is_text else self._shown(), verb, None)
        if method is not None:
            method()


def _import_picture(path: Path) -> Raster:
    from sdstudio.gallery.picture_import import import_picture

    return import_picture(path)


def _recall(path: Path) -> Recalled | None:
    from sdstudio.gallery.recall import recall

    return recall(path)
