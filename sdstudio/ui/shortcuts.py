"""The table of everything a menu or key can do; menus, tooltips and the overview are made of it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from sdstudio.ui.icons import icon


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One action.

    Attributes:
        keys: shortcuts in Qt's portable spelling; the first is shown.
        tip: a tooltip that says more than the text, or "".
    """

    name: str
    text: str
    keys: tuple[str, ...] = ()
    icon_name: str = ""
    tip: str = ""
    is_checkable: bool = False
    is_enabled: bool = True


def _spec(name: str, text: str, *keys: str, **more: object) -> ActionSpec:
    return ActionSpec(name=name, text=text, keys=keys, **more)  # type: ignore[arg-type]


def _T(context: str, text: str) -> str:
    """Mark a text for translation: `lupdate -tr-function-alias QT_TRANSLATE_NOOP=_T`."""
    return text


ACTIONS: tuple[ActionSpec, ...] = (
    _spec("open-start", _T("Actions", "Start from Picture…"), "Ctrl+O", icon_name="add-picture"),
    _spec("read-settings", _T("Actions", "Read Settings of Picture…"), "Ctrl+Shift+O"),
    _spec(
        "save-copy",
        _T("Actions", "Save a Copy…"),
        "Ctrl+Shift+S",
        icon_name="save",
        is_enabled=False,
    ),
    _spec("open-folder", _T("Actions", "Open Picture Folder"), icon_name="folder"),
    _spec("settings", _T("Actions", "Settings…"), "Ctrl+,", icon_name="settings"),
    _spec("quit", _T("Actions", "Quit"), "Ctrl+Q"),
    _spec("undo", _T("Actions", "Undo"), "Ctrl+Z", icon_name="undo"),
    _spec("redo", _T("Actions", "Redo"), "Ctrl+Shift+Z", "Ctrl+Y", icon_name="redo"),
    _spec("cut", _T("Actions", "Cut"), "Ctrl+X"),
    _spec("copy", _T("Actions", "Copy"), "Ctrl+C", icon_name="copy"),
    _spec("paste", _T("Actions", "Paste"), "Ctrl+V"),
    _spec(
        "copy-picture",
        _T("Actions", "Copy Picture"),
        "Ctrl+Shift+C",
        icon_name="picture",
        is_enabled=False,
    ),
    _spec(
        "use-as-start", _T("Actions", "Start from Shown Picture"), "Ctrl+Shift+I", is_enabled=False
    ),
    _spec(
        "send-to-paint",
        _T("Actions", "Open Shown Picture in Paint"),
        "Shift+F3",
        icon_name="brush",
        is_enabled=False,
    ),
    _spec("swap-size", _T("Actions", "Swap Width and Height"), "Ctrl+Shift+W", icon_name="swap"),
    _spec("reset-form", _T("Actions", "Reset Settings to Defaults")),
    _spec("page-picture", _T("Actions", "Picture"), "F2", icon_name="picture", is_enabled=False),
    _spec("page-paint", _T("Actions", "Paint"), "F3", icon_name="brush", is_enabled=False),
    _spec("page-gallery", _T("Actions", "Gallery"), "F4", icon_name="gallery", is_enabled=False),
    _spec("full-screen", _T("Actions", "Full Screen"), "F11", is_checkable=True),
    _spec("reset-layout", _T("Actions", "Reset Layout")),
    _spec("theme-dark", _T("Actions", "Dark"), is_checkable=True),
    _spec("theme-light", _T("Actions", "Light"), is_checkable=True),
    _spec("theme-system", _T("Actions", "Like the System"), is_checkable=True),
    _spec(
        "generate",
        _T("Actions", "Generate"),
        "Ctrl+Enter",
        "Ctrl+Return",
        icon_name="generate",
        tip=_T("Actions", "Make the picture; runs queue"),
    ),
    _spec(
        "generate-first",
        _T("Actions", "Generate First"),
        "Ctrl+Shift+Enter",
        "Ctrl+Shift+Return",
        icon_name="first",
        tip=_T("Actions", "Make the picture before all that wait"),
    ),
    _spec(
        "stop-now",
        _T("Actions", "Stop Now"),
        "Shift+X",
        "Ctrl+.",
        icon_name="stop",
        is_enabled=False,
        tip=_T("Actions", "Stop within one step; the picture in work is lost"),
    ),
    _spec(
        "after-picture",
        _T("Actions", "Stop After This Picture"),
        "Ctrl+Shift+X",
        icon_name="after-picture",
        is_enabled=False,
        tip=_T("Actions", "Finish the picture in work, then stop"),
    ),
    _spec(
        "pause-queue",
        _T("Actions", "Pause Queue"),
        "Ctrl+Shift+P",
        icon_name="pause",
        is_checkable=True,
        tip=_T("Actions", "Start no further run; the running one goes on"),
    ),
    _spec("clear-queue", _T("Actions", "Clear Queue"), icon_name="trash", is_enabled=False),
    _spec(
        "reuse-seed",
        _T("Actions", "Reuse Last Seed"),
        "Ctrl+Shift+R",
        icon_name="reuse",
        is_enabled=False,
    ),
    _spec(
        "random-seed", _T("Actions", "Random Seed"), "Ctrl+R", icon_name="dice", is_checkable=True
    ),
    _spec("focus-prompt", _T("Actions", "Go to Prompt"), "Alt+A", icon_name="prompt"),
    _spec("shortcuts", _T("Actions", "Keyboard Shortcuts"), "F1", icon_name="keyboard"),
    _spec("fault-report", _T("Actions", "Fault Report…"), icon_name="warning"),
    _spec("about", _T("Actions", "About SD Studio"), icon_name="info"),
)

MENUS: dict[str, tuple[str, ...]] = {
    _T("Actions", "&File"): (
        "open-start",
        "read-settings",
        "-",
        "save-copy",
        "open-folder",
        "-",
        "settings",
        "quit",
    ),
    _T("Actions", "&Edit"): (
        "undo",
        "redo",
        "-",
        "cut",
        "copy",
        "paste",
        "-",
        "copy-picture",
        "use-as-start",
        "send-to-paint",
        "-",
        "swap-size",
        "reset-form",
    ),
    _T("Actions", "&View"): (
        "page-picture",
        "page-paint",
        "page-gallery",
        "-",
        "panels",
        "canvas",
        "-",
        "theme",
        "full-screen",
        "reset-layout",
    ),
    _T("Actions", "&Generate"): (
        "generate",
        "generate-first",
        "-",
        "stop-now",
        "after-picture",
        "-",
        "pause-queue",
        "clear-queue",
        "-",
        "random-seed",
        "reuse-seed",
        "focus-prompt",
    ),
    _T("Actions", "&Help"): ("shortcuts", "fault-report", "about"),
}
"""Menu -> names of its actions; "-" is a line, "panels", "canvas" and "theme" are filled in."""


def translated(text: str) -> str:
    """A text of this table in the user's language."""
    return QCoreApplication.translate("Actions", text)


def make_actions(parent: QObject) -> dict[str, QAction]:
    """Make every action of the table, unconnected."""
    return {spec.name: _make(spec, parent) for spec in ACTIONS}


def _make(spec: ActionSpec, parent: QObject) -> QAction:
    action = QAction(translated(spec.text), parent)
    action.setObjectName(spec.name)
    action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
    action.setCheckable(spec.is_checkable)
    action.setEnabled(spec.is_enabled)
    if spec.icon_name:
        action.setIcon(icon(spec.icon_name))
    if spec.tip:
        action.setToolTip(translated(spec.tip))
    return action
