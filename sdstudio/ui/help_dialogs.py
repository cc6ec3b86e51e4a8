"""About, the keyboard overview and the fault report."""

from __future__ import annotations

import platform
from collections.abc import Iterable

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication, QKeySequence
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
from sdstudio.ui.shortcuts import ACTIONS, translated
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
        _finish(self, top)


class ShortcutsDialog(QDialog):
    """All keys, made from the table of actions."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(6)
        entries = [spec for spec in ACTIONS if spec.keys]
        half = (len(entries) + 1) // 2
        for index, spec in enumerate(entries):
            row, column = index % half, 2 * (index // half)
            keys = QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
            grid.addWidget(label(translated(spec.text).rstrip("…")), row, column)
            grid.addWidget(label(keys, "key"), row, column + 1, Qt.AlignmentFlag.AlignRight)
        extras = (
            self.tr("Prompt: Alt+Up and Alt+Down recall earlier prompts."),
            self.tr("Canvas: the wheel zooms, Space or the middle button pans, double-click fits,"),
            self.tr("Ctrl+0 fits, Ctrl+1 shows actual size, Ctrl+drag takes the file out."),
            self.tr("Gallery: arrows show, Enter takes the settings, Delete moves to the trash."),
            self.tr("Paint: B brush, E eraser, G fill, I picker, L lasso, R rectangle/ellipse,"),
            self.tr("V move, C generation box, H or Space pan; a letter held borrows its tool."),
            self.tr("[ and ] or Ctrl+wheel: size. X swaps the colours, D takes the defaults."),
            self.tr("Shift-click draws a straight line, Ctrl-click takes a colour."),
            self.tr("Candidates: arrows cycle, Space shows the original, Enter accepts,"),
            self.tr("Shift+Enter merges, Delete discards, S saves to the gallery, Esc steps back."),
            self.tr("Queue: Ctrl+Up and Ctrl+Down move a run, Delete cancels it."),
        )
        for row, extra in enumerate(extras, half):
            grid.addWidget(label(extra, "caption"), row, 0, 1, 4)
        _finish(self, grid)


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
        _finish(self, content, copy)


def _finish(
    dialog: QDialog, content: QVBoxLayout | QHBoxLayout | QGridLayout, *buttons: QWidget
) -> None:
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
