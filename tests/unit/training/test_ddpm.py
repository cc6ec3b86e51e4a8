"""Pixel diffusion: sampling with a known answer, classes, film strips, a run end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMPipeline
from PIL import Image
from torch import nn

from sdstudio.apps.cli.train import main
from sdstudio.errors import InvalidRequestError
from sdstudio.training.class_pictures import draw_classes
from sdstudio.training.ddpm import (
    FILM_FRAMES,
    PixelDiffusionObjective,
    build_pixel_unet,
    film_strip,
    sample_pixels,
)
from sdstudio.training.noise_schedule import NoiseSchedule, noise_schedule


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def schedule() -> NoiseSchedule:
    return noise_schedule(
        num_train_timesteps=100,
        beta_start=1e-3,
        beta_end=0.2,
        beta_schedule="linear",
        prediction_type="epsilon",
    )


class Oracle(nn.Module):
    """Knows the only picture of each class, so its answer about the noise is exact."""

    def __init__(self, schedule: NoiseSchedule, pictures: torch.Tensor) -> None:
        super().__init__()
        self.schedule, self.pictures = schedule, pictures
        self.config = {"num_class_embeds": len(pictures)}
        self.device = torch.device("cpu")

    def forward(
        self, x: torch.Tensor, timesteps: torch.Tensor, labels: torch.Tensor
    ) -> SimpleNamespace:
        left = self.schedule.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        return SimpleNamespace(sample=(x - left.sqrt() * self.pictures[labels]) / (1 - left).sqrt())


@pytest.fixture
def oracle(schedule: NoiseSchedule) -> PixelDiffusionObjective:
    """Classes 0 and 1 are pictures of one level, the last is "no class"."""
    levels = torch.tensor([-0.5, 0.5, 0.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    return PixelDiffusionObjective(Oracle(schedule, levels), schedule)  # pyright: ignore


@pytest.mark.parametrize("num_inference_steps", [None, 7])
def test_an_exact_answer_leads_to_the_picture_of_the_class(
    oracle: PixelDiffusionObjective, num_inference_steps: int | None
) -> None:
    made = sample_pixels(
        oracle,
        torch.tensor([0, 1, 2]),
        side=4,
        guidance_scale=1,
        num_inference_steps=num_inference_steps,
    )
    wanted = torch.tensor([-0.5, 0.5, 0.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4)
    # float32, divided by sqrt(abar) = 0.005 at the first step
    torch.testing.assert_close(made.pictures, wanted, rtol=0, atol=1e-3)
    assert len(made.guesses) == min(FILM_FRAMES, num_inference_steps or FILM_FRAMES)


def test_guidance_leads_away_from_the_picture_without_a_class(
    oracle: PixelDiffusionObjective,
) -> None:
    plain, guided = (
        sample_pixels(
            oracle, torch.tensor([0, 1]), side=4, guidance_scale=scale, num_inference_steps=10
        ).pictures
        for scale in (1.0, 1.5)
    )
    assert (guided[0] < plain[0]).all()
    assert (guided[1] > plain[1]).all()


def test_a_tenth_of_the_labels_is_dropped(schedule: NoiseSchedule) -> None:
    seen: list[torch.Tensor] = []

    class Listener(nn.Module):
        config = {"num_class_embeds": 3}

        def forward(
            self, x: torch.Tensor, _timesteps: torch.Tensor, labels: torch.Tensor
        ) -> SimpleNamespace:
            seen.append(labels)
            return SimpleNamespace(sample=torch.zeros_like(x))

    objective = PixelDiffusionObjective(Listener(), schedule)  # pyright: ignore
    labels = torch.arange(2000) % 2
    losses = objective(torch.zeros(2000, 3, 1, 1), labels, generator=torch.Generator())
    assert float(losses["loss"]) == pytest.approx(1, abs=0.1)  # the variance of noise
    dropped = seen[0] == 2
    assert 0.07 < dropped.float().mean() < 0.13
    assert torch.equal(seen[0][~dropped], labels[~dropped])


def test_a_film_strip_has_a_row_a_picture_and_a_column_a_moment(
    oracle: PixelDiffusionObjective,
) -> None:
    made = sample_pixels(oracle, torch.zeros(5, dtype=torch.long), side=4, num_inference_steps=20)
    strip = film_strip(made, rows=2)
    assert strip.size == (FILM_FRAMES * 6 - 2, 2 * 6 - 2)


def test_classes_are_drawn_in_turn_and_reopened(tmp_path: Path) -> None:
    path = tmp_path / "pictures.npz"
    drawn = draw_classes(("cat", "car"), count=4, side=16, seed=0, path=path)
    assert drawn.levels.shape == (4, 3, 16, 16)
    assert drawn.labels.tolist() == [0, 1, 0, 1]
    again = draw_classes(("cat", "car"), count=4, side=16, seed=0, path=path)
    assert torch.equal(drawn.levels, again.levels)
    with pytest.raises(InvalidRequestError, match="other pictures"):
        draw_classes(("cat", "car"), count=5, side=16, seed=0, path=path)
    with pytest.raises(InvalidRequestError, match="no dragon"):
        draw_classes(("dragon",), count=5, side=16, seed=0, path=path)


def test_a_run_on_sub_folders_becomes_a_pipeline_with_classes(tmp_path: Path) -> None:
    for name, colour in (("day", "white"), ("night", "black")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(4):
            path = tmp_path / "photos" / name / f"{index}.png"
            Image.new("RGB", (16, 16), colour).save(path)
    run = tmp_path / "run"
    arguments = ["ddpm", "--output", str(run), "--data", str(tmp_path / "photos")]
    arguments += ["--resolution", "16", "--channels", "32,32", "--steps", "2", "--batch-size", "4"]
    arguments += ["--sample-every", "2", "--precision", "float32", "--log-every", "1"]
    assert main(arguments) == 0
    assert (run / "samples" / "step-000002.png").exists()
    assert json.loads((run / "pipeline" / "classes.json").read_text()) == ["day", "night"]
    pipeline = DDPMPipeline.from_pretrained(run / "pipeline")
    assert pipeline.unet.config["num_class_embeds"] == 3


@pytest.mark.parametrize("option", [["--channels", "40"], ["--resolution", "33"]])
def test_measures_that_do_not_fit_are_refused(tmp_path: Path, option: list[str]) -> None:
    arguments = ["ddpm", "--output", str(tmp_path / "run"), "--pictures", "2", *option]
    assert main([*arguments, "--classes", "cat"]) == 2


def test_the_unet_has_a_class_for_none() -> None:
    unet = build_pixel_unet(16, classes=2, channels=(32, 32))
    assert unet.config["num_class_embeds"] == 3
    out = unet(torch.zeros(1, 3, 16, 16), torch.tensor([5]), torch.tensor([2])).sample
    assert out.shape == (1, 3, 16, 16)
