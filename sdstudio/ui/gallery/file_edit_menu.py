"""Changes what picture files say, in ways that can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from sdstudio.errors import SdstudioError
from sdstudio.gallery.steps import ChangeStoppedError, Steps
from sdstudio.ui.background import Background
from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.gallery_edits import Edit, TakeBack
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.gallery.prompt_dialog import PromptDialog
from sdstudio.ui.notices import Notice, NoticeAction

if TYPE_CHECKING:
    from pathlib import Path

    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.metadata.picture_metadata import PictureMetadata

KEY = "file-edit"
MAX_FILES = 200
"""What can be taken back is kept in memory."""


class FileEditMenu(QObject):
    """Edits the prompt in a file, marks files as made by AI, removes what they say.

    Args:
        background: reads a file before it is edited.
    """

    def __init__(self, room: GalleryRoom, background: Background) -> None:
        super().__init__(room)
        self._room = room
        self._background = background
        room.edits.done.connect(self._tell)

    def fill(self, menu: QMenu, ids: Sequence[int]) -> None:
        """Offer what can be done to the files of these pictures."""
        files = menu.addMenu(self.tr("In the File"))
        files.setEnabled(0 < len(ids) <= MAX_FILES)
        if not ids:
            return
        prompt = files.addAction(self.tr("Edit the Prompt…"), partial(self.edit_prompt, ids[0]))
        prompt.setEnabled(len(ids) == 1)
        files.addSeparator()
        files.addAction(self.tr("Mark as Made by AI"), partial(self.mark, ids, is_marked=True))
        files.addAction(self.tr("Remove That Mark"), partial(self.mark, ids, is_marked=False))
        files.addAction(self.tr("Remove All That It Says"), partial(self.strip, ids))

    def edit_prompt(self, picture_id: int) -> None:
        """Ask for other words and write them into the file."""
        gallery = self._room.gallery

        def read() -> PictureMetadata | None:
            from sdstudio.gallery.metadata.reader import read_metadata

            rows = gallery.rows([picture_id])
            return read_metadata(rows[0].path)[0] if rows else None

        def ask(metadata: PictureMetadata | None) -> None:
            if metadata is None:
                return
            dialog = PromptDialog(metadata.prompt, metadata.negative_prompt, self._room.window())
            dialog.kept.connect(partial(self._write_prompt, picture_id))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._background.run(read, ask, self._room.tell_error)

    def mark(self, ids: Sequence[int], *, is_marked: bool) -> None:
        """Write or remove the mark of pictures that a model made."""

        def change(gallery: Gallery, path: Path) -> bytes:
            from sdstudio.gallery.file_edits import mark_as_ai_made

            return mark_as_ai_made(gallery, path, is_marked=is_marked)

        self._do("mark-in-file", ids, change)

    def strip(self, ids: Sequence[int]) -> None:
        """Remove all that the files say."""

        def change(gallery: Gallery, path: Path) -> bytes:
            from sdstudio.gallery.file_edits import strip_metadata

            return strip_metadata(gallery, path)

        self._do("strip-file", ids, change)

    def _write_prompt(self, picture_id: int, prompt: str, negative_prompt: str) -> None:
        def change(gallery: Gallery, path: Path) -> bytes:
            from sdstudio.gallery.file_edits import edit_prompt

            return edit_prompt(gallery, path, prompt=prompt, negative_prompt=negative_prompt)

        self._do("prompt-in-file", [picture_id], change)

    def _do(self, kind: str, ids: Sequence[int], change: Callable[[Gallery, Path], bytes]) -> None:
        gallery = self._room.gallery

        def do(steps: Steps) -> TakeBack:
            return _change_all(gallery, ids, change, steps)

        self._room.edits.do(Edit(kind=kind, count=len(ids), do=do))

    def _tell(self, edit: Edit) -> None:
        texts = {
            "prompt-in-file": self.tr("The prompt in the file is changed."),
            "mark-in-file": self.tr("The mark is changed in {0}."),
            "strip-file": self.tr("{0} say nothing any more.")
            if edit.count > 1
            else self.tr("The file says nothing any more."),
        }
        if edit.kind in texts:
            text = texts[edit.kind].format(counted.pictures(edit.count))
            undo = NoticeAction(text=self.tr("Undo"), act=self._room.edits.undo)
            self._room.tell(Notice(text=text, actions=(undo,), key=KEY))


def _change_all(
    gallery: Gallery, ids: Sequence[int], change: Callable[[Gallery, Path], bytes], steps: Steps
) -> TakeBack:
    """Change file after file; where one cannot be, those before it are put back."""
    from sdstudio.gallery.file_edits import put_back

    done: list[tuple[Path, bytes]] = []

    def take_back(steps: Steps) -> None:
        steps.expect(len(done))
        for path, data in reversed(done):
            put_back(gallery, path, data)
            steps.step()

    steps.expect(len(ids))
    try:
        for row in gallery.rows(ids):
            steps.raise_if_stopped()
            done.append((row.path, change(gallery, row.path)))
            steps.step()
    except (SdstudioError, ChangeStoppedError):
        take_back(steps)
        raise
    return take_back
