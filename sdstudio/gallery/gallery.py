"""The gallery as a whole: watched folders, their index, marks and trash.

Everything a window or a command does with saved pictures goes through here. Every method may
be called on any thread; those that write take a moment and belong in the background.
"""

from __future__ import annotations

import contextlib
import os
from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from sdstudio.errors import StorageError
from sdstudio.gallery.index import GalleryIndex
from sdstudio.gallery.index_file import FILE_NAME, IndexDamagedError, IndexFile
from sdstudio.gallery.index_writing import IndexWriter
from sdstudio.gallery.picture_marks import PictureMarks, by_folder, folder_of
from sdstudio.gallery.picture_row import PictureRow
from sdstudio.gallery.scan import Report, ScanOutcome, read_file, scan
from sdstudio.gallery.search import Query, parse_query
from sdstudio.gallery.side_file import Marks, SideFile, SideFileError
from sdstudio.gallery.steps import Steps
from sdstudio.gallery.trash import Deletion, Trash
from sdstudio.gallery.unused_starts import drop_unused_starts

Undo = Callable[[], "list[Path]"]


class Gallery:
    """The pictures of one or more watched folders.

    Attributes:
        marks: stars, notes, labels, boards and saved searches.

    Args:
        folders: the first is where new pictures and saved searches go; none lies twice.
        cache_folder: where the index is kept.

    Raises:
        StorageError: the cache folder cannot be used.
    """

    def __init__(self, folders: Sequence[Path], *, cache_folder: Path) -> None:
        absolute = dict.fromkeys(Path(os.path.abspath(folder)) for folder in folders)
        self.folders = tuple(absolute)
        self.index = GalleryIndex(IndexFile(cache_folder / FILE_NAME))
        self.marks = PictureMarks(self.folders, self.index)

    # -- finding ---------------------------------------------------------------------------------

    def query(self, text: str) -> Query:
        """What was typed as a question about the watched folders; see `search.parse_query`."""
        query = parse_query(text)
        watched = [str(folder) for folder in self.folders]
        if set(self.index.folders()) <= set(watched):
            return query
        marks = ", ".join("?" * len(watched))
        return replace(
            query,
            conditions=(*query.conditions, f"folder IN ({marks})"),
            values=(*query.values, *watched),
        )

    def search(
        self, text: str = "", *, after: int | None = None, limit: int = 200
    ) -> list[PictureRow]:
        """A page of what was typed, the newest first."""
        return self.index.page(self.query(text), after=after, limit=limit)

    def ids(self, text: str = "") -> array[int]:
        """The ids of everything that answers; give slices of them to `rows`."""
        return self.index.ids(self.query(text))

    def rows(self, ids: Iterable[int]) -> list[PictureRow]:
        """The pictures of these ids, in this order."""
        return self.index.rows(ids)

    def count(self, text: str = "") -> int:
        """How many pictures answer."""
        return self.index.count(self.query(text))

    # -- following the disk ----------------------------------------------------------------------

    def scan(
        self,
        *,
        report: Report = lambda progress: None,
        cancelled: Callable[[], bool] = lambda: False,
        read_all: bool = False,
    ) -> ScanOutcome:
        """Finish what a crash interrupted, then put the index right; see `scan.scan`.

        A damaged index is set aside and built again.
        """
        for folder in self.folders:
            self._recover(folder)
        try:
            outcome = scan(
                self.index, self.folders, report=report, cancelled=cancelled, read_all=read_all
            )
        except IndexDamagedError:
            self.index.file.begin_anew()
            outcome = scan(self.index, self.folders, report=report, cancelled=cancelled)
        for folder in self.folders:
            self.marks.follow_renames(folder, outcome.renamed)
            try:
                self.marks.read_side_file(folder, is_due=bool(outcome.added) or read_all)
            except SideFileError as error:
                outcome.problems.append(str(error))
        if outcome.added + outcome.changed > 1000:
            self.index.optimize()
        return outcome

    def add(self, path: Path) -> PictureRow | None:
        """Take in a picture that was just saved; it becomes the newest."""
        path = Path(os.path.abspath(path))
        facts = path.stat()
        folder = str(folder_of(self.folders, path))
        file = read_file(str(path), folder, facts.st_mtime_ns, facts.st_size)
        IndexWriter(self.index).write([file], is_new=True)
        return self.index.row_of(path)

    def read_again(self, paths: Iterable[Path]) -> None:
        """Bring rows in line with files that another program changed in their place.

        Files that are gone are left to the next scan.
        """
        files = []
        for path in paths:
            with contextlib.suppress(OSError):
                facts, folder = path.stat(), str(folder_of(self.folders, path))
                files.append(read_file(str(path), folder, facts.st_mtime_ns, facts.st_size))
        IndexWriter(self.index).write(files)

    # -- deleting --------------------------------------------------------------------------------

    def delete(self, paths: Iterable[Path], steps: Steps | None = None) -> Undo:
        """Move pictures to the gallery's trash.

        Args:
            steps: one for each; stopped, the rest stays.

        Returns:
            what takes it back: it puts files, boards, stars and notes in their place again and
            returns the files' paths.

        Raises:
            StorageError: a folder cannot be written; what could not be moved stays.
        """
        done = self.shelve(paths, steps)
        return lambda: [path for folder, each in done for path in self.restore(folder, each)]

    def shelve(
        self, paths: Iterable[Path], steps: Steps | None = None
    ) -> list[tuple[Path, Deletion]]:
        """What `delete` does; returns each watched folder with the deletion of its pictures."""
        done: list[tuple[Path, Deletion]] = []
        for folder, names in by_folder(self.folders, paths):
            marks = SideFile(folder).read().pictures
            deletion = Trash(folder).delete(
                names, lambda name, m=marks: m.get(name, Marks()), steps
            )
            self._forget_deleted(folder, deletion)
            done.append((folder, deletion))
        return done

    def shelf(self) -> list[tuple[Path, Deletion]]:
        """All deletions that can be undone, with their watched folder, the newest first."""
        found = [(folder, each) for folder in self.folders for each in Trash(folder).shelf()]
        return sorted(found, key=lambda pair: pair[1].deleted_at, reverse=True)

    def restore(
        self,
        folder: Path,
        deletion: Deletion,
        names: Collection[str] | None = None,
        steps: Steps | None = None,
    ) -> list[Path]:
        """Undo one deletion of `shelf`, or that of some of its pictures.

        Args:
            names: of those that come back, None for all.
            steps: two for each.

        Returns:
            where the files lie now.
        """
        trash = Trash(folder)
        restored = trash.restore(deletion, names, steps)
        paths = self._take_back(folder, restored, steps)
        trash.end_restoring(restored)
        return paths

    def discard(
        self, folder: Path, deletion: Deletion, names: Collection[str] | None = None
    ) -> None:
        """Delete for good what one deletion of `shelf` left there; this cannot be undone.

        Args:
            names: of the pictures that go, None for all.
        """
        if names is None:
            Trash(folder).forget(deletion)
        else:
            Trash(folder).discard(deletion, names)

    def expire_trash(self, discard: Callable[[Path], object]) -> int:
        """Give deletions older than the shelf's 30 days to `discard`; returns their number."""
        return sum(len(Trash(folder).expire(discard)) for folder in self.folders)

    def drop_unused_starts(self, *, cancelled: Callable[[], bool] = lambda: False) -> int:
        """Remove starting pictures that nothing names any more; see `unused_starts`."""
        return drop_unused_starts(self.folders, cancelled=cancelled)

    def close(self) -> None:
        """Close the index."""
        self.index.file.close()

    # -- inside ----------------------------------------------------------------------------------

    def _forget_deleted(self, folder: Path, deletion: Deletion) -> None:
        """Rows and marks go after their files, never before."""
        gone = [each.name for each in deletion.pictures if not (folder / each.name).exists()]
        with contextlib.suppress(StorageError):  # a busy index: the next scan drops the rows
            self.index.remove([str(folder / name) for name in gone])
        self.marks.forget(folder, gone)

    def _take_back(
        self, folder: Path, deletion: Deletion, steps: Steps | None = None
    ) -> list[Path]:
        names = {each.back_as: each.marks for each in deletion.pictures}
        paths = [folder / name for name in names if (folder / name).exists()]
        files = []
        for path in paths:
            facts = path.stat()
            files.append(read_file(str(path), str(folder), facts.st_mtime_ns, facts.st_size))
            if steps is not None:
                steps.step()
        IndexWriter(self.index).write(files)
        self.marks.take_back(folder, names)
        return paths

    def _recover(self, folder: Path) -> None:
        trash = Trash(folder)
        for deletion in trash.recover():
            if deletion.state == "restoring":
                self._take_back(folder, deletion)
                trash.end_restoring(deletion)
            else:
                self._forget_deleted(folder, deletion)
        self._forget_marks_of_shelved(folder, trash)

    def _forget_marks_of_shelved(self, folder: Path, trash: Trash) -> None:
        """A crash after the shelving and before the side file leaves marks in both."""
        shelved = {each.name for deletion in trash.shelf() for each in deletion.pictures}
        if shelved:
            with contextlib.suppress(SideFileError):  # the scan tells of it
                marked = shelved & SideFile(folder).read().pictures.keys()
                self.marks.forget(folder, [n for n in marked if not (folder / n).exists()])
