"""The index of the gallery: a cache over the files, and what makes a large one quick.

Files and side files are the truth. The index may be deleted, damaged or left behind at any
time: it is set aside and built again. Several processes may use one index at once.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sdstudio.gallery import schema
from sdstudio.gallery.index_file import IndexFile
from sdstudio.gallery.picture_row import COLUMNS, PictureRow
from sdstudio.gallery.search import EVERYTHING, Query

_NAMES_AT_ONCE = 500
_PAGES_LOOKED_AT = 16
_MAX_WORDS = 24
_BEGINNING = re.compile(r'"([^"]*)"\*')
"""The beginning of a word, or of a phrase's last word, as `search` writes it."""
_ASCII_WORD = re.compile("[a-z0-9]+")


class Stamp(NamedTuple):
    """What tells whether a known file changed; a tuple, for a large gallery has many."""

    mtime_ns: int
    num_bytes: int


class GalleryIndex:
    """Rows of pictures, the newest first; safe for several threads and processes at once.

    Args:
        file: where they are kept.
    """

    def __init__(self, file: IndexFile) -> None:
        self.file = file

    # -- reading ---------------------------------------------------------------------------------

    def count(self, query: Query = EVERYTHING) -> int:
        """How many pictures answer the query."""
        if query == EVERYTHING:
            return self.file.read("SELECT count(*) FROM pictures")[0][0]
        sql, values = _select("count(*)", self._spelled_out(query))
        return self.file.read(sql, values)[0][0]

    def page(
        self, query: Query = EVERYTHING, *, after: int | None = None, limit: int = 200
    ) -> list[PictureRow]:
        """The next pictures, the newest first.

        Args:
            after: the id of the last picture seen, None for the first page.
        """
        query = self._spelled_out(query)
        if after is not None:
            query = replace(
                query,
                conditions=(*query.conditions, "pictures.id < ?"),
                values=(*query.values, after),
            )
        if query.without and not query.match:
            # Nearly always the page lies among the newest: spare the look at all the others.
            newest = self._page(query, limit, floor=self._far_down(after, limit))
            if len(newest) == limit:
                return newest
        return self._page(query, limit)

    def _page(self, query: Query, limit: int, *, floor: int = 0) -> list[PictureRow]:
        sql, values = _select(COLUMNS, query, floor=floor)
        rows = self.file.read(f"{sql} ORDER BY {_order(query)} DESC LIMIT ?", (*values, limit))
        return self._with_boards(rows)

    def _far_down(self, after: int | None, limit: int) -> int:
        """The id some pages below `after`."""
        sql = "SELECT id FROM pictures WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?"
        first = 2**63 - 1 if after is None else after
        found = self.file.read(sql, (first, limit * _PAGES_LOOKED_AT))
        return found[0][0] if found else 0

    def ids(self, query: Query = EVERYTHING, *, limit: int | None = None) -> array[int]:
        """The ids of the pictures that answer, the newest first: 8 bytes each, for a list view.

        Args:
            limit: give no more than the first; None for all.
        """
        sql, values = _select("pictures.id AS id", self._spelled_out(query))
        most = -1 if limit is None else limit
        # One row, one step: SQLite works without Python's lock, and the window goes on.
        sql = f"SELECT group_concat(id) FROM ({sql} ORDER BY {_order(query)} DESC LIMIT ?)"
        text = self.file.read(sql, (*values, most))[0][0]
        return array("q", map(int, text.split(","))) if text else array("q")

    def rows(self, ids: Iterable[int]) -> list[PictureRow]:
        """The rows of these ids, in this order; ids that are gone are left out."""
        wanted = list(ids)
        found: list[tuple] = []
        for some in _slices(wanted):
            marks = ",".join("?" * len(some))
            found += self.file.read(f"SELECT {COLUMNS} FROM pictures WHERE id IN ({marks})", some)
        by_id = {row.id: row for row in self._with_boards(found)}
        return [by_id[each] for each in wanted if each in by_id]

    def row_of(self, path: Path) -> PictureRow | None:
        """The row of one file."""
        found = self.file.read(f"SELECT {COLUMNS} FROM pictures WHERE path = ?", (str(path),))
        return self._with_boards(found)[0] if found else None

    def children(self, name: str) -> list[PictureRow]:
        """Pictures that name this one (a file name or a digest) among their parents."""
        sql = f"SELECT {COLUMNS} FROM pictures WHERE parents <> '' AND instr(parents, ?)"
        found = self._with_boards(self.file.read(sql, (name,)))
        return [row for row in found if name in row.parents]

    def named_parents(self) -> set[str]:
        """Every name that a picture gives one of its parents."""
        rows = self.file.read("SELECT DISTINCT parents FROM pictures WHERE parents <> ''")
        return {name for (parents,) in rows for name in json.loads(parents)}

    def choices(self, column: str) -> list[tuple[str, int]]:
        """Every value of "model", "sampler", "source" or "label" with its number of pictures."""
        if column not in ("model", "sampler", "source", "label"):
            raise ValueError(column)
        sql = (
            f"SELECT {column}, count(*) FROM pictures WHERE {column} <> ''"
            f" GROUP BY {column} ORDER BY count(*) DESC, {column}"
        )
        return self.file.read(sql)

    def boards(self) -> list[tuple[str, int]]:
        """Every board that has pictures, with their number."""
        return self.file.read("SELECT board, count(*) FROM boards GROUP BY board ORDER BY board")

    def stamps(self, folder: Path) -> dict[str, Stamp]:
        """What is known of the files of one watched folder, by path."""
        sql = "SELECT path, mtime_ns, num_bytes FROM pictures WHERE folder = ?"
        return {path: Stamp(*facts) for path, *facts in self.file.read(sql, (str(folder),))}

    def identities(self, paths: Iterable[str]) -> dict[str, str]:
        """What is in known files, by path; see `FileTexts.identity`."""
        found: list[tuple] = []
        for some in _slices(list(paths)):
            marks = ",".join("?" * len(some))
            sql = f"SELECT path, identity FROM pictures WHERE path IN ({marks})"
            found += self.file.read(sql, some)
        return dict(found)

    def folders(self) -> list[str]:
        """The folders that were ever watched."""
        return [row[0] for row in self.file.read("SELECT path FROM folders")]

    def marks_stamp(self, folder: Path) -> str:
        """The stamp of the side file that the marks of this folder were read from, or ""."""
        found = self.file.read("SELECT marks_stamp FROM folders WHERE path = ?", (str(folder),))
        return found[0][0] if found else ""

    def names_by_identity(self, folder: Path) -> dict[str, str]:
        """Paths of a watched folder's files by what is in them."""
        sql = "SELECT identity, path FROM pictures WHERE folder = ?"
        return dict(self.file.read(sql, (str(folder),)))

    # -- writing ---------------------------------------------------------------------------------

    def remove(self, paths: Sequence[Path | str]) -> None:
        """Forget files, in one transaction."""
        with self.file.writing() as connection:
            for path in paths:
                connection.execute("DELETE FROM pictures WHERE path = ?", (str(path),))

    def optimize(self) -> None:
        """After many changes: refresh the statistics that SQLite plans by."""
        self.file.read("PRAGMA optimize")

    # -- inside ----------------------------------------------------------------------------------

    def _spelled_out(self, query: Query) -> Query:
        """The query with the ends of words filled in.

        FTS5 collects all answers to the beginning of a word before it gives the first, except
        for short ones, which it keeps ready; to whole words it gives one answer after another.
        """
        return replace(
            query,
            match=_BEGINNING.sub(self._whole_words, query.match),
            without=_BEGINNING.sub(self._whole_words, query.without),
        )

    def _whole_words(self, typed: re.Match[str]) -> str:
        """All words that begin as typed, where it is a matter of a few."""
        words = _ASCII_WORD.findall(typed[1].lower()) if typed[1].isascii() else []
        if not words or len(words[-1]) <= schema.LONGEST_PREFIX:
            return typed[0]
        *phrase, last = words
        sql = "SELECT term FROM vocabulary WHERE term >= ? AND term < ? LIMIT 1"
        found: list[str] = []
        next_at = last
        while row := self.file.read(sql, (next_at, f"{last}\U0010ffff")):
            found.append(row[0][0])
            next_at = f"{row[0][0]}\x01"
            if len(found) > _MAX_WORDS:
                return typed[0]
        return f"({' OR '.join(_quoted(phrase, each) for each in found or [last])})"

    def _with_boards(self, found: list[tuple]) -> list[PictureRow]:
        boards: dict[int, list[str]] = {}
        for ids in _slices([row[0] for row in found]):
            marks = ",".join("?" * len(ids))
            sql = f"SELECT picture_id, board FROM boards WHERE picture_id IN ({marks})"
            for picture_id, board in self.file.read(sql, ids):
                boards.setdefault(picture_id, []).append(board)
        return [PictureRow.from_columns(row, boards=boards.get(row[0], [])) for row in found]


def _slices(ids: list[Any]) -> Iterator[list[Any]]:
    """SQLite bounds how many values one question may have."""
    for first in range(0, len(ids), _NAMES_AT_ONCE):
        yield ids[first : first + _NAMES_AT_ONCE]


def _quoted(phrase: list[str], last: str) -> str:
    return f'"{" ".join([*phrase, last])}"'


def _select(what: str, query: Query, *, floor: int = 0) -> tuple[str, tuple]:
    """Full-text search drives where there is one: it answers in the order of ids.

    Args:
        floor: leave out pictures below this id; for a query that has no words but unwanted ones.
    """
    conditions, values = list(query.conditions), list(query.values)
    table = "pictures"
    if query.match:
        table = "words CROSS JOIN pictures ON pictures.id = words.rowid"
        conditions.insert(0, "words MATCH ?")
        without = f" NOT ({query.without})" if query.without else ""
        values.insert(0, f"({query.match}){without}")
        if not query.conditions and what != COLUMNS:
            table, what = "words", what.replace("pictures.id", "rowid")
    elif query.without:
        unwanted = "SELECT rowid FROM words WHERE words MATCH ? AND rowid >= ?"
        conditions += [f"pictures.id NOT IN ({unwanted})", "pictures.id >= ?"]
        values += [query.without, floor, floor]
    columns = what if what != COLUMNS else ", ".join(f"pictures.{c}" for c in COLUMNS.split(", "))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {columns} FROM {table}{where}", tuple(values)


def _order(query: Query) -> str:
    return "words.rowid" if query.match else "pictures.id"
