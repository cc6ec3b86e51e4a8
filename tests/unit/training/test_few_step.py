"""The few-step variant: its formulas against diffusers' schedulers, its LoRA, a run and its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    LCMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file
from torch import nn

from sdstudio.apps.cli.train import main
from sdstudio.engine.few_step import CONFIG_FILE, FEW_STEP, LORA_FILE, few_step_unet
from sdstudio.errors import InvalidRequestError, ModelFileError
from sdstudio.messages.training import TrainingRequest
from sdstudio.model_store.records import read_record
from sdstudio.training import phased_consistency
from sdstudio.training.consistency import (
    DDIM_STEPS,
    ConsistencyObjective,
    boundary_scalings,
    teacher_timesteps,
)
from sdstudio.training.dataset import seeded_generator
from sdstudio.training.few_step import build_objective, export_few_step
from sdstudio.training.few_step_objective import FewStepObjective, aim, jump
from sdstudio.training.fine_tuning import Parts, open_parts
from sdstudio.training.low_rank import add_low_rank, begin_from, lora_weights, merged
from sdstudio.training.noise_schedule import NoiseSchedule, noise_schedule, sampling_config
from sdstudio.training.phased_consistency import TEACHER_STEPS, PhasedObjective, phase_end
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


def request(finished: Path, tmp_path: Path, **options: Any) -> TrainingRequest:
    options = {"init_from": str(finished)} | options
    return TrainingRequest(kind="few-step", output=str(tmp_path), options=options)


@pytest.fixture
def parts(finished: Path, tmp_path: Path) -> Parts:
    return open_parts(request(finished, tmp_path))


@pytest.fixture
def objective(finished: Path, parts: Parts, tmp_path: Path) -> ConsistencyObjective:
    asked = request(finished, tmp_path, rank=4, guidance=3.0, phases=1)
    built = build_objective(asked, parts).eval()
    assert isinstance(built, ConsistencyObjective)
    return built


@pytest.fixture
def phased(finished: Path, parts: Parts, tmp_path: Path) -> PhasedObjective:
    built = build_objective(request(finished, tmp_path, rank=4, guidance=3.0), parts).eval()
    assert isinstance(built, PhasedObjective)
    return built


def ddim(schedule: NoiseSchedule) -> DDIMScheduler:
    """diffusers' DDIM of as many steps as the teacher makes, from the last timestep on."""
    scheduler = DDIMScheduler(
        **schedule.config, timestep_spacing="trailing", set_alpha_to_one=False, clip_sample=False
    )
    scheduler.set_timesteps(DDIM_STEPS)
    return scheduler


def randn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_boundary_is_that_of_diffusers() -> None:
    """c_skip(0) = 1 and c_out(0) = 0: what has no noise is returned as it is."""
    timesteps = torch.tensor([0, 1, 19, 499, 999])
    skip, out = boundary_scalings(timesteps)
    assert (skip[0], out[0]) == (1, 0)
    scheduler = LCMScheduler()
    for place, timestep in enumerate(timesteps.tolist()):
        expected = scheduler.get_scalings_for_boundary_condition_discrete(timestep)
        torch.testing.assert_close(skip[place], torch.as_tensor(expected[0]).float())
        torch.testing.assert_close(out[place], torch.as_tensor(expected[1]).float())


def test_the_teacher_steps_where_the_sampler_will(objective: ConsistencyObjective) -> None:
    schedule = objective.schedule
    ours = teacher_timesteps(len(schedule.betas)).flip(0)
    assert torch.equal(ours, ddim(schedule).timesteps)
    sampler = objective.scheduler()
    sampler.set_timesteps(DDIM_STEPS)
    assert torch.equal(ours, sampler.timesteps)
    sampler.set_timesteps(4)
    assert set(sampler.timesteps.tolist()) <= set(ours.tolist())
    assert sampler.timesteps[0] == 999, "the first step is taught on pure noise"


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])
def test_a_step_is_that_of_ddim(prediction_type: Any) -> None:
    zero_snr = prediction_type == "v_prediction"
    schedule = noise_schedule(prediction_type=prediction_type, rescale_betas_zero_snr=zero_snr)
    scheduler = ddim(schedule)
    x_t, predicted = randn(1, 4, 8, 8), randn(1, 4, 8, 8, seed=1)
    for timestep in scheduler.timesteps.tolist():
        now = torch.tensor([timestep])
        x0 = schedule.pred_original_sample(x_t, predicted, now)
        found = jump(schedule, x_t, x0, now, (now - 20).clamp(min=0))
        expected: Any = scheduler.step(predicted, timestep, x_t)
        # float32: x0 is divided by a signal of 0.07 under the linear betas of epsilon
        torch.testing.assert_close(found, expected.prev_sample, rtol=1e-4, atol=1e-4)


def test_the_teacher_is_guided(objective: ConsistencyObjective, parts: Parts) -> None:
    """(1 + w) said - w empty with w = guidance - 1, stepped by diffusers' DDIM."""
    ids = token_ids(parts.tokenizer, ["a red cat", ""])
    x_t, now = randn(1, 4, 8, 8), torch.tensor([519])
    with torch.no_grad():
        said, empty = parts.text_encoder(ids).last_hidden_state.split(1)
        x0 = objective.teachers_original(x_t, now, said)
        found = jump(parts.schedule, x_t, x0, now, now - 20)
        w = objective.guidance - 1
        answer = (1 + w) * parts.unet(x_t, now, said).sample - w * parts.unet(
            x_t, now, empty
        ).sample
    expected: Any = ddim(parts.schedule).step(answer, 519, x_t)
    torch.testing.assert_close(found, expected.prev_sample, rtol=1e-4, atol=1e-4)


def test_what_has_no_noise_is_returned(objective: ConsistencyObjective) -> None:
    x = randn(2, 4, 8, 8)
    with torch.no_grad():
        assert torch.equal(objective.consistent(x, torch.tensor([0, 0]), randn(2, 77, 48)), x)


class Knowing(nn.Module):
    """A UNet that knows the only latent there is."""

    def __init__(self, schedule: NoiseSchedule, only: torch.Tensor) -> None:
        super().__init__()
        self.schedule, self.only = schedule, only

    def forward(self, x_t: torch.Tensor, timesteps: torch.Tensor, _context: Any) -> Any:
        left = self.schedule.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
        noise = (x_t - left.sqrt() * self.only) / (1 - left).sqrt()
        return SimpleNamespace(sample=left.sqrt() * noise - (1 - left).sqrt() * self.only)


class Silent(nn.Module):
    """A UNet that always says nought."""

    def forward(self, x_t: torch.Tensor, _timesteps: Any, _context: Any) -> Any:
        return SimpleNamespace(sample=torch.zeros_like(x_t))


def test_who_knows_the_end_has_nothing_to_learn(parts: Parts) -> None:
    """With one latent in the world its UNet is consistent already, whatever the guidance."""
    only = randn(1, 4, 8, 8)
    ids = token_ids(parts.tokenizer, ["a red cat"]).expand(50, -1)
    empty = token_ids(parts.tokenizer, [""])
    errors: dict[int, list[float]] = {1: [], 4: []}
    for answer in (Knowing(parts.schedule, only), Silent()):
        network: Any = answer
        networks = (network, network, parts.text_encoder, parts.schedule)
        objectives: dict[int, FewStepObjective] = {
            1: ConsistencyObjective(*networks, empty_ids=empty, guidance=4.0),
            4: PhasedObjective(*networks, phases=4, empty_ids=empty, guidance=4.0),
        }
        for phases, objective in objectives.items():
            found = objective(only.expand(50, -1, -1, -1), ids, generator=seeded_generator(1))
            errors[phases].append(float(found["error"]))
    assert errors[4][0] < 1e-6
    assert errors[4][1] > 1e-3
    # one of the fifty ends at timestep 0, whose own noise, of variance 0.00085, is left in
    assert errors[1][0] < 0.0009 / 50 * 1.2
    assert errors[1][1] > 10 * errors[1][0]


def test_phases_end_where_the_sampler_steps(phased: PhasedObjective) -> None:
    """DDIM of four steps stands at the phases' ends; the last one ends in the picture."""
    scheduler = phased.scheduler()
    scheduler.set_timesteps(phased.phases)
    starts = scheduler.timesteps
    ends = phase_end(starts, total=1000, phases=phased.phases)
    assert starts.tolist() == [999, 749, 499, 249]
    assert ends.tolist() == [*starts[1:].tolist(), -1]
    inside = phase_end(torch.tensor([249, 250, 299, 499]), total=1000, phases=4)
    assert inside.tolist() == [-1, 249, 249, 249]


def test_a_jump_of_a_phase_is_a_step_of_ddim(phased: PhasedObjective) -> None:
    schedule, x_t, predicted = phased.schedule, randn(1, 4, 8, 8), randn(1, 4, 8, 8, seed=1)
    scheduler = DDIMScheduler(**sampling_config(schedule))
    scheduler.set_timesteps(4)
    for timestep in scheduler.timesteps.tolist():
        now = torch.tensor([timestep])
        end = phase_end(now, total=1000, phases=4)
        x0 = schedule.pred_original_sample(x_t, predicted, now)
        found = jump(schedule, x_t, x0, now, end)
        expected: Any = scheduler.step(predicted, timestep, x_t)
        torch.testing.assert_close(found, expected.prev_sample, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(aim(schedule, x_t, found, now, end), x0, rtol=1e-3, atol=1e-3)


def test_a_phase_is_learnt_from_its_end(phased: PhasedObjective, parts: Parts) -> None:
    """The last teacher's step of a phase is the aim itself; before, the student goes on from it."""
    x_t, context = randn(1, 4, 8, 8), randn(1, 77, 48)
    stride = 1000 // TEACHER_STEPS
    for timestep in (299, 499):
        now, end = torch.tensor([timestep]), torch.tensor([249])
        with torch.no_grad():
            target = phased.target(x_t, now, now - stride, end, context)
            taught = phased.teachers_original(x_t, now, context)
            way = jump(parts.schedule, x_t, taught, now, now - stride)
            if timestep - stride > 249:
                seen = phased.original(way, now - stride, context)
                way = jump(parts.schedule, way, seen, now - stride, end)
        arrived = jump(parts.schedule, x_t, target, now, end)
        torch.testing.assert_close(arrived, way, rtol=1e-4, atol=1e-4)
        if timestep - stride == 249:
            torch.testing.assert_close(target, taught, rtol=1e-3, atol=1e-3)


def test_a_low_rank_change_begins_as_nothing_and_can_be_merged(parts: Parts) -> None:
    student = merged(parts.unet)
    add_low_rank(student, 4)
    learning = [name for name, p in student.named_parameters() if p.requires_grad]
    assert all(name.endswith((".down", ".up")) for name in learning)
    x, context = randn(1, 4, 8, 8), randn(1, 77, 48)
    with torch.no_grad():
        before = parts.unet(x, 500, context).sample
        torch.testing.assert_close(student(x, 500, context).sample, before)
        for name, parameter in student.named_parameters():
            if name.endswith(".up"):
                parameter.normal_(std=0.1)
        changed = student(x, 500, context).sample
        assert not torch.allclose(changed, before, atol=1e-2)
        plain = merged(student)
        assert not any("parametrizations" in name for name in plain.state_dict())
        torch.testing.assert_close(plain(x, 500, context).sample, changed)


def test_the_lora_file_holds_the_change(parts: Parts) -> None:
    """lora_B lora_A, as PEFT multiplies them, is the difference of the weights."""
    student = merged(parts.unet)
    add_low_rank(student, 4)
    with torch.no_grad():
        for name, parameter in student.named_parameters():
            if name.endswith((".up", ".down")):
                parameter.normal_(std=0.1)
                parameter.copy_(parameter.half())
    stored, after = lora_weights(student), merged(student).state_dict()
    paths = {name.rsplit(".lora_", 1)[0] for name in stored}
    assert len(stored) == 2 * len(paths)
    for path in paths:
        down, up = (stored[f"{path}.lora_{part}.weight"].float() for part in "AB")
        name = f"{path.removeprefix('unet.')}.weight"
        difference = (after[name] - parts.unet.state_dict()[name]).flatten(1)
        torch.testing.assert_close(up.flatten(1) @ down.flatten(1), difference, rtol=0, atol=1e-5)


def taught(parts: Parts, rank: int = 4) -> UNet2DConditionModel:
    """A student whose change is not nothing."""
    student = merged(parts.unet)
    add_low_rank(student, rank)
    with torch.no_grad():
        for index, (name, parameter) in enumerate(student.named_parameters()):
            if name.endswith((".up", ".down")):
                parameter.copy_(0.1 * randn(*parameter.shape, seed=index).half())
    return student


def test_a_run_begins_where_another_ended(parts: Parts) -> None:
    earlier, student = taught(parts), merged(parts.unet)
    add_low_rank(student, 6)
    begin_from(student, lora_weights(earlier))
    x, context = randn(1, 4, 8, 8), randn(1, 77, 48)
    with torch.no_grad():
        torch.testing.assert_close(
            student(x, 500, context).sample, earlier(x, 500, context).sample, rtol=0, atol=1e-4
        )
    student(x, 500, context).sample.sum().backward()
    for name, parameter in student.named_parameters():
        if name.endswith(".up"):
            assert parameter.grad is not None and parameter.grad.abs().sum(1).all(), "all learn"


def test_a_lower_rank_keeps_the_most_of_a_change(parts: Parts) -> None:
    """What is left out is the energy of the smallest singular values (Eckart and Young)."""
    earlier, student = taught(parts, rank=6), merged(parts.unet)
    add_low_rank(student, 2)
    begin_from(student, lora_weights(earlier))
    before, full, low = (
        each.state_dict() for each in (parts.unet, merged(earlier), merged(student))
    )
    for name in (n for n in before if not torch.equal(before[n], full[n])):
        whole, kept = ((each[name] - before[name]).flatten(1) for each in (full, low))
        left_out = torch.linalg.svdvals(whole)[2:].square().sum()
        torch.testing.assert_close((whole - kept).square().sum(), left_out, rtol=1e-2, atol=1e-6)


def test_a_lora_of_another_model_is_refused(parts: Parts, finished: Path, tmp_path: Path) -> None:
    weights = {n.replace("mid_block", "deep"): t for n, t in lora_weights(taught(parts)).items()}
    student = merged(parts.unet)
    add_low_rank(student, 2)
    with pytest.raises(ModelFileError, match="holds no change of mid_block"):
        begin_from(student, weights)
    with pytest.raises(ModelFileError, match="no LoRA in"):
        build_objective(request(finished, tmp_path, lora=str(tmp_path)), parts)


@pytest.mark.parametrize("phases", [1, 4])
def test_the_companion_is_what_the_engine_reads(
    finished: Path, parts: Parts, tmp_path: Path, phases: int
) -> None:
    """Merged by the engine it is the merged UNet, with the scheduler it was taught for."""
    objective = build_objective(request(finished, tmp_path, rank=4, phases=phases), parts)
    objective.unet = taught(parts)
    export_few_step(objective, parts, tmp_path, side=64)
    ours = few_step_unet(parts.unet, tmp_path).state_dict()
    for name, weight in merged(objective.unet).state_dict().items():
        # the LoRA lies in float16
        torch.testing.assert_close(ours[name], weight, rtol=0, atol=1e-4)
    config = json.loads((tmp_path / FEW_STEP / CONFIG_FILE).read_text())
    beside = json.loads((tmp_path / "pipeline/scheduler/scheduler_config.json").read_text())
    assert config["scheduler"] == beside
    assert (config["num_inference_steps"], config["guidance_scale"]) == (4, 1.0)


def test_the_last_phase_counts_more(phased: PhasedObjective, parts: Parts, monkeypatch) -> None:
    ids = token_ids(parts.tokenizer, ["a red cat"]).expand(20, -1)
    losses = {}
    for times in (1.0, 3.0):
        monkeypatch.setattr(phased_consistency, "LAST_PHASE", times)
        with torch.no_grad():
            losses[times] = phased(randn(20, 4, 8, 8), ids, generator=seeded_generator(1))
    assert losses[3.0]["error"] == losses[1.0]["error"]
    assert losses[1.0]["loss"] < losses[3.0]["loss"] < 3 * losses[1.0]["loss"]


def test_only_the_student_learns(objective: ConsistencyObjective, parts: Parts) -> None:
    ids = token_ids(parts.tokenizer, ["a red cat", "the sea"])
    objective(randn(2, 4, 8, 8), ids, generator=seeded_generator(0))["loss"].backward()
    got = [name for name, p in objective.named_parameters() if p.grad is not None]
    assert got
    assert all(name.startswith("unet.") for name in got)


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("phases", [1, 4])
def test_stock_diffusers_paints_as_the_trainer_samples(
    finished: Path, parts: Parts, tmp_path: Path, steps: int, phases: int
) -> None:
    objective = build_objective(request(finished, tmp_path, rank=4, phases=phases), parts).eval()
    export_few_step(objective, parts, tmp_path, side=64)
    pipeline: Any = StableDiffusionPipeline.from_pretrained(tmp_path / "pipeline")
    pipeline.set_progress_bar_config(disable=True)
    assert isinstance(pipeline.scheduler, LCMScheduler if phases == 1 else DDIMScheduler)
    ours = objective.sample(token_ids(parts.tokenizer, ["a red cat"]), side=8, steps=steps)
    theirs = pipeline(
        "a red cat",
        width=64,
        height=64,
        num_inference_steps=steps,
        guidance_scale=1.0,
        generator=seeded_generator(0),
        output_type="latent",
    ).images
    # attention by another kernel; the LoRA begins as nothing, so float16 holds the weights
    torch.testing.assert_close(theirs, ours, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("rank, phases", [("0", "4"), ("4", "1"), ("4", "4")])
def test_a_run_that_was_stopped_learns_the_same(
    finished: Path, tmp_path: Path, rank: str, phases: str
) -> None:
    words = ["few-step", *fine_tuning_arguments(tmp_path, finished)]
    words += ["--rank", rank, "--phases", phases]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*words, "--steps", "4", "--output", str(whole)]) == 0
    assert main([*words, "--steps", "4", "--output", str(cut), "--max-minutes", "0"]) == 0
    assert len(losses_of(cut)) == 1
    assert main([*words, "--steps", "4", "--output", str(cut)]) == 0
    assert losses_of(cut) == losses_of(whole)
    assert (cut / "samples" / "step-000004.png").exists()
    config = json.loads((cut / "pipeline" / "scheduler" / "scheduler_config.json").read_text())
    assert config["_class_name"] == ("LCMScheduler" if phases == "1" else "DDIMScheduler")
    weights = "unet/diffusion_pytorch_model.safetensors"
    before, after = (load_file(folder / weights) for folder in (finished, cut / "pipeline"))
    assert before.keys() == after.keys(), "a plain UNet, whatever was trained"
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert (cut / "few_step" / LORA_FILE).exists() == (rank != "0")
    defaults = read_record(cut / "pipeline", "live").defaults
    assert (defaults.num_inference_steps, defaults.guidance_scale, defaults.width) == (4, 1.0, 64)


@pytest.mark.parametrize("options", [{"rank": -1}, {"guidance": 0.5}, {"phases": 3}])
def test_what_cannot_be_is_refused(
    finished: Path, parts: Parts, tmp_path: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequestError):
        build_objective(request(finished, tmp_path, **options), parts)
