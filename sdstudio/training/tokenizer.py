"""CLIP's tokenizer, trained on the captions of this project: byte-level BPE with </w> word ends."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import pre_tokenizers, trainers
from transformers import CLIPTokenizer

CONTEXT_LENGTH = 77
START = "<|startoftext|>"
END = "<|endoftext|>"
WORD_END = "</w>"


def train_tokenizer(captions: Iterable[str], *, vocab_size: int = 1536) -> CLIPTokenizer:
    """Return a tokenizer whose merges come from `captions`.

    Every byte is in the vocabulary, inside a word and at its end, so any text in any language
    tokenises. Order as in OpenAI's vocabulary: bytes, bytes with </w>, merges, the two specials.

    Args:
        vocab_size: upper bound; seldom pairs (fewer than three times) are not merged.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(alphabet) - 2,
        min_frequency=3,
        initial_alphabet=alphabet,
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    untrained = CLIPTokenizer().backend_tokenizer
    untrained.train_from_iterator(captions, trainer)
    merges = [tuple(pair) for pair in json.loads(untrained.to_str())["model"]["merges"]]
    return _assemble(alphabet, merges)


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write transformers' files and the classic vocab.json and merges.txt into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    vocab = dict(sorted(model["vocab"].items(), key=lambda entry: entry[1]))
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """Read what `save_tokenizer` wrote."""
    return CLIPTokenizer.from_pretrained(folder)


def token_ids(tokenizer: CLIPTokenizer, captions: list[str], *, crop: bool = False) -> torch.Tensor:
    """Return the captions' tokens as int64 (captions, length), padded with <|endoftext|>.

    Args:
        crop: stop at the longest caption instead of 77. Exact for whatever reads only the first
            <|endoftext|> of a causal model, as CLIP does.
    """
    encoded = tokenizer(
        captions,
        padding="longest" if crop else "max_length",
        max_length=CONTEXT_LENGTH,
        truncation=True,
        return_tensors="pt",
    )
    return encoded["input_ids"]


def _assemble(alphabet: list[str], merges: list[tuple[str, str]]) -> CLIPTokenizer:
    tokens = [*alphabet, *(byte + WORD_END for byte in alphabet)]
    tokens += [left + right for left, right in merges]
    tokens += [START, END]
    vocab = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(
        vocab=vocab,
        merges=merges,  # pyright: ignore[reportArgumentType] - annotated too narrowly
        model_max_length=CONTEXT_LENGTH,
    )
