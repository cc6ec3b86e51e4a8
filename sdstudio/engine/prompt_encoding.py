"""Words into prompt_embeds, by our own hand: any length, any number of encoders, clip_skip.

diffusers' own encoding truncates at 77 tokens, and its clip_skip fails with transformers >= 5.6
(diffusers #14124).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

_CHUNKS_PER_BATCH = 16
_CACHE_ENTRIES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEmbeds:
    """An encoded prompt.

    Attributes:
        prompt_embeds: (1, chunks * tokens per chunk, width), the encoders side by side.
        pooled: (1, projection) of the last encoder, or None if the family has no use for it.
    """

    prompt_embeds: torch.Tensor
    pooled: torch.Tensor | None


class PromptEncoder:
    """The text half of one loaded model; remembers the prompts it has encoded.

    Args:
        tokenizers, text_encoders: one pair (SD 1.x, 2.x) or two (XL), in diffusers' order.
        use_penultimate: XL reads the last but one layer without the final norm.
        zero_empty_negative: whether an empty negative prompt becomes zeros (XL).
    """

    def __init__(
        self,
        *,
        tokenizers: Sequence[Any],
        text_encoders: Sequence[Any],
        use_penultimate: bool,
        zero_empty_negative: bool,
    ) -> None:
        self.tokenizers = tuple(tokenizers)
        self.text_encoders = tuple(text_encoders)
        self.use_penultimate = use_penultimate
        self.zero_empty_negative = zero_empty_negative
        self._cache: OrderedDict[tuple[str, int], PromptEmbeds] = OrderedDict()

    def encode_pair(
        self, prompt: str, negative_prompt: str, *, clip_skip: int, poll: Callable[[], None]
    ) -> tuple[PromptEmbeds, PromptEmbeds]:
        """Prompt and negative prompt, padded with empty chunks to the same length."""
        positive = self.encode(prompt, clip_skip=clip_skip, poll=poll)
        if self.zero_empty_negative and not negative_prompt:
            return positive, _zeros_like(positive)
        negative = self.encode(negative_prompt, clip_skip=clip_skip, poll=poll)
        empty = self.encode("", clip_skip=clip_skip, poll=poll)
        length = max(positive.prompt_embeds.shape[1], negative.prompt_embeds.shape[1])
        return _pad(positive, empty, length), _pad(negative, empty, length)

    def encode(
        self, prompt: str, *, clip_skip: int = 0, poll: Callable[[], None] = lambda: None
    ) -> PromptEmbeds:
        """Encode in chunks of 75 tokens; nothing is cut off.

        Args:
            clip_skip: layers left out at the encoder's end.
            poll: called between batches of chunks; raises to stop.
        """
        key = (prompt, clip_skip)
        if key in self._cache:
            self._cache.move_to_end(key)
            return self._cache[key]
        embeds: list[torch.Tensor] = []
        pooled = None
        chunk_lists = [split_tokens(tokenizer, prompt) for tokenizer in self.tokenizers]
        longest = max(len(chunks) for chunks in chunk_lists)
        for tokenizer, encoder, chunks in zip(
            self.tokenizers, self.text_encoders, chunk_lists, strict=True
        ):
            chunks += split_tokens(tokenizer, "") * (longest - len(chunks))
            hidden, pooled = self._encode_chunks(encoder, chunks, clip_skip, poll)
            embeds.append(hidden)
        encoded = PromptEmbeds(prompt_embeds=torch.cat(embeds, dim=-1), pooled=pooled)
        self._cache[key] = encoded
        if len(self._cache) > _CACHE_ENTRIES:
            self._cache.popitem(last=False)
        return encoded

    def _encode_chunks(
        self, encoder: Any, chunks: list[list[int]], clip_skip: int, poll: Callable[[], None]
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        ids = torch.tensor(chunks, device=encoder.device)
        hidden, pooled = [], None
        for batch in ids.split(_CHUNKS_PER_BATCH):
            poll()
            output = encoder(batch, output_hidden_states=True)
            hidden.append(self._select_layer(encoder, output, clip_skip))
            if pooled is None:  # the first chunk speaks for the whole prompt, as in A1111
                pooled = getattr(output, "text_embeds", None)
        sequence = torch.cat(hidden)
        return sequence.reshape(1, -1, sequence.shape[-1]), pooled[
            :1
        ] if pooled is not None else None

    def _select_layer(self, encoder: Any, output: Any, clip_skip: int) -> torch.Tensor:
        layers = output.hidden_states
        if self.use_penultimate:
            return layers[max(-len(layers), -(clip_skip + 2))]
        if clip_skip == 0:
            return output.last_hidden_state
        # The final norm lies in `text_model` before transformers 5.6 and for some classes after.
        norm = getattr(encoder, "text_model", encoder).final_layer_norm
        return norm(layers[max(-len(layers), -(clip_skip + 1))])


def split_tokens(tokenizer: Any, prompt: str) -> list[list[int]]:
    """Token ids in chunks of the encoder's length, each with start, end and padding.

    A prompt that fits is tokenised exactly as diffusers does it.
    """
    text = prompt.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be tokenised
    room = tokenizer.model_max_length - 2
    tokens = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    parts = [tokens[start : start + room] for start in range(0, len(tokens), room)] or [[]]
    return [
        [tokenizer.bos_token_id, *part, tokenizer.eos_token_id]
        + [tokenizer.pad_token_id] * (room - len(part))
        for part in parts
    ]


def _pad(embeds: PromptEmbeds, empty: PromptEmbeds, length: int) -> PromptEmbeds:
    chunk = empty.prompt_embeds.shape[1]
    missing = (length - embeds.prompt_embeds.shape[1]) // chunk
    if not missing:
        return embeds
    padded = torch.cat([embeds.prompt_embeds, *[empty.prompt_embeds] * missing], dim=1)
    return PromptEmbeds(prompt_embeds=padded, pooled=embeds.pooled)


def _zeros_like(embeds: PromptEmbeds) -> PromptEmbeds:
    pooled = embeds.pooled
    return PromptEmbeds(
        prompt_embeds=torch.zeros_like(embeds.prompt_embeds),
        pooled=None if pooled is None else torch.zeros_like(pooled),
    )
