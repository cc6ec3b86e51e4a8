"""The picture-book world says what it draws: seeds, boxes, splits, styles and captions agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sdstudio.training.world import captions, scene, vocabulary
from sdstudio.training.world.attributes import SceneAttributes, Thing
from sdstudio.training.world.layout import arrange
from sdstudio.training.world.palette import COLOURS
from sdstudio.training.world.places import PLACE_SPECS
from sdstudio.training.world.sky import TIMES_OF_DAY
from sdstudio.training.world.styles import Drawing
from sdstudio.training.world.subjects.table import SUBJECTS


def _scene(**changes: object) -> SceneAttributes:
    house = Thing(subject="house", colour="red")
    return replace(SceneAttributes(things=(house,), place="meadow", seed=3), **changes)  # type: ignore[arg-type]


def _sampled(count: int, **options: object) -> list[SceneAttributes]:
    rng = np.random.default_rng(11)
    return [scene.sample_attributes(rng, **options) for _ in range(count)]  # type: ignore[arg-type]


def _drawn_objects(attributes: SceneAttributes) -> np.ndarray:
    """The thing at each pixel of the scene, before any style."""
    seen: list[Drawing] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "apply_style", lambda drawing, style: seen.append(drawing))
        scene.draw_attributes(attributes)
    return seen[0].surface.objects()


@pytest.mark.parametrize("size", [(256, 256), (320, 208), (208, 320)])
def test_a_seed_is_one_picture_one_caption_and_one_truth(size: tuple[int, int]) -> None:
    width, height = size
    first = scene.draw_scene(42, width=width, height=height)
    again = scene.draw_scene(42, width=width, height=height)
    other = scene.draw_scene(43, width=width, height=height)

    assert first[0].size == size and first[0].mode == "RGB"
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1:] == again[1:]
    assert first[0].tobytes() != other[0].tobytes()


def test_a_caption_and_its_picture_do_not_depend_on_what_was_drawn_before() -> None:
    alone = scene.draw_scene(7)
    for seed in range(4):
        scene.draw_scene(seed)
    assert scene.draw_scene(7)[0].tobytes() == alone[0].tobytes()


def test_vocabulary_covers_exactly_the_world_that_is_drawn() -> None:
    assert set(vocabulary.SUBJECT_SYNONYMS) == set(SUBJECTS)
    assert set(vocabulary.COLOUR_SYNONYMS) <= set(COLOURS)
    assert set(PLACE_SPECS) == set(vocabulary.PLACES)
    assert set(TIMES_OF_DAY) == set(vocabulary.TIMES)
    assert set(scene.STYLE_SHARES) == set(vocabulary.STYLES)
    for shares in (scene.KIND_SHARES, scene.COUNT_SHARES, scene.STYLE_SHARES, scene.TIME_SHARES):
        assert sum(shares.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("style", vocabulary.STYLES)
@pytest.mark.parametrize("place", vocabulary.PLACES)
def test_every_place_and_time_draws_in_every_style(place: str, style: str) -> None:
    pictures = {
        scene.draw_attributes(
            _scene(place=place, time=time, style=style, width=64, height=64)
        ).tobytes()
        for time in vocabulary.TIMES
    }
    assert len(pictures) == len(vocabulary.TIMES)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_things_are_drawn_where_their_boxes_say(subject: str) -> None:
    attributes = arrange(_scene(things=(Thing(subject=subject, colour="red"),)))
    left, top, right, bottom = attributes.things[0].boxes[0]
    ys, xs = np.nonzero(_drawn_objects(attributes))
    slack = 0.06 * attributes.height

    assert xs.min() >= left - slack and xs.max() <= right + slack
    assert ys.min() >= top - slack and ys.max() <= bottom + slack
    assert np.ptp(xs) > 0.7 * (right - left) and np.ptp(ys) > 0.7 * (bottom - top)


def test_relations_hold_between_the_boxes() -> None:
    pairs = [a for a in _sampled(1500) if a.relation]
    assert {a.relation for a in pairs} == set(vocabulary.RELATIONS)
    for a in pairs:
        (first,), (second,) = a.things[0].boxes, a.things[1].boxes
        if a.relation == "left of":
            assert first[2] <= second[0]
        elif a.relation == "right of":
            assert first[0] >= second[2]
        elif a.relation == "next to":
            assert first[2] <= second[0] or second[2] <= first[0]
        elif a.relation == "above":
            assert first[3] <= second[1] + 0.02 * a.height
        else:
            assert first[3] > second[3]


def test_the_left_thing_is_left_in_the_drawn_picture() -> None:
    things = (Thing(subject="cat", colour="blue"), Thing(subject="house", colour="red"))
    objects = _drawn_objects(_scene(things=things, relation="left of"))
    assert np.nonzero(objects == 1)[1].max() < np.nonzero(objects == 2)[1].min()


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("count", [2, 3])
def test_counted_things_stand_apart_and_inside(subject: str, count: int) -> None:
    for size in (None, *vocabulary.SIZES):
        thing = Thing(subject=subject, colour="red", count=count, size=size)
        attributes = arrange(_scene(things=(thing,), place="sea", seed=count))
        boxes = attributes.things[0].boxes
        assert len(boxes) == count
        for index, box in enumerate(boxes):
            assert box[0] >= 0 and box[1] >= 0 and box[2] <= 256 and box[3] <= 256
            for other in boxes[index + 1 :]:
                across = min(box[2], other[2]) - max(box[0], other[0])
                down = min(box[3], other[3]) - max(box[1], other[1])
                assert min(across, down) <= 0.25 * (box[3] - box[1])


def test_small_things_are_clearly_smaller_than_large_ones() -> None:
    for subject in SUBJECTS:
        heights = {}
        for size in ("small", None, "large"):
            thing = Thing(subject=subject, colour="red", size=size)
            box = arrange(_scene(things=(thing,))).things[0].boxes[0]
            heights[size] = box[3] - box[1]
        assert heights["small"] * 1.4 < heights[None] < heights["large"]


def test_training_never_sees_a_held_out_combination() -> None:
    assert not any(scene.is_held_out(a) for a in _sampled(800))
    assert all(scene.is_held_out(a) for a in _sampled(60, split="held-out"))


def test_subjects_said_to_be_above_a_place_do_fly() -> None:
    for subject in vocabulary.AIRBORNE_SUBJECTS:
        assert SUBJECTS[subject].floats == "air"


def test_about_one_combination_in_twenty_is_held_out() -> None:
    combinations = [
        scene.is_held_out(_scene(things=(Thing(subject=subject, colour=colour),), place=place))
        for subject, spec in SUBJECTS.items()
        for colour in spec.colours
        for place in vocabulary.PLACES
    ]
    assert 0.03 < sum(combinations) / len(combinations) < 0.07


def test_the_mix_is_the_documented_one() -> None:
    scenes = _sampled(3000)
    styles = Counter(a.style for a in scenes)
    for style, share in scene.STYLE_SHARES.items():
        assert styles[style] / len(scenes) == pytest.approx(share, abs=0.03)
    assert sum(a.close_up for a in scenes) / len(scenes) == pytest.approx(0.1, abs=0.025)
    assert {thing.subject for a in scenes for thing in a.things} == set(SUBJECTS)
    assert {extra for a in scenes for extra in a.extras} == set(vocabulary.EXTRAS)


def test_the_canonical_caption_says_all_that_is_decisive() -> None:
    thing = Thing(subject="house", colour="red", size="small")
    plain = _scene(things=(thing,), place="snow", time="night", style="watercolor")
    assert captions.canonical_caption(plain) == "a small red house in the snow at night, watercolor"

    portrait = _scene(things=(Thing(subject="umbrella", colour="orange"),), close_up=True)
    assert captions.canonical_caption(portrait) == "portrait of an orange umbrella in a meadow"

    three = _scene(things=(Thing(subject="cactus", colour="green", count=3),), extras=("sun",))
    assert captions.canonical_caption(three) == "three green cacti in a meadow with the sun"


def test_half_the_captions_are_plain_and_the_rest_vary() -> None:
    rng = np.random.default_rng(5)
    attributes = _scene(place="sea", time="sunset", style="neon", extras=("clouds",))
    written = Counter(captions.write_caption(attributes, rng) for _ in range(400))
    plain = written.pop(captions.canonical_caption(attributes))
    assert 150 < plain < 260
    assert len(written) > 120


def test_captions_name_the_first_subject_and_stay_short() -> None:
    rng = np.random.default_rng(9)
    unnamed, lengths = 0, []
    for attributes in _sampled(600):
        said = captions.write_caption(attributes, rng).lower()
        lengths.append(len(said.split()))
        subject = attributes.things[0].subject
        names = (subject, *vocabulary.SUBJECT_SYNONYMS[subject])
        forms = [*names, *(vocabulary.plural(name) for name in names)]
        unnamed += not any(form in said for form in forms)
    assert unnamed <= 600 * captions.TYPO_SHARE
    assert 6 <= np.median(lengths) <= 14 and max(lengths) <= 36


def test_unsaid_defaults_stay_mostly_unsaid() -> None:
    rng = np.random.default_rng(2)
    said = [captions.write_caption(_scene(), rng).lower() for _ in range(300)]
    words = ("picture book", *vocabulary.STYLE_SYNONYMS["picture book"])
    assert 0 < sum(any(word in caption for word in words) for caption in said) < 60


def test_typing_errors_change_one_letter_only() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        slipped = captions._typo("a red house in the snow", rng)
        assert abs(len(slipped) - len("a red house in the snow")) <= 1
