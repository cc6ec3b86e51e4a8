"""The table at the start of a safetensors file: names, shapes and types, never the weights.

Format: 8 bytes with the header's length (little endian), the header as JSON, then the tensors'
bytes without gaps (https://github.com/huggingface/safetensors#format). Everything the library
checks is checked here too, because a file that is shorter than its table says would end the
program with SIGBUS once it is mapped into memory.
"""

from __future__ import annotations

import json
import math
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from sdstudio.errors import ModelFileError

MAX_HEADER_BYTES = 100_000_000
DTYPE_BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64}
DTYPE_BITS |= dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8)
DTYPE_BITS |= dict.fromkeys(("F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8)
DTYPE_BITS |= dict.fromkeys(("U16", "I16", "F16", "BF16"), 16)
DTYPE_BITS |= dict.fromkeys(("U32", "I32", "F32"), 32)
DTYPE_BITS |= dict.fromkeys(("U64", "I64", "F64"), 64)


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """One tensor's entry; `dtype` is spelt as in the file, e.g. "BF16"."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def num_values(self) -> int:
        """Product of the sides, 1 for a scalar."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetensorsHeader:
    """All tensors of a file by name, and its free text."""

    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]

    @property
    def num_parameters(self) -> int:
        """Number of values in all tensors."""
        return sum(tensor.num_values for tensor in self.tensors.values())


class _BrokenHeaderError(Exception):
    """Why the header is refused, as the end of a sentence."""


def read_header(path: Path) -> SafetensorsHeader:
    """Read and check the header of a safetensors file.

    Raises:
        ModelFileError: the file cannot be read or is not a whole safetensors file; the message
            names it and the reason.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            plain = _read_json(file.read(8), file.read, size)
        header = _parsed(plain)
        _check_layout(header.tensors, size - 8 - plain.num_bytes)
    except OSError as error:
        raise ModelFileError(
            f"{path.name} cannot be read: {error.strerror or error}.",
            "Check that the file is there and may be read.",
        ) from error
    except _BrokenHeaderError as error:
        raise ModelFileError(
            f"{path.name} is not a whole safetensors file: {error}.",
            "Copy or download it again.",
        ) from error
    return header


@dataclass(frozen=True, slots=True, kw_only=True)
class _RawHeader:
    entries: dict[str, Any]
    num_bytes: int


def _read_json(start: bytes, read: Any, size: int) -> _RawHeader:
    if len(start) < 8:
        _refuse("it is empty" if not start else f"it has only {len(start)} bytes")
    if start[:4] == b"PK\x03\x04":
        _refuse("it is a zip archive")
    if start.lstrip()[:1] == b"<":
        _refuse("it is a web page")
    (num_bytes,) = struct.unpack("<Q", start)
    if not 2 <= num_bytes <= MAX_HEADER_BYTES:
        _refuse("its first bytes give no sensible length")
    if num_bytes > size - 8:
        _refuse("it ends before its table of contents does")
    try:
        entries = json.loads(read(num_bytes).decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _BrokenHeaderError("its table of contents is not valid JSON") from error
    if not isinstance(entries, dict):
        _refuse("its table of contents is not a JSON object")
    return _RawHeader(entries=entries, num_bytes=num_bytes)


def _parsed(raw: _RawHeader) -> SafetensorsHeader:
    entries = dict(raw.entries)
    metadata = entries.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        _refuse("its metadata is not text")
    tensors = {name: _tensor(name, entry) for name, entry in entries.items()}
    return SafetensorsHeader(tensors=tensors, metadata=metadata)


def _tensor(name: str, entry: Any) -> TensorInfo:
    try:
        dtype, shape = entry["dtype"], entry["shape"]
        begin, end = entry["data_offsets"]
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise _BrokenHeaderError(f"the entry {_shown(name)} is incomplete") from error
    numbers = [*shape, begin, end] if isinstance(shape, list) else [None]
    if not all(type(number) is int and 0 <= number < 2**63 for number in numbers):
        _refuse(f"the entry {_shown(name)} has impossible numbers")
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        _refuse(f"the entry {_shown(name)} has a type that is not known")
    tensor = TensorInfo(dtype=dtype, shape=tuple(shape), begin=begin, end=end)
    if tensor.num_values * DTYPE_BITS[dtype] != 8 * (end - begin):
        _refuse(f"the entry {_shown(name)} does not have the size its shape calls for")
    return tensor


def _check_layout(tensors: dict[str, TensorInfo], num_bytes: int) -> None:
    """Refuse gaps, overlaps, and more or fewer bytes than the table lists."""
    position = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin != position:
            _refuse(f"the entry {_shown(name)} overlaps another or leaves a gap")
        position = tensor.end
    if position > num_bytes:
        _refuse(f"it is cut short: {position - num_bytes} bytes are missing")
    if position < num_bytes:
        _refuse(f"{num_bytes - position} bytes follow its end")


def _shown(name: str) -> str:
    return ascii(name[:60])


def _refuse(reason: str) -> NoReturn:
    raise _BrokenHeaderError(reason)
