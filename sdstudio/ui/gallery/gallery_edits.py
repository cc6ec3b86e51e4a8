"""Changes of pictures that can be taken back: stars, labels, boards, notes, deleting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sdstudio.gallery.steps import ChangeStoppedError, Steps
from sdstudio.ui.gallery.gallery_desk import GalleryDesk

if TYPE_CHECKING:
    from sdstudio.gallery.gallery import Gallery
    from sdstudio.gallery.picture_row import PictureRow
    from sdstudio.gallery.trash import Deletion

MAX_STEPS = 200
ROWS_AT_ONCE = 500

STOPPABLE = ("rate", "label", "note", "board", "unboard", "delete", "strip-file", "mark-in-file")
"""Changes that can be ended before they are done; others are brought to their end."""
UNDO = "undo"

TakeBack = Callable[[Steps], object]
Choice = tuple["Path", "Deletion", "Collection[str] | None"]
"""A watched folder, a deletion there, and the names of those of its pictures that are meant."""


@dataclass(slots=True, kw_only=True, eq=False)
class Edit:
    """One change.

    Attributes:
        kind: "rate", "label", "board", "note", "delete", ...
        count: how many pictures it concerns; fewer once a deletion was stopped.
        do: makes it, elsewhere, and returns what takes it back.
    """

    kind: str
    count: int
    do: Callable[[Steps], TakeBack]


class GalleryEdits(QObject):
    """Does and undoes, one after the other, on the desk's own thread; that keeps the order.

    Signals:
        done, undone, redone: the `Edit`.
        failed: an error.
        progressed: (kind or `UNDO`, done, total) of a change that takes long.
        settled: whatever was under way has ended, well or not.
    """

    done = Signal(object)
    undone = Signal(object)
    redone = Signal(object)
    failed = Signal(object)
    progressed = Signal(str, int, int)
    settled = Signal()

    def __init__(self, desk: GalleryDesk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._steps = Steps()
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

        def do(steps: Steps) -> TakeBack:
            new = [row.path for row in pictures.rows(gallery, steps) if board not in row.boards]
            steps.expect(len(new))
            gallery.marks.put_on_board(new, board, steps)
            return _counted(len(new), lambda s: gallery.marks.take_off_board(new, board, s))

        self.do(Edit(kind="board", count=len(ids), do=do))

    def take_off_board(self, ids: Sequence[int], board: str) -> None:
        """Take pictures off a board."""
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do(steps: Steps) -> TakeBack:
            old = [row.path for row in pictures.rows(gallery, steps) if board in row.boards]
            steps.expect(len(old))
            gallery.marks.take_off_board(old, board, steps)
            return _counted(len(old), lambda s: gallery.marks.put_on_board(old, board, s))

        self.do(Edit(kind="unboard", count=len(ids), do=do))

    def remove_board(self, board: str) -> None:
        """Remove a board; its pictures stay."""
        gallery = self._desk.gallery

        def do(_: Steps) -> TakeBack:
            from sdstudio.gallery.search import EVERYTHING, within

            ids = gallery.index.ids(within(EVERYTHING, board=board))
            paths = [row.path for row in gallery.rows(ids)]
            order = [name for name, _ in gallery.marks.boards()]
            gallery.marks.remove_board(board)

            def take_back(steps: Steps) -> None:
                gallery.marks.add_board(board)
                gallery.marks.order_boards(order)
                gallery.marks.put_on_board(paths, board, steps)

            return _counted(len(paths), take_back)

        self.do(Edit(kind="remove-board", count=1, do=do))

    def rename_board(self, old: str, new: str) -> None:
        """Give a board another name."""
        marks = self._desk.gallery.marks

        def do(_: Steps) -> TakeBack:
            marks.rename_board(old, new)
            return lambda _: marks.rename_board(new, old)

        self.do(Edit(kind="rename-board", count=1, do=do))

    def order_boards(self, names: Sequence[str]) -> None:
        """Put the boards into another order."""
        marks = self._desk.gallery.marks

        def do(_: Steps) -> TakeBack:
            before = [name for name, _ in marks.boards()]
            marks.order_boards(names)
            return lambda _: marks.order_boards(before)

        self.do(Edit(kind="order-boards", count=1, do=do))

    def delete(self, ids: Sequence[int]) -> None:
        """Move pictures to the gallery's trash; stopped, the rest stays."""
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do(steps: Steps) -> TakeBack:
            paths = [row.path for row in pictures.rows(gallery, steps)]
            steps.expect(len(paths))
            shelved = gallery.shelve(paths, steps)
            edit.count = sum(len(deletion.pictures) for _, deletion in shelved)

            def take_back(steps: Steps) -> None:
                pictures.paths = _restored(gallery, [(*each, None) for each in shelved], steps)

            return take_back

        edit = Edit(kind="delete", count=len(ids), do=do)
        self.do(edit)

    def restore(self, chosen: Sequence[Choice]) -> None:
        """Bring pictures back from the shelf."""
        gallery, shelved = self._desk.gallery, list(chosen)

        def do(steps: Steps) -> TakeBack:
            paths = _restored(gallery, shelved, steps)

            def take_back(steps: Steps) -> None:
                steps.expect(len(paths))
                shelved[:] = [(*each, None) for each in gallery.shelve(paths, steps)]

            return take_back

        self.do(Edit(kind="restore", count=sum(map(_size, chosen)), do=do))

    # -- doing and undoing -----------------------------------------------------------------------

    def do(self, edit: Edit) -> None:
        """Make a change; later ones that were taken back are forgotten."""

        def work() -> Edit:
            take_back = edit.do(self._begin(edit.kind))
            self._past.append((edit, take_back))
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
            take_back(self._begin(UNDO))
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
            self._past.append((edit, edit.do(self._begin(edit.kind))))
            self._future.pop()
            return edit

        self._run(work, self.redone)

    def stop(self) -> None:
        """End the change that is under way, if it can be stopped."""
        self._steps.stop()

    def forget(self) -> None:
        """Forget all steps, because they concern another gallery."""

        def work() -> None:
            self._past.clear()
            self._future.clear()

        self._desk.work.run(work)

    def _begin(self, kind: str) -> Steps:
        """On the desk's thread, where one change follows the other."""
        self._steps = Steps(lambda done, total: self.progressed.emit(kind, done, total))
        return self._steps

    def _run(self, work: Callable[[], Edit | None], ended: Any) -> None:
        def unless_stopped() -> Edit | None:
            try:
                return work()
            except ChangeStoppedError:
                return None

        def tell(edit: Edit | None) -> None:
            self.settled.emit()
            if edit is not None:
                ended.emit(edit)
            else:
                self._desk.find_again()  # what was drawn before it was done

        self._desk.work.run(unless_stopped, tell, self._fail)

    def _fail(self, error: Exception) -> None:
        self.settled.emit()
        self._desk.find_again()
        self.failed.emit(error)

    def _mark(
        self,
        kind: str,
        ids: Sequence[int],
        value_of: Callable[[PictureRow], Any],
        change: Callable[[list[Path], Any, Steps], None],
        value: object,
    ) -> None:
        gallery, pictures = self._desk.gallery, _Pictures(ids)

        def do(steps: Steps) -> TakeBack:
            before: dict[Any, list[Path]] = defaultdict(list)
            for row in pictures.rows(gallery, steps):
                if value_of(row) != value:
                    before[value_of(row)].append(row.path)
            paths = [path for some in before.values() for path in some]
            steps.expect(len(paths))
            change(paths, value, steps)
            return _counted(
                len(paths), lambda s: [change(some, old, s) for old, some in before.items()]
            )

        self.do(Edit(kind=kind, count=len(ids), do=do))


def _counted(count: int, take_back: TakeBack) -> TakeBack:
    """The same, with as many steps as there are pictures."""

    def counted(steps: Steps) -> None:
        steps.expect(count)
        take_back(steps)

    return counted


def _size(choice: Choice) -> int:
    _, deletion, names = choice
    return len(deletion.pictures if names is None else names)


def _restored(gallery: Gallery, chosen: Sequence[Choice], steps: Steps) -> list[Path]:
    """Bring them back; returns where they lie now."""
    steps.expect(2 * sum(map(_size, chosen)))
    return [
        path
        for folder, deletion, names in chosen
        for path in gallery.restore(folder, deletion, names, steps)
    ]


class _Pictures:
    """The pictures of one change; later they go by path, as restored files do."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = tuple(ids)
        self.paths: list[Path] | None = None

    def rows(self, gallery: Gallery, steps: Steps) -> Iterator[PictureRow]:
        """The rows of those that are there now, a step for each; never all in memory."""
        if self.paths is not None:
            steps.expect(len(self.paths))
            for path in self.paths:
                steps.step()
                row = gallery.index.row_of(path)
                if row is not None:
                    yield row
            return
        steps.expect(len(self._ids))
        paths: list[Path] = []
        for first in range(0, len(self._ids), ROWS_AT_ONCE):
            steps.raise_if_stopped()
            some = self._ids[first : first + ROWS_AT_ONCE]
            steps.step(len(some))
            for row in gallery.rows(some):
                paths.append(row.path)
                yield row
        self.paths = paths
