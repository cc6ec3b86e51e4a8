"""At the start: painted pictures that an earlier session had no time to save."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from sdstudio.ui.background import Background
from sdstudio.ui.notices import Notice, NoticeAction
from sdstudio.ui.widgets.labels import short_name

if TYPE_CHECKING:
    from sdstudio.document.recovery import Leftover

RECOVERY_FOLDER = "recovery"
"""Within the data folder."""
MAX_OFFERS = 5

Recover = Callable[["Leftover"], object]


class RecoveryOffer(QObject):
    """Looks for what a crash left behind, and offers each by a notice with two buttons.

    Args:
        recover: opens one in the Paint room.
        tell: shows a notice.
    """

    def __init__(
        self, parent: QObject, *, recover: Recover, tell: Callable[[Notice], None]
    ) -> None:
        super().__init__(parent)
        self._recover = recover
        self._tell = tell

    def look(self, folder: Path, background: Background) -> None:
        """Look into the folder; what paints is loaded only where something lies there."""
        self._background = background
        background.run(lambda: _leftovers(folder), self._offer, lambda _: None)

    def _offer(self, leftovers: list[Leftover]) -> None:
        for leftover in reversed(leftovers[:MAX_OFFERS]):  # the newest is told last, and is on top
            key = f"recovery {leftover.path.name}"
            actions = (
                NoticeAction(text=self.tr("Recover"), act=partial(self._recover, leftover)),
                NoticeAction(text=self.tr("Discard"), act=partial(self._discard, leftover)),
            )
            self._tell(
                Notice(
                    text=self.tr("“{0}” was not saved when the studio ended.").format(
                        self._name(leftover)
                    ),
                    hint=self.tr("It was kept {0}.").format(self._age(leftover)),
                    severity="warning",
                    actions=actions,
                    key=key,
                )
            )

    def _discard(self, leftover: Leftover) -> None:
        self._background.run(leftover.discard)

    def _name(self, leftover: Leftover) -> str:
        return short_name(Path(leftover.origin).stem) if leftover.origin else self.tr("Untitled")

    def _age(self, leftover: Leftover) -> str:
        minutes = int((time.time() - leftover.saved_at) // 60)
        if minutes < 1:
            return self.tr("less than a minute ago")
        if minutes < 120:
            return self.tr("{0} min ago").format(minutes)
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(leftover.saved_at))


def _leftovers(folder: Path) -> list[Leftover]:
    if not any(folder.glob("*")):
        return []
    from sdstudio.document.recovery import find_leftovers

    return find_leftovers(folder)
