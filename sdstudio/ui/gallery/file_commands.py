"""What can be done with a picture file, from the strip and from the canvas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.gallery.deleting import delete_picture, missing_file
from sdstudio.ui.generation_form import GenerationForm
from sdstudio.ui.notices import Notice, NoticeAction
from sdstudio.ui.widgets.picture_view import to_qimage

if TYPE_CHECKING:
    from sdstudio.ui.gallery.reuse import Reuse

PROMPT_FIELDS = ("prompt", "negative_prompt")
TRASHED = "trashed"


class FileCommands(QObject):
    """Carries out wishes that concern one picture file; the disk is read in the background.

    Args:
        tell_error: shows what went wrong.
        tell: shows a notice.
        gallery_folder: tells where the gallery is, which has a trash of its own.

    Signals:
        start_wanted: a Path whose picture should be the starting picture.
        paint_wanted: a Path whose picture should be painted on.
        trashed: a Path that is gone.
        restored: a Path that is back from the trash.
    """

    start_wanted = Signal(object)
    paint_wanted = Signal(object)
    trashed = Signal(object)
    restored = Signal(object)

    def __init__(
        self,
        form: GenerationForm,
        background: Background,
        *,
        tell: Callable[[Notice], None],
        tell_error: Callable[[Exception], None],
        gallery_folder: Callable[[], Path] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._form = form
        self._background = background
        self._tell = tell
        self._tell_error = tell_error
        self._gallery_folder = gallery_folder
        self._reuser: Reuse | None = None

    def use_settings(self, path: Path) -> None:
        """Take over all settings of the picture."""
        self._reuse().take_all(path)

    def use_text(self, text: str) -> None:
        """Take over all settings that a text says."""
        self._reuse().take_text(text)

    def use_prompt(self, path: Path) -> None:
        """Take over prompt and negative prompt."""
        self._reuse().take(path, PROMPT_FIELDS)

    def use_seed(self, path: Path) -> None:
        """Take over the seed."""
        self._reuse().take(path, ("seed",))

    def copy_prompt(self, path: Path) -> None:
        """Put the prompt on the clipboard."""

        def done(prompt: str) -> None:
            QGuiApplication.clipboard().setText(prompt)

        self._background.run(lambda: _read_prompt(path), done, self._tell_error)

    def copy_picture(self, path: Path) -> None:
        """Put the picture on the clipboard."""

        def done(raster: Raster) -> None:
            QGuiApplication.clipboard().setImage(to_qimage(raster))

        self._background.run(lambda: _import_picture(path), done, self._tell_error)

    def show_in_folder(self, path: Path) -> None:
        """Show the file in the desktop's file browser."""

        def done(exists: bool) -> None:
            if exists:
                from sdstudio.ui.gallery.reveal import reveal

                reveal(path)
            else:
                self._tell_error(missing_file(path))

        self._background.run(path.is_file, done, self._tell_error)

    def start_from(self, path: Path) -> None:
        """Make it the starting picture."""
        self.start_wanted.emit(path)

    def paint_on(self, path: Path) -> None:
        """Open it in the Paint room."""
        self.paint_wanted.emit(path)

    def move_to_trash(self, path: Path) -> None:
        """Delete the file; the notice can bring it back."""
        folder = self._gallery_folder() if self._gallery_folder is not None else None

        def done(bring_back: Callable[[], object]) -> None:
            self.trashed.emit(path)
            undo = NoticeAction(text=self.tr("Undo"), act=lambda: self._restore(bring_back, path))
            text = self.tr("The picture is in the trash.")
            self._tell(Notice(text=text, hint=path.name, actions=(undo,), key=TRASHED))

        self._background.run(lambda: delete_picture(path, folder), done, self._tell_error)

    def _restore(self, bring_back: Callable[[], object], path: Path) -> None:
        def done(_: object) -> None:
            self.restored.emit(path)

        self._background.run(bring_back, done, self._tell_error)

    def _reuse(self) -> Reuse:
        from sdstudio.ui.gallery.reuse import Reuse

        if self._reuser is None:
            self._reuser = Reuse(
                self._form,
                self._background,
                tell=self._tell,
                tell_error=self._tell_error,
                parent=self,
            )
        return self._reuser


def _import_picture(path: Path) -> Raster:
    from sdstudio.gallery.picture_import import import_picture

    return import_picture(path)


def _read_prompt(path: Path) -> str:
    from sdstudio.gallery.metadata.reader import read_metadata

    return read_metadata(path)[0].prompt
