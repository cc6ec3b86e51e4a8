"""The engine: a request goes in, pictures come out, step by step."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import psutil
import torch

from sdstudio.engine.component_cache import FAMILIES, ComponentCache, LoadedModel, quiet_libraries
from sdstudio.engine.conditioning import build_conditioning
from sdstudio.engine.denoise import DenoisedStep, LoopHooks, Predict, denoise
from sdstudio.engine.devices import (
    choose_device,
    is_out_of_memory,
    out_of_memory_error,
    resident,
)
from sdstudio.engine.few_step import require_few_step
from sdstudio.engine.guidance import Conditioning, GuidedUnet
from sdstudio.engine.inpaint import paste_back
from sdstudio.engine.interrupt import interruptible
from sdstudio.engine.latents import decode_picture, require_multiple
from sdstudio.engine.model_folder import find_cached_repository, read_pipeline_class
from sdstudio.engine.noise import picture_seed, seeded_generator
from sdstudio.engine.pipeline_families import PipelineFamily
from sdstudio.engine.pixel_diffusion import PROMPT_NOTE, UnconditionalUnet
from sdstudio.engine.preview import Previewer, PreviewMode, make_decoders
from sdstudio.engine.rasters import pixels_to_raster
from sdstudio.engine.schedulers import make_scheduler, plan_timesteps
from sdstudio.engine.starting_point import Stage, StartingPoint
from sdstudio.errors import ModelNotFoundError, UnsupportedRequestError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import PictureFinished, ProgressEvent, StepEvent
from sdstudio.messages.generation import GenerationRequest
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

MODEL_MEMORY_SHARE = 0.5
"""Share of the machine's memory that models at rest may fill."""

_LIBRARIES = ("torch", "diffusers", "transformers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One job while it is carried out."""

    job: Job
    emit: Emit

    @property
    def request(self) -> GenerationRequest:
        """The job's request."""
        assert isinstance(self.job.request, GenerationRequest)
        return self.job.request

    def poll(self) -> None:
        """Raise `Cancelled` if *Stop now* was asked for."""
        self.job.cancel.raise_if_cancelled()

    def report(self, text: str) -> None:
        """Say what is being done; raises if it should not be."""
        self.poll()
        self.emit(ProgressEvent(job_id=self.job.id, text=text))


class DiffusionEngine:
    """Carries out generation jobs, one at a time, on the thread that calls it.

    Args:
        resolve_model: name of a model -> its diffusers folder; raises ModelNotFoundError.
        cache_folder: where fitted preview maps are kept, None to fit them anew.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        dtype: "auto", "float32", "bfloat16" or "float16".
        previews: which decoder shows the steps.
        cpu_offload: keep on the graphics card only what is working at the moment.
    """

    def __init__(
        self,
        *,
        resolve_model: Callable[[str], Path],
        cache_folder: Path | None = None,
        device: str = "auto",
        dtype: str = "auto",
        previews: PreviewMode = "automatic",
        cpu_offload: bool = False,
    ) -> None:
        quiet_libraries()
        self.device = choose_device(device)
        self._resolve_model = resolve_model
        self._cache_folder = cache_folder
        self._preview_mode: PreviewMode = previews
        self._offload = cpu_offload and self.device.type != "cpu"
        self._cache = ComponentCache(
            device=self.device,
            dtype=dtype,
            max_bytes=int(psutil.virtual_memory().total * MODEL_MEMORY_SHARE),
            offload=self._offload,
        )
        self._one_at_a_time = threading.Lock()
        self._previewer: tuple[Path, Previewer] | None = None
        self._pipelines = PipelineFamily(device=self.device, dtype=dtype, cache_folder=cache_folder)

    def run(self, job: Job, emit: Emit) -> None:
        """Make the job's pictures; emits PictureFinished for each.

        Raises:
            Cancelled: *Stop now* was asked for.
            SdstudioError: it cannot be done; the engine stays usable.
        """
        if not isinstance(job.request, GenerationRequest):
            raise UnsupportedRequestError("This engine makes pictures; it does not train.")
        try:
            with self._one_at_a_time:
                self._run(Run(job=job, emit=emit))
            return
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        # Outside the except block: the traceback would keep the failed step's tensors alive.
        self.close()
        raise out_of_memory_error(self.device)

    def close(self) -> None:
        """Forget all models and give their memory back."""
        self._previewer = None
        self._pipelines.close()
        self._cache.clear()

    def _run(self, run: Run) -> None:
        path = self._find(run.request.model)
        is_held = self._cache.holds(path)
        if run.request.few_step and not is_held:
            require_few_step(path)
        if not is_held and read_pipeline_class(path) not in FAMILIES:
            self._pipelines.run(path, run.job, run.emit)
            return
        model = self._load(path, run)
        require_multiple(run.request.width, run.request.height, model.size_multiple)
        with torch.inference_mode(), interruptible(model.modules(), run.poll):
            conditioning = self._encode(model, run)
            for index in range(run.request.count):
                if index and run.job.cancel.stops_after_picture:
                    break
                result = self._make_picture(model, conditioning, index, run)
                run.emit(PictureFinished(job_id=run.job.id, result=result))

    def _find(self, name: str) -> Path:
        try:
            return self._resolve_model(name)
        except ModelNotFoundError:
            cached = find_cached_repository(name)
            if cached is None:
                raise
            return cached

    def _load(self, path: Path, run: Run) -> LoadedModel:
        if self._previewer is not None and self._previewer[0] != path:
            self._previewer = None  # it would keep an evicted model's decoder in memory
        model = self._cache.acquire(path, few_step=run.request.few_step, report=run.report)
        if self._previewer is None:
            run.report("Preparing previews")
            self._previewer = path, self._make_previewer(model)
        return model

    def _make_previewer(self, model: LoadedModel) -> Previewer:
        with torch.inference_mode(), resident(model.vae, self.device, offload=self._offload):
            decoders = make_decoders(model.vae, model.tiny_decoder, self._cache_folder)
        if self._offload:  # the others are not on the device while the UNet is
            decoders = {"linear": decoders["linear"]}
        return Previewer(decoders, self._preview_mode)

    def _encode(self, model: LoadedModel, run: Run) -> Conditioning | None:
        if model.encoder is None:
            return None
        run.report("Reading the prompt")
        return build_conditioning(
            model, run.request, device=self.device, offload=self._offload, poll=run.poll
        )

    def _make_picture(
        self, model: LoadedModel, conditioning: Conditioning | None, index: int, run: Run
    ) -> PictureResult:
        began = perf_counter()
        seed = picture_seed(run.request.seed, index)
        request = replace(run.request, seed=seed, count=1)
        start, latents = self.denoise_latents(model, request, conditioning, run, index)
        picture, notes = self._decode(model, request, start, latents, run)
        if model.encoder is None and request.prompt.strip():
            notes = (*notes, PROMPT_NOTE)
        return PictureResult(
            picture=picture,
            request=request,
            picture_index=index,
            seconds=perf_counter() - began,
            model_hash=model.model_hash,
            device=self.device.type,
            dtype=str(model.dtype).removeprefix("torch."),
            versions={name: importlib.metadata.version(name) for name in _LIBRARIES},
            notes=notes,
        )

    def denoise_latents(
        self,
        model: LoadedModel,
        request: GenerationRequest,
        conditioning: Conditioning | None,
        run: Run,
        index: int,
    ) -> tuple[StartingPoint, torch.Tensor]:
        """Start, guide and denoise one picture; the final latents are float32 on the device."""
        scheduler = make_scheduler(
            model.scheduler_config, sampler=request.sampler, schedule=request.schedule
        )
        strength = request.start.strength if request.start is not None else 1.0
        timesteps = plan_timesteps(scheduler, request.num_inference_steps, strength=strength)
        generator = seeded_generator(request.seed)
        with resident(model.vae, self.device, offload=self._offload):
            start = Stage(
                model=model,
                request=request,
                scheduler=scheduler,
                timesteps=timesteps,
                generator=generator,
                device=self.device,
            ).start()
        with resident(model.unet, self.device, offload=self._offload):
            latents = denoise(
                _predictor(model, request, conditioning, start),
                scheduler,
                timesteps,
                start.latents,
                generator=generator,
                hooks=LoopHooks(
                    before_step=run.poll,
                    blend=start.blend,
                    on_step=self._step_reporter(run, index, start.latents),
                ),
            )
        return start, latents

    def _step_reporter(
        self, run: Run, index: int, latents: torch.Tensor
    ) -> Callable[[DenoisedStep], None]:
        assert self._previewer is not None
        previewer = self._previewer[1]
        previewer.start(latents.shape[-1] * latents.shape[-2])
        began = perf_counter()

        def report_step(step: DenoisedStep) -> None:
            preview = previewer.render(step.pred_original_sample, step.step)
            run.emit(
                StepEvent(
                    job_id=run.job.id,
                    picture_index=index,
                    picture_count=run.request.count,
                    step=step.step,
                    num_steps=step.num_steps,
                    sigma=step.sigma,
                    seconds_per_step=(perf_counter() - began) / step.step,
                    preview=preview,
                )
            )

        return report_step

    def _decode(
        self,
        model: LoadedModel,
        request: GenerationRequest,
        start: StartingPoint,
        latents: torch.Tensor,
        run: Run,
    ) -> tuple[Raster, tuple[str, ...]]:
        run.report("Decoding the picture")
        notes: tuple[str, ...] = ()
        pixels = latents
        if model.vae is not None:
            with resident(model.vae, self.device, offload=self._offload):
                pixels, notes = decode_picture(model.vae, latents, tiling=request.vae_tiling)
                pixels = start.restore(pixels)
        picture = pixels_to_raster(pixels)
        if start.original is not None and start.mask_image is not None:
            picture = paste_back(start.original, picture, start.mask_image)
        run.poll()
        return picture, notes


def _predictor(
    model: LoadedModel,
    request: GenerationRequest,
    conditioning: Conditioning | None,
    start: StartingPoint,
) -> Predict:
    if conditioning is None:
        return UnconditionalUnet(unet=model.unet)
    return GuidedUnet(
        unet=model.unet,
        conditioning=replace(conditioning, extra_channels=start.extra_channels),
        guidance_scale=request.guidance_scale,
        guidance_rescale=request.guidance_rescale,
    )
