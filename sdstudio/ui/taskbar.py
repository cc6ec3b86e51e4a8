"""Progress in the desktop's taskbar and native notifications, where the desktop has them."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow, QSystemTrayIcon

NOTIFICATION_MS = 8000
DESKTOP_ENTRY = "application://sdstudio.desktop"


class Taskbar(QObject):
    """Speaks the LauncherEntry protocol on Linux desktops (KDE, Unity, Dash to Dock).

    Elsewhere the window's title carries the progress.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = -1
        self._tray: QSystemTrayIcon | None = None

    def show(self, fraction: float) -> None:
        """Show a fraction in [0, 1]; said to the desktop once per percent."""
        percent = round(fraction * 100)
        if percent != self._shown:
            self._shown = percent
            self._send({"progress": fraction, "progress-visible": True})

    def clear(self) -> None:
        """Show no progress."""
        if self._shown >= 0:
            self._shown = -1
            self._send({"progress": 0.0, "progress-visible": False})

    def notify(self, window: QMainWindow, title: str, text: str) -> None:
        """Show a native notification, if the desktop takes them, and mark the taskbar entry."""
        window.activateWindow()
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(window.windowIcon(), self)
            self._tray.messageClicked.connect(window.activateWindow)
        self._tray.show()
        self._tray.showMessage(title, text, window.windowIcon(), NOTIFICATION_MS)

    def _send(self, properties: dict[str, object]) -> None:
        if sys.platform != "linux":
            return
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return
        message = QDBusMessage.createSignal(
            "/sdstudio", "com.canonical.Unity.LauncherEntry", "Update"
        )
        message.setArguments([DESKTOP_ENTRY, properties])
        bus.send(message)
