"""The inpainting variant: its first step is the base model's, and stock diffusers opens it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image
from safetensors.torch import load_file

from sdstudio.apps.cli.train import main
from sdstudio.engine.inpaint import to_latent_mask
from sdstudio.messages.raster import Raster
from sdstudio.messages.training import TrainingRequest
from sdstudio.training import latent_cache
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.fine_tuning import Parts, decode_pictures, open_parts
from sdstudio.training.inpainting import (
    InpaintingObjective,
    draw_masks,
    export_inpainting,
    learn_new_channels_sooner,
    mask_channels,
    repaint,
    widen_input,
)
from sdstudio.training.latent_unet import SAMPLE_GUIDANCE, SAMPLE_STEPS, LatentDiffusionObjective
from sdstudio.training.low_rank import merged
from sdstudio.training.optimizers import TrainedModule, build_optimizer
from sdstudio.training.random_masks import KIND_SHARES, THING_SHARE, random_mask
from sdstudio.training.tokenizer import token_ids
from tests.support.trained_pipeline import build_finished_pipeline, fine_tuning_arguments, losses_of


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_finished_pipeline(tmp_path_factory.mktemp("finished") / "pipeline")


@pytest.fixture
def parts(finished: Path, tmp_path: Path) -> Parts:
    return open_parts(
        TrainingRequest(
            kind="inpainting", output=str(tmp_path), options={"init_from": str(finished)}
        )
    )


@pytest.fixture
def objective(parts: Parts) -> InpaintingObjective:
    """With the new channels at work, in weights that float16 holds exactly."""
    unet = widen_input(parts.unet)
    torch.nn.init.normal_(unet.conv_in.weight[:, 4:], std=0.1)
    return InpaintingObjective(unet.half().float(), parts).eval()


def batch(side: int = 64, count: int = 2) -> tuple[torch.Tensor, ...]:
    """Latents, tokens, levels and masks."""
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(count, 4, side // 8, side // 8, generator=generator)
    levels = torch.randint(256, (count, 3, side, side), generator=generator, dtype=torch.uint8)
    masks = torch.zeros(count, 1, side, side, dtype=torch.uint8)
    masks[:, :, 16:40, 8:32] = 1
    return latents, torch.zeros(count, 77, dtype=torch.int64), levels, masks


def test_new_channels_count_for_nothing_at_first(parts: Parts) -> None:
    """GLIDE: the fine-tuning starts from exactly the base model."""
    wide = widen_input(parts.unet)
    assert wide.config["in_channels"] == 9
    generator = torch.Generator().manual_seed(1)
    noisy = torch.randn(2, 4, 8, 8, generator=generator)
    extra = torch.randn(2, 5, 8, 8, generator=generator)
    context = torch.randn(2, 77, parts.unet.config["cross_attention_dim"], generator=generator)
    with torch.no_grad():
        ours = wide(torch.cat([noisy, extra], dim=1), 500, context).sample
        theirs = parts.unet(noisy, 500, context).sample
    torch.testing.assert_close(ours, theirs)


def test_the_loss_is_the_base_models_until_something_is_learnt(parts: Parts) -> None:
    """Same noise, same timesteps, same weights: the same error, whatever the mask."""
    latents, ids, levels, masks = batch()
    base = LatentDiffusionObjective(parts.unet, parts.text_encoder, parts.schedule)
    ours = InpaintingObjective(widen_input(parts.unet), parts)
    with torch.no_grad():
        expected = base(latents, ids, generator=seeded_generator(7))
        found = ours(latents, ids, levels, masks, generator=seeded_generator(7))
    torch.testing.assert_close(found["loss"], expected["loss"])


def test_only_the_unet_learns(objective: InpaintingObjective) -> None:
    objective(*batch(), generator=seeded_generator(0))["loss"].backward()
    assert objective.unet.conv_in.weight.grad is not None
    learning = [n for n, p in objective.named_parameters() if p.requires_grad]
    assert learning
    assert all(name.startswith("unet.") for name in learning)


def test_new_channels_learn_ten_times_as_fast(parts: Parts) -> None:
    wide = widen_input(parts.unet)
    before = wide.conv_in.weight.detach().clone()
    learn_new_channels_sooner(wide, 4)
    assert torch.equal(wide.conv_in.weight, before), "they still start from nothing"
    optimizer = build_optimizer([TrainedModule(module=wide)], weight_decay=0.0)
    for group in optimizer.param_groups:
        group["lr"] = 1e-3
    generator = torch.Generator().manual_seed(0)
    shown = torch.randn(2, 9, 8, 8, generator=generator)
    context = torch.zeros(2, 77, parts.text_encoder.config.hidden_size)
    wide(shown, torch.tensor([3, 700]), context).sample.square().mean().backward()
    optimizer.step()
    plain = merged(wide).conv_in.weight
    moved = (plain - before).abs().mean(dim=(0, 2, 3))
    # AdamW's first step moves every weight by the learning rate
    torch.testing.assert_close(moved[:4], torch.full((4,), 1e-3), rtol=0.05, atol=0)
    torch.testing.assert_close(moved[4:], torch.full((5,), 1e-2), rtol=0.05, atol=0)


def test_the_mask_channels_are_what_the_engine_feeds(parts: Parts) -> None:
    _, _, levels, masks = batch(count=1)
    masks[:, :, 3, 50] = 1  # a single pixel takes its whole cell
    pictures = levels.float() / 127.5 - 1
    channels = mask_channels(parts, pictures, masks)
    mask_image = Raster(width=64, height=64, mode="L", pixels=(masks * 255).numpy().tobytes())
    assert torch.equal(channels[:, :1], to_latent_mask(mask_image, vae_scale_factor=8))
    changed = pictures.clone()
    changed[:, :, 0:8, 48:56] = 0.3
    changed[:, :, 20, 20] = 1.0
    assert torch.equal(mask_channels(parts, changed, masks), channels), "what is masked is unseen"


def test_masks_are_of_every_kind_and_always_ask_for_something() -> None:
    rng = np.random.default_rng(0)
    masks = [random_mask(rng, width=64, height=48) for _ in range(300)]
    assert all(mask.shape == (48, 64) and mask.dtype == np.uint8 for mask in masks)
    assert all(set(np.unique(mask)) <= {0, 1} and mask.any() for mask in masks)
    whole = sum(bool(mask.all()) for mask in masks) / len(masks)
    assert whole == pytest.approx(KIND_SHARES["whole"], abs=0.07)
    again = random_mask(np.random.default_rng(5), width=64, height=48)
    assert np.array_equal(again, random_mask(np.random.default_rng(5), width=64, height=48))
    assert draw_masks(rng, (64, 48), [[], [], []]).shape == (3, 1, 48, 64)


def test_many_masks_hide_a_whole_thing() -> None:
    rng = np.random.default_rng(0)
    places = (0.25, 0.5, 0.5, 0.75)
    masks = [random_mask(rng, width=64, height=48, things=[places]) for _ in range(300)]
    hidden = [mask[24:36, 16:32].all() and not mask.all() and mask.mean() < 0.3 for mask in masks]
    assert np.mean(hidden) > THING_SHARE - 0.07
    beyond = random_mask(rng, width=64, height=48, things=[(1.2, 1.2, 1.3, 1.3)] * 2)
    assert beyond.any(), "a thing beyond the edge leaves something to repaint"


def test_stock_diffusers_repaints_as_the_trainer_does(
    objective: InpaintingObjective, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_cache, "choose_precision", lambda *_: "float32")
    parts = objective.parts
    assert export_inpainting(objective, tmp_path / "pipeline", side=64) > 0
    pipeline: Any = StableDiffusionInpaintPipeline.from_pretrained(tmp_path / "pipeline")
    pipeline.set_progress_bar_config(disable=True)
    _, _, levels, masks = batch(count=1)
    picture = Image.fromarray(levels[0].permute(1, 2, 0).numpy())
    pictures = levels.float() / 127.5 - 1
    # their posterior is sampled; ours is its mean: take theirs away
    vaes: list[Any] = [parts.vae, pipeline.vae]
    for vae in vaes:
        vae.encoder.conv_out.bias.data[4:] = -30.0
    extra = mask_channels(parts, pictures, masks)
    ids = token_ids(parts.tokenizer, ["a red cat", ""])
    ours = repaint(objective, extra, ids, seed=3)
    noise = torch.randn(4, 8, 8, generator=seeded_generator(3, 0))[None]
    theirs = pipeline(
        "a red cat",
        image=picture,
        mask_image=Image.fromarray(masks[0, 0].numpy() * 255),
        width=64,
        height=64,
        latents=noise,
        num_inference_steps=SAMPLE_STEPS,
        guidance_scale=SAMPLE_GUIDANCE,
        output_type="latent",
    ).images
    # attention by another kernel, twenty times
    torch.testing.assert_close(theirs, ours, rtol=1e-3, atol=1e-3)
    assert decode_pictures(parts, ours).shape == (1, 3, 64, 64)


def test_a_run_that_was_stopped_learns_the_same(finished: Path, tmp_path: Path) -> None:
    words = ["inpainting", *fine_tuning_arguments(tmp_path, finished)]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*words, "--steps", "4", "--output", str(whole)]) == 0
    assert main([*words, "--steps", "4", "--output", str(cut), "--max-minutes", "0"]) == 0
    assert len(losses_of(cut)) == 1
    assert main([*words, "--steps", "4", "--output", str(cut)]) == 0
    assert losses_of(cut) == losses_of(whole)
    index = json.loads((cut / "pipeline" / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionInpaintPipeline"
    weights = "pipeline/unet/diffusion_pytorch_model.safetensors"
    kernel = load_file(cut / weights)["conv_in.weight"]
    assert kernel.shape[1] == 9
    assert kernel[:, 4:].any(), "the new channels have learnt"
    assert (cut / "samples" / "step-000004.png").exists()
    for config in cut.glob("pipeline/*/config.json"):
        assert str(tmp_path) not in config.read_text(), "a path of this machine"


def test_a_model_to_start_from_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inpainting", "--output", str(tmp_path / "run")]) == 2
    assert "--init-from" in capsys.readouterr().err
