"""Latent diffusion: its pieces against diffusers', the cache, a run from pictures to a pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPTextModel, CLIPTokenizer

from sdstudio.apps.cli.train import main
from sdstudio.errors import InvalidRequestError, ModelFileError, ModelNotFoundError
from sdstudio.messages.training import TrainingRequest
from sdstudio.training import latent_cache
from sdstudio.training.autoencoder import build_autoencoder
from sdstudio.training.clip import text_config
from sdstudio.training.dataset import PictureDataset, seeded_generator
from sdstudio.training.export import export_pipeline
from sdstudio.training.latent_cache import cache_latents
from sdstudio.training.latent_diffusion import build_studio, export_run, load_averaged
from sdstudio.training.latent_unet import (
    SAMPLE_GUIDANCE,
    SAMPLE_STEPS,
    LatentDiffusionObjective,
    UNetShape,
    build_unet,
    sample_latents,
)
from sdstudio.training.noise_schedule import noise_schedule, sampling_config
from sdstudio.training.run_folder import Checkpoint, RunFolder
from sdstudio.training.tokenizer import token_ids, train_tokenizer

TINY = UNetShape(channels=(32, 32), heads=2, attention=(False, True), text_width=48)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def tokenizer() -> CLIPTokenizer:
    return train_tokenizer(["a red cat by the sea"] * 5)


@pytest.fixture
def vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return build_autoencoder((8, 8, 8, 8)).eval()


@pytest.fixture
def objective(tokenizer: CLIPTokenizer) -> LatentDiffusionObjective:
    """With weights that float16 holds exactly, so that exported ones are the same."""
    torch.manual_seed(0)
    text_encoder = CLIPTextModel(text_config(tokenizer, hidden_size=48, layers=1))
    schedule = noise_schedule(rescale_betas_zero_snr=True)
    built = LatentDiffusionObjective(build_unet(TINY, sample_size=8), text_encoder, schedule)
    return built.half().float().eval()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(12):
        Image.new("RGB", (48, 48), (20 * index, 90, 200)).save(folder / f"{index}.png")
        (folder / f"{index}.txt").write_text(f"number {index}")
    return folder


@pytest.fixture
def arguments(photos: Path, vae: AutoencoderKL, tmp_path: Path) -> list[str]:
    vae.save_pretrained(tmp_path / "vae")
    words = ["latent-diffusion", "--data", str(photos), "--vae", str(tmp_path / "vae")]
    words += ["--channels", "32,32", "--attention", "0,1", "--heads", "2", "--resolution", "64"]
    words += ["--batch-size", "2", "--warmup-steps", "1", "--precision", "float32"]
    return [*words, "--checkpoint-every", "100", "--log-every", "1"]


def test_the_number_of_heads_is_the_one_asked_for() -> None:
    unet = build_unet(TINY, sample_size=8)
    heads = {module.heads for name, module in unet.named_modules() if name.endswith("attn1")}
    assert heads == {2}


@pytest.mark.parametrize(
    "options", [{"channels": "40,x"}, {"channels": "32,32"}, {"channels": "8"}]
)
def test_a_shape_that_cannot_be_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError):
        UNetShape.of(options, text_width=48)


def test_a_frozen_text_encoder_gets_no_gradient(
    objective: LatentDiffusionObjective, tokenizer: CLIPTokenizer
) -> None:
    ids = token_ids(tokenizer, ["a cat", ""])
    for train_text in (False, True):
        chosen = LatentDiffusionObjective(
            objective.unet, objective.text_encoder, objective.schedule, train_text=train_text
        )
        losses = chosen(torch.zeros(2, 4, 8, 8), ids, generator=torch.Generator().manual_seed(0))
        losses["loss"].backward()
        got = [p.grad is not None for p in chosen.text_encoder.parameters()]
        assert any(got) == train_text
        assert objective.unet.conv_in.weight.grad is not None


def test_the_exported_pipeline_paints_what_the_trainer_samples(
    objective: LatentDiffusionObjective,
    tokenizer: CLIPTokenizer,
    vae: AutoencoderKL,
    tmp_path: Path,
) -> None:
    size = export_pipeline(
        tmp_path / "pipeline",
        unet=objective.unet,
        text_encoder=objective.text_encoder,
        tokenizer=tokenizer,
        vae=vae,
        scheduler=sampling_config(objective.schedule),
    )
    assert size == sum(f.stat().st_size for f in (tmp_path / "pipeline").rglob("*") if f.is_file())
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "pipeline")
    pipeline.set_progress_bar_config(disable=True)
    prompts = ["a red cat", "the sea"]
    ours = sample_latents(
        objective, token_ids(tokenizer, prompts), token_ids(tokenizer, [""]), side=8, seed=3
    )
    noise = [torch.randn(4, 8, 8, generator=seeded_generator(3, index)) for index in range(2)]
    theirs = pipeline(
        prompts,
        latents=torch.stack(noise),
        num_inference_steps=SAMPLE_STEPS,
        guidance_scale=SAMPLE_GUIDANCE,
        output_type="latent",
    ).images
    # attention by another kernel, twenty times
    torch.testing.assert_close(theirs, ours, rtol=1e-3, atol=1e-3)


def test_a_text_encoder_of_another_width_is_not_exported(
    objective: LatentDiffusionObjective,
    tokenizer: CLIPTokenizer,
    vae: AutoencoderKL,
    tmp_path: Path,
) -> None:
    wide = CLIPTextModel(text_config(tokenizer, hidden_size=96, layers=1))
    with pytest.raises(ModelFileError, match="96 wide"):
        export_pipeline(
            tmp_path / "pipeline",
            unet=objective.unet,
            text_encoder=wide,
            tokenizer=tokenizer,
            vae=vae,
            scheduler={},
        )
    assert not (tmp_path / "pipeline").exists()


def test_an_interrupted_cache_goes_on_where_it_was(
    vae: AutoencoderKL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(latent_cache, "CHUNK", 2)
    levels = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    pictures = PictureDataset(pictures=levels, captions=("",) * 5, attributes=({},) * 5)

    def stop(done: int, _count: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache_latents(vae, pictures, tmp_path / "cut", side=16, report=stop)
    seen: list[int] = []
    resumed = cache_latents(
        vae, pictures, tmp_path / "cut", side=16, report=lambda done, _count: seen.append(done)
    )
    assert seen == [5]
    assert resumed.shape == (5, 4, 2, 2)
    assert np.array_equal(resumed, cache_latents(vae, pictures, tmp_path / "whole", side=16))


def test_latents_of_another_autoencoder_are_refused(vae: AutoencoderKL, tmp_path: Path) -> None:
    levels = np.zeros((2, 16, 16, 3), np.uint8)
    pictures = PictureDataset(pictures=levels, captions=("",) * 2, attributes=({},) * 2)
    cache_latents(vae, pictures, tmp_path, side=16)
    torch.manual_seed(1)
    with pytest.raises(InvalidRequestError, match="another autoencoder"):
        cache_latents(build_autoencoder((8, 8, 8, 8)), pictures, tmp_path, side=16)


def test_a_run_ends_in_a_pipeline_and_a_second_one_starts_from_it(
    arguments: list[str], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    more = ["--steps", "2", "--sample-every", "2", "--optimizer", "muon"]
    assert main([*arguments, "--output", str(first), *more]) == 0
    assert (first / "samples" / "step-000002.png").exists()
    config = json.loads((first / "pipeline" / "scheduler" / "scheduler_config.json").read_text())
    assert config["prediction_type"] == "v_prediction"
    assert export_run(first, tmp_path / "again") > 0
    weights = "unet/diffusion_pytorch_model.safetensors"
    exported = [
        (folder / weights).read_bytes() for folder in (first / "pipeline", tmp_path / "again")
    ]
    assert exported[0] == exported[1]

    taken = [
        "--init-from",
        str(first),
        "--steps",
        "1",
        "--resolution",
        "128",
        "--sample-every",
        "9",
    ]
    # the first run's tokenizer belongs to its text encoder
    (second / "tokenizer").parent.mkdir()
    (first / "tokenizer").rename(second / "tokenizer")
    assert main([*arguments, "--output", str(second), *taken]) == 0
    losses = [json.loads(text) for text in (second / "losses.jsonl").read_text().splitlines()]
    assert [record["step"] for record in losses] == [1]


def test_a_finished_pipeline_is_trained_on(arguments: list[str], tmp_path: Path) -> None:
    """Its weights, shape, tokenizer and schedule are taken over; nothing else has to be named."""
    first, second = tmp_path / "first", tmp_path / "second"
    steps = ["--steps", "1", "--zero-snr", "true"]
    assert main([*arguments, *steps, "--output", str(first)]) == 0
    started = build_studio(
        TrainingRequest(
            kind="latent-diffusion",
            output=str(second),
            options={"init_from": str(first / "pipeline")},
        )
    )
    saved = load_file(first / "pipeline" / "unet" / "diffusion_pytorch_model.safetensors")
    for name, tensor in started.objective.unet.state_dict().items():
        assert torch.equal(tensor, saved[name].float())
    assert started.objective.schedule.config["rescale_betas_zero_snr"]

    words = arguments[:3] + ["--init-from", str(first / "pipeline"), "--resolution", "64"]
    words += ["--steps", "1", "--batch-size", "2", "--precision", "float32"]
    assert main([*words, "--output", str(second)]) == 0
    assert (second / "pipeline" / "model_index.json").exists()
    for config in second.glob("pipeline/*/config.json"):
        assert str(tmp_path) not in config.read_text(), "a path of this machine"


def test_missing_parts_are_named(arguments: list[str], tmp_path: Path) -> None:
    request = TrainingRequest(kind="latent-diffusion", output=str(tmp_path / "run"))
    with pytest.raises(InvalidRequestError, match="no autoencoder"):
        build_studio(request)
    with pytest.raises(ModelNotFoundError, match="no training run"):
        export_run(tmp_path, tmp_path / "out")
    assert main([*arguments, "--output", str(tmp_path / "run"), "--clip", "nowhere"]) == 1


def test_weights_of_another_model_are_refused(
    objective: LatentDiffusionObjective, tmp_path: Path
) -> None:
    run = RunFolder(tmp_path)
    with pytest.raises(ModelNotFoundError):
        load_averaged(objective, tmp_path)
    run.save(Checkpoint(step=1, tensors={"ema": {"unet.conv_in.bias": torch.zeros(3)}}, state={}))
    with pytest.raises(ModelFileError, match="another model"):
        load_averaged(objective, tmp_path)
