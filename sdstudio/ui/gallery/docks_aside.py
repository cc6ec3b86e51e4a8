"""Room for pictures: docks that say the same in small are put aside for a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QDockWidget

from sdstudio.settings.settings import PlainValue


class DocksAside:
    """Hides docks and shows again those it has hidden, after a restart too.

    Args:
        hidden: names of the docks that are hidden now, as given to `remember`.
    """

    def __init__(
        self,
        docks: Sequence[QDockWidget],
        hidden: PlainValue,
        remember: Callable[[str], object],
    ) -> None:
        self._docks = docks
        self._hidden = set(str(hidden).split())
        self._remember = remember

    def put_aside(self, is_aside: bool) -> None:
        """Hide them, or bring them back; a dock that a person closed stays closed."""
        for dock in self._docks:
            name = dock.objectName()
            if is_aside and not dock.isHidden() and not dock.isFloating():
                self._hidden.add(name)
                dock.hide()
            elif not is_aside and name in self._hidden:
                dock.show()
        if not is_aside:
            self._hidden.clear()
        self._remember(" ".join(sorted(self._hidden)))
