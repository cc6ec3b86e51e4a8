"""A1111's text, written by us and read back by a literal reading of its grammar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdstudio.gallery.infotext import parse_infotext, quote, unquote, write_infotext
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult


def result_of(**values) -> PictureResult:
    request = GenerationRequest(**{"prompt": "a red house", "width": 8, "height": 8, **values})
    picture = Raster(width=8, height=8, mode="RGB", pixels=bytes(192))
    return PictureResult(picture=picture, request=request, model_hash="0123abcd")


def test_the_text_is_the_one_a1111_shows():
    result = result_of(negative_prompt="rain, fog", seed=7, sampler="DDIM", model="starter")

    assert write_infotext(result, version="1.0") == (
        "a red house\n"
        "Negative prompt: rain, fog\n"
        "Steps: 20, Sampler: DDIM, Schedule type: auto, CFG scale: 4, Seed: 7, Size: 8x8, "
        "Model hash: 0123abcd, Model: starter, Version: sdstudio 1.0"
    )


def test_reads_a_text_that_forge_wrote():
    fields = parse_infotext(
        "masterpiece, (red:1.2) house\nat night\n"
        "Negative prompt: blurry,\nlow quality\n"
        "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 123, "
        'Size: 512x768, Model: dreamy_v1, Lora hashes: "a: 12, b: 34", Version: f2.0.1'
    )

    assert fields["Prompt"] == "masterpiece, (red:1.2) house\nat night"
    assert fields["Negative prompt"] == "blurry,\nlow quality"
    assert fields["Size"] == "512x768"
    assert fields["Lora hashes"] == "a: 12, b: 34"


@pytest.mark.parametrize("text", ["", "only a prompt", "a: b", "\n\n", "Negative prompt: x"])
def test_texts_without_settings_do_not_raise(text):
    assert "Prompt" in parse_infotext(text)


@given(st.text())
def test_every_value_survives_quoting(text):
    assert unquote(quote(text)) == text or '"' in text or "\\" in text


@given(
    st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"))),
    st.integers(0, 2**64 - 1),
)
def test_prompt_and_seed_come_back(prompt, seed):
    prompt = prompt.strip()
    fields = parse_infotext(write_infotext(result_of(prompt=prompt, seed=seed), version="1"))

    assert fields["Seed"] == str(seed)
    if not prompt.startswith("Negative prompt:"):
        assert fields["Prompt"].strip() == prompt
