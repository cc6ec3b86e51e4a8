"""A1111's text, written by us and read back by a literal reading of its grammar."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdstudio.gallery.infotext import parse_infotext, quote, unquote, write_infotext
from sdstudio.messages.generation import GenerationRequest, ImageToImage
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


def read_as_a1111(text: str) -> dict[str, str]:
    """`parse_generation_parameters` of A1111's modules/infotext_utils.py, step by step."""
    pattern = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
    *lines, lastline = text.strip().split("\n")
    if len(pattern.findall(lastline)) < 3:
        lines.append(lastline)
        lastline = ""
    prompt, negative, done_with_prompt = "", "", False
    for line in lines:
        line = line.strip()
        if line.startswith("Negative prompt:"):
            done_with_prompt = True
            line = line[16:].strip()
        if done_with_prompt:
            negative += ("" if negative == "" else "\n") + line
        else:
            prompt += ("" if prompt == "" else "\n") + line
    found = {"Prompt": prompt, "Negative prompt": negative}
    for name, value in pattern.findall(lastline):
        if value and value[0] == '"' and value[-1] == '"':
            value = json.loads(value)
        size = re.match(r"^(\d+)x(\d+)$", value)
        if size:
            found |= {f"{name}-1": size[1], f"{name}-2": size[2]}
        else:
            found[name] = value
    return found


words = st.text(alphabet="abc, :\"'()[]{}<>\\éß漢🏠-_0123456789", min_size=1, max_size=60)


@given(
    prompt=words,
    negative=words,
    model=words,
    seed=st.integers(0, 2**64 - 1),
    steps=st.integers(1, 1000),
    guidance=st.integers(0, 400).map(lambda quarter: quarter / 4),
    strength=st.integers(1, 20).map(lambda part: part / 20),
    clip_skip=st.integers(0, 11),
)
def test_a1111_reads_every_field_that_it_knows(
    prompt, negative, model, seed, steps, guidance, strength, clip_skip
):
    start = ImageToImage(
        init_image=Raster(width=1, height=1, mode="L", pixels=b"x"), strength=strength
    )
    result = result_of(
        prompt=prompt,
        negative_prompt=negative,
        model=model,
        seed=seed,
        num_inference_steps=steps,
        guidance_scale=guidance,
        start=start,
        clip_skip=clip_skip,
        sampler="DPM++ 2M",
    )
    found = read_as_a1111(write_infotext(result, version="1.0"))

    assert (found["Prompt"], found["Negative prompt"]) == (prompt.strip(), negative.strip())
    assert (found["Seed"], found["Steps"]) == (str(seed), str(steps))
    assert (found["Size-1"], found["Size-2"]) == ("8", "8")
    assert (found["Sampler"], found["Model hash"]) == ("DPM++ 2M", "0123abcd")
    assert float(found["CFG scale"]) == guidance
    assert float(found["Denoising strength"]) == strength
    assert found.get("Clip skip", "1") == str(clip_skip + 1)
    assert found["Model"] == model
