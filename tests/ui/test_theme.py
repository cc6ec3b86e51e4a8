"""The look: every token is there, text can be read, icons follow the theme."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sdstudio.paths import resource_path
from sdstudio.ui.icons import icon
from sdstudio.ui.shortcuts import ACTIONS
from sdstudio.ui.theme import (
    ThemeName,
    ThemeSwitch,
    application_font,
    contrast_ratio,
    dress,
    fill,
    load_theme,
    palette,
)

AA_TEXT = 4.5  # WCAG 2.2, 1.4.3
AA_GRAPHIC = 3.0  # WCAG 2.2, 1.4.11

SURFACES = ("canvas", "window", "panel", "raised", "control", "control_hover", "field", "tooltip")
QUIET_SURFACES = ("window", "panel", "raised", "field", "canvas")
TEXTS = [("text", surface) for surface in SURFACES]
TEXTS += [("text_muted", surface) for surface in QUIET_SURFACES]
TEXTS += [("on_accent", name) for name in ("accent", "accent_hover", "accent_pressed")]
TEXTS += [("on_danger", "danger"), ("on_danger", "danger_hover"), ("accent", "on_accent")]
TEXTS += [(name, s) for name in ("danger_text", "warning_text") for s in ("panel", "raised")]
TEXTS += [("accent_text", "panel"), ("success_text", "raised"), ("danger_text", "control")]
GRAPHICS = [("focus", surface) for surface in ("window", "panel", "raised", "field", "control")]
GRAPHICS += [("handle", "panel"), ("handle", "groove"), ("accent_text", "panel")]


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize(
    "front, back, least",
    [(*pair, AA_TEXT) for pair in TEXTS] + [(*pair, AA_GRAPHIC) for pair in GRAPHICS],
)
def test_contrast(name: ThemeName, front: str, back: str, least: float) -> None:
    theme = load_theme(name)
    assert contrast_ratio(theme.color(front), theme.color(back)) >= least


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast_ratio(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21.0)
    # W3C's own example of a grey that just passes on white
    assert contrast_ratio(QColor("#767676"), QColor("#ffffff")) == pytest.approx(4.54, abs=0.01)


def test_both_themes_have_the_same_tokens_and_all_are_colours() -> None:
    dark, light = load_theme("dark").tokens, load_theme("light").tokens
    assert dark.keys() == light.keys()
    for tokens in (dark, light):
        colours = [value for key, value in tokens.items() if key != "name"]
        assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in colours)


def test_the_style_sheet_uses_known_tokens_and_all_of_its_icons_exist() -> None:
    template = resource_path("styles", "app.qss").read_text(encoding="utf-8")
    filled = fill(template, load_theme("dark").tokens)
    assert "{{" not in filled
    for name in re.findall(r'url\("icons:(.+?)"\)', filled):
        assert resource_path("icons", name).is_file()
    with pytest.raises(KeyError):
        fill("{{ unknown }}", {})


def test_qt_understands_the_style_sheet(qapp: QApplication, qtbot: QtBot) -> None:
    # Qt warns about what it cannot parse, and a Qt warning fails a test.
    for name in ("dark", "light"):
        dress(qapp, load_theme(name))
    qapp.setStyleSheet("")


def test_the_switch_changes_palette_and_tells(qapp: QApplication, qtbot: QtBot) -> None:
    switch = ThemeSwitch(qapp, "dark")
    dark_window = qapp.palette().window().color()
    with qtbot.waitSignal(switch.changed):
        switch.choose("light")
    assert qapp.palette().window().color() != dark_window
    assert switch.theme.name == "light"
    with qtbot.assertNotEmitted(switch.changed):
        switch.choose("light")
    qapp.setStyleSheet("")


def _darkest(image: QImage) -> int:
    colours = [image.pixelColor(x, y) for x in range(20) for y in range(20)]
    return min(colour.lightness() for colour in colours if colour.alpha() > 200)


def test_icons_take_the_palette_of_the_moment(qapp: QApplication) -> None:
    stop = icon("stop")
    qapp.setPalette(palette(load_theme("light")))
    on_light = _darkest(stop.pixmap(20, 20).toImage())
    qapp.setPalette(palette(load_theme("dark")))
    on_dark = _darkest(stop.pixmap(20, 20).toImage())
    assert on_light < 90 < 160 < on_dark


def test_every_icon_draws_something(qapp: QApplication) -> None:
    names = [path.stem for path in resource_path("icons").glob("*.svg")]
    assert len(names) > 40
    for name in names:
        image = icon(name).pixmap(QSize(40, 40)).toImage()
        assert any(image.pixelColor(x, y).alpha() for x in range(40) for y in range(40)), name


def test_actions_use_icons_that_exist() -> None:
    for spec in ACTIONS:
        assert not spec.icon_name or resource_path("icons", f"{spec.icon_name}.svg").is_file()


def test_icons_grey_out_when_disabled(qapp: QApplication) -> None:
    qapp.setPalette(palette(load_theme("dark")))
    normal = icon("stop").pixmap(QSize(20, 20), QIcon.Mode.Normal).toImage()
    disabled = icon("stop").pixmap(QSize(20, 20), QIcon.Mode.Disabled).toImage()
    assert _darkest(disabled) < _darkest(normal)


def test_the_bundled_font_has_figures_of_one_width(qapp: QApplication) -> None:
    font = application_font()
    assert font.family().startswith("Inter")
    assert font.pixelSize() == 13
