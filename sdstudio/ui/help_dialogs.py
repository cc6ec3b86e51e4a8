"""About and the fault report."""

from __future__ import annotations

import platform
from collections.abc import Iterable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

import sdstudio
from sdstudio.logs.fault_report import fault_report
from sdstudio.settings.settings import Settings
from sdstudio.ui.icons import icon
from sdstudio.ui.widgets.buttons import text_button
from sdstudio.ui.widgets.labels import label

_REPORTED = ("theme", "device", "dtype", "preview_mode", "cpu_offload")


def window_report(settings: Settings, details: str, log_lines: Iterable[str] = ()) -> str:
    """The fault report, with what the window knows: the screen and the settings that matter."""
    screen = QGuiApplication.primaryScreen()
    size = screen.size()
    facts = [f"Screen {size.width()} x {size.height()} at {screen.devicePixelRatio():g}"]
    facts += [f"{name}: {getattr(settings, name)}" for name in _REPORTED]
    last = details.strip() or "No error since the start."
    return fault_report("\n".join([*facts, "", last]), log_lines=log_lines)


class AboutDialog(QDialog):
    """Name, version, licence."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About SD Studio"))
        mark = QLabel()
        mark.setPixmap(icon("generate", "accent").pixmap(56, 56))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("SD Studio", "title"))
        words.addWidget(label(self.tr("Version {0}").format(sdstudio.__version__), "muted"))
        words.addSpacing(8)
        words.addWidget(label(self.tr("A desktop studio for Stable Diffusion.")))
        words.addWidget(label(self.tr("Free software under the Apache License 2.0.")))
        words.addWidget(label(f"Python {platform.python_version()} · Qt {qVersion()}", "caption"))
        top = QHBoxLayout()
        top.setSpacing(18)
        top.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words)
        finish_dialog(self, top)


class FaultReportDialog(QDialog):
    """The report, to be read before it is copied; nothing is sent anywhere."""

    def __init__(self, report: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Fault Report"))
        self.resize(620, 460)
        text = QPlainTextEdit(report)
        text.setReadOnly(True)
        text.setAccessibleName(self.tr("Fault report"))
        copy = text_button(self.tr("Copy"), icon_name="copy", tooltip=self.tr("Copy the report"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
        content = QVBoxLayout()
        content.setSpacing(10)
        words = self.tr("Copy this into your report. Nothing is sent by the studio itself.")
        content.addWidget(label(words, "muted"))
        content.addWidget(text, 1)
        finish_dialog(self, content, copy)


def finish_dialog(
    dialog: QDialog, content: QVBoxLayout | QHBoxLayout | QGridLayout, *buttons: QWidget
) -> None:
    """Put content, buttons and one that closes it into a dialog."""
    close = text_button(dialog.tr("Close"))
    close.setDefault(True)
    close.clicked.connect(dialog.accept)
    foot = QHBoxLayout()
    foot.setSpacing(8)
    foot.addStretch()
    for button in (*buttons, close):
        foot.addWidget(button)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(24, 20, 24, 16)
    layout.setSpacing(18)
    layout.addLayout(content, 1)
    layout.addLayout(foot)
