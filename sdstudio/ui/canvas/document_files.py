"""Where the painted picture lies: new, open, save, export, and what a crash would leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from sdstudio.document.blend import Colour
from sdstudio.document.document import Document
from sdstudio.document.document_file import SUFFIX, PlaneCache, open_document, save_document
from sdstudio.document.recovery import Leftover, RecoverySession
from sdstudio.errors import PictureFileError
from sdstudio.messages.raster import Raster
from sdstudio.ui.background import Background
from sdstudio.ui.canvas.easel import Easel

if TYPE_CHECKING:
    from sdstudio.document.export import ExportOptions, PictureFormat

AUTOSAVE_MS = 60_000
NEW_SIDE_PX = 512
WHITE: Colour = (255, 255, 255)

Done = Callable[[], object]


@dataclass(slots=True, kw_only=True, eq=False)
class _OnDisk:
    """The files of one open document; only the background touches `cache` and `session`.

    Attributes:
        path: its own file, None if it has none yet.
        name: what to call it, and to offer as a file name.
        session: its recovery file, once there was something to keep.
        kept_revision: what the recovery file holds.
    """

    path: Path | None
    name: str
    cache: PlaneCache
    session: RecoverySession | None = None
    kept_revision: int = 0
    num_accepted: int = 0


class DocumentFiles(QObject):
    """Reads and writes the document on the easel; the disk is touched in the background only.

    A changed document is kept in a recovery file every minute and after every accepted result;
    saving or closing it takes that file away.

    Args:
        folder: of recovery files.
        background: one thread, so that files are written in the order of the wishes.

    Signals:
        title_changed: another name, or saved, or no longer as saved.
        opened, saved, exported: a Path.
        failed: what went wrong, an exception; the document is as it was.
        kept: the recovery file holds the document as it was at this revision.
        not_kept: the recovery file could not be written, an exception.
    """

    title_changed = Signal()
    opened = Signal(object)
    saved = Signal(object)
    exported = Signal(object)
    failed = Signal(object)
    kept = Signal(int)
    not_kept = Signal(object)

    def __init__(self, easel: Easel, background: Background, folder: Path) -> None:
        super().__init__(easel)
        self._easel = easel
        self._background = background
        self._folder = folder
        self._disk = self._files_of(None, "")
        self._was_modified = False
        self._timer = QTimer(self)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        easel.touched.connect(self._on_touched)

    @property
    def path(self) -> Path | None:
        """The document's own file."""
        return self._disk.path

    @property
    def name(self) -> str:
        """What to call the document."""
        return self._disk.name or self.tr("Untitled")

    @property
    def is_modified(self) -> bool:
        """Whether closing it now would lose something."""
        return self._easel.document.is_modified

    # --- putting another document up ------------------------------------------------------

    def new(self, width: int, height: int, background: Colour | None = WHITE) -> None:
        """Start an empty picture.

        Args:
            background: None for a transparent one.
        """
        self._background.run(
            lambda: blank_document(width, height, background),
            lambda document: self._put(document, None, ""),
            self._fail,
        )

    def open(self, path: Path) -> None:
        """Open a document, an OpenRaster file or a picture."""

        def done(document: Document) -> None:
            own = path if path.suffix.lower() == SUFFIX else None
            self._put(document, own, path.stem, parents=_parents(path))
            self.opened.emit(path)

        self._background.run(lambda: read_any(path), done, self._fail)

    def open_raster(self, picture: Raster, name: str) -> None:
        """Make a picture in memory the document."""
        self._background.run(
            lambda: Document.from_picture(picture),
            lambda document: self._put(document, None, name, parents=_parents(Path(name))),
            self._fail,
        )

    def recover(self, leftover: Leftover) -> None:
        """Open what a crash left behind; its recovery file goes once it is kept anew."""

        def done(document: Document) -> None:
            origin = Path(leftover.origin) if leftover.origin else None
            self._put(document, origin, origin.stem if origin else "")
            document.mark_saved(-1)
            self._disk.kept_revision = -1
            self.keep(leftover.discard)
            self.title_changed.emit()

        self._background.run(lambda: open_document(leftover.path), done, self._fail)

    # --- writing --------------------------------------------------------------------------

    def save(self, path: Path, done: Done | None = None) -> None:
        """Save the document; from now on it lives at `path`."""
        document, disk = self._easel.document, self._disk
        snapshot, revision = document.snapshot(), document.revision

        def write() -> None:
            save_document(snapshot, path, cache=disk.cache)
            if disk.session is not None:
                disk.session.close()
                disk.session = None

        def written(_: object) -> None:
            document.mark_saved(revision)
            disk.path, disk.name, disk.kept_revision = path, path.stem, revision
            self._show_title()
            self.saved.emit(path)
            if done is not None:
                done()

        self._background.run(write, written, self._fail)

    def export(self, path: Path, options: ExportOptions | None = None) -> None:
        """Write the picture as PNG, WebP, JPEG or OpenRaster, as the name's ending says."""
        snapshot = self._easel.document.snapshot()

        def write() -> None:
            from sdstudio.atomic_file import write_atomically
            from sdstudio.document import export, openraster

            suffix = path.suffix.lower()
            if suffix == openraster.SUFFIX:
                openraster.save_openraster(snapshot, path)
                return
            data = export.encode_picture(snapshot, export.SUFFIXES[suffix], options)
            write_atomically(path, data)

        self._background.run(write, lambda _: self.exported.emit(path), self._fail)

    def measure_export(
        self,
        picture_format: PictureFormat,
        options: ExportOptions,
        done: Callable[[tuple[ExportOptions, int]], None],
    ) -> None:
        """Find out how many bytes a file of these options would have."""
        snapshot = self._easel.document.snapshot()

        def encode() -> tuple[ExportOptions, int]:
            from sdstudio.document.export import encode_picture

            return options, len(encode_picture(snapshot, picture_format, options))

        self._background.run(encode, done, self._fail)

    def keep(self, done: Done | None = None) -> None:
        """Write the recovery file, if there is something new to keep."""
        document, disk = self._easel.document, self._disk
        if not document.is_modified or document.revision == disk.kept_revision:
            return
        snapshot, revision = document.snapshot(), document.revision
        disk.kept_revision = revision
        origin = str(disk.path or "")

        def write() -> None:
            if disk.session is None:
                disk.session = RecoverySession(self._folder)
            disk.session.save(snapshot, origin=origin)
            if done is not None:
                done()

        def failed(error: Exception) -> None:
            disk.kept_revision = -1
            self.not_kept.emit(error)

        self._background.run(write, lambda _: self.kept.emit(revision), failed)

    def remember(self, work: Done) -> None:
        """Write something else that belongs to the document, after all that was asked for."""
        self._background.run(work)

    def close(self, *, leaves_unsaved: bool = False) -> None:
        """Give the document up and wait until the disk is done.

        Args:
            leaves_unsaved: what is not saved is offered at the next start.
        """
        self._timer.stop()
        if leaves_unsaved and self.is_modified:
            self.keep()
            self._background.run(self._leave)
        else:
            self._give_up(self._disk)
        self._background.finish()

    def _leave(self) -> None:
        if self._disk.session is not None:
            self._disk.session.leave()

    # --- inside ---------------------------------------------------------------------------

    def _put(
        self, document: Document, path: Path | None, name: str, *, parents: tuple[str, ...] = ()
    ) -> None:
        self._give_up(self._disk)
        self._disk = self._files_of(path, name)
        self._disk.num_accepted = len(document.state.accepted)
        self._easel.put(document, parents=parents)
        self._show_title()

    @staticmethod
    def _files_of(path: Path | None, name: str) -> _OnDisk:
        return _OnDisk(path=path, name=name, cache=PlaneCache())

    def _give_up(self, disk: _OnDisk) -> None:
        def forget() -> None:
            if disk.session is not None:
                disk.session.close()
                disk.session = None

        self._background.run(forget)

    def _on_touched(self) -> None:
        num_accepted = len(self._easel.document.state.accepted)
        is_new_result = num_accepted > self._disk.num_accepted
        self._disk.num_accepted = num_accepted
        if is_new_result:
            self.keep()
        if self._was_modified != self.is_modified:
            self._show_title()

    def _show_title(self) -> None:
        self._was_modified = self.is_modified
        self.title_changed.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)


def blank_document(width: int, height: int, background: Colour | None = WHITE) -> Document:
    """An empty picture with a layer to paint on.

    Raises:
        InvalidRequestError: no document can have this size.
    """
    document = Document(width, height)
    if background is not None:
        pixels = np.broadcast_to(np.array(background, np.uint8), (height, width, 3)).tobytes()
        paper = Raster(width=width, height=height, mode="RGB", pixels=pixels)
        document = Document.from_picture(paper)
    document.layers.add()
    return Document.from_snapshot(document.snapshot())


def read_any(path: Path) -> Document:
    """Open whatever can be painted on; works on the disk.

    Raises:
        PictureFileError: a folder, a missing or damaged file, or not a picture.
        InvalidRequestError: the picture is too large to be painted on.
    """
    from sdstudio.document import openraster

    if path.is_dir():
        raise PictureFileError(f"{path.name} is a folder.", "Open one picture out of it.")
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return open_document(path)
    if suffix == openraster.SUFFIX:
        return openraster.open_openraster(path)
    from sdstudio.gallery.picture_import import import_picture

    return Document.from_picture(import_picture(path))


def _parents(path: Path) -> tuple[str, ...]:
    """A picture file is the parent of what is painted on it; a document is none."""
    is_picture = path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp")
    return (path.name,) if is_picture else ()
