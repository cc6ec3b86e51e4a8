"""What a file or folder of weights is, without reading the weights."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sdstudio.errors import ModelFileError, ModelNotFoundError
from sdstudio.model_store.identification import Family, WeightsKind, identify
from sdstudio.model_store.records import (
    INDEX_FILE,
    TINY_DECODER_FOLDER,
    component_classes,
    read_config,
    read_record,
)
from sdstudio.model_store.safetensors_header import SafetensorsHeader, read_header

PICKLE_ENDINGS = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
KIND_WORDS: dict[WeightsKind, str] = {
    "pipeline": "a complete model",
    "checkpoint": "a checkpoint (a whole model in one file)",
    "unet": "a UNet (the denoiser alone)",
    "transformer": "a diffusion transformer (the denoiser alone)",
    "vae": "a VAE (the picture decoder alone)",
    "tiny-decoder": "a tiny decoder for previews",
    "text-encoder": "a text encoder",
    "clip": "a CLIP model",
    "lora": "a LoRA (an add-on to a model)",
    "embedding": "an embedding (a word learned for a model)",
    "controlnet": "a ControlNet",
    "ip-adapter": "an IP-Adapter",
    "upscaler": "an upscaler",
    "unknown": "weights of an unknown kind",
}
FAMILY_WORDS: dict[Family, str] = {
    "sd1": "Stable Diffusion 1.x",
    "sd1-inpaint": "Stable Diffusion 1.x, inpainting",
    "sd1-depth": "Stable Diffusion 1.x, depth",
    "sd1-edit": "Stable Diffusion 1.x, instructed editing",
    "sd2": "Stable Diffusion 2.x",
    "sd2-inpaint": "Stable Diffusion 2.x, inpainting",
    "sd2-depth": "Stable Diffusion 2.x, depth",
    "sd2-edit": "Stable Diffusion 2.x, instructed editing",
    "sdxl": "Stable Diffusion XL",
    "sdxl-inpaint": "Stable Diffusion XL, inpainting",
    "sdxl-edit": "Stable Diffusion XL, instructed editing",
    "sdxl-refiner": "Stable Diffusion XL refiner",
    "sd3": "Stable Diffusion 3",
    "flux": "Flux",
    "ddpm": "unconditional diffusion (DDPM)",
    "other": "another family",
}
_DTYPE_WORDS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsReport:
    """What lies in a file, or in all files of a folder together.

    Attributes:
        dtype: the precision most values have, e.g. "float16"; "" without tensors.
        num_tensors, num_parameters: over all files that would be loaded.
        metadata: the file's own free text.
        components: of a folder: one report for each sub-folder with weights.
    """

    name: str
    kind: WeightsKind
    family: Family
    dtype: str
    num_tensors: int
    num_parameters: int
    num_bytes: int
    metadata: dict[str, str]
    components: tuple[WeightsReport, ...] = ()

    def describe(self) -> str:
        """Return one sentence for a person."""
        return f"{self.name} is {KIND_WORDS[self.kind]} for {FAMILY_WORDS[self.family]}."


def inspect_weights(path: Path) -> WeightsReport:
    """Report on a safetensors file or a diffusers folder.

    Raises:
        ModelNotFoundError: nothing lies there.
        ModelFileError: the file is broken, pickled, or the folder is no model.
    """
    if path.is_dir():
        return _inspect_folder(path)
    if not path.exists():
        raise ModelNotFoundError(f"{path} is not there.", "Check the name.")
    if path.suffix.lower() in PICKLE_ENDINGS:
        raise ModelFileError(
            f"{path.name} holds pickled weights, which can run programs, and was not opened.",
            "Look for the same weights as a safetensors file.",
        )
    return _report(path.name, [path])


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of one component that would be loaded.

    Where a component lies there in several precisions, the full one counts.
    """
    files = sorted(folder.glob("*.safetensors"))
    plain = [file for file in files if len(file.suffixes) == 1]
    return plain or files


def _inspect_folder(path: Path) -> WeightsReport:
    if not (path / INDEX_FILE).is_file():
        raise ModelFileError(
            f"{path.name or path} is not a model: it has no {INDEX_FILE}.",
            "Choose a folder in diffusers' format, or one weights file.",
        )
    record = read_record(path, path.name)
    names = [*component_classes(read_config(path / INDEX_FILE)), TINY_DECODER_FOLDER]
    components = [
        _report(name, files, family=record.family)
        for name in names
        if (files := weight_files(path / name))
    ]
    dtypes = Counter[str]()
    for component in components:
        dtypes[component.dtype] += component.num_parameters
    return WeightsReport(
        name=path.resolve().name,
        kind="pipeline",
        family=record.family,
        dtype=dtypes.most_common(1)[0][0] if dtypes else "",
        num_tensors=sum(component.num_tensors for component in components),
        num_parameters=sum(component.num_parameters for component in components),
        num_bytes=sum(component.num_bytes for component in components),
        metadata={},
        components=tuple(components),
    )


def _report(name: str, files: list[Path], *, family: Family | None = None) -> WeightsReport:
    """Report on the files of one component; `family` is what the folder's configuration says."""
    header = _joined([read_header(file) for file in files])
    kind, told_by_tensors = identify(header)
    values = Counter[str]()
    for tensor in header.tensors.values():
        values[tensor.dtype] += tensor.num_values
    dtype = values.most_common(1)[0][0] if values else ""
    return WeightsReport(
        name=name,
        kind=kind,
        family=family or told_by_tensors,
        dtype=_DTYPE_WORDS.get(dtype, dtype.lower()),
        num_tensors=len(header.tensors),
        num_parameters=header.num_parameters,
        num_bytes=sum(file.stat().st_size for file in files),
        metadata=header.metadata,
    )


def _joined(headers: list[SafetensorsHeader]) -> SafetensorsHeader:
    """The shards of one component as if they were one file."""
    tensors = {name: tensor for header in headers for name, tensor in header.tensors.items()}
    metadata = {key: value for header in headers for key, value in header.metadata.items()}
    return SafetensorsHeader(tensors=tensors, metadata=metadata)
