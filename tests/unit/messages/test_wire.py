"""Requests survive the trip through JSON; hostile JSON does not get through."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdstudio.errors import InvalidRequestError
from sdstudio.messages import wire
from sdstudio.messages.generation import (
    LIMITS,
    MAX_SEED,
    GenerationRequest,
    ImageToImage,
    Inpaint,
)
from sdstudio.messages.raster import CHANNELS, Raster
from sdstudio.messages.training import TrainingRequest


@st.composite
def rasters(
    draw: st.DrawFn, mode: str | None = None, size: tuple[int, int] | None = None
) -> Raster:
    mode = mode or draw(st.sampled_from(["L", "RGB", "RGBA"]))
    width, height = size or (draw(st.integers(1, 6)), draw(st.integers(1, 6)))
    num_bytes = width * height * CHANNELS[mode]
    pixels = draw(st.binary(min_size=num_bytes, max_size=num_bytes))
    return Raster(width=width, height=height, mode=mode, pixels=pixels)


strengths = st.floats(0.0, 1.0, exclude_min=True)


@st.composite
def inpaints(draw: st.DrawFn) -> Inpaint:
    init_image = draw(rasters(mode="RGB"))
    mask = draw(rasters(mode="L", size=init_image.size).filter(lambda raster: any(raster.pixels)))
    return Inpaint(
        init_image=init_image,
        mask_image=mask,
        strength=draw(strengths),
        fill=draw(st.sampled_from(["original", "blur", "neutral", "noise", "edge"])),
        use_inpainting_model=draw(st.sampled_from(["auto", "off"])),
    )


any_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40) | st.text(
    alphabet=st.sampled_from("\udfff\x00\u202e%{}<>\n\r\u2028é漢🙂"), max_size=10
)
requests = st.builds(
    GenerationRequest,
    prompt=any_text,
    negative_prompt=any_text,
    model=any_text,
    width=st.integers(8, 8192),
    height=st.integers(8, 8192),
    num_inference_steps=st.integers(1, 1000),
    guidance_scale=st.floats(0, 100),
    seed=st.integers(0, MAX_SEED),
    count=st.integers(1, 10_000),
    start=st.none()
    | st.builds(ImageToImage, init_image=rasters(), strength=strengths)
    | inpaints(),
    guidance_rescale=st.floats(0, 1),
    clip_skip=st.integers(0, 11),
    vae_tiling=st.booleans(),
    few_step=st.booleans(),
    parents=st.lists(any_text, max_size=3).map(tuple),
)


@given(requests)
@settings(max_examples=60, deadline=None)
def test_a_generation_request_round_trips(request: GenerationRequest) -> None:
    text = wire.to_json(request)
    assert text.isascii() and "\n" not in text
    assert wire.from_json(text) == request


def test_a_training_request_round_trips() -> None:
    request = TrainingRequest(
        kind="ddpm",
        output="runs/ä",
        learning_rate=3e-4,
        options={"width": 32, "ema": True, "rate": 0.5, "name": "x"},
    )
    assert wire.from_json(wire.to_json(request)) == request


def picture(value: int = 3) -> Raster:
    return Raster(width=4, height=2, mode="RGB", pixels=bytes([value]) * 24)


def test_digests_are_resolved_by_the_caller() -> None:
    request = GenerationRequest(prompt="x", start=ImageToImage(init_image=picture(), strength=0.4))
    text = wire.to_json(request, rasters="digest")
    assert "pixels" not in text
    known = {picture().digest(): picture()}
    assert wire.from_json(text, find_raster=known.get) == request


def test_a_missing_picture_leaves_the_rest_readable() -> None:
    request = GenerationRequest(prompt="x", seed=5, start=ImageToImage(init_image=picture()))
    text = wire.to_json(request, rasters="digest")
    assert wire.from_json(text) == dataclasses.replace(request, start=None)


def test_the_largest_seed_is_exact() -> None:
    request = GenerationRequest(prompt="", seed=MAX_SEED)
    assert json.loads(wire.to_json(request))["seed"] == 18446744073709551615
    assert wire.from_json(wire.to_json(request)) == request


def test_unknown_keys_of_a_newer_version_are_ignored() -> None:
    plain = wire.to_dict(GenerationRequest(prompt="a")) | {"version": 9, "aura": [1, {"b": None}]}
    assert wire.from_dict(plain) == GenerationRequest(prompt="a")


@pytest.mark.parametrize(
    "change",
    [
        {"width": "256"},
        {"width": 255.5},
        {"width": True},
        {"width": None},
        {"width": -1},
        {"width": 10**400},
        {"guidance_scale": 10**400},
        {"guidance_scale": "4"},
        {"seed": -1},
        {"seed": MAX_SEED + 1},
        {"num_inference_steps": 1e9},
        {"count": 0},
        {"prompt": 7},
        {"prompt": ["a"]},
        {"vae_tiling": 1},
        {"parents": "abc"},
        {"parents": [1]},
        {"type": "poem"},
        {"type": ["generation"]},
        {"start": 3},
        {"start": {"type": "telepathy"}},
        {"start": {"type": ["inpaint"]}},
        {"start": {"type": "image-to-image"}},
        {"start": {"type": "image-to-image", "init_image": []}},
        {"start": {"type": "image-to-image", "init_image": {"digest": 5}}},
    ],
)
def test_wrong_values_are_refused_in_words(change: dict) -> None:
    plain = wire.to_dict(GenerationRequest(prompt="a")) | change
    with pytest.raises(InvalidRequestError) as caught:
        wire.from_dict(plain)
    assert caught.value.message.endswith(".") and len(caught.value.message) < 700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '"a"',
        "{",
        '{"prompt": "a", "guidance_scale": NaN}',
        '{"prompt": "a", "guidance_scale": Infinity}',
        '{"prompt": "a", "guidance_scale": 1e999}',
        '{"prompt": "a", "seed": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"prompt": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a":' * 100_000,
        b"\xff\xfe\x00\x80",
        "{}",
    ],
)
def test_hostile_text_is_refused(text: str | bytes) -> None:
    """Row 48: a JSON bomb, NaN and absurd numbers inside a request."""
    with pytest.raises(InvalidRequestError):
        wire.from_json(text)


def test_numbers_are_clamped_on_request() -> None:
    """Row 48: steps of a billion and a size of 99999999 x 1 become the nearest allowed ones."""
    plain = {"prompt": "a", "width": 99999999, "height": 1, "num_inference_steps": 1e9}
    plain |= {"seed": -1, "guidance_scale": 1e30}
    request = wire.from_dict(plain, clamp=True)
    assert isinstance(request, GenerationRequest)
    assert (request.width, request.height, request.num_inference_steps) == (8192, 8, 1000)
    assert (request.seed, request.guidance_scale) == (0, 100.0)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_the_ones_that_the_request_enforces(name: str) -> None:
    low, high = LIMITS[name]
    for allowed in (low, high):
        GenerationRequest(prompt="", **{name: allowed})
    for refused in (low - 1, high + 1, float("nan"), float("inf"), 10**400):
        with pytest.raises(InvalidRequestError):
            GenerationRequest(prompt="", **{name: refused})


def inline_start(**changes: object) -> dict:
    plain = wire.to_dict(GenerationRequest(prompt="x", start=ImageToImage(init_image=picture())))
    plain["start"]["init_image"] |= changes
    return plain


def test_a_bomb_in_a_picture_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    with pytest.raises(InvalidRequestError):
        wire.from_dict(inline_start(pixels=bomb))


@pytest.mark.parametrize(
    "changes",
    [
        {"pixels": "!!!"},
        {"pixels": "AAAA"},
        {"pixels": 5},
        {"pixels": base64.b64encode(zlib.compress(bytes(24))).decode()},
        {"width": 10**9, "height": 10**9},
        {"width": 0},
        {"height": -2},
        {"mode": "CMYK"},
        {"digest": "0"},
    ],
)
def test_damaged_pictures_are_refused(changes: dict) -> None:
    with pytest.raises(InvalidRequestError):
        wire.from_dict(inline_start(**changes))
