"""Compares pictures of the gallery, and a picture with its repetition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from sdstudio.errors import PictureFileError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.canvas_controls import EDGE_PX, ZoomBar, add_view_actions
from sdstudio.ui.canvas.page_picture import PagePicture
from sdstudio.ui.gallery.compare_canvas import CompareCanvas, ComparedPicture, Mode
from sdstudio.ui.gallery.single_view import BAR_PX
from sdstudio.ui.widgets.buttons import icon_button, text_button
from sdstudio.ui.widgets.labels import ElidedLabel
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.difference import PictureDifference
    from sdstudio.gallery.gallery import Gallery

MAX_PICTURES = 4
WORDS_PX = 24
STRENGTHS = (1, 4, 16, 64)


class CompareView(QWidget):
    """Shows two to four pictures against each other.

    Args:
        gallery: tells which gallery is open now.

    Signals:
        closed: a person wants the grid back.
        failed: an error about a picture that cannot be read.
    """

    closed = Signal()
    failed = Signal(object)

    def __init__(self, gallery: Callable[[], Gallery], background: Background) -> None:
        super().__init__()
        self._gallery = gallery
        self._background = background
        self._wish = 0
        self._measured: PictureDifference | None = None
        self.canvas = CompareCanvas()
        self._zoom_bar = ZoomBar(self.canvas, add_view_actions(self.canvas))
        self._lay_out()
        self.setFocusProxy(self.canvas)
        self.canvas.view_changed.connect(self._place_zoom_bar)

    # -- what is compared ------------------------------------------------------------------------

    def compare_ids(self, ids: Sequence[int]) -> None:
        """Compare pictures of the gallery; of more than four the first four."""
        wanted, gallery = list(ids)[:MAX_PICTURES], self._gallery()
        self._wish += 1
        wish = self._wish

        def done(answer: tuple[list[ComparedPicture], list[PictureFileError]]) -> None:
            if wish != self._wish:
                return
            pictures, errors = answer
            for error in errors:
                self.failed.emit(error)
            if len(pictures) > 1:
                self.compare(pictures)
            else:
                self.closed.emit()

        self._background.run(lambda: _read(gallery, wanted), done, self.failed.emit)

    def compare(self, pictures: Sequence[ComparedPicture], *, mode: Mode | None = None) -> None:
        """Compare pictures that are read already."""
        self.canvas.show_pictures(pictures)
        self._measured = None
        names = [f"{letter}  {each.title}" for letter, each in zip("ABCD", pictures, strict=False)]
        for index, box in enumerate((self._first, self._second)):
            box.blockSignals(True)
            box.clear()
            box.addItems(names)
            box.setCurrentIndex(index)
            box.blockSignals(False)
        self.set_mode(mode or ("slider" if len(pictures) == 2 else "side-by-side"))

    def set_mode(self, mode: Mode) -> None:
        """Compare in another way."""
        self._modes[mode].setChecked(True)
        self.canvas.set_mode(mode)
        is_pair = mode != "side-by-side"
        for box in (self._first, self._second):
            box.setVisible(is_pair and len(self.canvas.pictures) > 2)
        self._strength.setVisible(mode == "difference")
        self._swap.setVisible(is_pair)
        self._words.setVisible(is_pair)
        self._words.setText("")
        if is_pair:
            self._measure()

    def _choose_mode(self, mode: Mode, _: bool = False) -> None:
        self.set_mode(mode)

    def swap(self) -> None:
        """Exchange the two pictures of slider and difference."""
        first, second = self.canvas.pair
        self._first.setCurrentIndex(second)
        self._second.setCurrentIndex(first)
        self._choose_pair()

    @property
    def words(self) -> str:
        """What is said about the difference."""
        return self._words.text()

    def clear(self) -> None:
        """Let go of the pictures."""
        self._wish += 1
        self._measured = None
        self.canvas.show_pictures(())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Backspace:
                self.closed.emit()
            case Qt.Key.Key_X:
                self.swap()
            case Qt.Key.Key_S:
                self.set_mode("slider")
            case Qt.Key.Key_B:
                self.set_mode("side-by-side")
            case Qt.Key.Key_D:
                self.set_mode("difference")
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_zoom_bar()

    # -- the difference --------------------------------------------------------------------------

    def _choose_pair(self) -> None:
        self._measured = None
        self.canvas.set_pair(self._first.currentIndex(), self._second.currentIndex())
        self._measure()

    def _measure(self) -> None:
        """Compute the difference elsewhere, unless that was done."""
        if len(self.canvas.pictures) < 2:
            return
        if self._measured is not None:
            self._show_measured(self._measured)
            return
        first, second = (self.canvas.pictures[index].raster for index in self.canvas.pair)
        pictures, pair = self.canvas.pictures, self.canvas.pair

        def work() -> PictureDifference:
            from sdstudio.gallery.difference import difference_of

            return difference_of(first, second)

        def done(difference: PictureDifference) -> None:
            if self.canvas.pictures is pictures and self.canvas.pair == pair:
                self._measured = difference
                self._show_measured(difference)

        self._background.run(work, done, self.failed.emit)

    def _show_measured(self, difference: PictureDifference) -> None:
        if self.canvas.mode == "side-by-side":
            return
        self._words.setText(self.describe(difference))
        self.canvas.setAccessibleDescription(self._words.text())
        if self.canvas.mode == "difference":
            self._paint_difference(difference)

    def _paint_difference(self, difference: PictureDifference) -> None:
        factor = STRENGTHS[self._strength.currentIndex()]

        def work() -> PagePicture:
            from sdstudio.gallery.difference import strengthened

            return PagePicture(strengthened(difference.picture, factor))

        def done(picture: PagePicture) -> None:
            if self._measured is difference:
                self.canvas.show_difference(picture)

        self._background.run(work, done, self.failed.emit)

    def describe(self, difference: PictureDifference) -> str:
        """The difference in words."""
        if difference.is_zero:
            return self.tr("The pictures are the same in every pixel.")
        share = 100 * difference.changed_px / difference.num_px
        text = self.tr("{0} % of the pixels differ, by {1} of 255 at most.").format(
            f"{share:.2g}" if share < 1 else f"{share:.1f}", difference.highest
        )
        if difference.alpha_differs and not difference.changed_px:
            text = self.tr("They differ in transparency alone.")
        if difference.was_resized:
            text += " " + self.tr("The second had another size.")
        return text

    # -- building --------------------------------------------------------------------------------

    def _place_zoom_bar(self) -> None:
        bar, canvas = self._zoom_bar, self.canvas
        bar.adjustSize()
        bar.move(canvas.width() - bar.width() - EDGE_PX, canvas.height() - bar.height() - EDGE_PX)

    def _lay_out(self) -> None:
        back = text_button(
            self.tr("All pictures"),
            kind="quiet",
            icon_name="gallery",
            tooltip=self.tr("Back to the grid (Esc)"),
        )
        back.clicked.connect(self.closed)
        self._words = ElidedLabel("", "caption")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setFixedHeight(WORDS_PX)
        self._first = self._pair_box(self.tr("First picture"))
        self._second = self._pair_box(self.tr("Second picture"))
        self._swap = icon_button("swap", self.tr("Exchange the two pictures (X)"))
        self._swap.clicked.connect(self.swap)
        self._strength = QComboBox()
        self._strength.setAccessibleName(self.tr("How much the difference is strengthened"))
        self._strength.setToolTip(self._strength.accessibleName())
        self._strength.addItems([f"× {factor}" for factor in STRENGTHS])
        self._strength.setCurrentIndex(1)
        self._strength.currentIndexChanged.connect(self._measure)
        bar = QWidget()
        bar.setProperty("role", "panel")
        bar.setFixedHeight(BAR_PX)
        row = QHBoxLayout(bar)
        row.setContentsMargins(6, 4, 6, 4)
        row.setSpacing(6)
        row.addWidget(back)
        self._add_modes(row)
        for each in (self._first, self._swap, self._second, self._strength):
            row.addWidget(each)
        row.addStretch(1)
        self.layout_below = QVBoxLayout(self)
        self.layout_below.setContentsMargins(0, 0, 0, 0)
        self.layout_below.setSpacing(0)
        self.layout_below.addWidget(bar)
        self.layout_below.addWidget(self._words)
        self.layout_below.addWidget(self.canvas, 1)

    def _pair_box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setMaximumWidth(160)
        box.activated.connect(self._choose_pair)
        return box

    def _add_modes(self, row: QHBoxLayout) -> None:
        group = QButtonGroup(self)
        modes: tuple[tuple[Mode, str, str], ...] = (
            ("slider", "compare", self.tr("Under a slider (S)")),
            ("side-by-side", "side-by-side", self.tr("Beside each other (B)")),
            ("difference", "difference", self.tr("Their difference (D)")),
        )
        self._modes = {}
        for mode, icon_name, text in modes:
            button = icon_button(icon_name, text)
            button.setCheckable(True)
            button.clicked.connect(partial(self._choose_mode, mode))
            group.addButton(button)
            row.addWidget(button)
            self._modes[mode] = button


def _read(
    gallery: Gallery, ids: Sequence[int]
) -> tuple[list[ComparedPicture], list[PictureFileError]]:
    """What can be read, and an error for each of the others."""
    found: list[ComparedPicture] = []
    errors: list[PictureFileError] = []
    for row in gallery.rows(ids):
        try:
            found.append(read_compared(row.path, picture_id=row.id))
        except PictureFileError as error:
            errors.append(error)
    return found, errors


def read_compared(path: Path, *, picture_id: int | None) -> ComparedPicture:
    """A picture file ready to be compared; reads the disk.

    Raises:
        PictureFileError: it is missing or broken.
    """
    from sdstudio.gallery.picture_import import import_picture

    return compared(import_picture(path), path.name, picture_id=picture_id)


def compared(raster: Raster, title: str, *, picture_id: int | None = None) -> ComparedPicture:
    """A picture ready to be compared; takes a moment."""
    return ComparedPicture(
        id=picture_id,
        title=one_line(title, limit=60),
        raster=raster,
        picture=PagePicture(raster),
    )
