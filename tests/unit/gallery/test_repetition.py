"""A request comes back whole, and what became of it when it is run again is told in full."""

from dataclasses import fields, replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdstudio.errors import InvalidRequestError
from sdstudio.gallery.difference import difference_of, strengthened
from sdstudio.gallery.picture_encoding import ENDINGS, encode_picture
from sdstudio.gallery.repetition import Change, compare_with, read_original
from sdstudio.gallery.starting_pictures import (
    FOLDER_NAME,
    keep_starting_pictures,
    read_whole_request,
    starts_from_picture,
)
from sdstudio.gallery.store import GalleryStore
from sdstudio.messages.generation import (
    LIMITS,
    MAX_SEED,
    GenerationRequest,
    ImageToImage,
    Inpaint,
)
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


def raster(width=8, height=8, mode="RGB", shade=0) -> Raster:
    channels = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    pixels = bytes((shade + 7 * each) % 256 for each in range(width * height * channels))
    return Raster(width=width, height=height, mode=mode, pixels=pixels)


def result_of(request: GenerationRequest, picture: Raster | None = None, **facts) -> PictureResult:
    facts = {"model_hash": "0123abcd", "versions": {"torch": "2.13.0"}} | facts
    return PictureResult(picture=picture or raster(), request=request, **facts)


STARTS = [
    None,
    ImageToImage(init_image=raster(mode="RGBA"), strength=0.31),
    Inpaint(
        init_image=raster(shade=3),
        mask_image=raster(mode="L"),
        strength=0.5,
        fill="blur",
        use_inpainting_model="off",
    ),
]

whole = {name: st.integers(int(low), int(high)) for name, (low, high) in LIMITS.items()}
requests = st.builds(
    GenerationRequest,
    prompt=st.text(max_size=60),
    negative_prompt=st.text(max_size=60),
    model=st.text(min_size=1, max_size=20),
    width=whole["width"],
    height=whole["height"],
    num_inference_steps=whole["num_inference_steps"],
    guidance_scale=st.floats(*LIMITS["guidance_scale"]),
    sampler=st.text(max_size=12),
    schedule=st.text(max_size=12),
    seed=whole["seed"],
    count=whole["count"],
    start=st.sampled_from(STARTS),
    guidance_rescale=st.floats(*LIMITS["guidance_rescale"]),
    clip_skip=whole["clip_skip"],
    vae_tiling=st.booleans(),
    few_step=st.booleans(),
    parents=st.lists(st.text(max_size=20), max_size=3).map(tuple),
)


def test_every_field_of_a_request_is_varied_below():
    """A field that is added later must be added to the strategy, too."""
    drawn = {"prompt", "negative_prompt", "model", "sampler", "schedule", "start", "parents"}
    switches = {"vae_tiling", "few_step"}
    assert {each.name for each in fields(GenerationRequest)} == drawn | switches | set(LIMITS)


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(request_=requests)
def test_every_field_comes_back(tmp_path, kind, request_):
    path = tmp_path / f"p{ENDINGS[kind]}"
    keep_starting_pictures(tmp_path, request_)
    path.write_bytes(encode_picture(result_of(request_), format=kind))

    assert read_whole_request(path) == request_
    assert starts_from_picture(path) == (request_.start is not None)


@pytest.mark.parametrize("start", STARTS[1:])
def test_the_gallery_keeps_what_a_run_started_from_once(tmp_path, start):
    request = GenerationRequest(prompt="a house", width=8, height=8, start=start)
    store = GalleryStore(tmp_path, now=lambda: datetime(2026, 1, 1))
    paths = [store.add(result_of(replace(request, seed=seed))) for seed in (1, 2)]

    assert read_whole_request(paths[1]) == replace(request, seed=2)
    kept = list((tmp_path / FOLDER_NAME).iterdir())
    assert len(kept) == (2 if isinstance(start, Inpaint) else 1)
    assert set(store.newest(10)) == set(paths), "the hidden folder is no part of the gallery"


def test_a_picture_that_was_moved_below_still_finds_its_start(tmp_path):
    request = GenerationRequest(prompt="a house", width=8, height=8, start=STARTS[1])
    saved = GalleryStore(tmp_path).add(result_of(request))
    moved = tmp_path / "2026" / "january" / saved.name
    moved.parent.mkdir(parents=True)
    saved.rename(moved)

    assert read_whole_request(moved) == request


def test_a_parent_beside_the_picture_stands_in_for_what_was_kept(tmp_path):
    store = GalleryStore(tmp_path)
    parent = store.add(result_of(GenerationRequest(prompt="first", width=8, height=8)))
    start = ImageToImage(init_image=raster(), strength=0.5)
    request = GenerationRequest(
        prompt="second", width=8, height=8, start=start, parents=(parent.name,)
    )
    child = store.add(result_of(request))
    for kept in (tmp_path / FOLDER_NAME).iterdir():
        kept.unlink()

    assert read_whole_request(child) == request


@pytest.mark.parametrize("name", ["../outside.png", "/etc/hostname", "", "a/b.png"])
def test_no_hostile_parent_leads_out_of_the_folder(tmp_path, name):
    inside = tmp_path / "gallery"
    start = ImageToImage(init_image=raster(), strength=0.5)
    request = GenerationRequest(prompt="x", width=8, height=8, start=start, parents=(name,))
    path = GalleryStore(inside).add(result_of(request))
    for kept in (inside / FOLDER_NAME).iterdir():
        kept.unlink()
    (tmp_path / "outside.png").write_bytes(encode_picture(result_of(request)))

    found = read_whole_request(path)
    assert found is not None and found.start is None
    with pytest.raises(InvalidRequestError, match="gone"):
        read_original(path)


def test_a_damaged_start_is_not_believed(tmp_path):
    request = GenerationRequest(prompt="x", width=8, height=8, start=STARTS[1])
    path = GalleryStore(tmp_path).add(result_of(request))
    (kept,) = (tmp_path / FOLDER_NAME).iterdir()
    kept.write_bytes(encode_picture(result_of(request, raster(shade=9))))

    found = read_whole_request(path)
    assert found is not None and found.start is None


def test_the_same_again_is_a_difference_of_zero(tmp_path):
    request = GenerationRequest(prompt="x", width=8, height=8, seed=MAX_SEED)
    path = GalleryStore(tmp_path).add(result_of(request))
    repetition = compare_with(read_original(path), result_of(request))

    assert repetition.difference.is_zero and not repetition.changes


def test_what_changed_is_told(tmp_path, monkeypatch):
    request = GenerationRequest(prompt="x", width=8, height=8, sampler="ddim")
    path = GalleryStore(tmp_path).add(result_of(request))
    monkeypatch.setattr("sdstudio.gallery.repetition.SOFTWARE", "sdstudio 9")
    again = result_of(
        replace(request, sampler="euler"),
        raster(shade=1),
        model_hash="ffff",
        device="cuda",
        dtype="bfloat16",
        versions={"torch": "2.14.0", "diffusers": "1.0"},
    )
    repetition = compare_with(read_original(path), again)

    found = {change.name: (change.before, change.after) for change in repetition.changes}
    assert found.pop("sdstudio")[1] == "sdstudio 9"
    assert found == {
        "sampler": ("ddim", "euler"),
        "model_hash": ("0123abcd", "ffff"),
        "device": ("cpu", "cuda"),
        "dtype": ("float32", "bfloat16"),
        "diffusers": ("", "1.0"),
        "torch": ("2.13.0", "2.14.0"),
    }
    assert repetition.difference.changed_px == 64
    assert Change(name="device", before="cpu", after="cuda") in repetition.changes


def test_a_setting_that_came_later_is_no_change(tmp_path):
    """An older picture's file does not speak of it; it was made as the default makes it."""
    request = GenerationRequest(prompt="x", width=8, height=8)
    original = read_original(GalleryStore(tmp_path).add(result_of(request)))
    written = dict(original.facts["request"])
    del written["few_step"], written["vae_tiling"]
    older = replace(original, facts={**original.facts, "request": written})

    assert not compare_with(older, result_of(request)).changes
    (change,) = compare_with(older, result_of(replace(request, few_step=True))).changes
    assert change == Change(name="few_step", before="False", after="True")


def test_another_start_is_told_by_its_digest(tmp_path):
    request = GenerationRequest(prompt="x", width=8, height=8, start=STARTS[1])
    path = GalleryStore(tmp_path).add(result_of(request))
    again = replace(request, start=replace(STARTS[1], strength=0.5))

    (change,) = compare_with(read_original(path), result_of(again)).changes
    assert change == Change(name="start.strength", before="0.31", after="0.5")


def test_pictures_of_others_cannot_be_made_again(tmp_path):
    from tests.unit.gallery.picture_files import png_with

    path = png_with(tmp_path / "p.png", {"parameters": "a house\nSteps: 2, Seed: 1, Size: 8x8"})
    with pytest.raises(InvalidRequestError) as caught:
        read_original(path)
    assert caught.value.hint


def test_the_difference_is_counted_by_hand():
    first = Raster(width=2, height=2, mode="RGB", pixels=bytes(12))
    second = Raster(width=2, height=2, mode="RGB", pixels=bytes([0, 0, 9, *[0] * 8, 3]))
    found = difference_of(first, second)

    assert (found.changed_px, found.num_px, found.highest) == (2, 4, 9)
    assert found.mean == pytest.approx(1.0)
    assert found.picture.pixels == second.pixels
    assert strengthened(found.picture, 64).pixels == bytes([0, 0, 255, *[0] * 8, 192])


def test_size_and_transparency_are_differences_too():
    plain = raster(4, 4)
    clear = Raster(width=4, height=4, mode="RGBA", pixels=b"\1\2\3\0" * 16)
    opaque = Raster(width=4, height=4, mode="RGBA", pixels=b"\1\2\3\xff" * 16)

    assert difference_of(plain, raster(8, 8)).was_resized
    assert not difference_of(plain, raster(8, 8)).is_zero
    found = difference_of(clear, opaque)
    assert found.alpha_differs and not found.changed_px and not found.is_zero
    assert difference_of(opaque, opaque).is_zero
