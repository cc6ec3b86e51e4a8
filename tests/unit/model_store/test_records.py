"""What a model folder's small files tell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdstudio.errors import InvalidRequestError, ModelFileError
from sdstudio.messages.generation import FewStep
from sdstudio.model_store.records import read_record

XL = {"_class_name": "StableDiffusionXLPipeline", "text_encoder_2": ["transformers", "X"]}


def test_a_stable_diffusion_1_folder(tmp_path: Path, make_model) -> None:
    record = read_record(make_model(tmp_path / "sd"), "sd")
    assert (record.family, record.size_multiple) == ("sd1", 8)
    assert (record.training_width, record.training_height) == (512, 512)
    assert (record.defaults.num_inference_steps, record.defaults.guidance_scale) == (25, 7.0)
    assert record.takes_prompt and record.can_start_from_picture and not record.has_tiny_decoder


@pytest.mark.parametrize(
    "index, unet, family, side",
    [
        ({}, {"cross_attention_dim": 1024, "sample_size": 96}, "sd2", 768),
        ({}, {"in_channels": 9}, "sd1-inpaint", 512),
        ({}, {"cross_attention_dim": 192, "sample_size": 32}, "sd1", 256),
        (XL, {"cross_attention_dim": 2048, "sample_size": 128}, "sdxl", 1024),
        (XL | {"text_encoder": [None, None]}, {"cross_attention_dim": 1280}, "sdxl-refiner", 512),
        ({"_class_name": "KandinskyV22Pipeline"}, {}, "other", 512),
        ({"_class_name": "StableDiffusionUpscalePipeline"}, {"in_channels": 7}, "other", 512),
        ({"_class_name": "DDPMPipeline"}, {"sample_size": 32}, "ddpm", 32),
        ({}, {"sample_size": "large"}, "sd1", 512),
        ({}, {"sample_size": [64, -3]}, "sd1", 512),
        (
            {},
            {"block_out_channels": None, "in_channels": "x", "cross_attention_dim": [1]},
            "sd1",
            512,
        ),
    ],
)
def test_families(tmp_path: Path, make_model, index: dict, unet: dict, family: str, side: int):
    record = read_record(make_model(tmp_path / "m", index=index, **unet), "m")
    assert (record.family, record.training_width, record.training_height) == (family, side, side)


def test_sdstudio_json_sets_the_defaults_and_a_wrong_value_costs_only_itself(
    tmp_path: Path, make_model
) -> None:
    defaults = {
        "title": "Little one",
        "num_inference_steps": 12,
        "guidance_scale": "high",
        "example_prompts": ["a house", "a cat"],
        "unknown": {},
    }
    record = read_record(make_model(tmp_path / "m", defaults=defaults), "m")
    assert record.title == "Little one"
    assert record.defaults.num_inference_steps == 12
    assert record.defaults.guidance_scale == 7.0
    assert record.defaults.example_prompts == ("a house", "a cat")


def test_a_broken_sdstudio_json_is_as_good_as_none(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "sdstudio.json").write_text("{")
    assert read_record(folder, "m").title == "m"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"_class_name": ["x", "Y"]}', "[" * 90_000, '{"a": NaN}']
)
def test_a_broken_index_is_told(tmp_path: Path, make_model, text: str) -> None:
    """Row 5: a model_index.json whose class is no plain name is refused; nothing is run."""
    folder = make_model(tmp_path / "m")
    (folder / "model_index.json").write_text(text)
    with pytest.raises(ModelFileError, match="model_index"):
        read_record(folder, "m")


def test_a_missing_part_is_told(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "unet" / "config.json").unlink()
    with pytest.raises(ModelFileError, match="unet"):
        read_record(folder, "m")


def test_component_names_lead_nowhere_else(tmp_path: Path, make_model) -> None:
    """Row 6: a part called ../../x is no part."""
    from sdstudio.model_store.records import component_classes, read_config

    folder = make_model(tmp_path / "m", index={"../../x": ["diffusers", "Y"]})
    assert "../../x" not in component_classes(read_config(folder / "model_index.json"))


def test_a_size_the_model_cannot_make(tmp_path: Path, make_model) -> None:
    """Row 13: a size that is not a multiple is refused with a near one that is."""
    record = read_record(make_model(tmp_path / "m"), "m")
    record.check_size(512, 8)
    with pytest.raises(InvalidRequestError) as caught:
        record.check_size(509, 300)
    assert "512 x 304" in caught.value.hint


@pytest.mark.parametrize(
    "size, near",
    [
        ((512, 512), (512, 512)),
        ((1, 1), (8, 8)),
        ((65, 64), (64, 64)),
        ((20000, 8), (20000, 8)),
        ((4000, 3000), (840, 624)),
    ],
)
def test_the_size_for_a_given_picture(tmp_path: Path, make_model, size, near) -> None:
    """Row 13: odd sizes of a starting picture are snapped, large ones shrunk in proportion."""
    record = read_record(make_model(tmp_path / "m"), "m")
    found = record.size_near(*size)
    assert found == near
    record.check_size(*found)


def test_a_tiny_decoder_is_noticed(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    (folder / "tiny_decoder").mkdir()
    (folder / "tiny_decoder" / "config.json").write_text(json.dumps({}))
    assert read_record(folder, "m").has_tiny_decoder


def test_a_few_step_companion_is_noticed(tmp_path: Path, make_model) -> None:
    folder = make_model(tmp_path / "m")
    assert read_record(folder, "m").few_step is None
    (folder / "few_step").mkdir()
    note = folder / "few_step" / "config.json"
    note.write_text(json.dumps({"num_inference_steps": 2, "guidance_scale": "much"}))
    assert read_record(folder, "m").few_step == FewStep(num_inference_steps=2, guidance_scale=1.0)
    note.write_text("{")
    assert read_record(folder, "m").few_step is None
