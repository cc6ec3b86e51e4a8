"""The menu bar, made from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from sdstudio.ui.icons import icon
from sdstudio.ui.shortcuts import MENUS, translated

THEME_ACTIONS = ("theme-dark", "theme-light", "theme-system")


def fill_menu_bar(
    bar: QMenuBar, actions: Mapping[str, QAction], fillings: Mapping[str, Sequence[QAction]]
) -> None:
    """Build all menus.

    Args:
        fillings: actions for the places "panels" and "canvas" of the table.
    """
    group = QActionGroup(bar)
    for name in THEME_ACTIONS:
        group.addAction(actions[name])
    for title, names in MENUS.items():
        menu = bar.addMenu(translated(title))
        menu.setToolTipsVisible(False)
        for name in names:
            _add(menu, name, actions, fillings)


def _add(
    menu: QMenu,
    name: str,
    actions: Mapping[str, QAction],
    fillings: Mapping[str, Sequence[QAction]],
) -> None:
    if name == "-":
        menu.addSeparator()
    elif name == "theme":
        theme_menu = menu.addMenu(icon("moon"), translated("Theme"))
        theme_menu.addActions([actions[each] for each in THEME_ACTIONS])
    elif name in fillings:
        menu.addActions(list(fillings[name]))
        if (fillings[name] and name != "panels") or fillings[name]:
            menu.addSeparator()
    else:
        menu.addAction(actions[name])
