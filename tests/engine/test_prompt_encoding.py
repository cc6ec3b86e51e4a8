"""Prompts into embeddings: diffusers' own for what fits, chunks for what does not."""

from __future__ import annotations

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

from sdstudio.engine.component_cache import LoadedModel
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.prompt_encoding import split_tokens
from tests.support.tiny_models import tiny_tokenizer


@pytest.fixture
def loaded(engine: DiffusionEngine, models):
    def load(name: str) -> LoadedModel:
        return engine._cache.acquire(models(name), report=lambda text: None)

    return load


def nothing() -> None:
    pass


@pytest.mark.parametrize("prompt", ["", "a red house", "x" * 75, "Größe, 家 & co"])
def test_what_fits_is_tokenised_as_diffusers_does(prompt: str) -> None:
    tokenizer = tiny_tokenizer()
    theirs = tokenizer(prompt, padding="max_length", max_length=77, truncation=True).input_ids
    chunks = split_tokens(tokenizer, prompt)
    assert chunks[0] == theirs


def test_nothing_of_a_long_prompt_is_lost() -> None:
    tokenizer = tiny_tokenizer()
    prompt = "abcdefghij" * 30
    chunks = split_tokens(tokenizer, prompt)
    assert [len(chunk) for chunk in chunks] == [77] * 4
    tokens = [token for chunk in chunks for token in chunk[1:-1] if token != tokenizer.pad_token_id]
    assert tokens == tokenizer(prompt, add_special_tokens=False).input_ids


@torch.inference_mode()
@pytest.mark.parametrize("name", ["sd1", "sdxl"])
def test_embeddings_are_bit_identical_to_diffusers(name, loaded, models) -> None:
    xl = name == "sdxl"
    pipeline_class = StableDiffusionXLPipeline if xl else StableDiffusionPipeline
    pipeline = pipeline_class.from_pretrained(models(name), local_files_only=True)
    theirs = pipeline.encode_prompt(
        prompt="a red house",
        negative_prompt="blurry",
        device="cpu",
        num_images_per_prompt=1,
        do_classifier_free_guidance=True,
    )
    positive, negative = loaded(name).encoder.encode_pair(
        "a red house", "blurry", clip_skip=0, poll=nothing
    )
    assert torch.equal(positive.prompt_embeds, theirs[0])
    assert torch.equal(negative.prompt_embeds, theirs[1])
    if xl:
        assert torch.allclose(positive.pooled, theirs[2], atol=1e-6)
        assert torch.allclose(negative.pooled, theirs[3], atol=1e-6)


@torch.inference_mode()
@pytest.mark.parametrize("clip_skip", [1, 2, 11])
def test_clip_skip_takes_an_earlier_layer_and_the_final_norm(loaded, clip_skip) -> None:
    """The definition in diffusers' encode_prompt, which itself fails with transformers >= 5.6."""
    encoder = loaded("sd1").encoder
    network = encoder.text_encoders[0]
    ids = torch.tensor(split_tokens(encoder.tokenizers[0], "a red house"))
    layers = network(ids, output_hidden_states=True).hidden_states
    layer = layers[max(0, len(layers) - 1 - clip_skip)]
    expected = network.final_layer_norm(layer)
    got = encoder.encode("a red house", clip_skip=clip_skip).prompt_embeds
    assert torch.equal(got, expected)
    assert not torch.equal(got, encoder.encode("a red house").prompt_embeds)


@torch.inference_mode()
@pytest.mark.parametrize("name", ["sd1", "sdxl"])
@pytest.mark.parametrize("lengths", [(5, 300), (300, 5), (76, 75)])
def test_both_prompts_come_out_equally_long(name, loaded, lengths) -> None:
    """Row 38; each chunk is encoded by itself."""
    encoder = loaded(name).encoder
    prompts = ["y " * length for length in lengths]
    positive, negative = encoder.encode_pair(*prompts, clip_skip=0, poll=nothing)
    assert positive.prompt_embeds.shape == negative.prompt_embeds.shape
    chunks = -(-max(lengths) // 75)
    assert positive.prompt_embeds.shape[1] == 77 * chunks
    first = encoder.encode("y " * min(75, lengths[0])).prompt_embeds
    assert torch.allclose(positive.prompt_embeds[:, :77], first, atol=1e-5)


@torch.inference_mode()
def test_a_prompt_is_encoded_once(loaded, monkeypatch) -> None:
    encoder = loaded("sd1").encoder
    first = encoder.encode("encode me once")
    monkeypatch.setattr(encoder, "text_encoders", ())
    assert encoder.encode("encode me once") is first


@torch.inference_mode()
def test_the_memory_of_prompts_is_bounded(loaded) -> None:
    encoder = loaded("sd1").encoder
    for number in range(100):
        encoder.encode(f"prompt {number}")
    assert len(encoder._cache) == 64
