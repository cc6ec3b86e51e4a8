"""Changes of pictures that can be taken back: stars, labels, boards, notes, deleting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sdstudio.ui.gallery.gallery_desk import GalleryDesk

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.picture_row import PictureRow
    from sdstudio.gallery.trash import Deletion

MAX_STEPS = 200
ROWS_AT_ONCE = 500

TakeBack = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edit:
    """One change.

    Attributes:
        kind: "rate", "label", "board", "note", "delete", ...
        count: how many pictures it concerns.
        do: makes it, elsewhere, and returns what takes it back.
    """

    kind: str
    count: int
    do: Callable[[], TakeBack]


class GalleryEdits(QObject):
    """Does and undoes, one after the other, on the desk's own thread; that keeps the order.

    Signals:
        done, undone, redone: the `Edit`.
        failed: an error.
    """

    done = Signal(object)
    undone = Signal(object)
    redone = Signal(object)
    failed = Signal(object)

    def __init__(self, desk: GalleryDesk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._past: list[tuple[Edit, TakeBack]] = []
        self._future: list[Edit] = []
        for ended in (self.done, self.undone, self.redone):
            ended.connect(desk.find_again)

    # -- what can be done ------------------------------------------------------------------------

    def rate(self, ids: Sequence[int], stars: int) -> None:
        """Give 0 to 5 stars."""
        marks = self._desk.gallery.marks
        self._mark("rate", ids, lambda row: row.rating, marks.rate, stars)

    def set_label(self, ids: Sequence[int], label: str) -> None:
        """Give a colour, or "" for none."""
        marks = self._desk.gallery.marks
        self._mark("label", ids, lambda row: row.label, marks.set_label, label)

    def set_note(self, ids: Sequence[int], note: str) -> None:
        """Write a note."""
        marks = self._desk.gallery.marks
        self._mark("note", ids, lambda row: row.note, marks.set_note, note)

    def put_on_board(self, ids: Sequence[int], board: str) -> None:
        """Put pictures on a board; those that are on it stay there when this is taken back."""
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do() -> TakeBack:
            new = [row.path for row in pictures.rows(gallery) if board not in row.boards]
            gallery.marks.put_on_board(new, board)
            return lambda: gallery.marks.take_off_board(new, board)

        self.do(Edit(kind="board", count=len(ids), do=do))

    def take_off_board(self, ids: Sequence[int], board: str) -> None:
        """Take pictures off a board."""
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do() -> TakeBack:
            old = [row.path for row in pictures.rows(gallery) if board in row.boards]
            gallery.marks.take_off_board(old, board)
            return lambda: gallery.marks.put_on_board(old, board)

        self.do(Edit(kind="unboard", count=len(ids), do=do))

    def remove_board(self, board: str) -> None:
        """Remove a board; its pictures stay."""
        gallery = self._desk.gallery

        def do() -> TakeBack:
            from sdstudio.gallery.search import EVERYTHING, within

            ids = gallery.index.ids(within(EVERYTHING, board=board))
            paths = [row.path for row in gallery.rows(ids)]
            gallery.marks.remove_board(board)

            def take_back() -> None:
                gallery.marks.add_board(board)
                gallery.marks.put_on_board(paths, board)

            return take_back

        self.do(Edit(kind="remove-board", count=1, do=do))

    def rename_board(self, old: str, new: str) -> None:
        """Give a board another name."""
        marks = self._desk.gallery.marks

        def do() -> TakeBack:
            marks.rename_board(old, new)
            return lambda: marks.rename_board(new, old)

        self.do(Edit(kind="rename-board", count=1, do=do))

    def delete(self, ids: Sequence[int]) -> None:
        """Move pictures to the gallery's trash."""
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do() -> TakeBack:
            restore = gallery.delete([row.path for row in pictures.rows(gallery)])

            def take_back() -> None:
                pictures.paths = restore()

            return take_back

        self.do(Edit(kind="delete", count=len(ids), do=do))

    def restore(self, folder: Path, deletion: Deletion) -> None:
        """Bring one deletion back from the shelf."""
        gallery = self._desk.gallery

        def first() -> list[Path]:
            return gallery.restore(folder, deletion)

        again: list[Callable[[], list[Path]]] = [first]

        def do() -> TakeBack:
            paths = again[-1]()
            return lambda: again.append(gallery.delete(paths))

        self.do(Edit(kind="restore", count=len(deletion.pictures), do=do))

    # -- doing and undoing -----------------------------------------------------------------------

    def do(self, edit: Edit) -> None:
        """Make a change; later ones that were taken back are forgotten."""

        def work() -> Edit:
            self._past.append((edit, edit.do()))
            del self._past[:-MAX_STEPS]
            self._future.clear()
            return edit

        self._run(work, self.done)

    def undo(self, this: Edit | None = None) -> None:
        """Take the last change back, or `this` one, whatever was done since."""

        def work() -> Edit | None:
            places = [at for at, (edit, _) in enumerate(self._past) if this in (None, edit)]
            if not places:
                return None
            edit, take_back = self._past[places[-1]]
            take_back()
            del self._past[places[-1]]
            self._future.append(edit)
            return edit

        self._run(work, self.undone)

    def redo(self) -> None:
        """Make the change again that was taken back last."""

        def work() -> Edit | None:
            if not self._future:
                return None
            edit = self._future[-1]
            self._past.append((edit, edit.do()))
            self._future.pop()
            return edit

        self._run(work, self.redone)

    def forget(self) -> None:
        """Forget all steps, because they concern another gallery."""

        def work() -> None:
            self._past.clear()
            self._future.clear()

        self._desk.work.run(work)

    def _run(self, work: Callable[[], Edit | None], ended: Any) -> None:
        def tell(edit: Edit | None) -> None:
            if edit is not None:
                ended.emit(edit)

        self._desk.work.run(work, tell, self._fail)

    def _fail(self, error: Exception) -> None:
        self._desk.find_again()
        self.failed.emit(error)

    def _mark(
        self,
        kind: str,
        ids: Sequence[int],
        value_of: Callable[[PictureRow], Any],
        change: Callable[[list[Path], Any], None],
        value: object,
    ) -> None:
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do() -> TakeBack:
            before: dict[Any, list[Path]] = defaultdict(list)
            for row in pictures.rows(gallery):
                if value_of(row) != value:
                    before[value_of(row)].append(row.path)
            change([path for paths in before.values() for path in paths], value)
            return lambda: [change(paths, old) for old, paths in before.items()]

        self.do(Edit(kind=kind, count=len(ids), do=do))


class _Pictures:
    """The pictures of one change; later they go by path, as restored files do."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = tuple(ids)
        self.paths: list[Path] | None = None

    def rows(self, gallery: Gallery) -> Iterator[PictureRow]:
        """The rows of those that are there now; never all in memory."""
        if self.paths is not None:
            rows = (gallery.index.row_of(path) for path in self.paths)
            yield from (row for row in rows if row is not None)
            return
        self.paths = paths = []
        for first in range(0, len(self._ids), ROWS_AT_ONCE):
            for row in gallery.rows(self._ids[first : first + ROWS_AT_ONCE]):
                paths.append(row.path)
                yield row
