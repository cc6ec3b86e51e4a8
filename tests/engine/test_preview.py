"""Previews: the fitted map, its cache, and a budget that is kept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny

from sdstudio.engine import preview
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.latents import decode_latents, encode_pixels
from sdstudio.engine.preview import (
    BUDGET,
    LinearDecoder,
    Previewer,
    fingerprint,
    fit_linear_decoder,
    load_or_fit,
    soft_random_picture,
    solve_linear_map,
)
from sdstudio.paths import resource_path
from tests.support.engine_runs import generate, request
from tests.support.tiny_models import build_sd1, tiny_vae

STARTER = resource_path("models", "starter")


def test_the_solution_is_numpys_least_squares() -> None:
    torch.manual_seed(0)
    latents, colours = torch.randn(500, 6), torch.rand(500, 3)
    design = np.concatenate([latents.numpy(), np.ones((500, 1))], axis=1)
    expected = np.linalg.lstsq(design, colours.numpy(), rcond=None)[0]
    assert np.allclose(solve_linear_map(latents, colours).numpy(), expected, atol=1e-5)


class KnownVae:
    """A VAE whose decoding is a known matrix: nothing but it may be found."""

    def __init__(self, latent_channels: int) -> None:
        torch.manual_seed(3)
        self.matrix = torch.randn(latent_channels + 1, 3) * 0.02
        self.project = torch.randn(latent_channels, 3)
        self.config = SimpleNamespace(latent_channels=latent_channels, scaling_factor=0.2)
        self.device, self.dtype = torch.device("cpu"), torch.float32

    def encode(self, pixels: torch.Tensor) -> SimpleNamespace:
        means = torch.nn.functional.avg_pool2d(pixels, 8)
        mean = torch.einsum("brhw,cr->bchw", means, self.project)
        return SimpleNamespace(latent_dist=SimpleNamespace(mean=mean, std=torch.ones_like(mean)))

    def decode(self, raw: torch.Tensor, return_dict: bool) -> tuple[torch.Tensor]:
        cells = LinearDecoder(self.matrix)(raw * self.config.scaling_factor)
        return (torch.nn.functional.interpolate(cells, scale_factor=8),)


@pytest.mark.parametrize("latent_channels", [3, 4, 16, 32])
def test_the_fit_finds_the_vaes_own_map(latent_channels: int) -> None:
    vae = KnownVae(latent_channels)
    assert torch.allclose(fit_linear_decoder(vae).matrix, vae.matrix, atol=1e-5)


@pytest.mark.skipif(not STARTER.is_dir(), reason="the built-in model is not there yet")
def test_previews_of_the_built_in_model_resemble_its_pictures() -> None:
    """The fitted map explains at least three quarters of what the cells' colours vary by."""
    vae = AutoencoderKL.from_pretrained(STARTER / "vae", local_files_only=True)
    generator = torch.Generator().manual_seed(99)
    with torch.inference_mode():
        decoder = fit_linear_decoder(vae)
        latents = encode_pixels(vae, soft_random_picture(generator), generator)
        cells = torch.nn.functional.avg_pool2d(decode_latents(vae, latents).clamp(-1, 1), 8)
    residual = (decoder(latents) - cells).square().sum()
    assert residual < 0.25 * (cells - cells.mean((2, 3), keepdim=True)).square().sum()


def test_a_linear_map_is_applied_per_cell() -> None:
    matrix = torch.tensor([[1.0, 0, 0], [0, 2.0, 0], [0.5, 0.5, 0.5]])
    latents = torch.tensor([[[[0.1, 0.2]], [[0.3, 0.4]]]])
    shown = LinearDecoder(matrix)(latents)
    assert torch.allclose(shown[0, :, 0, 1], torch.tensor([0.7, 1.3, 0.5]))


@torch.inference_mode()
def test_the_map_is_kept_under_the_vaes_name(tmp_path: Path, monkeypatch) -> None:
    torch.manual_seed(1)
    vae = tiny_vae()
    first = load_or_fit(vae, tmp_path)
    monkeypatch.setattr(preview, "fit_linear_decoder", lambda vae: pytest.fail("fitted twice"))
    assert torch.equal(load_or_fit(vae, tmp_path).matrix, first.matrix)
    other = tiny_vae()
    assert fingerprint(other) != fingerprint(vae)


@torch.inference_mode()
def test_a_broken_or_unwritable_cache_only_costs_time(tmp_path: Path) -> None:
    torch.manual_seed(1)
    vae = tiny_vae()
    expected = load_or_fit(vae, tmp_path)
    for file in tmp_path.glob("**/*.safetensors"):
        file.write_bytes(b"rubbish")
    assert torch.equal(load_or_fit(vae, tmp_path).matrix, expected.matrix)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert torch.equal(load_or_fit(vae, blocked).matrix, expected.matrix)


class Clock:
    """Time that passes only when told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(preview, "perf_counter", lambda: self.now)

    def decoder(self, seconds: float):
        def decode(latents: torch.Tensor) -> torch.Tensor:
            self.now += seconds
            return torch.zeros(1, 3, 2, 2)

        return decode


def run_steps(clock: Clock, previewer: Previewer, *, steps: int, seconds: float) -> int:
    previewer.start(64)
    shown = 0
    for step in range(1, steps + 1):
        clock.now += seconds
        shown += previewer.render(torch.zeros(1, 4, 2, 2), step) is not None
    return shown


@pytest.mark.parametrize("step_seconds", [0.001, 0.02, 0.5, 10.0])
def test_automatic_previews_keep_their_budget(monkeypatch, step_seconds: float) -> None:
    """Whatever the decoders cost, all previews together stay within 3 % of the run, plus the
    one misjudged first try of each decoder."""
    clock = Clock(monkeypatch)
    costs = {"linear": 0.0005, "tiny": 0.05, "full": 1.0}
    previewer = Previewer({name: clock.decoder(cost) for name, cost in costs.items()})
    run_steps(clock, previewer, steps=40, seconds=step_seconds)
    spent = []
    for _ in range(2):
        began = clock.now
        run_steps(clock, previewer, steps=40, seconds=step_seconds)
        spent.append(clock.now - began - 40 * step_seconds)
    assert max(spent) <= BUDGET * 40 * step_seconds * 1.03


def test_cheap_previews_come_at_every_step(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    previewer = Previewer({"linear": clock.decoder(0.0005)})
    assert run_steps(clock, previewer, steps=20, seconds=0.05) == 20


def test_the_best_affordable_decoder_is_taken(monkeypatch) -> None:
    clock = Clock(monkeypatch)
    previewer = Previewer({"linear": clock.decoder(0.0001), "tiny": clock.decoder(0.002)})
    run_steps(clock, previewer, steps=20, seconds=1.0)
    assert previewer._seconds["tiny"] == pytest.approx(0.002)


def test_a_tiny_decoder_beside_the_model_is_used(tmp_path: Path) -> None:
    folder = build_sd1(tmp_path / "model")
    torch.manual_seed(0)
    tiny = AutoencoderTiny(
        encoder_block_out_channels=(32, 32, 32, 32), decoder_block_out_channels=(32, 32, 32, 32)
    )
    tiny.save_pretrained(folder / "tiny_decoder")
    engine = DiffusionEngine(resolve_model=lambda name: folder, dtype="float32", previews="tiny")
    steps = generate(engine, request()).steps
    assert {step.preview.size for step in steps if step.preview} == {(64, 64)}


@pytest.mark.parametrize("model", ["sd1", "sdxl", "ddpm", "sd3"])
def test_every_family_shows_its_steps(models, tmp_path, model: str) -> None:
    engine = DiffusionEngine(
        resolve_model=models, cache_folder=tmp_path, dtype="float32", previews="linear"
    )
    for step in generate(engine, request(model)).steps:
        assert step.preview is not None
        assert step.preview.mode == "RGB"
        assert step.preview.size == ((16, 16) if model == "ddpm" else (8, 8))


def test_a_preview_owns_its_bytes(engine: DiffusionEngine) -> None:
    """Row 40: an immutable copy crosses the thread, whatever happens to the tensors."""
    steps = generate(engine, request()).steps
    assert all(isinstance(step.preview.pixels, bytes) for step in steps if step.preview)
