"""What a new request takes from a picture, whichever program made it."""

import json

import pytest

from sdstudio.gallery.metadata.picture_metadata import PictureMetadata
from sdstudio.gallery.recall import _SAMPLERS, recall, recalled_of, sampler_of
from sdstudio.messages.generation import LIMITS, GenerationRequest
from sdstudio.paths import resource_path
from tests.unit.gallery.metadata_samples import SAMPLES
from tests.unit.gallery.picture_files import png_with, write_own


@pytest.mark.parametrize("name, write, expected", SAMPLES, ids=[each[0] for each in SAMPLES])
def test_every_sample_becomes_a_request_that_can_be_run(tmp_path, name, write, expected):
    found = recall(write(tmp_path / name))
    if expected.get("source") == "":
        assert found is None
        return
    assert found is not None and not found.is_own
    request = found.request
    for field in ("prompt", "negative_prompt", "seed"):
        if expected.get(field):
            assert field in found.fields and getattr(request, field) == expected[field]
    if expected.get("steps"):
        assert request.num_inference_steps == expected["steps"]
    if expected.get("size"):
        low = LIMITS["width"][0]
        assert (request.width, request.height) == tuple(max(low, side) for side in expected["size"])
    assert set(found.fields) <= set(GenerationRequest.__slots__)


@pytest.mark.parametrize(
    "said, sampler, schedule",
    [
        ("DPM++ 2M Karras", "dpm++-2m", "karras"),
        ("dpmpp_2m", "dpm++-2m", None),
        ("dpmpp_2m_k", "dpm++-2m", "karras"),
        ("dpmpp_2m_sde_gpu", "dpm++-2m-sde", None),
        ("Euler a", "euler-ancestral", None),
        ("k_euler_ancestral", "euler-ancestral", None),
        ("euler_a", "euler-ancestral", None),
        ("Euler", "euler", None),
        ("DDIM", "ddim", None),
        ("PLMS", "pndm", None),
        ("UniPC", "unipc", None),
        ("Heun", "heun", None),
        ("DPM2 a Karras", "dpm-2-ancestral", "karras"),
        ("Restart", None, None),
        ("", None, None),
    ],
)
def test_names_of_samplers(said, sampler, schedule):
    assert sampler_of(PictureMetadata(source="a1111", sampler=said)) == (sampler, schedule)


def test_a_schedule_that_stands_apart_is_read():
    for name in ("Schedule type", "scheduler"):
        metadata = PictureMetadata(source="a1111", sampler="DPM++ 2M", fields={name: "Karras"})
        assert sampler_of(metadata) == ("dpm++-2m", "karras")


@pytest.mark.parametrize(
    "said, schedule, left_out",
    [
        ("Karras", "karras", ()),
        ("SGM Uniform", "trailing", ()),
        ("ddim_uniform", "leading", ()),
        ("Uniform", "normal", ()),
        ("Automatic", None, ()),
        ("Beta", None, ("Beta",)),
        ("Align Your Steps", None, ("Align Your Steps",)),
    ],
)
def test_a_schedule_that_we_lack_is_told(said, schedule, left_out):
    found = recalled_of(
        PictureMetadata(source="a1111", prompt="x", sampler="Euler", fields={"Schedule type": said})
    )
    assert found.left_out == left_out
    assert found.request.sampler == "euler"
    assert found.request.schedule == (schedule or "auto")
    assert ("schedule" in found.fields) == (schedule is not None)


def test_a_prompt_without_a_negative_one_had_none():
    found = recalled_of(PictureMetadata(source="a1111", prompt="a castle"))
    assert "negative_prompt" in found.fields and found.request.negative_prompt == ""


def test_only_samplers_that_we_have_are_named():
    presets = json.loads(resource_path("presets", "samplers.json").read_text(encoding="utf-8"))
    assert set(_SAMPLERS.values()) <= {each["name"] for each in presets["samplers"]}


def test_an_unknown_sampler_is_told(tmp_path):
    path = png_with(tmp_path / "p.png", {"parameters": "x\nSteps: 3, Sampler: Restart, Seed: 1"})
    found = recall(path)
    assert found is not None and found.left_out == ("Restart",)
    assert "sampler" not in found.fields


def test_our_own_pictures_say_everything(tmp_path):
    path = write_own(tmp_path / "p.png", negative_prompt="fog", clip_skip=2, parents=("a.png",))
    found = recall(path)
    assert found is not None and found.is_own
    assert set(found.fields) == set(GenerationRequest.__slots__) - {"start"}
    assert (found.request.clip_skip, found.request.negative_prompt) == (2, "fog")


@pytest.mark.parametrize("number", [-1e9, 1e9])
def test_numbers_out_of_range_are_moved_into_it(number):
    found = recalled_of(
        PictureMetadata(source="a1111", prompt="x", guidance_scale=number, size=(1, 10**9))
    )
    request = found.request
    assert LIMITS["guidance_scale"][0] <= request.guidance_scale <= LIMITS["guidance_scale"][1]
    assert (request.width, request.height) == (LIMITS["width"][0], LIMITS["height"][1])
