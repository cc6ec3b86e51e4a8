"""Faults of PERFORMANCE 3.3 inside a run: NaN, memory, exceptions, strange prompts."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from sdstudio.engine import component_cache
from sdstudio.engine import latents as latents_module
from sdstudio.engine.devices import is_out_of_memory
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.engine.latents import FLOAT32_NOTE, TILED_NOTE
from sdstudio.errors import NumericalError, OutOfMemoryError, SdstudioError
from sdstudio.jobs.job import Job
from sdstudio.messages.events import JobEvent, StepEvent
from tests.support.engine_runs import Recording, generate, request


@pytest.fixture
def fresh(models, tmp_path) -> Iterator[DiffusionEngine]:
    """An engine of one's own, to be broken."""
    engine = DiffusionEngine(
        resolve_model=models, cache_folder=tmp_path / "maps", dtype="float32", device="cpu"
    )
    yield engine
    engine.close()


@contextlib.contextmanager
def failing(owner: type, method: str, error: BaseException, *, calls: int = 1) -> Iterator[None]:
    """Let the method's next `calls` calls raise."""
    original = getattr(owner, method)
    left = calls

    def sometimes(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        if left > 0:
            left -= 1
            raise error
        return original(*args, **kwargs)

    setattr(owner, method, sometimes)
    try:
        yield
    finally:
        setattr(owner, method, original)


def unet_of(engine: DiffusionEngine) -> Any:
    return next(iter(engine._cache._loaded.values())).model.unet


def test_a_unet_that_returns_nan_is_stopped_at_its_step(fresh) -> None:
    """Row 15: conv_out.bias is NaN. No black picture; the words name the step and float32."""
    generate(fresh, request())
    unet_of(fresh).conv_out.bias.data.fill_(float("nan"))
    recording = Recording()
    with pytest.raises(NumericalError, match="NaN at step 1") as caught:
        fresh.run(Job(request=request()), recording)
    assert "float32" in caught.value.remedies
    assert recording.results == []


def test_a_foreign_family_that_returns_nan_is_stopped_too(fresh) -> None:
    """Row 15, for AutoPipeline families."""
    generate(fresh, request("sd3"))
    fresh._pipelines._loaded[1].transformer.proj_out.bias.data.fill_(float("nan"))
    with pytest.raises(NumericalError, match="step 1"):
        generate(fresh, request("sd3"))


def test_nan_only_in_the_decode_is_retried_in_float32(models) -> None:
    """Row 16: a decode that overflows in half precision; the note says so."""
    engine = DiffusionEngine(resolve_model=models, dtype="bfloat16", device="cpu")
    original = latents_module.decode_latents
    tried = []

    def overflowing(vae: Any, latents: torch.Tensor) -> torch.Tensor:
        tried.append(vae.dtype)
        pixels = original(vae, latents)
        return pixels if vae.dtype == torch.float32 else pixels * float("inf")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latents_module, "decode_latents", overflowing)
        result = generate(engine, request()).results[0]
    assert tried == [torch.bfloat16, torch.float32]
    assert FLOAT32_NOTE in result.notes
    assert engine._cache.acquire(models("sd1"), report=print).vae.dtype == torch.bfloat16


@pytest.mark.parametrize("value", [float("nan"), 0.25])
def test_a_picture_of_nothing_is_reported_in_words(fresh, value) -> None:
    """Row 16: NaN in float32 too, or one flat colour: an error, never a black file."""
    generate(fresh, request())
    vae = next(iter(fresh._cache._loaded.values())).model.vae
    vae.decoder.conv_out.weight.data.zero_()
    vae.decoder.conv_out.bias.data.fill_(value)
    with pytest.raises(NumericalError, match=r"flat colour|not-a-number"):
        generate(fresh, request())


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:132] . DefaultCPUAllocator: can't allocate memory:"
            " you tried to allocate 99 bytes. Error code 12 (Cannot allocate memory)"
        ),
        MemoryError(),
    ],
    ids=["accelerator", "cpu-allocator", "python"],
)
def test_out_of_memory_in_the_unet(fresh, error) -> None:
    """Rows 17 and 19: caches dropped, three remedies in words, the next job equals a fresh one."""
    expected = generate(fresh, request()).results[0].picture
    with (
        failing(UNet2DConditionModel, "forward", error),
        pytest.raises(OutOfMemoryError, match="too little memory") as caught,
    ):
        generate(fresh, request())
    assert caught.value.remedies[:2] == ("smaller-size", "tiled-vae")
    assert caught.value.__context__ is None
    assert not fresh._cache._loaded
    assert generate(fresh, request()).results[0].picture == expected


def test_out_of_memory_while_loading(fresh, monkeypatch) -> None:
    """Row 17: the weights themselves do not fit."""
    with monkeypatch.context() as patch:
        patch.setattr(component_cache, "own_weights", _no_room)
        with pytest.raises(OutOfMemoryError):
            generate(fresh, request())
    assert generate(fresh, request()).results


def _no_room(*_: object) -> None:
    raise torch.OutOfMemoryError("no room")


def test_a_failed_load_leaves_torch_as_it_was(models, monkeypatch) -> None:
    """Row 31: diffusers changes the default dtype while it loads and forgets it on failure."""
    engine = DiffusionEngine(resolve_model=models, dtype="bfloat16", device="cpu")
    with monkeypatch.context() as patch:
        patch.setattr(UNet2DConditionModel, "from_config", _cannot_build)
        with pytest.raises(SdstudioError):
            generate(engine, request())
    assert torch.get_default_dtype() == torch.float32


def _cannot_build(*_: object, **__: object) -> None:
    raise ValueError("a value that no UNet takes")


def test_out_of_memory_in_the_decode_is_retried_in_tiles(models) -> None:
    """Row 18: the picture is made and says what happened."""
    engine = DiffusionEngine(resolve_model=models, dtype="float32", previews="off")
    generate(engine, request())
    with failing(AutoencoderKL, "decode", torch.OutOfMemoryError("no room")):
        plain = generate(engine, request(sampler="euler"))
    assert TILED_NOTE in plain.results[0].notes
    assert TILED_NOTE not in generate(engine, request()).results[0].notes


def test_a_decode_that_would_not_fit_is_tiled_from_the_start(models, monkeypatch) -> None:
    """Row 19: Linux overcommits and later kills; so the need is compared with what is free."""
    engine = DiffusionEngine(resolve_model=models, dtype="float32", previews="off")
    monkeypatch.setattr(latents_module, "available_bytes", lambda device: 1000)
    result = generate(engine, request(width=96, height=96)).results[0]
    assert TILED_NOTE in result.notes


LIMITED = """
import resource, sys
from pathlib import Path
from sdstudio.engine.diffusion_engine import DiffusionEngine
from sdstudio.errors import OutOfMemoryError
from sdstudio.jobs.job import Job
from sdstudio.messages.generation import GenerationRequest

engine = DiffusionEngine(resolve_model=Path, dtype="float32", device="cpu", previews="off")
small = GenerationRequest(prompt="x", model=sys.argv[1], width=64, height=64, num_inference_steps=1)
huge = GenerationRequest(prompt="x", model=sys.argv[1], width=4096, height=4096,
                         num_inference_steps=1)
engine.run(Job(request=small), lambda event: None)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 300_000_000, -1))
try:
    engine.run(Job(request=huge), lambda event: None)
except OutOfMemoryError as error:
    print("told:", error)
engine.run(Job(request=small), lambda event: None)
print("alive")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="RLIMIT_AS and /proc")
def test_the_cpus_own_allocator_failing(models) -> None:
    """Row 19: RLIMIT_AS. The program lives and the next small job succeeds."""
    assert resource.RLIMIT_AS is not None
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(models("sd1"))],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert "told: The computer has too little memory" in done.stdout, done.stderr
    assert done.stdout.strip().endswith("alive")


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("not enough memory"))


@pytest.mark.parametrize("model", ["sd1", "sd3"])
def test_an_exception_in_a_listener_leaves_the_engine_as_new(engine, model) -> None:
    """Row 31: the step's listener fails; the next run equals the baseline bit for bit."""
    expected = generate(engine, request(model, sampler="auto")).results[0].picture

    def broken(event: JobEvent) -> None:
        if isinstance(event, StepEvent) and event.step == 2:
            raise LookupError("a listener failed")

    with pytest.raises(LookupError):
        engine.run(Job(request=request(model, sampler="auto")), broken)
    assert generate(engine, request(model, sampler="auto")).results[0].picture == expected


def test_jobs_of_two_threads_run_one_after_another(engine) -> None:
    """Row 32: two at once; each equals its solo run."""
    wanted = [request(seed=seed, prompt=f"house {seed}") for seed in (1, 2, 3)]
    expected = [generate(engine, one).results[0].picture for one in wanted]
    recordings = [Recording() for _ in wanted]
    threads = [
        threading.Thread(target=engine.run, args=(Job(request=one), recording))
        for one, recording in zip(wanted, recordings, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert [recording.results[0].picture for recording in recordings] == expected


@pytest.mark.parametrize(
    "prompt",
    ["", " ".join(["house"] * 10_000), "(" * 100, "BREAK", "a\x00b\ud800\u202e%s{}\n" * 5],
    ids=["empty", "10000-words", "brackets", "break", "strange"],
)
@pytest.mark.parametrize("model", ["sd1", "sdxl"])
def test_prompts_of_any_kind(engine, model, prompt) -> None:
    """Rows 9 and 37: nothing is cut off, nothing breaks."""
    assert generate(engine, request(model, prompt=prompt, num_inference_steps=1)).results


def test_the_end_of_a_long_prompt_counts(engine) -> None:
    """Row 37: no truncation without notice, so word 300 changes the picture."""
    start = "house " * 300
    first = generate(engine, request(prompt=start + "red")).results[0].picture
    assert generate(engine, request(prompt=start + "blue")).results[0].picture != first


@pytest.mark.parametrize("model", ["sd1", "sdxl"])
def test_a_negative_prompt_longer_than_the_prompt(engine, model) -> None:
    """Row 38: both are padded to the same length."""
    wanted = request(model, prompt="red", negative_prompt="blurry " * 60)
    assert generate(engine, wanted).results
