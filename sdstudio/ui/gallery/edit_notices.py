"""What is said after pictures were changed, with a button that takes it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.gallery_edits import Edit, GalleryEdits
from sdstudio.ui.notices import Notice, NoticeAction

if TYPE_CHECKING:
    from sdstudio.gallery.export import ExportOutcome

DELETED = "gallery-deleted"
UNDO_MS = 10_000
"""Ctrl+Z and the trash are there for longer."""


class EditNotices(QObject):
    """Tells of changes that one does not see at once.

    Args:
        tell: shows a notice.
    """

    def __init__(self, edits: GalleryEdits, tell: Callable[[Notice], None]) -> None:
        super().__init__(edits)
        self._edits = edits
        self._tell = tell
        edits.done.connect(self._tell_done)
        edits.redone.connect(self._tell_done)
        edits.undone.connect(self._tell_undone)

    def _tell_done(self, edit: Edit) -> None:
        if edit.kind == "delete":
            text = self.tr("{0} deleted.").format(counted.pictures(edit.count))
            hint = self.tr("Deleted pictures stay in the gallery's trash for 30 days.")
            undo = NoticeAction(text=self.tr("Undo"), act=partial(self._edits.undo, edit))
            self._tell(Notice(text=text, hint=hint, actions=(undo,), key=DELETED, stays_ms=UNDO_MS))
        elif edit.kind == "remove-board":
            text = self.tr("The board is removed; its pictures stay.")
            undo = NoticeAction(text=self.tr("Undo"), act=partial(self._edits.undo, edit))
            self._tell(Notice(text=text, actions=(undo,), key=DELETED, stays_ms=UNDO_MS))
        elif edit.kind == "restore":
            text = self.tr("{0} restored.").format(counted.pictures(edit.count))
            self._tell(Notice(text=text, severity="success", key=DELETED))

    def _tell_undone(self, edit: Edit) -> None:
        if edit.kind == "delete":
            text = self.tr("{0} restored.").format(counted.pictures(edit.count))
            self._tell(Notice(text=text, severity="success", key=DELETED))

    def tell_exported(self, outcome: ExportOutcome, folder: Path) -> None:
        """Say how many copies were written, and which could not be."""
        text = self.tr("{0} exported.").format(counted.pictures(len(outcome.written)))
        problems = " ".join(outcome.problems[:3])
        show = NoticeAction(
            text=self.tr("Open folder"),
            act=partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(folder))),
        )
        severity = "warning" if problems else "success"
        self._tell(Notice(text=text, hint=problems, severity=severity, actions=(show,)))
