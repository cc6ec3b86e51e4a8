"""The look: tokens of a theme filled into one style sheet and one palette."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from sdstudio.paths import resource_path

ThemeName = Literal["dark", "light"]
ThemeChoice = Literal["dark", "light", "system"]

TEXT_PX = 13
_TOKEN = re.compile(r"\{\{\s*(\w+)\s*\}\}")

_PALETTE_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "text",
    QPalette.ColorRole.Base: "field",
    QPalette.ColorRole.AlternateBase: "panel",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "text_muted",
    QPalette.ColorRole.Button: "control",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "danger_text",
    QPalette.ColorRole.Highlight: "accent",
    QPalette.ColorRole.HighlightedText: "on_accent",
    QPalette.ColorRole.Accent: "accent",
    QPalette.ColorRole.Link: "accent_text",
    QPalette.ColorRole.LinkVisited: "warning_text",
    QPalette.ColorRole.ToolTipBase: "tooltip",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Light: "control_hover",
    QPalette.ColorRole.Midlight: "raised",
    QPalette.ColorRole.Mid: "border",
    QPalette.ColorRole.Dark: "canvas",
    QPalette.ColorRole.Shadow: "success_text",
}
_DISABLED_ROLES = (
    QPalette.ColorRole.WindowText,
    QPalette.ColorRole.Text,
    QPalette.ColorRole.ButtonText,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Named colours, as "#rrggbb"."""

    name: str
    tokens: dict[str, str]

    def color(self, token: str) -> QColor:
        """The colour called `token`."""
        return QColor(self.tokens[token])


def load_theme(name: ThemeName) -> Theme:
    """Read a bundled theme."""
    text = resource_path("themes", f"{name}.json").read_text(encoding="utf-8")
    return Theme(name=name, tokens=json.loads(text))


def fill(template: str, tokens: dict[str, str]) -> str:
    """Replace every `{{ token }}`; a token the theme lacks raises KeyError."""
    return _TOKEN.sub(lambda match: tokens[match.group(1)], template)


def palette(theme: Theme) -> QPalette:
    """The palette that Fusion draws with where the style sheet says nothing."""
    result = QPalette()
    for role, token in _PALETTE_ROLES.items():
        result.setColor(role, theme.color(token))
    for role in _DISABLED_ROLES:
        result.setColor(QPalette.ColorGroup.Disabled, role, theme.color("text_disabled"))
    return result


def contrast_ratio(first: QColor, second: QColor) -> float:
    """WCAG 2.2 contrast of two opaque colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (color.redF(), color.greenF(), color.blueF())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def load_fonts() -> str | None:
    """Register the bundled fonts; returns the family of the first, None if there is none."""
    families: list[str] = []
    for path in sorted(resource_path("fonts").glob("*.[to]tf")):
        font_id = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(font_id)
    return families[0] if families else None


def application_font() -> QFont:
    """The text font of the window at its base size, with figures of equal width."""
    family = load_fonts()
    font = QFont(family) if family else QFont(QGuiApplication.font())
    font.setPixelSize(TEXT_PX)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def dress(app: QApplication, theme: Theme) -> None:
    """Put the theme on everything the application shows."""
    app.setPalette(palette(theme))
    _put_on_sheet(app, theme)


def _put_on_sheet(app: QApplication, theme: Theme) -> None:
    QDir.setSearchPaths("icons", [str(resource_path("icons"))])
    if app.styleSheet():
        app.setStyle("Fusion")  # Qt 6.12 crashes where a new sheet meets hidden windows of the old
    template = resource_path("styles", "app.qss").read_text(encoding="utf-8")
    app.setStyleSheet(fill(template, theme.tokens))


class ThemeSwitch(QObject):
    """Wears the chosen theme; "system" follows the desktop's own choice while running.

    At first only the palette is set, which icons are tinted with. `wear` puts on the style sheet
    when the widgets are built: a widget that is added to a layout under one is styled anew.
    """

    changed = Signal(object)

    def __init__(self, app: QApplication, choice: ThemeChoice = "dark") -> None:
        super().__init__(app)
        self._app = app
        self._choice: ThemeChoice = choice
        self.theme = load_theme(self._resolve())
        app.setPalette(palette(self.theme))
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def choice(self) -> ThemeChoice:
        """What the user asked for."""
        return self._choice

    def wear(self) -> None:
        """Put on the style sheet; called once, before the window is shown."""
        _put_on_sheet(self._app, self.theme)

    def choose(self, choice: ThemeChoice) -> None:
        """Change the theme at once."""
        self._choice = choice
        name = self._resolve()
        if name == self.theme.name:
            return
        self.theme = load_theme(name)
        dress(self._app, self.theme)
        self.changed.emit(self.theme)

    def _resolve(self) -> ThemeName:
        if self._choice != "system":
            return self._choice
        light = self._app.styleHints().colorScheme() == Qt.ColorScheme.Light
        return "light" if light else "dark"

    def _follow_system(self) -> None:
        if self._choice == "system":
            self.choose("system")
