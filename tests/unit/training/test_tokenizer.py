"""The tokenizer: any text, whole words, and files that transformers reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from sdstudio.training.tokenizer import (
    CONTEXT_LENGTH,
    END,
    START,
    load_tokenizer,
    save_tokenizer,
    token_ids,
    train_tokenizer,
)
from sdstudio.training.world import vocabulary
from sdstudio.training.world.captions import write_caption
from sdstudio.training.world.scene import sample_attributes


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    rng = np.random.default_rng(0)
    captions = [write_caption(sample_attributes(rng), rng) for _ in range(1500)]
    return train_tokenizer(captions)


def test_the_vocabulary_is_all_bytes_twice_then_merges_then_the_two_specials(
    tokenizer: CLIPTokenizer,
) -> None:
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    assert all(len(token) == 1 for token in tokens[:256])
    assert [token + "</w>" for token in tokens[:256]] == tokens[256:512]
    assert tokens[-2:] == [START, END]
    assert tokenizer.eos_token_id == tokenizer.pad_token_id == len(tokenizer) - 1


@given(text=st.text(max_size=40))
def test_any_text_tokenises_and_comes_back(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    normalised = tokenizer.backend_tokenizer.normalizer.normalize_str(text)
    letters = "".join(tokenizer.decode(ids, skip_special_tokens=False).split())
    assert letters == "".join(normalised.replace("</w>", " ").split())


@pytest.mark.parametrize("word", [*vocabulary.SUBJECT_SYNONYMS, "red", "purple", "meadow", "neon"])
def test_the_words_of_the_world_are_single_tokens(tokenizer: CLIPTokenizer, word: str) -> None:
    parts = word.replace("-", " - ").split()
    assert len(tokenizer(word.upper())["input_ids"]) == 2 + len(parts)


def test_the_saved_files_load_with_and_without_the_joint_one(
    tokenizer: CLIPTokenizer, tmp_path: Path
) -> None:
    save_tokenizer(tokenizer, tmp_path)
    text = "Zwei Häuser 猫, it's 12!"
    wanted = tokenizer(text)["input_ids"]
    assert load_tokenizer(tmp_path)(text)["input_ids"] == wanted
    assert load_tokenizer(tmp_path).model_max_length == CONTEXT_LENGTH
    (tmp_path / "tokenizer.json").unlink()
    assert CLIPTokenizer.from_pretrained(tmp_path)(text)["input_ids"] == wanted


def test_captions_are_padded_with_the_end_and_cut_at_77(tokenizer: CLIPTokenizer) -> None:
    captions = ["a red cat", "", "red " * 200]
    full = token_ids(tokenizer, captions)
    assert full.shape == (3, CONTEXT_LENGTH)
    assert (full[:, 0] == tokenizer.bos_token_id).all()
    assert (full[:, -1] == tokenizer.eos_token_id).all()
    cropped = token_ids(tokenizer, captions[:2], crop=True)
    assert cropped.shape == (2, 5)
    assert torch.equal(cropped, full[:2, :5])
