"""Everything about the selected pictures: marks to change, facts to read and copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from sdstudio.errors import PictureFileError
from sdstudio.ui.background import Background
from sdstudio.ui.gallery import counted
from sdstudio.ui.gallery.facts_table import Fact, FactsTable
from sdstudio.ui.gallery.mark_rows import BoardRows, LabelRow, NoteEdit, StarRow
from sdstudio.ui.gallery.picture_facts import file_facts, making_facts
from sdstudio.ui.widgets.buttons import icon_button
from sdstudio.ui.widgets.labels import ElidedLabel, label
from sdstudio.ui.widgets.section import Section
from sdstudio.ui.widgets.visible_text import one_line

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.picture_row import PictureRow

PANEL_PX = 300
MAX_READ = 500
"""Of a larger selection only the first are looked at to see what they have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What the panel shows.

    Attributes:
        ids: all that are selected; `rows` the first of them.
        making, file: facts of a single picture.
        known_boards: all boards there are.
    """

    ids: tuple[int, ...] = ()
    rows: tuple[PictureRow, ...] = ()
    making: tuple[Fact, ...] = ()
    file: tuple[Fact, ...] = ()
    known_boards: tuple[str, ...] = field(default=())

    @property
    def stars(self) -> int | None:
        """Of all, None where they differ."""
        found = {row.rating for row in self.rows}
        return found.pop() if len(found) == 1 else None

    @property
    def label(self) -> str | None:
        """Of all, None where they differ."""
        found = {row.label for row in self.rows}
        return found.pop() if len(found) == 1 else None

    @property
    def boards(self) -> tuple[str, ...]:
        """Those that any of the pictures is on."""
        return tuple(sorted({board for row in self.rows for board in row.boards}))


class DetailsPanel(QScrollArea):
    """Shows and changes what is said about pictures; changes are reported, not made.

    Args:
        gallery: tells which gallery is open now.
        extras: widgets for one picture, between marks and facts.

    Signals:
        stars_wanted, label_wanted, note_wanted, board_wanted, unboard_wanted: (ids, value).
        showing: the `Details` that are on the panel now.
    """

    stars_wanted = Signal(object, int)
    label_wanted = Signal(object, str)
    note_wanted = Signal(object, str)
    board_wanted = Signal(object, str)
    unboard_wanted = Signal(object, str)
    showing = Signal(object)

    def __init__(
        self,
        gallery: Callable[[], Gallery],
        background: Background,
        *,
        extras: Sequence[QWidget] = (),
    ) -> None:
        super().__init__()
        self._gallery = gallery
        self._background = background
        self._extras = tuple(extras)
        self._wanted: tuple[int, ...] = ()
        self._is_reading = False
        self._is_due = False
        self.details = Details()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumWidth(240)
        self.setAccessibleName(self.tr("Details"))
        self._make_rows()
        self._lay_out()
        self._connect()
        self._show(self.details)

    def show_pictures(self, ids: Sequence[int]) -> None:
        """Show these pictures; while they are read, only the newest wish is kept."""
        self._wanted = tuple(ids)
        self.refresh()

    def refresh(self) -> None:
        """Read again what is shown, because something may have changed."""
        self._is_due = True
        self._read_next()

    # -- reading ---------------------------------------------------------------------------------

    def _read_next(self) -> None:
        if self._is_reading or not self._is_due:
            return
        self._is_due = False
        ids = self._wanted
        if not ids:
            self._show(Details())
            return
        self._is_reading = True
        gallery = self._gallery()
        self._background.run(lambda: _read(gallery, ids), self._on_read, self._on_failed)

    def _on_read(self, details: Details) -> None:
        self._is_reading = False
        if details.ids == self._wanted:
            self._show(details)
        self._read_next()

    def _on_failed(self, error: Exception) -> None:
        self._is_reading = False
        self._read_next()

    # -- showing ---------------------------------------------------------------------------------

    def _show(self, details: Details) -> None:
        is_other = details.ids != self.details.ids
        if is_other:
            self.note.keep()  # what was typed belongs to the pictures that were shown until now
        self.details = details
        single = details.rows[0] if len(details.ids) == 1 and details.rows else None
        self._title.setText(self._title_of(details))
        self.body.setVisible(bool(details.rows))
        self._empty.setVisible(not details.rows)
        self.stars.show_stars(details.stars)
        self.labels.show_label(details.label)
        self.boards.show_boards(details.boards, details.known_boards)
        for each in (self.note, self._made, self._about_file, *self._extras):
            each.setVisible(single is not None)
        if single is not None:
            (self.note.replace_note if is_other else self.note.show_note)(single.note)
        self.making.show_facts(details.making)
        self._made.setVisible(bool(details.making))
        self.file.show_facts(details.file)
        if is_other:
            self.verticalScrollBar().setValue(0)
        self.showing.emit(details)

    def _title_of(self, details: Details) -> str:
        if len(details.ids) == 1 and details.rows:
            return one_line(details.rows[0].path.name)
        return counted.pictures(len(details.ids)) if details.ids else ""

    # -- building --------------------------------------------------------------------------------

    def _make_rows(self) -> None:
        self.stars = StarRow()
        self.labels = LabelRow()
        self.boards = BoardRows()
        self.note = NoteEdit()
        self.making = FactsTable()
        self.file = FactsTable()

    def _connect(self) -> None:
        self.stars.wanted.connect(lambda stars: self._wish(self.stars_wanted, stars))
        self.labels.wanted.connect(lambda name: self._wish(self.label_wanted, name))
        self.boards.added.connect(lambda board: self._wish(self.board_wanted, board))
        self.boards.removed.connect(lambda board: self._wish(self.unboard_wanted, board))
        self.note.wanted.connect(lambda note: self._wish(self.note_wanted, note))

    def _wish(self, signal: object, value: object) -> None:
        if self.details.ids:
            signal.emit(list(self.details.ids), value)  # type: ignore[attr-defined]

    def _copy_all(self) -> None:
        text = "\n".join(table.text() for table in (self.making, self.file))
        QGuiApplication.clipboard().setText(text.strip())

    def _lay_out(self) -> None:
        self._title = ElidedLabel("", "heading", Qt.TextElideMode.ElideMiddle)
        self._empty = label(self.tr("Select a picture to see all about it."), "muted")
        self._empty.setWordWrap(True)
        self.copy_all = icon_button("copy", self.tr("Copy all of it"))
        self.copy_all.clicked.connect(self._copy_all)
        self._made = Section(self.tr("How it was made"))
        self._made.body.addWidget(self.making)
        self._about_file = Section(self.tr("File"))
        self._about_file.body.addWidget(self.file)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self.copy_all)
        self.body = QWidget()
        body = QVBoxLayout(self.body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        body.addLayout(top)
        for each in (self.stars, self.labels, self.boards, self.note, *self._extras):
            body.addWidget(each)
        body.addWidget(self._made)
        body.addWidget(self._about_file)
        inside = QWidget()
        inside.setProperty("role", "panel")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(12, 8, 8, 12)
        layout.addWidget(self._empty)
        layout.addWidget(self.body)
        layout.addStretch(1)
        self.setWidget(inside)


def _read(gallery: Gallery, ids: tuple[int, ...]) -> Details:
    from sdstudio.gallery.metadata.reader import read_metadata

    rows = tuple(gallery.rows(ids[:MAX_READ]))
    boards = tuple(name for name, _ in gallery.marks.boards())
    if len(ids) != 1 or not rows:
        return Details(ids=ids, rows=rows, known_boards=boards)
    try:
        metadata, texts = read_metadata(rows[0].path)
    except PictureFileError:
        return Details(
            ids=ids, rows=rows, file=tuple(file_facts(rows[0], None)), known_boards=boards
        )
    return Details(
        ids=ids,
        rows=rows,
        making=tuple(making_facts(metadata)),
        file=tuple(file_facts(rows[0], texts)),
        known_boards=boards,
    )
