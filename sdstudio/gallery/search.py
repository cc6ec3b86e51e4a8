"""What a person types to find pictures, and the question it asks of the index.

red house "at night" -blurry model:dreamy sampler:ddim size:512x768 seed:42
date:2026-01..2026-03 rating:>=4 board:"my best" label:green source:comfyui is:broken
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sdstudio.messages.generation import MAX_SEED

_PART = re.compile(r'(-?)(?:(\w+):)?("[^"]*"?|\S*)')
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_RATING = re.compile(r"(>=|<=|>|<|=)?([0-5])(\+)?")
_WITHOUT_WORD_BREAKS = re.compile(
    "[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
"""Thai, Khmer, Japanese, Chinese and Korean run words together, which FTS5 cannot take apart."""
_MAX_PARTS = 64
_SHAPES = {"portrait": "width < height", "landscape": "width > height", "square": "width = height"}
_STATES = {
    "broken": "fault <> ''",
    "rated": "rating > 0",
    "unrated": "rating = 0",
    "boarded": "id IN (SELECT picture_id FROM boards)",
    "unboarded": "id NOT IN (SELECT picture_id FROM boards)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question of the index.

    Attributes:
        match: an FTS5 expression, "" for all pictures.
        without: an FTS5 expression that must not hold, or "".
        conditions: SQL conditions on `pictures`, all of which must hold.
        values: what their question marks stand for, in order.
        problems: sentences about parts that were left out because they make no sense (yet).
    """

    match: str = ""
    without: str = ""
    conditions: tuple[str, ...] = ()
    values: tuple[str | int | float, ...] = ()
    problems: tuple[str, ...] = ()


EVERYTHING = Query()


def parse_query(text: str, *, now: Callable[[], datetime] = datetime.now) -> Query:
    """Read what was typed; half a filter is left out, so that results follow every key.

    Args:
        now: the clock, for `date:today` and `date:yesterday`.
    """
    building = _Building(now=now)
    for minus, name, value in _PART.findall(text)[: _MAX_PARTS * 2]:
        if name or value:
            building.add(name.lower(), value.strip('"').strip(), is_not=bool(minus))
    return building.query()


@dataclass(slots=True, kw_only=True)
class _Building:
    now: Callable[[], datetime]
    matches: list[str] = field(default_factory=list)
    withouts: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    values: list[str | int | float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def query(self) -> Query:
        return Query(
            match=" AND ".join(self.matches),
            without=" OR ".join(self.withouts),
            conditions=tuple(self.conditions),
            values=tuple(self.values),
            problems=tuple(self.problems),
        )

    def add(self, name: str, value: str, *, is_not: bool) -> None:
        filters = {
            "model": self._words_in("model"),
            "sampler": self._words_in("sampler"),
            "negative": self._words_in("negative_prompt"),
            "note": self._words_in("note"),
            "source": self._source,
            "size": _size,
            "seed": _seed,
            "date": self._date,
            "rating": _rating,
            "board": lambda value: (
                "id IN (SELECT picture_id FROM boards WHERE board = ? COLLATE NOCASE)",
                (value,),
            ),
            "label": lambda value: ("label = ? COLLATE NOCASE", (value,)),
            "is": lambda value: (_STATES[value.lower()], ()),
        }
        if name not in filters:
            self._words("{prompt note}", f"{name}:{value}" if name else value, is_not=is_not)
        elif not value:
            self.problems.append(f"Nothing follows {name}:.")
        elif name in ("model", "sampler", "negative", "note", "source"):
            filters[name](value, is_not)
        else:
            self._filter(name, value, filters[name], is_not)

    def _filter(self, name: str, value: str, read: Callable, is_not: bool) -> None:
        try:
            condition, values = read(value)
        except (ValueError, KeyError, OverflowError):
            self.problems.append(f'{name}: cannot be "{value[:40]}".')
            return
        self.conditions.append(f"NOT ({condition})" if is_not else f"({condition})")
        self.values += values

    def _words_in(self, column: str) -> Callable[[str, bool], None]:
        return lambda value, is_not: self._words(f"{{{column}}}", value, is_not=is_not)

    def _source(self, value: str, is_not: bool) -> None:
        name = "".join(letter for letter in value if letter.isalnum())
        self._match(f'({{source}} : "{name or "nothing"}")', is_not)

    def _words(self, columns: str, text: str, *, is_not: bool) -> None:
        if _WITHOUT_WORD_BREAKS.search(text):
            self._substring(columns, text, is_not)
            return
        plain = text.replace('"', " ").replace("\0", " ")
        if not any(letter.isalnum() for letter in plain):
            return
        self._match(f'({columns} : "{plain}"*)', is_not)

    def _match(self, expression: str, is_not: bool) -> None:
        (self.withouts if is_not else self.matches).append(expression)

    def _substring(self, columns: str, text: str, is_not: bool) -> None:
        names = columns.strip("{}").split()
        condition = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in names)
        escaped = re.sub(r"([%_\\])", r"\\\1", text)
        self.conditions.append(f"NOT ({condition})" if is_not else f"({condition})")
        self.values += [f"%{escaped}%"] * len(names)

    def _date(self, value: str) -> tuple[str, tuple[int, int]]:
        first, dots, last = value.lower().partition("..")
        begin = self._span(first)[0] if first else datetime(1970, 1, 2)
        end = self._span(last)[1] if last else self._span(first)[1]
        if dots and not last:
            end = datetime(9000, 1, 1)
        return "id >= ? AND id < ?", (microseconds(begin), microseconds(end))

    def _span(self, text: str) -> tuple[datetime, datetime]:
        """First moment of a day, month or year, and first moment after it, in local time."""
        today = self.now().replace(hour=0, minute=0, second=0, microsecond=0)
        if text in ("today", "yesterday"):
            begin = today - timedelta(days=text == "yesterday")
            return begin, begin + timedelta(days=1)
        match = _DATE.fullmatch(text)
        if match is None:
            raise ValueError(text)
        year, month, day = (int(part) if part else None for part in match.groups())
        begin = datetime(year or 1, month or 1, day or 1)
        if day:
            return begin, begin + timedelta(days=1)
        if month:
            return begin, datetime(begin.year + month // 12, month % 12 + 1, 1)
        return begin, datetime(begin.year + 1, 1, 1)


def microseconds(moment: datetime) -> int:
    """The id of a picture made at this moment of local time."""
    return int(moment.timestamp() * 1_000_000)


def _size(value: str) -> tuple[str, tuple[int, ...]]:
    if value.lower() in _SHAPES:
        return _SHAPES[value.lower()], ()
    width, cross, height = value.lower().replace("×", "x").partition("x")
    if not cross:
        return "width = ? OR height = ?", (_small(width), _small(width))
    if not width:
        return "height = ?", (_small(height),)
    if not height:
        return "width = ?", (_small(width),)
    return "width = ? AND height = ?", (_small(width), _small(height))


def _small(digits: str) -> int:
    number = int(digits[:20])
    if not 0 <= number < 2**31:
        raise ValueError(digits)
    return number


def _seed(value: str) -> tuple[str, tuple[str]]:
    seed = int(value[:40])
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(value)
    return "seed <> '' AND seed = ?", (str(seed),)


def _rating(value: str) -> tuple[str, tuple[int]]:
    match = _RATING.fullmatch(value)
    if match is None:
        raise ValueError(value)
    sign, stars, plus = match.groups()
    return f"rating {'>=' if plus else sign or '='} ?", (int(stars),)


def within(query: Query, *, board: str | None = None, is_unboarded: bool = False) -> Query:
    """The same question about one board only, or about pictures that are on none."""
    conditions, values = list(query.conditions), list(query.values)
    if board is not None:
        conditions.append("pictures.id IN (SELECT picture_id FROM boards WHERE board = ?)")
        values.append(board)
    if is_unboarded:
        conditions.append("pictures.id NOT IN (SELECT picture_id FROM boards)")
    return replace(query, conditions=tuple(conditions), values=tuple(values))
