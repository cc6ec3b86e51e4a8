"""Every other family, through diffusers' own AutoPipeline: fewer features, but it runs."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import diffusers
import torch
from diffusers import (
    AutoPipelineForImage2Image,
    AutoPipelineForInpainting,
    AutoPipelineForText2Image,
)

from sdstudio.engine.devices import choose_dtype, free_memory, is_out_of_memory
from sdstudio.engine.inpaint import paste_back
from sdstudio.engine.interrupt import interruptible
from sdstudio.engine.model_folder import ModelFolder, open_model_folder, stamp_of
from sdstudio.engine.noise import picture_seed, seeded_generator
from sdstudio.engine.preview import LinearDecoder, load_or_fit
from sdstudio.engine.rasters import (
    fit_mask,
    fit_picture,
    image_to_pixels,
    pixels_to_raster,
    raster_to_image,
)
from sdstudio.errors import ModelFileError, NumericalError, UnsupportedRequestError
from sdstudio.jobs.job import Emit, Job
from sdstudio.messages.events import PictureFinished, ProgressEvent, StepEvent
from sdstudio.messages.generation import GenerationRequest, ImageToImage, Inpaint
from sdstudio.messages.raster import Raster
from sdstudio.messages.result import PictureResult

NOTE = "This family runs through diffusers' own pipeline; sampler and schedule are the model's own."


class PipelineFamily:
    """Holds one foreign pipeline at a time.

    Args:
        dtype: "auto" or the name of a precision.
        cache_folder: where fitted preview maps are kept.
    """

    def __init__(
        self, *, device: torch.device, dtype: str, cache_folder: Path | None = None
    ) -> None:
        self._device = device
        self._dtype_name = dtype
        self._cache_folder = cache_folder
        self._loaded: tuple[object, Any, LinearDecoder | None] | None = None

    def close(self) -> None:
        """Forget the pipeline."""
        self._loaded = None
        free_memory(self._device)

    def run(self, path: Path, job: Job, emit: Emit) -> None:
        """Make the job's pictures with the family's own pipeline.

        Raises:
            Cancelled, SdstudioError: as `DiffusionEngine.run`.
        """
        request = job.request
        assert isinstance(request, GenerationRequest)
        job.cancel.raise_if_cancelled()
        emit(ProgressEvent(job_id=job.id, text="Loading the model"))
        base, decoder = self._load(path)
        pipeline = _pipeline_for(base, request)
        with interruptible(_networks(pipeline), job.cancel.raise_if_cancelled):
            for index in range(request.count):
                if index and job.cancel.stops_after_picture:
                    break
                result = self._make_picture(pipeline, decoder, index, job, emit)
                job.cancel.raise_if_cancelled()
                emit(PictureFinished(job_id=job.id, result=result))

    def _load(self, path: Path) -> tuple[Any, LinearDecoder | None]:
        stamp = (path, stamp_of(path))
        if self._loaded is not None and self._loaded[0] == stamp:
            return self._loaded[1], self._loaded[2]
        self.close()
        folder = open_model_folder(path)
        dtype = choose_dtype(self._device, self._dtype_name)
        pipeline_class = getattr(diffusers, folder.pipeline_class, None)
        try:
            own = pipeline_class.from_pretrained(  # type: ignore[union-attr] - None raises below
                folder.path,
                dtype=dtype,
                use_safetensors=True,
                local_files_only=True,
                **_absent_components(pipeline_class, folder),
            )
            pipeline = AutoPipelineForText2Image.from_pipe(own)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
            if is_out_of_memory(error):
                raise
            raise ModelFileError(
                f"The model {path.name} ({folder.pipeline_class}) cannot be opened.",
                "This family may not make pictures from text, or the folder is incomplete.",
                ("use-built-in-model",),
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        pipeline.to(self._device)
        decoder = None
        if _has_flat_latents(pipeline):
            with torch.inference_mode():
                decoder = load_or_fit(pipeline.vae, self._cache_folder)
        self._loaded = (stamp, pipeline, decoder)
        return pipeline, decoder

    def _make_picture(
        self, pipeline: Any, decoder: LinearDecoder | None, index: int, job: Job, emit: Emit
    ) -> PictureResult:
        assert isinstance(job.request, GenerationRequest)
        began = perf_counter()
        request = replace(job.request, seed=picture_seed(job.request.seed, index), count=1)
        arguments = _arguments(pipeline, request) | {
            "callback_on_step_end": _StepCallback(job, emit, index, decoder)
        }
        arguments = _accepted(pipeline, arguments)
        try:
            image = pipeline(**arguments).images[0]
        except (ValueError, TypeError) as error:
            raise UnsupportedRequestError(
                f"This model's pipeline refused the request: {error}", "Try another size."
            ) from error
        return PictureResult(
            picture=_finish(image, request),
            request=request,
            picture_index=index,
            seconds=perf_counter() - began,
            device=self._device.type,
            dtype=str(pipeline.dtype).removeprefix("torch."),
            notes=(NOTE,),
        )


class _StepCallback:
    """`callback_on_step_end`: progress, preview, and a stop by our own exception.

    Raising here ends the pipeline without a VAE decode and leaves it usable.
    """

    def __init__(self, job: Job, emit: Emit, index: int, decoder: LinearDecoder | None) -> None:
        self._job = job
        self._emit = emit
        self._index = index
        self._decoder = decoder
        self._began = perf_counter()

    def __call__(
        self, pipeline: Any, step: int, timestep: Any, tensors: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        self._job.cancel.raise_if_cancelled()
        latents = tensors["latents"]
        if not torch.isfinite(latents).all():
            raise NumericalError(
                f"The numbers became NaN at step {step + 1}.",
                "Try again in full precision (float32).",
                ("float32", "try-again"),
            )
        request = self._job.request
        assert isinstance(request, GenerationRequest)
        self._emit(
            StepEvent(
                job_id=self._job.id,
                picture_index=self._index,
                picture_count=request.count,
                step=step + 1,
                num_steps=pipeline.num_timesteps,
                seconds_per_step=(perf_counter() - self._began) / (step + 1),
                preview=self._preview(latents),
            )
        )
        return tensors

    def _preview(self, latents: torch.Tensor) -> Raster | None:
        """The latents as they are: these families hand out no x0."""
        if self._decoder is None or latents.ndim != 4:
            return None
        if latents.shape[1] != self._decoder.matrix.shape[0] - 1:
            return None
        return pixels_to_raster(self._decoder(latents))


def _absent_components(pipeline_class: Any, folder: ModelFolder) -> dict[str, None]:
    """Components the folder leaves out on purpose (SD3 without its T5) must be named as None."""
    expected = inspect.signature(pipeline_class.__init__).parameters.values()
    return {
        parameter.name: None
        for parameter in expected
        if parameter.name != "self"
        and parameter.default in (inspect.Parameter.empty, None)
        and parameter.name not in folder.components
        and parameter.name not in folder.options
    }


def _pipeline_for(base: Any, request: GenerationRequest) -> Any:
    """The same components as text-to-image, image-to-image or inpainting pipeline."""
    chosen = {type(None): None, ImageToImage: AutoPipelineForImage2Image}.get(
        type(request.start), AutoPipelineForInpainting
    )
    if chosen is None:
        return base
    try:
        pipeline = chosen.from_pipe(base)
    except (ValueError, TypeError, AttributeError) as error:
        what = "inpaint" if isinstance(request.start, Inpaint) else "start from a picture"
        raise UnsupportedRequestError(
            f"This model cannot {what}.", "Remove the starting picture or choose another model."
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _arguments(pipeline: Any, request: GenerationRequest) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or None,
        "width": request.width,
        "height": request.height,
        "num_inference_steps": request.num_inference_steps,
        "guidance_scale": request.guidance_scale,
        "generator": seeded_generator(request.seed),
    }
    begin = request.start
    if begin is not None:
        arguments["image"] = fit_picture(begin.init_image, request.width, request.height)
        arguments["strength"] = begin.strength
    if isinstance(begin, Inpaint):
        mask_image = fit_mask(begin.mask_image, request.width, request.height)
        arguments["mask_image"] = raster_to_image(mask_image)
    return arguments


def _accepted(pipeline: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(type(pipeline).__call__).parameters
    return {name: value for name, value in arguments.items() if name in known}


def _finish(image: Any, request: GenerationRequest) -> Raster:
    picture = pixels_to_raster(image_to_pixels(image.convert("RGB")))
    begin = request.start
    if not isinstance(begin, Inpaint) or picture.size != (request.width, request.height):
        return picture
    original = fit_picture(begin.init_image, request.width, request.height)
    return paste_back(original, picture, fit_mask(begin.mask_image, *picture.size))


def _networks(pipeline: Any) -> list[torch.nn.Module]:
    return [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]


def _has_flat_latents(pipeline: Any) -> bool:
    vae = getattr(pipeline, "vae", None)
    return vae is not None and hasattr(vae.config, "scaling_factor")
