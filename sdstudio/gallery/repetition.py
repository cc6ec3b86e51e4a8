"""What became of a picture when its request was run again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.difference import PictureDifference, difference_of
from sdstudio.gallery.picture_encoding import SOFTWARE
from sdstudio.gallery.picture_file import read_facts
from sdstudio.gallery.picture_import import import_picture
from sdstudio.gallery.starting_pictures import read_whole_request, starts_from_picture
from sdstudio.messages import wire
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

_NO_SETTINGS = ("type", "version", "count", "parents")
"""Parts of a written request that decide no pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that decides pixels and is not what it was.

    Attributes:
        name: of the setting as diffusers spells it, or "model_hash", "device", "dtype",
            "sdstudio", or a library.
        before, after: "" where it is not known.
    """

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Original:
    """A picture of the gallery that can be made again.

    Attributes:
        facts: what its file says of its making; see `picture_encoding`.
    """

    path: Path
    picture: Raster
    request: GenerationRequest
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repetition:
    """A picture, the same made again, and what lies between them.

    Attributes:
        changes: what might explain a difference; also told where there is none.
    """

    original: Original
    result: PictureResult
    difference: PictureDifference
    changes: tuple[Change, ...]


def read_original(path: Path) -> Original:
    """Read a picture with all that is needed to make it again.

    Raises:
        PictureFileError: the file is missing or broken.
        InvalidRequestError: the studio did not make it, or what it started from is gone.
    """
    facts = read_facts(path)
    request = read_whole_request(path) if facts else None
    if facts is None or request is None:
        raise InvalidRequestError(
            f"{path.name} does not say all that decided it.",
            "Pictures that the studio made can be made again.",
        )
    if request.start is None and starts_from_picture(path):
        raise InvalidRequestError(
            f"The picture that {path.name} was made from is gone.",
            "It lay in a hidden folder beside it, or among the other pictures.",
        )
    return Original(path=path, picture=import_picture(path), request=request, facts=facts)


def compare_with(original: Original, result: PictureResult) -> Repetition:
    """Put a picture beside the same made again."""
    return Repetition(
        original=original,
        result=result,
        difference=difference_of(original.picture, result.picture),
        changes=tuple(_changes(original.facts, result)),
    )


def _changes(facts: Mapping[str, Any], result: PictureResult) -> Iterator[Change]:
    yield from _changed_settings(facts.get("request"), result.request)
    said = facts.get("result")
    before: dict[str, Any] = said if isinstance(said, dict) else {}
    for name in ("model_hash", "device", "dtype"):
        yield from _changed(name, before.get(name), getattr(result, name))
    versions = before.get("versions")
    old: dict[str, Any] = versions if isinstance(versions, dict) else {}
    for name in sorted({*old, *result.versions}):
        yield from _changed(name, old.get(name), result.versions.get(name))
    yield from _changed("sdstudio", facts.get("software"), SOFTWARE)


def _changed_settings(written: object, request: GenerationRequest) -> Iterator[Change]:
    """Settings of the file that the run did not have, e.g. because this version lacks them.

    A file older than a setting was made as the setting's default still makes it.
    """
    new = wire.to_dict(request, rasters="digest")
    old = _defaults() | (written if isinstance(written, dict) else {})
    for name in dict.fromkeys((*old, *new)):
        if name in _NO_SETTINGS or old.get(name) == new.get(name):
            continue
        if isinstance(old.get(name), dict) and isinstance(new.get(name), dict):
            inner = dict.fromkeys((*old[name], *new[name]))
            for key in inner:
                yield from _changed(f"{name}.{key}", old[name].get(key), new[name].get(key))
        else:
            yield from _changed(name, old.get(name), new.get(name))


def _defaults() -> dict[str, Any]:
    """Every setting that has a default, as it is written."""
    plain = wire.to_dict(GenerationRequest(prompt=""), rasters="digest")
    given = {field.name for field in fields(GenerationRequest) if field.default is not MISSING}
    return {name: value for name, value in plain.items() if name in given}


def _changed(name: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(name=name, before=_words(before), after=_words(after))


def _words(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return str(value.get("digest", value.get("type", "")))[:80]
    return str(value)[:80]
