"""A diffusers folder on disk, judged by its configuration and headers before a weight is read."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers.pipelines
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.utils import HFValidationError

from sdstudio.errors import ModelFileError, ModelNotFoundError, Remedy

_CODE_KEYS = ("auto_map", "trust_remote_code", "_attn_implementation_internal")
_LIBRARIES = (None, "diffusers", "transformers", *dir(diffusers.pipelines))
"""What model_index.json may name as a component's home: both libraries, diffusers' pipelines."""

_PICKLES = ("*.bin", "*.ckpt", "*.pt", "*.pth")
_MAX_HEADER_BYTES = 100_000_000
_REMEDIES: tuple[Remedy, ...] = ("use-built-in-model",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder that may be opened: no code inside, safetensors whole.

    Attributes:
        pipeline_class: diffusers' name of it, from model_index.json.
        components: sub-folder name -> class name; absent components left out.
        options: the other values of model_index.json.
        stamp: (name, size, mtime_ns) of every file that matters; changes when a file is replaced.
    """

    path: Path
    pipeline_class: str
    components: dict[str, str]
    options: dict[str, Any]
    stamp: tuple[tuple[str, int, int], ...]

    def config(self, component: str) -> dict[str, Any]:
        """The component's own configuration.

        Raises:
            ModelFileError: it is missing or not JSON.
        """
        names = {"scheduler": "scheduler_config.json"}
        return read_json(self.path / component / names.get(component, "config.json"))

    def weight_files(self, component: str) -> tuple[Path, ...]:
        """The component's safetensors files, the full-precision ones if there is a choice.

        Raises:
            ModelFileError: there are none.
        """
        variant = self.variant(component)
        files = sorted((self.path / component).glob("*.safetensors"))
        chosen = tuple(file for file in files if _variant_of(file) == variant)
        if not chosen:
            raise _no_safetensors(self.path / component)
        return chosen

    def variant(self, component: str) -> str | None:
        """None for plain file names, else what stands in the name, e.g. "fp16"."""
        files = (self.path / component).glob("*.safetensors")
        variants = {_variant_of(file) for file in files}
        if None in variants or not variants:
            return None
        return "fp16" if "fp16" in variants else sorted(v for v in variants if v)[0]

    def parameter_count(self, component: str) -> int:
        """Number of weights, from the headers alone."""
        return sum(count_parameters(read_header(file)) for file in self.weight_files(component))


def open_model_folder(path: Path) -> ModelFolder:
    """Read what lies in the folder and refuse what must not be opened.

    Raises:
        ModelNotFoundError: there is no such folder.
        ModelFileError: it is no diffusers folder, carries code, has a broken, missing or
            pickled component.
    """
    pipeline_class = read_pipeline_class(path)
    index = read_json(path / "model_index.json")
    refuse_code(path, index)
    folder = ModelFolder(
        path=path,
        pipeline_class=pipeline_class,
        components=_components(index),
        options={k: v for k, v in index.items() if not isinstance(v, list) and k[0] != "_"},
        stamp=stamp_of(path),
    )
    for component in folder.components:
        _check_component(folder, component)
    return folder


def read_pipeline_class(path: Path) -> str:
    """Diffusers' name of the pipeline in this folder.

    Raises:
        ModelNotFoundError: there is no such folder.
        ModelFileError: it is no diffusers folder, or names a class of its own.
    """
    if not path.is_dir():
        raise ModelNotFoundError(
            f"There is no model folder at {path}.", "Choose another model.", _REMEDIES
        )
    name = read_json(path / "model_index.json").get("_class_name")
    if not isinstance(name, str):
        raise _unsafe(path, "a pipeline class of its own")
    return name


def stamp_of(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of all configuration and weight files, without reading them."""
    files = sorted(p for p in path.glob("**/*") if p.suffix in (".safetensors", ".json"))
    return tuple((str(f.relative_to(path)), s.st_size, s.st_mtime_ns) for f, s in _with_stat(files))


def find_cached_repository(repo_id: str) -> Path | None:
    """Folder of a Hub repository that lies in the local cache; the network is never asked."""
    try:
        index = try_to_load_from_cache(repo_id, "model_index.json")
    except HFValidationError:
        return None
    return Path(index).parent if isinstance(index, str) else None


def refuse_code(path: Path, index: dict[str, Any]) -> None:
    """Refuse a folder that asks for code of its own to be run.

    Raises:
        ModelFileError: a .py file, a foreign module or class, or a key that loads code.
    """
    scripts = sorted(path.glob("**/*.py"))
    if scripts:
        raise _unsafe(path, f"a program ({scripts[0].name})")
    for value in index.values():
        if isinstance(value, list) and len(value) == 2 and value[0] not in _LIBRARIES:
            raise _unsafe(path, f"a class of its own ({value[1]})")
    for file in (path / "model_index.json", *path.glob("*/*.json")):
        keys = _code_keys(read_json(file)) if file.stat().st_size < 10_000_000 else []
        if keys and "tokenizer" not in file.parent.name:
            raise _unsafe(path, f'the setting "{keys[0]}" in {file.parent.name}/{file.name}')


def read_json(file: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        ModelFileError: the file is missing or not a JSON object.
    """
    try:
        value = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelFileError(
            f"{file.parent.name}/{file.name} is missing.",
            "The model is incomplete; copy or download it again.",
            _REMEDIES,
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(file, "it is not valid JSON") from error
    if not isinstance(value, dict):
        raise _broken(file, "it is not a JSON object")
    return value


def read_header(file: Path) -> dict[str, Any]:
    """The tensor table at the start of a safetensors file, checked against the file's size.

    A file shorter than its header says would end the whole program with SIGBUS once it is
    mapped into memory, so the sizes are compared first.

    Raises:
        ModelFileError: the file is no safetensors file, or is cut short.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(size - 8, _MAX_HEADER_BYTES):
                raise _broken(file, "it is no safetensors file")
            header = json.loads(stream.read(length))
        header.pop("__metadata__", None)
        ends = [tensor["data_offsets"][1] for tensor in header.values()]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise _broken(file, "its table of tensors cannot be read") from error
    if max(ends, default=0) != size - 8 - length:
        raise _broken(file, "it is cut short or has bytes too many")
    return header


def count_parameters(header: dict[str, Any]) -> int:
    """Number of weights a tensor table lists."""
    total = 0
    for tensor in header.values():
        product = 1
        for side in tensor["shape"]:
            product *= side
        total += product
    return total


def _components(index: dict[str, Any]) -> dict[str, str]:
    return {
        name: value[1]
        for name, value in index.items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)
    }


def _check_component(folder: ModelFolder, component: str) -> None:
    place = folder.path / component
    if component in ("safety_checker", "feature_extractor", "image_encoder"):
        return
    if not place.is_dir():
        raise ModelFileError(
            f"The model {folder.path.name} has no {component.replace('_', ' ')}.",
            "It is incomplete; copy or download it again.",
            _REMEDIES,
        )
    if component.startswith(("scheduler", "tokenizer", "image_processor")):
        return
    for file in folder.weight_files(component):
        read_header(file)


def _variant_of(file: Path) -> str | None:
    """The fp16 of model.fp16.safetensors and model.fp16-00001-of-00002.safetensors."""
    parts = file.name.split(".")[1:-1]
    name = parts[0].split("-")[0] if parts else ""
    return name or None


def _code_keys(config: dict[str, Any]) -> list[str]:
    found = [key for key in _CODE_KEYS if config.get(key)]
    for value in config.values():
        if isinstance(value, dict):
            found += [key for key in _CODE_KEYS if value.get(key)]
    return found


def _with_stat(files: list[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for file in files:
        try:
            yield file, file.stat()
        except OSError:
            continue


def _broken(file: Path, reason: str) -> ModelFileError:
    return ModelFileError(
        f"{file.parent.name}/{file.name} cannot be read: {reason}.",
        "Copy or download the model again.",
        _REMEDIES,
    )


def _unsafe(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"The model {path.name} carries {what} and was not opened.",
        "Only plain weights and settings are loaded; choose another model.",
        _REMEDIES,
    )


def _no_safetensors(place: Path) -> ModelFileError:
    if any(file for pattern in _PICKLES for file in place.glob(pattern)):
        return ModelFileError(
            f"{place.name} holds only pickled weights, which can run programs.",
            "Convert the model to safetensors first.",
            _REMEDIES,
        )
    return ModelFileError(
        f"{place.parent.name} has no weights in {place.name}.",
        "The model is incomplete; copy or download it again.",
        _REMEDIES,
    )
