"""Models in memory: loaded once, shared by every kind of run, evicted when memory is short."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel, UNet2DModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from sdstudio.engine.devices import choose_dtype, free_memory, is_out_of_memory
from sdstudio.engine.few_step import few_step_scheduler, few_step_unet
from sdstudio.engine.latents import vae_scale_factor
from sdstudio.engine.model_folder import ModelFolder, open_model_folder, stamp_of
from sdstudio.engine.prompt_encoding import PromptEncoder
from sdstudio.errors import ModelFileError, ModelNotFoundError, SdstudioError

log = logging.getLogger(__name__)

Family = Literal["stable-diffusion", "stable-diffusion-xl", "unconditional"]
Report = Callable[[str], None]
"""Says in words what is being done, and raises if the person wants it stopped."""

FAMILIES: dict[str, Family] = {
    "StableDiffusionPipeline": "stable-diffusion",
    "StableDiffusionImg2ImgPipeline": "stable-diffusion",
    "StableDiffusionInpaintPipeline": "stable-diffusion",
    "StableDiffusionXLPipeline": "stable-diffusion-xl",
    "StableDiffusionXLImg2ImgPipeline": "stable-diffusion-xl",
    "StableDiffusionXLInpaintPipeline": "stable-diffusion-xl",
    "LatentConsistencyModelPipeline": "stable-diffusion",
    "DDPMPipeline": "unconditional",
    "DDIMPipeline": "unconditional",
}
"""Pipeline classes that our own loop runs; all others go to `pipeline_families`."""

TINY_DECODER = "tiny_decoder"
"""Sub-folder of a model with an AutoencoderTiny for previews."""

_LOADERS: dict[str, Any] = {
    "UNet2DConditionModel": UNet2DConditionModel,
    "UNet2DModel": UNet2DModel,
    "AutoencoderKL": AutoencoderKL,
    "AutoencoderTiny": AutoencoderTiny,
    "CLIPTextModel": CLIPTextModel,
    "CLIPTextModelWithProjection": CLIPTextModelWithProjection,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """The parts of one model, shared by text-to-image, image-to-image and inpainting.

    Attributes:
        unet: UNet2DConditionModel, or UNet2DModel for "unconditional".
        vae, encoder, tiny_decoder: None where the family or the folder has none.
        scheduler_config: scheduler_config.json as it lies in the folder.
        options: the plain values of model_index.json.
        model_hash: first 16 hex digits of the SHA-256 over the UNet's weight files.
    """

    family: Family
    path: Path
    unet: Any
    vae: Any | None
    encoder: PromptEncoder | None
    tiny_decoder: Any | None
    scheduler_config: dict[str, Any]
    options: dict[str, Any]
    dtype: torch.dtype
    model_hash: str

    @property
    def latent_channels(self) -> int:
        """Channels of what is denoised."""
        return int(self.unet.config.out_channels if self.vae is None else _vae_channels(self.vae))

    @property
    def size_multiple(self) -> int:
        """What both sides of a picture must be a multiple of, in pixels."""
        if self.vae is not None:
            return vae_scale_factor(self.vae)
        return 2 ** (len(self.unet.config.block_out_channels) - 1)

    def modules(self) -> list[torch.nn.Module]:
        """Every network of the model."""
        encoders = list(self.encoder.text_encoders) if self.encoder else []
        return [m for m in (self.unet, self.vae, self.tiny_decoder, *encoders) if m is not None]

    def size_bytes(self) -> int:
        """Memory the weights take."""
        return sum(p.nbytes for module in self.modules() for p in module.parameters())

    def unet_bytes(self) -> int:
        """The UNet's part of it."""
        return sum(p.nbytes for p in self.unet.parameters())


@dataclass(slots=True, kw_only=True)
class _Held:
    """A model in memory, and its few-step companion once that was asked for.

    Attributes:
        stamp: of the files it was read from.
    """

    stamp: object
    model: LoadedModel
    few_step: LoadedModel | None = None

    def size_bytes(self) -> int:
        """Memory the weights take; the companion has a UNet of its own and shares the rest."""
        return self.model.size_bytes() + (self.few_step.unet_bytes() if self.few_step else 0)


class ComponentCache:
    """Least recently used models leave first when the bound is reached.

    Args:
        device: where the weights go (kept in main memory with `offload`).
        dtype: "auto" or the name of a precision.
        max_bytes: bound on all weights held; the model in use may exceed it alone.
    """

    def __init__(
        self, *, device: torch.device, dtype: str, max_bytes: int, offload: bool = False
    ) -> None:
        self.device = device
        self.dtype = dtype
        self.max_bytes = max_bytes
        self.offload = offload
        self._loaded: OrderedDict[str, _Held] = OrderedDict()

    def acquire(
        self, path: Path, *, dtype: str | None = None, few_step: bool = False, report: Report
    ) -> LoadedModel:
        """The model of this folder, from memory if the files have not changed since.

        Args:
            few_step: its few-step companion instead, which stays in memory beside it.

        Raises:
            ModelNotFoundError, ModelFileError: it cannot be opened.
            UnsupportedRequestError: it has no companion.
        """
        key = self._key(path, dtype)
        held = self._loaded.pop(key, None)
        if held is None or (path.exists() and held.stamp != stamp_of(path)):
            held = self._opened(path, dtype or self.dtype, report)
        self._loaded[key] = held
        if not few_step:
            return held.model
        if held.few_step is None:
            held.few_step = self._companion(held.model, report)
        return held.few_step

    def holds(self, path: Path, *, dtype: str | None = None) -> bool:
        """Whether the model of this folder is in memory, be it up to date or not."""
        return self._key(path, dtype) in self._loaded

    def _key(self, path: Path, dtype: str | None) -> str:
        return f"{path.resolve()}|{dtype or self.dtype}"

    def clear(self) -> None:
        """Forget every model and give the memory back."""
        self._loaded.clear()
        free_memory(self.device)

    def _make_room(self, wanted_bytes: int, *, spare: int = 0) -> None:
        """Forget the oldest models until there is room, but the `spare` newest."""
        held = sum(each.size_bytes() for each in self._loaded.values())
        evicted = False
        while len(self._loaded) > spare and held + wanted_bytes > self.max_bytes:
            _, oldest = self._loaded.popitem(last=False)
            held -= oldest.size_bytes()
            evicted = True
        if evicted:
            free_memory(self.device)

    def _opened(self, path: Path, dtype: str, report: Report) -> _Held:
        folder = open_model_folder(path)
        self._make_room(sum(size for name, size, _ in folder.stamp if name.endswith("tensors")))
        return _Held(stamp=folder.stamp, model=self._load(folder, dtype, report))

    def _companion(self, model: LoadedModel, report: Report) -> LoadedModel:
        report("Preparing to paint quickly")
        self._make_room(model.unet_bytes(), spare=1)
        return replace(
            model,
            unet=few_step_unet(model.unet, model.path),
            scheduler_config=few_step_scheduler(model.path) or model.scheduler_config,
        )

    def _load(self, folder: ModelFolder, dtype_name: str, report: Report) -> LoadedModel:
        family = FAMILIES[folder.pipeline_class]
        require_components(folder, family)
        parameters = folder.parameter_count("unet")
        dtype = choose_dtype(self.device, dtype_name, unet_parameters=parameters)
        load = _Loader(folder, None if self.offload else self.device, dtype, report)
        unconditional = family == "unconditional"
        return LoadedModel(
            family=family,
            path=folder.path,
            encoder=None if unconditional else load.encoder(family),
            vae=None if unconditional else load.network("vae", "Loading the image decoder"),
            tiny_decoder=load.tiny_decoder(),
            unet=load.network("unet", "Loading the denoising network"),
            scheduler_config=folder.config("scheduler"),
            options=folder.options,
            dtype=dtype,
            model_hash=hash_files(folder.weight_files("unet"), report),
        )


class _Loader:
    """Opens the components of one folder."""

    def __init__(
        self,
        folder: ModelFolder,
        device: torch.device | None,
        dtype: torch.dtype,
        report: Report,
    ) -> None:
        self._folder = folder
        self._device = device
        self._dtype = dtype
        self._report = report

    def network(self, component: str, words: str) -> Any:
        """One network in evaluation mode, on the device, in the run's precision."""
        self._report(words)
        class_name = self._folder.components.get(component) or "AutoencoderTiny"
        loader = _LOADERS.get(class_name)
        if loader is None:
            raise ModelFileError(
                f"The model's {component} is of the unknown kind {class_name}.",
                "Choose another model.",
                ("use-built-in-model",),
            )
        module = open_network(
            loader,
            self._folder.path / component,
            dtype=self._dtype,
            variant=self._folder.variant(component),
        )
        own_weights(module)
        module.requires_grad_(False)
        if self._device is not None:
            module.to(self._device)
        if hasattr(module, "conv_in") or hasattr(module, "decoder"):
            module.to(memory_format=torch.channels_last)
        return module.eval()

    def encoder(self, family: Family) -> PromptEncoder:
        """The tokenizers and text encoders the folder has."""
        places = [
            ("tokenizer" + suffix, "text_encoder" + suffix)
            for suffix in ("", "_2")
            if "text_encoder" + suffix in self._folder.components
        ]
        xl = family == "stable-diffusion-xl"
        return PromptEncoder(
            tokenizers=[self._tokenizer(tokenizer) for tokenizer, _ in places],
            text_encoders=[self.network(name, "Loading the text encoder") for _, name in places],
            use_penultimate=xl,
            zero_empty_negative=xl
            and self._folder.options.get("force_zeros_for_empty_prompt", True),
        )

    def tiny_decoder(self) -> Any | None:
        """The preview decoder beside the model, if one is installed."""
        if not (self._folder.path / TINY_DECODER / "config.json").is_file():
            return None
        return self.network(TINY_DECODER, "Loading the preview decoder")

    def _tokenizer(self, component: str) -> Any:
        try:
            return CLIPTokenizer.from_pretrained(
                self._folder.path / component, local_files_only=True
            )
        except Exception as error:  # tokenizers raises bare Exception for a broken file
            raise _unreadable(component, error) from error


def open_network(
    loader: Any, place: Path, *, dtype: torch.dtype, variant: str | None = None
) -> Any:
    """Map the safetensors of one component into memory and build the network from them.

    Raises:
        ModelFileError: the files do not hold the weights the configuration calls for.
    """
    default_dtype = torch.get_default_dtype()
    try:
        module, info = loader.from_pretrained(
            place,
            dtype=dtype,
            variant=variant,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        if is_out_of_memory(error):
            raise
        raise _unreadable(place.name, error) from error
    finally:
        torch.set_default_dtype(default_dtype)  # diffusers leaves its own behind when it fails
    missing = [key for key in info["missing_keys"] if not key.endswith("position_ids")]
    wrong = len(missing) + len(info["mismatched_keys"])
    if wrong:
        raise ModelFileError(
            f"The weights in {place.name} are not those of a {loader.__name__}:"
            f" {wrong} tensors are missing or of another shape.",
            "The file belongs to another model or is incomplete.",
            ("use-built-in-model",),
        )
    return module


def own_weights(module: torch.nn.Module) -> None:
    """Copy what is still mapped from the file.

    A file that is truncated while mapped ends the program with SIGBUS, one replaced in place
    changes the weights under a run.
    """
    with torch.no_grad():
        for tensor in (*module.parameters(), *module.buffers()):
            if not tensor.is_cuda:
                tensor.data = tensor.data.clone()


def hash_files(files: tuple[Path, ...], report: Report) -> str:
    """First 16 hex digits of the SHA-256 over the files' bytes, "" beyond a gigabyte.

    Hashing more would double the time to load; the catalog hashes large files in the background.
    """
    if sum(file.stat().st_size for file in files) > 2**30:
        return ""
    report("Checking the weights")
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()[:16]


def require_components(folder: ModelFolder, family: Family) -> None:
    """Refuse a folder that lacks what its family needs.

    Raises:
        ModelFileError: names the part.
    """
    needed = ["unet", "scheduler"]
    if family != "unconditional":
        last = "_2" if family == "stable-diffusion-xl" else ""
        needed += ["vae", "text_encoder" + last, "tokenizer" + last]
    for component in needed:
        if component not in folder.components:
            raise ModelFileError(
                f"The model {folder.path.name} has no {component.replace('_', ' ')}.",
                "It is incomplete; copy or download it again.",
                ("use-built-in-model",),
            )


def quiet_libraries() -> None:
    """No progress bars and no load reports on stderr: the engine tells in its own words."""
    diffusers.utils.logging.set_verbosity_error()
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _vae_channels(vae: Any) -> int:
    return int(vae.config.latent_channels)


def _unreadable(component: str, error: Exception) -> SdstudioError:
    log.info("cannot load %s", component, exc_info=error)
    if isinstance(error, FileNotFoundError):
        return ModelNotFoundError(f"The model's {component} is gone.", "Choose another model.")
    return ModelFileError(
        f"The model's {component.replace('_', ' ')} cannot be read.",
        "The model may be incomplete; copy or download it again.",
        ("use-built-in-model",),
    )
