"""Shows beside each other a picture and what its request makes of it today."""

from __future__ import annotations

from PySide6.QtCore import QObject

from sdstudio.ui.gallery.compare_view import CompareView
from sdstudio.ui.gallery.gallery_room import GalleryRoom
from sdstudio.ui.gallery.regenerate import Regenerator, ShownRepetition
from sdstudio.ui.gallery.repetition_card import RepetitionCard
from sdstudio.ui.notices import Notice

KEY = "made-again"


class MadeAgain(QObject):
    """Brings finished repetitions into the comparison, with a report above them."""

    def __init__(self, room: GalleryRoom, regenerator: Regenerator, compare: CompareView) -> None:
        super().__init__(room)
        self.regenerator = regenerator
        self.card = RepetitionCard()
        self._room = room
        self._compare = compare
        self._shown: ShownRepetition | None = None
        compare.layout_below.insertWidget(1, self.card)
        regenerator.queued.connect(self._tell)
        regenerator.finished.connect(self._show)
        regenerator.failed.connect(room.tell_error)
        self.card.closed.connect(self.card.hide)
        self.card.keep_wanted.connect(self._keep)

    def _tell(self, picture_id: int) -> None:
        text = self.tr("The picture is made again, to be compared with what it was.")
        self._room.tell(Notice(text=text, key=KEY))

    def _show(self, shown: ShownRepetition) -> None:
        self._shown = shown
        difference = shown.repetition.difference
        self._room.show_view(self._compare)
        self._compare.compare(shown.pictures, mode="slider" if difference.is_zero else "difference")
        self.card.show_repetition(shown.repetition, self._compare.describe(difference))
        self._compare.setFocus()

    def _keep(self) -> None:
        if self._shown is not None:
            self.regenerator.keep(self._shown)
