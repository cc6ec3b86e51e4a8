"""What must be asked before the window closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from sdstudio.ui.studio import Studio


def may_close(studio: Studio) -> bool:
    """Whether nothing would be lost, or the person does not mind."""
    return _may_leave_pictures(studio) and all(
        page.may_close()  # type: ignore[attr-defined]
        for page in map(studio.workspaces.built, studio.workspaces.keys)
        if hasattr(page, "may_close")
    )


def close_at_signal(studio: Studio) -> None:
    """Close because the system says so: nobody may be there to answer what becomes of a painting.

    It is kept, and offered at the next start.
    """
    for page in map(studio.workspaces.built, studio.workspaces.keys):
        if hasattr(page, "leave_unsaved"):
            page.leave_unsaved()  # type: ignore[union-attr]
    studio.window.may_close = lambda: _may_leave_pictures(studio)
    studio.window.close()


def _may_leave_pictures(studio: Studio) -> bool:
    count = len(studio.controller.unsaved)
    if not count:
        return True
    text = _words("One picture is not saved.")
    if count > 1:
        text = _words("{0} pictures are not saved.").format(count)
    from PySide6.QtWidgets import QMessageBox

    buttons = QMessageBox.StandardButton
    answer = QMessageBox.warning(
        studio.window,
        _words("Close SD Studio"),
        text,
        buttons.Save | buttons.Discard | buttons.Cancel,
        buttons.Save,
    )
    if answer == buttons.Save:
        studio.window_commands.choose_folder()
        return False
    return answer == buttons.Discard


def _words(text: str) -> str:
    return QCoreApplication.translate("Closing", text)
