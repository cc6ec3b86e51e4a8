"""The training loop: what it computes, how it ends, and that a resumed run is the same run."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from sdstudio.errors import (
    Cancelled,
    InvalidRequestError,
    ModelFileError,
    NumericalError,
    StorageError,
)
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, TrainingStepEvent
from sdstudio.messages.training import TrainingRequest
from sdstudio.training.dataset import batch_indices
from sdstudio.training.ema import ExponentialMovingAverage
from sdstudio.training.loop import Hooks, LoopSettings, TrainingLoop, learning_rate_at
from sdstudio.training.run_folder import RunFolder, publish_folder

SETTINGS = LoopSettings(
    steps=12,
    batch_size=4,
    learning_rate=1e-2,
    warmup_steps=3,
    precision="float32",
    checkpoint_every=4,
    sample_every=1000,
    log_every=1,
    seed=7,
)
POINTS = torch.linspace(-1, 1, 10).view(-1, 1)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads wait for each other at every small operation when the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class NoisyFit(nn.Module):
    """Learns y = x^2 through dropout and noise, so that every source of chance is in play."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(1, width), nn.GELU(), nn.Dropout(0.2), nn.Linear(width, 1)
        )

    def forward(self, x: Tensor, *, generator: torch.Generator) -> dict[str, Tensor]:
        noise = 0.1 * torch.randn(x.shape, generator=generator)
        loss = (self.net(x + noise) - x.square()).square().mean()
        return {"loss": loss, "half": loss / 2}


def fetch(step: int, part: slice) -> tuple[Tensor, ...]:
    order = batch_indices(step, batch_size=SETTINGS.batch_size, length=len(POINTS), seed=1)
    return (POINTS[order[part]],)


def make_loop(
    folder: Path, settings: LoopSettings = SETTINGS, objective: nn.Module | None = None, **more
) -> TrainingLoop:
    torch.manual_seed(0)
    return TrainingLoop(
        objective or NoisyFit(), fetch, settings=settings, folder=RunFolder(folder), **more
    )


def make_job() -> Job:
    return Job(request=TrainingRequest(kind="ddpm", output="unused"))


def ignore(event: JobEvent) -> None:
    pass


def changed(**values) -> LoopSettings:
    return LoopSettings(**({n: getattr(SETTINGS, n) for n in SETTINGS.__slots__} | values))


class PowerCut(BaseException):
    """Ends a run without giving it a chance to save."""


def test_a_killed_and_resumed_run_computes_what_the_uninterrupted_one_does(tmp_path: Path) -> None:
    whole = make_loop(tmp_path / "whole")
    whole.run(make_job(), ignore)
    fatal_step = random.Random(3).randrange(5, 12)

    def cut_power(event: JobEvent) -> None:
        if isinstance(event, TrainingStepEvent) and event.step == fatal_step:
            raise PowerCut

    with pytest.raises(PowerCut):
        make_loop(tmp_path / "cut").run(make_job(), cut_power)
    torch.manual_seed(99)
    resumed = make_loop(tmp_path / "cut", objective=NoisyFit())
    assert resumed.resume()
    assert resumed.step == fatal_step // 4 * 4 or resumed.step == (fatal_step - 1) // 4 * 4
    resumed.run(make_job(), ignore)

    assert resumed.folder.read_losses() == whole.folder.read_losses()
    assert len(whole.folder.read_losses()) == 12
    for name, value in whole.ema.shadow.items():
        assert torch.equal(value, resumed.ema.shadow[name])
    first, second = whole.objective.state_dict(), resumed.objective.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_losses_differ_when_the_seed_differs(tmp_path: Path) -> None:
    first, second = make_loop(tmp_path / "a"), make_loop(tmp_path / "b", changed(seed=8))
    first.run(make_job(), ignore)
    second.run(make_job(), ignore)
    assert first.folder.read_losses()[0]["loss"] != second.folder.read_losses()[0]["loss"]


def test_stopping_writes_a_checkpoint_of_the_very_step(tmp_path: Path) -> None:
    job = make_job()

    def stop_at_six(event: JobEvent) -> None:
        if isinstance(event, TrainingStepEvent) and event.step == 6:
            job.cancel.cancel()

    loop = make_loop(tmp_path)
    with pytest.raises(Cancelled):
        loop.run(job, stop_at_six)
    assert loop.step == 7
    assert RunFolder(tmp_path).steps() == [4, 7]
    again = make_loop(tmp_path)
    assert again.resume()
    assert again.run(make_job(), ignore) == "complete"
    assert [record["step"] for record in again.folder.read_losses()] == list(range(1, 13))


def test_a_run_ends_in_time_with_a_checkpoint_and_goes_on_later(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, changed(max_minutes=0.0))
    assert loop.run(make_job(), ignore) == "out of time"
    assert RunFolder(tmp_path).steps() == [1]


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    make_loop(tmp_path).run(make_job(), ignore)
    again = make_loop(tmp_path)
    assert again.resume()
    assert again.run(make_job(), ignore) == "complete"
    assert again.step == 12


def test_accumulated_parts_make_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    class Plain(nn.Linear):
        def forward(self, x: Tensor, *, generator: torch.Generator) -> dict[str, Tensor]:
            return {"loss": (super().forward(x) - x.square()).square().mean()}

    torch.manual_seed(0)
    loops = []
    for parts in (1, 2, 4):
        torch.manual_seed(0)
        settings = changed(accumulation=parts, steps=6)
        loop = make_loop(tmp_path / str(parts), settings, Plain(1, 1))
        loop.run(make_job(), ignore)
        loops.append(loop)
    # sums of four float32 terms in another order
    for loop in loops[1:]:
        for mine, wanted in zip(
            loop.folder.read_losses(), loops[0].folder.read_losses(), strict=True
        ):
            assert mine == pytest.approx(wanted, rel=1e-5)


def test_one_step_is_torchs_adamw_on_clipped_gradients(tmp_path: Path) -> None:
    loop = make_loop(tmp_path, changed(steps=1, max_grad_norm=0.01, warmup_steps=1))
    torch.manual_seed(0)
    reference = NoisyFit()
    reference.load_state_dict(loop.objective.state_dict())
    loop.run(make_job(), ignore)

    from sdstudio.training.dataset import seeded_generator

    optimizer = torch.optim.AdamW(
        reference.parameters(), lr=1e-2, betas=SETTINGS.betas, weight_decay=SETTINGS.weight_decay
    )
    generator = seeded_generator(SETTINGS.seed, 0, 0)
    torch.manual_seed(generator.initial_seed())
    loss = reference(*fetch(0, slice(0, 4)), generator=generator)["loss"]
    loss.backward()
    nn.utils.clip_grad_norm_(reference.parameters(), 0.01)
    optimizer.step()
    for mine, wanted in zip(loop.objective.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-6, atol=1e-7)  # fused against plain AdamW


@pytest.mark.parametrize("decay, middle", [("cosine", 0.5), ("linear", 0.5), ("constant", 1.0)])
def test_learning_rate_climbs_then_falls(decay: str, middle: float) -> None:
    settings = changed(steps=110, warmup_steps=10, learning_rate=1.0, decay=decay)
    assert learning_rate_at(0, settings) == pytest.approx(0.1)
    assert learning_rate_at(9, settings) == pytest.approx(1.0)
    assert learning_rate_at(60, settings) == pytest.approx(middle)
    end = 1.0 if decay == "constant" else 0.0
    assert learning_rate_at(110, settings) == pytest.approx(end, abs=1e-12)


def test_average_follows_its_formula() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, 0.0)
    ema = ExponentialMovingAverage(module, decay=0.5)
    wanted = 0.0
    for step in range(20):
        nn.init.constant_(module.weight, float(step))
        ema.update(step)
        decay = min(0.5, (1 + step) / (10 + step))
        wanted = decay * wanted + (1 - decay) * step
    assert ema.shadow["weight"].item() == pytest.approx(wanted, rel=1e-6)
    with ema.in_place():
        assert module.weight.item() == pytest.approx(wanted, rel=1e-6)
    assert module.weight.item() == 19.0


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_sound_checkpoint(
    tmp_path: Path,
) -> None:
    class Breaks(NoisyFit):
        seen = 0

        def forward(self, x: Tensor, *, generator: torch.Generator) -> dict[str, Tensor]:
            self.seen += 1
            losses = super().forward(x, generator=generator)
            return {n: v * math.nan if self.seen == 6 else v for n, v in losses.items()}

    with pytest.raises(NumericalError, match="step 6"):
        make_loop(tmp_path, changed(log_every=5), Breaks()).run(make_job(), ignore)
    assert RunFolder(tmp_path).steps() == [4]
    checkpoint = RunFolder(tmp_path).load_newest()
    assert checkpoint
    assert all(t.isfinite().all() for t in checkpoint.tensors["model"].values())


def test_a_torn_checkpoint_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    make_loop(tmp_path).run(make_job(), ignore)
    newest = tmp_path / "checkpoints" / "step-000012"
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    loop = make_loop(tmp_path)
    assert loop.resume()
    assert loop.step == 8
    for step in ("step-000008", "step-000012"):
        (tmp_path / "checkpoints" / step / "state.json").write_text("{")
    with pytest.raises(ModelFileError, match="can be read"):
        make_loop(tmp_path).resume()


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    make_loop(tmp_path).run(make_job(), ignore)
    with pytest.raises(ModelFileError, match="another model"):
        make_loop(tmp_path, objective=NoisyFit(width=9)).resume()


def test_checkpoints_hold_no_pickle(tmp_path: Path) -> None:
    make_loop(tmp_path).run(make_job(), ignore)
    files = {p.suffix for p in (tmp_path / "checkpoints").rglob("*") if p.is_file()}
    assert files == {".safetensors", ".json"}


def test_a_claimed_folder_is_kept_for_its_run(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.claim({"kind": "ddpm"}, resume=True)
    make_loop(tmp_path).run(make_job(), ignore)
    folder.claim({"kind": "ddpm"}, resume=True)
    with pytest.raises(InvalidRequestError, match="already holds"):
        folder.claim({"kind": "ddpm"}, resume=False)
    with pytest.raises(InvalidRequestError, match="ddpm"):
        folder.claim({"kind": "clip"}, resume=True)


def test_a_failed_write_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "model"
    publish_folder(target, lambda part: (part / "a.txt").write_text("old"))

    def fail(part: Path) -> None:
        (part / "a.txt").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="no space left"):
        publish_folder(target, fail)
    assert (target / "a.txt").read_text() == "old"
    publish_folder(target, lambda part: (part / "a.txt").write_text("new"))
    assert (target / "a.txt").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_a_torn_line_of_losses_is_forgotten(tmp_path: Path) -> None:
    make_loop(tmp_path).run(make_job(), ignore)
    losses = tmp_path / "losses.jsonl"
    losses.write_text(losses.read_text() + '{"step": 13, "lo')
    RunFolder(tmp_path).trim_losses(12)
    assert len([json.loads(line) for line in losses.read_text().splitlines()]) == 12


def test_hooks_see_the_averaged_weights(tmp_path: Path) -> None:
    seen: list[Tensor] = []
    loop = make_loop(tmp_path, changed(sample_every=12))

    def evaluate() -> dict[str, float]:
        seen.append(loop.objective.net[0].weight.detach().clone())
        return {"psnr": 1.5}

    sheet = Image.new("RGB", (6, 4), "red")
    events: list[JobEvent] = []
    loop.hooks = Hooks(evaluate=evaluate, sample=lambda: sheet)
    loop.run(make_job(), events.append)
    assert torch.equal(seen[-1], loop.ema.shadow["net.0.weight"])
    assert not torch.equal(seen[-1], loop.objective.net[0].weight)
    last = events[-1]
    assert isinstance(last, TrainingStepEvent)
    assert last.sample is not None
    assert last.sample.size == (6, 4)
    assert (tmp_path / "samples" / "step-000012.png").exists()
    checkpoint = loop.folder.load_newest()
    assert checkpoint
    assert checkpoint.state["evaluation"] == {"psnr": 1.5}


def test_settings_come_from_the_request_and_its_options() -> None:
    request = TrainingRequest(
        kind="ddpm", output="x", steps=5, options={"max_minutes": 2.0, "channels": "32"}
    )
    settings = LoopSettings.of(request, weight_decay=0.1, steps=9)
    assert (settings.steps, settings.max_minutes, settings.weight_decay) == (5, 2.0, 0.1)


def test_a_batch_that_cannot_be_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be split"):
        make_loop(tmp_path, changed(batch_size=4, accumulation=3))
