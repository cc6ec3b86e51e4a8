"""What the parts beside the UNet reach on held-out drawings: autoencoder, tiny decoder, CLIP.

Run: python -m tests.benchmarks.model_parts [--model FOLDER] [--clip RUN/clip] [--pairs FILE]

Goals: autoencoder at least 30 dB on 200 drawings; tiny decoder at least 27 dB against the
autoencoder's own pictures in at most an eighth of its time; CLIP finds the right caption of 64 in
at least 95 % of cases. --pairs writes 20 drawings, each above what the autoencoder makes of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor
from transformers import CLIPModel

from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.engine.component_cache import TINY_DECODER
from sdstudio.training.autoencoder import decode, encode, psnr, reduce_to
from sdstudio.training.clip import IMAGE_SIZE, embed_pictures, embed_texts, retrieval_accuracy
from sdstudio.training.sample_grid import picture_grid
from sdstudio.training.tokenizer import load_tokenizer, token_ids
from tests.benchmarks.adherence import drawings
from tests.benchmarks.held_out_prompts import held_out_cases
from tests.benchmarks.models_under_test import STARTER

PICTURES = 200
PAIRS_OF = 512
"""CLIP's held-out pairs: eight groups of 64."""


def seconds_of(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the least seconds of a few rounds after one to warm up."""
    work()
    times = []
    for _ in range(rounds):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return min(times)


@torch.no_grad()
def show_autoencoder(model: Path, pictures: Tensor, pairs: Path | None) -> None:
    """Print the quality of the autoencoder, and of the tiny decoder if there is one."""
    vae = AutoencoderKL.from_pretrained(model / "vae", dtype=torch.float32)
    latents = torch.cat([encode(vae, part).mode() for part in pictures.split(8)])
    made = torch.cat([decode(vae, part) for part in latents.split(8)]).clamp(-1, 1)
    quality = psnr(made, pictures)
    print(
        f"autoencoder   {quality.mean():.2f} dB on {len(pictures)} drawings,"
        f" least {quality.min():.2f}"
    )
    if pairs:
        rows = [half[i : i + 10] for i in (0, 10) for half in (pictures, made)]
        picture_grid(torch.cat(rows), columns=10).save(pairs)
    if not (model / TINY_DECODER).is_dir():
        print("tiny decoder  there is none")
        return
    tiny = AutoencoderTiny.from_pretrained(model / TINY_DECODER, dtype=torch.float32)
    scaled = latents * float(vae.config["scaling_factor"])
    quick = torch.cat([decode(tiny, part) for part in scaled.split(8)])
    slow_seconds = seconds_of(lambda: decode(vae, latents[:1]))
    quick_seconds = seconds_of(lambda: decode(tiny, scaled[:1]))
    share = quick_seconds / slow_seconds
    print(
        f"tiny decoder  {psnr(quick, made).mean():.2f} dB against the autoencoder's pictures,"
        f" in 1/{1 / share:.1f} of its time"
    )


@torch.no_grad()
def show_clip(folder: Path) -> None:
    """Print how often CLIP finds a drawing's own caption among 64."""
    clip = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
    cases = held_out_cases(PAIRS_OF)
    pictures = reduce_to(drawings(cases), IMAGE_SIZE)
    images = torch.cat([embed_pictures(clip, part) for part in pictures.split(64)])
    tokens = token_ids(load_tokenizer(folder), [case.prompt for case in cases])
    texts = torch.cat([embed_texts(clip, part) for part in tokens.split(64)])
    share = retrieval_accuracy(images, texts)
    print(f"CLIP          top-1 of 64 on {len(cases)} held-out pairs: {share:.1%}")


def main() -> None:
    """Print one line a part."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=STARTER)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    chosen = parser.parse_args()
    keep_freed_memory()
    show_autoencoder(chosen.model, drawings(held_out_cases()[: chosen.pictures]), chosen.pairs)
    if chosen.clip:
        show_clip(chosen.clip)


if __name__ == "__main__":
    main()
