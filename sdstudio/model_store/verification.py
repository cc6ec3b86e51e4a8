"""Whether a model on disk is whole."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from sdstudio.errors import ModelFileError, SdstudioError
from sdstudio.model_store.inspection import PICKLE_ENDINGS, weight_files
from sdstudio.model_store.records import (
    FEW_STEP_FOLDER,
    INDEX_FILE,
    TINY_DECODER_FOLDER,
    ModelRecord,
    component_classes,
    read_config,
)
from sdstudio.model_store.safetensors_header import read_header

CHECKSUM_FILE = "SHA256SUMS"
"""Written by `sha256sum`; where a model has one, its hashes are compared too."""

_CHECKSUM_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_BESIDE = (TINY_DECODER_FOLDER, FEW_STEP_FOLDER)
_WITHOUT_WEIGHTS = ("scheduler", "tokenizer", "feature_extractor", "image_processor")
_MAY_BE_ABSENT = ("safety_checker", "feature_extractor", "image_encoder")


def verify_model(record: ModelRecord) -> list[str]:
    """Return what is wrong with a model, as sentences; an empty list means it is whole.

    Every configuration is parsed and every weights file's table is compared with its size.
    """
    try:
        components = component_classes(read_config(record.path / INDEX_FILE))
    except SdstudioError as error:
        return [error.message]
    faults: list[str] = []
    beside = (name for name in _BESIDE if (record.path / name).is_dir())
    for component in (*components, *beside):
        faults += _component_faults(record.path, component)
    return faults + _checksum_faults(record.path)


def _component_faults(path: Path, component: str) -> list[str]:
    folder = path / component
    if not folder.is_dir():
        is_optional = component in _MAY_BE_ABSENT
        return [] if is_optional else [f"The part {component} is missing."]
    faults = [_fault(read_config, file) for file in sorted(folder.glob("*config.json"))]
    if not component.startswith(_WITHOUT_WEIGHTS):
        files = weight_files(folder)
        faults += [_fault(read_header, file) for file in files]
        if not files:
            faults.append(_without_weights(folder))
    return [fault for fault in faults if fault]


def _without_weights(folder: Path) -> str:
    if any(file.suffix in PICKLE_ENDINGS for file in folder.iterdir()):
        return f"The part {folder.name} holds only pickled weights, which are not opened."
    return f"The part {folder.name} has no weights."


def _fault(read: Callable[[Path], object], file: Path) -> str:
    try:
        read(file)
    except ModelFileError as error:
        return f"{file.parent.name}: {error.message}"
    return ""


def _checksum_faults(path: Path) -> list[str]:
    try:
        lines = (path / CHECKSUM_FILE).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    matches = [match for line in lines if (match := _CHECKSUM_LINE.fullmatch(line))]
    return [fault for match in matches if (fault := _hash_fault(path, match[2], match[1].lower()))]


def _hash_fault(path: Path, name: str, wanted: str) -> str:
    file = path / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return f"{CHECKSUM_FILE} names a file outside the model: {name}."
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}."
    return "" if found == wanted else f"{name} has changed: its SHA-256 is not the recorded one."
