"""The whole chain on tiny settings: from the drawn world to a folder that stock diffusers opens."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline

from sdstudio.apps.cli.train import COMMANDS, LOOP_OPTIONS, main
from sdstudio.engine.component_cache import TINY_DECODER
from sdstudio.engine.few_step import FEW_STEP, LORA_FILE, read_low_rank
from sdstudio.errors import Cancelled, InvalidRequestError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, ProgressEvent, TrainingStepEvent
from sdstudio.messages.generation import FewStep
from sdstudio.messages.training import TrainingRequest
from sdstudio.model_store.records import read_record
from sdstudio.training.recipe import BUILT_IN, Recipe, Stage
from sdstudio.training.whole_model import TRAINERS, Ledger, WholeModelTrainer

QUICK = {"warmup_steps": 1, "log_every": 1}
SMALL = {"channels": "32,32", "attention": "0,1"}
GROWN = {"channels": "32,32,32", "attention": "0,0,1"}


def tiny(stage: Stage) -> Stage:
    """The same stage in a few steps of a tiny network."""
    options = dict(stage.options) | QUICK
    options |= {
        "autoencoder": {"channels": "8,8,8,8", "sizes": "32:1"},
        "clip": {"hidden_size": 48, "text_layers": 1, "vision_layers": 1, "vocab_size": 600},
        "latent-diffusion": {"heads": 2} | (GROWN if "layout_weight" in options else SMALL),
        "few-step": {"rank": 2},
        "tiny-decoder": {"pictures": 10},
    }[stage.kind]
    values = dict(stage.values) | {"batch_size": 2, "sample_every": 99}
    values["steps"] = 3 if stage.kind == "clip" else 2
    if "resolution" in values:
        values["resolution"] //= 2
    return dataclasses.replace(stage, values=values, options=options)


TINY = Recipe(pictures=24, stages=tuple(tiny(stage) for stage in BUILT_IN.stages))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def run(output: Path, *, stop_at: str | None = None, recipe: Recipe = TINY) -> list[JobEvent]:
    """Run the recipe, stopped at the first step of the stage `stop_at`."""
    request = TrainingRequest(kind="all", output=str(output), precision="float32")
    job, events = Job(request=request), []

    def emit(event: JobEvent) -> None:
        events.append(event)
        stages = [e.text for e in events if isinstance(e, ProgressEvent) and "Stage" in e.text]
        if isinstance(event, TrainingStepEvent) and stop_at and stages[-1].endswith(stop_at):
            job.cancel.cancel()

    WholeModelTrainer(recipe).run(job, emit)
    return events


def steps_of(events: list[JobEvent]) -> int:
    return sum(isinstance(event, TrainingStepEvent) for event in events)


def test_the_chain_is_stopped_goes_on_and_ends_in_a_model(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run(tmp_path / "made", stop_at="clip")
    notes = json.loads((tmp_path / "made" / "stages.json").read_text())
    assert notes["autoencoder"]["done"]
    assert "done" not in notes["clip"]
    assert notes["clip"]["seconds"] > 0
    assert not (tmp_path / "made" / "model").exists()

    events = run(tmp_path / "made")
    # the last step of CLIP is left, then four runs of the UNet, two of its few-step companion and
    # one of the tiny decoder, 2 steps each
    assert steps_of(events) == 1 + 7 * 2
    assert isinstance(events[-1], ProgressEvent)
    assert "all stages took" in events[-1].text
    assert steps_of(run(tmp_path / "made")) == 0, "what is done is not done again"

    model = tmp_path / "made" / "model"
    pipeline: Any = StableDiffusionPipeline.from_pretrained(model)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("a red house", num_inference_steps=2, width=64, height=64).images[0]
    assert picture.size == (64, 64)
    assert AutoencoderTiny.from_pretrained(model / TINY_DECODER)
    assert read_record(model, "made").defaults.title == "Picture book (built in)"
    assert read_record(model, "made").few_step == FewStep()
    assert read_low_rank(model / FEW_STEP / LORA_FILE)
    card = (model / "README.md").read_text()
    assert "sdstudio train autoencoder --steps 2" in card
    assert "psnr" in card
    assert str(tmp_path) not in card, "a path of this machine"


def test_a_folder_of_another_recipe_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, resume=True)
    assert not ledger.begin("clip", {"steps": 2})
    ledger.note("clip", done=True)
    assert Ledger(tmp_path, resume=True).begin("clip", {"steps": 2})
    with pytest.raises(InvalidRequestError, match="other settings"):
        Ledger(tmp_path, resume=True).begin("clip", {"steps": 3})
    with pytest.raises(InvalidRequestError, match="already holds"):
        Ledger(tmp_path, resume=False)


def test_the_command_takes_no_setting_that_the_recipe_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["all", "--output", str(tmp_path), "--steps", "3"])
    assert left.value.code == 2
    assert "--steps" in capsys.readouterr().err


def test_every_stage_can_be_run_by_hand() -> None:
    """The commands in the model card are such that `sdstudio train` takes them."""
    for stage in BUILT_IN.stages:
        assert stage.kind in TRAINERS
        command = COMMANDS[stage.kind]
        fields = TrainingRequest.__dataclass_fields__
        assert all(name in fields for name in stage.values)
        known = dict(command.options) | LOOP_OPTIONS
        assert all(name in known for name in (*stage.options, *stage.needs))
        assert stage.command().startswith(f"sdstudio train {stage.kind} --")
        for place in stage.needs.values():
            name, *_ = place.split("/")
            assert name in [earlier.name for earlier in BUILT_IN.stages]
