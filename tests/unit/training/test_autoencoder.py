"""The autoencoder and its tiny decoder: losses, sizes, the saved folders, a run end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from sdstudio.apps.cli.train import main
from sdstudio.engine.allocator import keep_freed_memory
from sdstudio.errors import InvalidRequestError
from sdstudio.training.autoencoder import (
    AutoencoderObjective,
    build_autoencoder,
    latent_std,
    load_autoencoder,
    psnr,
    reconstruct,
    reconstruction_losses,
    reduce_to,
    save_autoencoder,
)
from sdstudio.training.picture_sizes import parse_sizes, size_at
from sdstudio.training.run_folder import RunFolder
from sdstudio.training.tiny_decoder import Lessons, build_tiny_autoencoder

TINY = (8, 8, 8, 8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other at every small operation when the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def pictures() -> torch.Tensor:
    """Four smooth pictures (4, 3, 32, 32) in [-1, 1]."""
    noise = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return F.interpolate(noise * 2 - 1, size=32, mode="bilinear")


@pytest.fixture
def vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return build_autoencoder(TINY)


def test_equal_pictures_cost_nothing_and_a_grey_error_has_no_colour(pictures: torch.Tensor) -> None:
    assert all(value == 0 for value in reconstruction_losses(pictures, pictures).values())
    brighter = reconstruction_losses(pictures + 0.1, pictures)
    assert brighter["value"].item() == pytest.approx(0.1, rel=1e-4)
    assert brighter["edge"].item() == pytest.approx(0, abs=1e-6)
    assert brighter["area"].item() == pytest.approx(0.2, rel=1e-4)
    assert brighter["chroma"].item() == pytest.approx(0, abs=1e-6)
    redder = reconstruction_losses(pictures + torch.tensor([0.1, 0, 0]).view(1, 3, 1, 1), pictures)
    # red 0.1: luma 0.0299; |0.1 - 0.0299| + 2 * 0.0299 over three channels
    assert redder["chroma"].item() == pytest.approx((0.0701 + 0.0598) / 3, rel=1e-3)


def test_kl_and_noise_are_those_of_diffusers(vae: AutoencoderKL, pictures: torch.Tensor) -> None:
    with torch.no_grad():
        losses = AutoencoderObjective(vae, kl_weight=0.5)(
            pictures, generator=torch.Generator().manual_seed(5)
        )
        posterior = vae.encode(pictures).latent_dist
        latents = posterior.sample(torch.Generator().manual_seed(5))
        parts = reconstruction_losses(vae.decode(latents).sample, pictures)
    values_per_picture = posterior.mean[0].numel()
    assert losses["kl"].item() == pytest.approx(
        (posterior.kl().mean() / values_per_picture).item(), rel=1e-5
    )
    assert losses["value"].item() == pytest.approx(parts["value"].item(), rel=1e-5)
    rest = parts["value"] + 0.5 * (parts["edge"] + parts["area"] + parts["chroma"])
    assert losses["loss"].item() == pytest.approx((rest + 0.5 * losses["kl"]).item(), rel=1e-5)


def test_fidelity_and_nearness_are_weighed_in(vae: AutoencoderKL, pictures: torch.Tensor) -> None:
    torch.manual_seed(1)
    anchor = build_autoencoder(TINY)
    torch.nn.init.normal_(anchor.encoder.conv_out.weight, std=0.1)
    anchor.register_to_config(scaling_factor=2.0)

    def losses(objective: AutoencoderObjective) -> dict[str, float]:
        generator = torch.Generator().manual_seed(5)
        with torch.no_grad():
            return {k: v.item() for k, v in objective(pictures, generator=generator).items()}

    plain = losses(AutoencoderObjective(vae, kl_weight=0.5))
    weighed = AutoencoderObjective(
        vae, kl_weight=0.5, psnr_weight=0.25, anchor=anchor, anchor_weight=3
    )
    held = losses(weighed)
    with torch.no_grad():
        apart = vae.encode(pictures).latent_dist.mode() - anchor.encode(pictures).latent_dist.mode()
    assert held["drift"] == pytest.approx((2 * apart).square().mean().item(), rel=1e-4)
    wanted = plain["loss"] - 0.25 * plain["psnr"] + 3 * held["drift"]
    assert held["loss"] == pytest.approx(wanted, rel=1e-5)
    assert {id(p) for p in weighed.parameters()} == {id(p) for p in vae.parameters()}


def test_a_saved_autoencoder_does_not_tell_where_it_came_from(
    vae: AutoencoderKL, pictures: torch.Tensor, tmp_path: Path
) -> None:
    save_autoencoder(vae, tmp_path / "first", pictures)
    again = load_autoencoder(tmp_path / "first")
    save_autoencoder(again, tmp_path / "second", pictures, anchored=True)
    config = (tmp_path / "second" / "config.json").read_text()
    assert str(tmp_path) not in config
    factors = (
        json.loads(c)["scaling_factor"]
        for c in (config, (tmp_path / "first" / "config.json").read_text())
    )
    assert len(set(factors)) == 1, "kept near: scaled as before"


def test_nothing_to_keep_near_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["autoencoder", "--output", str(tmp_path / "run"), "--anchor-weight", "1",
                 "--pictures", "2", "--steps", "1", "--resolution", "32"]) != 0  # fmt: skip
    assert "--init-from" in capsys.readouterr().err


def test_psnr_is_its_formula_on_8_bit_pictures() -> None:
    rng = np.random.default_rng(0)
    first, second = (rng.integers(0, 256, (2, 3, 8, 8)) for _ in range(2))
    wanted = 10 * np.log10(255**2 / ((first - second) ** 2).mean(axis=(1, 2, 3)))
    mine = psnr(*(torch.from_numpy(p / 127.5 - 1) for p in (first, second)))
    assert mine.numpy() == pytest.approx(wanted, rel=1e-6)


def test_hues_pass_an_untrained_autoencoder(vae: AutoencoderKL) -> None:
    colours = torch.tensor([[0.8, -0.6, -0.2], [-0.5, -0.4, 0.9]])
    centre = reconstruct(vae, colours.view(2, 3, 1, 1).expand(2, 3, 32, 32))[:, :, 16, 16]
    # the last norm takes the strength of a flat picture, never its hue
    assert F.cosine_similarity(centre, colours).min() > 0.95


def test_latents_are_an_eighth_as_wide(vae: AutoencoderKL) -> None:
    latents = vae.encode(torch.zeros(1, 3, 48, 64)).latent_dist.mode()
    assert latents.shape == (1, 4, 6, 8)


def test_saved_latents_have_unit_spread(
    vae: AutoencoderKL, pictures: torch.Tensor, tmp_path: Path
) -> None:
    wanted = reconstruct(vae, pictures)
    save_autoencoder(vae.to(memory_format=torch.channels_last), tmp_path / "vae", pictures)
    weights = load_file(tmp_path / "vae" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}
    stored = AutoencoderKL.from_pretrained(tmp_path / "vae")
    spread = latent_std(stored, pictures) * stored.config["scaling_factor"]
    assert spread == pytest.approx(1.0, rel=1e-2)  # weights rounded to float16
    torch.testing.assert_close(reconstruct(stored, pictures), wanted, rtol=0, atol=2e-2)
    assert vae.dtype == torch.float32


@pytest.mark.parametrize("text", ["", "128", "100:1", "128:0.5", "128:0.5,256:0.6", "a:b", "0:1"])
def test_sizes_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="sizes"):
        parse_sizes(text)


def test_sizes_share_the_steps() -> None:
    sizes = parse_sizes("128:0.65,256:0.35")
    sides = [size_at(step, 100, sizes) for step in range(100)]
    assert sides == [128] * 65 + [256] * 35


def test_whole_pictures_are_reduced_by_averaging() -> None:
    pictures = torch.rand(1, 3, 32, 64)
    torch.testing.assert_close(reduce_to(pictures, 32), F.avg_pool2d(pictures, 2))
    assert reduce_to(pictures, 64) is pictures


def test_a_crop_of_a_lesson_is_the_picture_of_its_latents() -> None:
    cells = torch.arange(24 * 20).view(24, 20) % 251
    latents = cells.float().expand(2, 4, 24, 20)
    pixels = cells.repeat_interleave(8, 0).repeat_interleave(8, 1).to(torch.uint8)
    lessons = Lessons(latents=latents, pictures=pixels[None, :, :, None].expand(2, -1, -1, 3))
    crop, picture = lessons.crops(torch.tensor([0, 1, 1]), torch.Generator().manual_seed(0))
    assert crop.shape == (3, 4, 16, 16)
    assert picture.shape == (3, 3, 128, 128)
    levels = ((picture[:, :3, ::8, ::8] + 1) * 127.5).round()
    assert torch.equal(levels, crop[:, :3])


def test_the_tiny_decoder_fills_the_whole_picture() -> None:
    tiny = build_tiny_autoencoder()
    assert tiny.decode(torch.zeros(1, 4, 3, 5)).sample.shape == (1, 3, 24, 40)
    assert tiny.encode(torch.zeros(1, 3, 24, 40)).latents.shape == (1, 4, 3, 5)


def test_two_runs_on_a_folder_of_pictures_make_both_models(
    tmp_path: Path, pictures: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    for place, picture in enumerate(pictures):
        levels = ((picture + 1) * 127.5).byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(source / f"{place}.png")
    common = f"--data {source} --resolution 32 --batch-size 2 --log-every 1".split()
    output = tmp_path / "run"
    train = ["autoencoder", "--output", str(output), "--channels", "8,8,8,8"]
    train += ["--sizes", "16:0.5,32:0.5", "--steps", "4", "--sample-every", "4", *common]

    assert main([*train, "--max-minutes", "0"]) == 0
    assert RunFolder(output).steps() == [1]
    assert main([*train, "--fresh"]) == 2
    assert main(train) == 0
    assert [record["step"] for record in RunFolder(output).read_losses()] == [1, 2, 3, 4]
    assert (output / "samples" / "step-000004.png").exists()
    assert "Going on from step 1" in capsys.readouterr().err

    tiny_run = tmp_path / "tiny"
    teach = ["tiny-decoder", "--output", str(tiny_run), "--steps", "2", *common]
    assert main(teach) == 2
    assert main([*teach, "--vae", str(tmp_path / "nowhere")]) == 1
    assert main([*teach, "--vae", str(output / "vae")]) == 0
    tiny = AutoencoderTiny.from_pretrained(tiny_run / "tiny_vae")
    assert tiny.decode(torch.zeros(1, 4, 4, 4)).sample.isfinite().all()
    state = json.loads((tiny_run / "checkpoints" / "step-000002" / "state.json").read_text())
    assert np.isfinite(state["evaluation"]["psnr"])


def test_a_decoder_learns_on_while_all_latents_stay(
    tmp_path: Path, vae: AutoencoderKL, pictures: torch.Tensor
) -> None:
    source = tmp_path / "pictures"
    source.mkdir()
    for place, picture in enumerate(pictures):
        levels = ((picture + 1) * 127.5).byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(source / f"{place}.png")
    vae.register_to_config(scaling_factor=0.7)
    vae.half().save_pretrained(tmp_path / "first")
    words = f"autoencoder --data {source} --resolution 32 --batch-size 2 --sizes 32:1".split()
    words += ["--steps", "2", "--output", str(tmp_path / "run"), "--decoder-only", "true"]
    words += ["--warmup-steps", "1"]
    assert main(words) == 2, "no encoder to keep"
    assert main([*words, "--init-from", str(tmp_path / "nowhere")]) == 1
    assert main([*words, "--init-from", str(tmp_path / "first"), "--optimizer", "muon"]) == 0
    weights = "diffusion_pytorch_model.safetensors"
    before, after = (load_file(f / weights) for f in (tmp_path / "first", tmp_path / "run" / "vae"))
    for name, tensor in before.items():
        if name.startswith(("encoder.", "quant_conv.")):
            assert torch.equal(tensor, after[name]), name
    assert not torch.equal(before["decoder.conv_in.weight"], after["decoder.conv_in.weight"])
    assert AutoencoderKL.from_pretrained(tmp_path / "run" / "vae").config.scaling_factor == 0.7


@pytest.mark.parametrize(
    "words", [["--channels", "8,x"], ["--channels", "4,8"], ["--sizes", "99:1"]]
)
def test_impossible_options_end_with_a_sentence(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    start = ["autoencoder", "--output", str(tmp_path / "run"), "--data", str(tmp_path)]
    assert main([*start, "--resolution", "32", *words]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_freed_memory_is_kept_where_the_c_library_can() -> None:
    import platform

    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")
