"""The gallery's own trash: deleting moves files to a shelf from which they come back whole.

Each deletion is a folder in the watched folder's hidden trash, with a manifest. The manifest is
on the disk before the first file moves and says what is under way, so that whatever a crash
leaves behind is brought to its end by `recover`: no file is ever in neither place.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sdstudio.atomic_file import storage_error, write_atomically
from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.gallery.folder_lock import FolderLock
from sdstudio.gallery.side_file import Marks, marks_from_plain, marks_to_plain
from sdstudio.gallery.steps import Steps
from sdstudio.messages.typed_values import parse_json

TRASH_NAME = ".sdstudio-trash"
MANIFEST_NAME = "manifest.json"
LOCK_NAME = ".at-work.lock"
SHELF_DAYS = 30
VERSION = 1

State = Literal["deleting", "shelved", "restoring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrashedPicture:
    """One deleted file.

    Attributes:
        name: its path below the watched folder, with "/".
        stored: its name in the trash.
        back_as: the name it comes back by, once that is begun; another file may have its own.
        marks: what a person had said about it.
    """

    name: str
    stored: str
    mtime_ns: int
    num_bytes: int
    marks: Marks = field(default_factory=Marks)
    back_as: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """Files that were deleted together, and can be undone together."""

    batch: str
    deleted_at: datetime
    pictures: tuple[TrashedPicture, ...]
    state: State = "shelved"


class Trash:
    """The trash of one watched folder.

    Args:
        now: the clock, with its time zone, for tests.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.folder = folder
        self._root = folder / TRASH_NAME
        self._now = now

    def delete(
        self, names: Sequence[str], marks: Callable[[str], Marks], steps: Steps | None = None
    ) -> Deletion:
        """Move files to the shelf; on return they are there for good.

        Args:
            names: paths below the folder; those that are gone already are left out.
            marks: of a name, kept with the file.
            steps: one for each; stopped, the rest stays in its place.

        Raises:
            StorageError: the folder cannot be written; files not yet moved stay in place.
        """
        now = self._now()
        batch = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        pictures = []
        for number, name in enumerate(dict.fromkeys(names), 1):
            if not _is_inside(name):
                raise InvalidRequestError(f"{name[:80]} does not lie in the gallery.")
            with contextlib.suppress(FileNotFoundError):
                facts = (self.folder / name).lstat()
                ending = Path(name).suffix.lower()
                pictures.append(
                    TrashedPicture(
                        name=name,
                        stored=f"{number:06}{ending}",
                        mtime_ns=facts.st_mtime_ns,
                        num_bytes=facts.st_size,
                        marks=marks(name),
                    )
                )
        deletion = Deletion(batch=batch, deleted_at=now, pictures=tuple(pictures), state="deleting")
        if not pictures:
            return replace(deletion, state="shelved")
        with _at_work_on(self._root / batch):
            self._keep(deletion)
            try:
                return self._finish_deleting(deletion, steps)
            except StorageError:
                self._settle(deletion)
                raise

    def restore(
        self,
        deletion: Deletion,
        names: Collection[str] | None = None,
        steps: Steps | None = None,
    ) -> Deletion:
        """Put files of one deletion back; a name that is taken gets a number.

        The manifest stays, `state` "restoring", until `end_restoring` is called: the marks must
        be back in their place before it goes.

        Args:
            names: of those that come back, None for all.
            steps: one for each.

        Returns:
            the deletion with the pictures that come back, and no others.

        Raises:
            StorageError: the folder cannot be written; what is not back yet stays on the shelf.
        """
        given = {picture.back_as for picture in deletion.pictures if picture.back_as}
        pictures = []
        for picture in deletion.pictures:
            if names is None or picture.name in names:
                back_as = picture.back_as or _free_name(self.folder, picture.name, given)
                given.add(back_as)
                picture = replace(picture, back_as=back_as)
            pictures.append(picture)
        planned = replace(deletion, pictures=tuple(pictures), state="restoring")
        with _at_work_on(self._root / deletion.batch):
            return self._finish_restoring(self._keep(planned), steps)

    def end_restoring(self, deletion: Deletion) -> None:
        """Forget what came back of a deletion; what did not lies on the shelf as before."""
        kept = self._read(deletion.batch)
        rest = tuple(each for each in kept.pictures if not each.back_as) if kept else ()
        if kept is not None and rest:
            self._keep(replace(kept, pictures=rest, state="shelved"))
        else:
            self.forget(deletion)

    def discard(self, deletion: Deletion, names: Collection[str]) -> None:
        """Delete some files of a deletion for good."""
        for picture in deletion.pictures:
            if picture.name in names:
                with contextlib.suppress(OSError):
                    self.path_of(deletion, picture).unlink()
        self._settle(deletion)

    def forget(self, deletion: Deletion) -> None:
        """Remove what is left of a deletion: its manifest, and its files if they are there."""
        with contextlib.suppress(FileNotFoundError):
            (self._root / deletion.batch / MANIFEST_NAME).unlink()
        shutil.rmtree(self._root / deletion.batch, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def shelf(self) -> list[Deletion]:
        """All deletions that can be undone, the newest first."""
        try:
            names = sorted(os.listdir(self._root), reverse=True)
        except OSError:
            return []
        found = (self._read(name) for name in names)
        return [deletion for deletion in found if deletion is not None]

    def recover(self) -> list[Deletion]:
        """Finish what a crash interrupted; what others are at work on is theirs to finish.

        Returns:
            deletions now "shelved", whose rows and marks may still be there, and restorations
            now "restoring", whose marks may still be missing; call `end_restoring` on the latter.
        """
        begun = [each.batch for each in self.shelf() if each.state != "shelved"]
        return [found for batch in begun if (found := self._recovered(batch)) is not None]

    def expire(
        self, discard: Callable[[Path], object], *, days: int = SHELF_DAYS
    ) -> list[Deletion]:
        """Give everything that lay on the shelf for `days` to `discard`, e.g. the system's trash.

        A file that `discard` raises OSError for stays on the shelf.
        """
        limit = self._now() - timedelta(days=days)
        gone = []
        for deletion in self.shelf():
            if deletion.state != "shelved" or deletion.deleted_at > limit:
                continue
            with contextlib.suppress(OSError):
                for picture in deletion.pictures:
                    path = self.path_of(deletion, picture)
                    if os.path.lexists(path):
                        discard(path)
                self.forget(deletion)
                gone.append(deletion)
        return gone

    def path_of(self, deletion: Deletion, picture: TrashedPicture) -> Path:
        """Where a deleted file lies now, e.g. for its thumbnail."""
        return self._root / deletion.batch / picture.stored

    # -- the steps -------------------------------------------------------------------------------

    def _recovered(self, batch: str) -> Deletion | None:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(_at_work_on(self._root / batch, patience_s=0.0))
            except StorageError:
                return None
            deletion = self._read(batch)  # it may have been finished meanwhile
            if deletion is not None and deletion.state == "deleting":
                return self._finish_deleting(deletion)
            if deletion is not None and deletion.state == "restoring":
                return self._finish_restoring(deletion)
            return None

    def _finish_deleting(self, deletion: Deletion, steps: Steps | None = None) -> Deletion:
        """Move what is still in its place, unless another file has taken the name since."""
        for picture in deletion.pictures:
            if steps is not None:
                steps.step()
                if steps.is_stopped:
                    break
            origin, shelf = self.folder / picture.name, self.path_of(deletion, picture)
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                facts = origin.lstat()
                is_same = (facts.st_mtime_ns, facts.st_size) == (
                    picture.mtime_ns,
                    picture.num_bytes,
                )
                if is_same and not os.path.lexists(shelf):
                    self._move(origin, shelf)
        return self._settle(deletion)

    def _settle(self, deletion: Deletion) -> Deletion:
        """Keep as deleted what lies on the shelf, and nothing else."""
        moved = tuple(
            picture
            for picture in deletion.pictures
            if os.path.lexists(self.path_of(deletion, picture))
        )
        settled = replace(deletion, pictures=moved, state="shelved")
        if not moved:
            self.forget(deletion)
            return settled
        return self._keep(settled)

    def _finish_restoring(self, deletion: Deletion, steps: Steps | None = None) -> Deletion:
        coming = tuple(picture for picture in deletion.pictures if picture.back_as)
        for picture in coming:
            if steps is not None:
                steps.step()
            shelf = self.path_of(deletion, picture)
            if os.path.lexists(shelf):
                target = self.folder / picture.back_as
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise storage_error(target, error) from error
                self._move(shelf, target)
        return replace(deletion, pictures=coming)

    def _move(self, origin: Path, target: Path) -> None:
        try:
            origin.rename(target)
        except FileNotFoundError:  # another process was quicker
            return
        except OSError as error:
            raise storage_error(target, error) from error

    # -- the manifest ----------------------------------------------------------------------------

    def _keep(self, deletion: Deletion) -> Deletion:
        plain = {
            "version": VERSION,
            "state": deletion.state,
            "deleted_at": deletion.deleted_at.isoformat(),
            "pictures": [_to_plain(picture) for picture in deletion.pictures],
        }
        path = self._root / deletion.batch / MANIFEST_NAME
        write_atomically(path, json.dumps(plain).encode())
        return deletion

    def _read(self, batch: str) -> Deletion | None:
        return _read_manifest(self._root / batch / MANIFEST_NAME)


def _read_manifest(path: Path) -> Deletion | None:
    """What a manifest says, None where there is none that can be believed."""
    try:
        plain = parse_json(path.read_bytes(), "The trash's manifest")
        state = plain["state"]
        if plain["version"] != VERSION or state not in ("deleting", "shelved", "restoring"):
            return None
        return Deletion(
            batch=path.parent.name,
            deleted_at=_moment(plain["deleted_at"]),
            pictures=tuple(map(_from_plain, plain["pictures"])),
            state=state,
        )
    except (OSError, InvalidRequestError, KeyError, TypeError, ValueError):
        return None


@contextlib.contextmanager
def _at_work_on(batch_folder: Path, *, patience_s: float = 30.0) -> Iterator[None]:
    """Keep others from finishing what is under way here; a dead owner keeps nobody.

    Raises:
        StorageError: others are at work on it, or the folder cannot be written.
    """
    try:
        batch_folder.mkdir(parents=True, exist_ok=True)
        with FolderLock(batch_folder / LOCK_NAME, patience_s=patience_s):
            yield
    except OSError as error:
        raise storage_error(batch_folder, error) from error


def _free_name(folder: Path, name: str, given: Collection[str]) -> str:
    """A name that no file has, and none that was `given` to another that comes back."""
    path, number = Path(name), 1
    candidate = path
    while candidate.as_posix() in given or os.path.lexists(folder / candidate):
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate.as_posix()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _to_plain(picture: TrashedPicture) -> dict[str, Any]:
    return {
        "name": picture.name,
        "stored": picture.stored,
        "mtime_ns": picture.mtime_ns,
        "num_bytes": picture.num_bytes,
        "marks": marks_to_plain(picture.marks),
        "back_as": picture.back_as,
    }


def _from_plain(plain: dict[str, Any]) -> TrashedPicture:
    picture = TrashedPicture(
        name=plain["name"],
        stored=plain["stored"],
        mtime_ns=plain["mtime_ns"],
        num_bytes=plain["num_bytes"],
        marks=marks_from_plain(plain.get("marks")),
        back_as=plain.get("back_as", ""),
    )
    for name in (picture.name, picture.stored, picture.back_as or "x"):
        if not _is_inside(name):
            raise ValueError(name)
    return picture


def _is_inside(name: str) -> bool:
    path = Path(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
