"""What the menus do with the window itself: settings, folders, full screen, help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog

from sdstudio import paths
from sdstudio.settings.store import SettingsStore
from sdstudio.ui.failures import Failures
from sdstudio.ui.main_window import MainWindow

THEMES = ("dark", "light", "system")


class WindowCommands(QObject):
    """Dialogs are imported when they are first opened, which keeps the start quick.

    Signals:
        change_wanted: (name, value) of a setting.
    """

    change_wanted = Signal(str, object)

    def __init__(
        self,
        actions: dict[str, QAction],
        *,
        window: MainWindow,
        store: SettingsStore,
        gallery_folder: Callable[[], Path],
        failures: Failures,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._store = store
        self._gallery_folder = gallery_folder
        self._failures = failures
        actions["settings"].triggered.connect(self._show_settings)
        actions["open-folder"].triggered.connect(self._open_folder)
        actions["quit"].triggered.connect(window.close)
        actions["reset-layout"].triggered.connect(window.reset_layout)
        actions["full-screen"].toggled.connect(self._show_full_screen)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["fault-report"].triggered.connect(self._show_last_report)
        actions["about"].triggered.connect(self._show_about)
        for theme in THEMES:
            actions[f"theme-{theme}"].triggered.connect(
                lambda _=False, theme=theme: self.change_wanted.emit("theme", theme)
            )
        failures.folder_wanted.connect(self.choose_folder)
        failures.report_wanted.connect(self.show_report)

    def choose_folder(self) -> None:
        """Ask for another folder for pictures."""
        name = QFileDialog.getExistingDirectory(
            self._window, self.tr("Picture Folder"), str(self._gallery_folder())
        )
        if name:
            self.change_wanted.emit("gallery_folder", name)

    def show_report(self, details: str) -> None:
        """Show the fault report with these details."""
        from sdstudio.logs.log_file import last_lines
        from sdstudio.ui.help_dialogs import FaultReportDialog, window_report

        lines = last_lines(paths.data_folder() / "logs")
        report = window_report(self._store.settings, details, lines)
        self._open(FaultReportDialog(report, self._window))

    def _show_settings(self) -> None:
        from sdstudio.ui.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._store.settings, self._gallery_folder(), self._window)
        dialog.change_wanted.connect(self.change_wanted)
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        """Open a dialog in the middle of the window, which has the keyboard again after it."""
        dialog.finished.connect(self._window.activateWindow)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        place = dialog.frameGeometry()
        place.moveCenter(self._window.frameGeometry().center())
        dialog.move(place.topLeft())

    def _open_folder(self) -> None:
        folder = self._gallery_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._failures.tell(error)
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _show_full_screen(self, is_full: bool) -> None:
        if is_full:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def _show_shortcuts(self) -> None:
        from sdstudio.ui.keyboard_help import ShortcutsDialog

        page = getattr(self._window.centralWidget(), "key", "")
        self._open(ShortcutsDialog(self._window, page=page))

    def _show_last_report(self) -> None:
        self.show_report(self._failures.last_details)

    def _show_about(self) -> None:
        from sdstudio.ui.help_dialogs import AboutDialog

        self._open(AboutDialog(self._window))
