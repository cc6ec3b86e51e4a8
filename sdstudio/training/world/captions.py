"""Captions as people write them: half plainly, half with synonyms, gaps, tags and small slips."""

from __future__ import annotations

import numpy as np

from sdstudio.training.world import vocabulary as words
from sdstudio.training.world.attributes import SceneAttributes, Thing

PLAIN_SHARE = 0.5
TAGS_SHARE = 0.15
TYPO_SHARE = 0.03
DROPPED_SHARES = {"colour": 0.06, "size": 0.1, "relation": 0.1}
DROPPED_SHARES |= {"place": 0.15, "time": 0.15, "style": 0.15, "extras": 0.4}
SAID_DEFAULT_SHARE = 0.12
SYNONYM_SHARE = 0.5
ABOVE_SHARE = 0.4
OPENINGS = ("", "", "", "", "a drawing of ", "a picture of ", "an image of ", "draw ")


def canonical_caption(attributes: SceneAttributes) -> str:
    """Return the plainest caption that says everything decisive, in lower case."""
    things = [_canonical_thing(thing) for thing in attributes.things]
    relation = words.RELATION_PHRASES[attributes.relation][0] if attributes.relation else "and"
    said = f" {relation} ".join(things)
    if attributes.close_up:
        said = f"{words.CLOSE_UP_PHRASES[0]} {said}"
    said += f" {words.PLACE_PHRASES[attributes.place][0]}"
    if attributes.time != "day":
        said += f" {words.TIME_PHRASES[attributes.time][0]}"
    if attributes.extras:
        extras = " and ".join(words.EXTRA_PHRASES[extra][0] for extra in attributes.extras)
        said += f" with {extras}"
    return said if attributes.style == "picture book" else f"{said}, {attributes.style}"


def write_caption(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    """Return a caption of the picture as one of many people would type it.

    Every caption names the first subject; whatever it leaves out is free in the picture.
    """
    choice = rng.random()
    if choice < PLAIN_SHARE:
        return canonical_caption(attributes)
    if choice < PLAIN_SHARE + TAGS_SHARE:
        said = _tags(attributes, rng)
    else:
        said = _sentence(attributes, rng)
    return _slips(said, rng)


def with_article(phrase: str) -> str:
    """Return `phrase` behind "a" or "an", by its first letter."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _canonical_thing(thing: Thing) -> str:
    noun = thing.subject if thing.count == 1 else words.plural(thing.subject)
    phrase = " ".join(part for part in (thing.size, thing.colour, noun) if part)
    if thing.count > 1:
        return f"{words.COUNT_WORDS[thing.count]} {phrase}"
    return with_article(phrase)


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _word(rng: np.random.Generator, plain: str, synonyms: tuple[str, ...]) -> str:
    if synonyms and rng.random() < SYNONYM_SHARE:
        return _pick(rng, synonyms)
    return plain


def _said(rng: np.random.Generator, part: str) -> bool:
    return rng.random() >= DROPPED_SHARES[part]


def _free_thing(thing: Thing, rng: np.random.Generator, *, article: bool) -> str:
    parts = []
    if thing.size and _said(rng, "size"):
        parts.append(_word(rng, thing.size, words.SIZE_SYNONYMS[thing.size]))
    if _said(rng, "colour"):
        parts.append(_word(rng, thing.colour, words.COLOUR_SYNONYMS.get(thing.colour, ())))
    noun = _word(rng, thing.subject, words.SUBJECT_SYNONYMS.get(thing.subject, ()))
    parts.append(noun if thing.count == 1 else words.plural(noun))
    phrase = " ".join(parts)
    if thing.count > 1:
        number = words.COUNT_WORDS[thing.count]
        return f"{number if rng.random() < 0.8 else thing.count} {phrase}"
    return with_article(phrase) if article else phrase


def _free_things(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    phrases = [_free_thing(thing, rng, article=True) for thing in attributes.things]
    relation = "and"
    if attributes.relation and _said(rng, "relation"):
        relation = _pick(rng, words.RELATION_PHRASES[attributes.relation])
    said = f" {relation} ".join(phrases)
    if attributes.close_up:
        said = f"{_pick(rng, words.CLOSE_UP_PHRASES)} {said}"
    return said


def _time_is_said(attributes: SceneAttributes, rng: np.random.Generator) -> bool:
    if attributes.time == "day":
        return rng.random() < SAID_DEFAULT_SHARE
    return _said(rng, "time")


def _style_word(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    """Return the style's word, or nothing where it stays unsaid."""
    style = attributes.style
    said = rng.random() < SAID_DEFAULT_SHARE if style == "picture book" else _said(rng, "style")
    return _word(rng, style, words.STYLE_SYNONYMS[style]) if said else ""


def _place_phrase(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    flies = attributes.things[0].subject in words.AIRBORNE_SUBJECTS
    if flies and len(attributes.things) == 1 and rng.random() < ABOVE_SHARE:
        return f"{_pick(rng, ('above', 'over'))} {words.ABOVE_PLACE[attributes.place]}"
    return _pick(rng, words.PLACE_PHRASES[attributes.place])


def _circumstances(attributes: SceneAttributes, rng: np.random.Generator) -> list[str]:
    """Return the phrases of place, time and extras that are said, in either order."""
    parts = []
    if _said(rng, "place"):
        parts.append(_place_phrase(attributes, rng))
    if _time_is_said(attributes, rng):
        parts.append(_pick(rng, words.TIME_PHRASES[attributes.time]))
    if rng.random() < 0.25:
        parts.reverse()
    if attributes.extras and _said(rng, "extras"):
        extras = (_pick(rng, words.EXTRA_PHRASES[extra]) for extra in attributes.extras)
        parts.append(f"with {' and '.join(extras)}")
    return parts


def _sentence(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    things = _free_things(attributes, rng)
    parts = _circumstances(attributes, rng)
    style = _style_word(attributes, rng)
    opening = "" if attributes.close_up else _pick(rng, OPENINGS)
    if parts and not opening and rng.random() < 0.12:
        said = f"{parts[0]}, {' '.join([things, *parts[1:]])}"
    else:
        said = opening + " ".join([things, *parts])
    if not style:
        return f"{said}." if rng.random() < 0.2 else said
    if opening or rng.random() < 0.6:
        return f"{said}, {style}"
    joint = " of" if style.endswith(words.PICTURE_NOUNS) and not attributes.close_up else ":"
    return f"{style}{joint} {said}"


def _tags(attributes: SceneAttributes, rng: np.random.Generator) -> str:
    tags = [_free_thing(thing, rng, article=False) for thing in attributes.things]
    if attributes.relation and _said(rng, "relation"):
        tags = [_free_things(attributes, rng)]
    elif attributes.close_up:
        tags.append("portrait" if rng.random() < 0.6 else "close-up")
    scene = []
    if _said(rng, "place"):
        scene.append(_pick(rng, words.PLACE_TAGS[attributes.place]))
    if _time_is_said(attributes, rng):
        scene.append(_pick(rng, words.TIME_TAGS[attributes.time]))
    if attributes.extras and _said(rng, "extras"):
        scene.extend(attributes.extras)
    style = _style_word(attributes, rng)
    if style:
        scene.append(style)
    return ", ".join(tags + [scene[i] for i in rng.permutation(len(scene))])


def _slips(said: str, rng: np.random.Generator) -> str:
    """Return the caption in the letter case people use, seldom with a typing error."""
    if rng.random() < TYPO_SHARE * 2:  # half of the captions are plain and have none
        said = _typo(said, rng)
    case = rng.random()
    if case < 0.3:
        return said[:1].upper() + said[1:]
    return said.upper() if case < 0.33 else said


def _typo(said: str, rng: np.random.Generator) -> str:
    """Return `said` with one letter doubled, dropped or swapped with its neighbour."""
    at = int(rng.integers(1, len(said) - 1))
    kind = rng.integers(3)
    if kind == 0:
        return said[:at] + said[at] + said[at:]
    if kind == 1:
        return said[:at] + said[at + 1 :]
    return said[:at] + said[at + 1] + said[at] + said[at + 2 :]
