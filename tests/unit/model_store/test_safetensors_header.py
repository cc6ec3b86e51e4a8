"""Headers of weights files; the oracle is the safetensors library itself."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sdstudio.errors import ModelFileError
from sdstudio.model_store.safetensors_header import read_header

GOOD = save(
    {"b": np.zeros((2, 3), np.float16), "a": np.ones(4, np.float32), "e": np.zeros((0, 5))},
    metadata={"format": "pt", "title": "Grüße"},
)


def with_header(entries: object, body: bytes = b"") -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype: object = "U8", shape: object = (4,), offsets: object = (0, 4)) -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


MALFORMED = {
    "empty": b"",
    "two bytes": b"\x01\x02",
    "length of 2**62": struct.pack("<Q", 2**62) + b"{}",
    "length over 100 MB": struct.pack("<Q", 100_000_001) + b"{}",
    "bad JSON": with_header(b'{"a": [1, 2'),
    "truncated": GOOD[:-5],
    "overlapping": with_header({"a": entry(), "b": entry(offsets=(2, 6))}, bytes(6)),
    "shape lie": with_header({"a": entry(shape=(400,))}, bytes(4)),
    "trailing zip": GOOD + b"PK\x03\x04" + bytes(30),
    "HTML": b"<!DOCTYPE html><html><body>Not found</body></html>",
    "zip": b"PK\x03\x04" + bytes(60),
    "metadata that is no text": with_header({"__metadata__": {"a": 1}, "t": entry()}, bytes(4)),
    "gap": with_header({"a": entry(), "b": entry(offsets=(6, 10))}, bytes(10)),
    "unknown type": with_header({"a": entry(dtype="X8")}, bytes(4)),
    "negative offset": with_header({"a": entry(offsets=(-4, 0))}, bytes(4)),
    "offsets the wrong way": with_header({"a": entry(offsets=(4, 0))}, bytes(4)),
    "one offset": with_header({"a": entry(offsets=(0,))}, bytes(4)),
    "a list": with_header([1, 2, 3]),
    "deep nesting": with_header(b"[" * 100_000),
    "not UTF-8": with_header(b'{"\xff": 1}'),
    "huge shape": with_header({"a": entry(shape=(2**62, 2**62, 4))}, bytes(4)),
    "length longer than the file": struct.pack("<Q", 500) + b"{}",
}


def refused_by_library(path: Path) -> bool:
    try:
        with safe_open(path, "np"):
            return False
    except (SafetensorError, OSError, ValueError):
        return True


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.safetensors"


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused_with_name_and_reason(path: Path, name: str) -> None:
    """Row 2: the twelve malformed headers and more; refused as the library does, not deleted."""
    path.write_bytes(MALFORMED[name])
    with pytest.raises(ModelFileError, match=r"weights\.safetensors is not a whole .*: .+\."):
        read_header(path)
    assert refused_by_library(path)
    assert path.read_bytes() == MALFORMED[name]


def test_a_good_file_is_read_without_its_weights(path: Path) -> None:
    path.write_bytes(GOOD)
    header = read_header(path)
    assert not refused_by_library(path)
    assert {name: (t.dtype, t.shape) for name, t in header.tensors.items()} == {
        "a": ("F32", (4,)),
        "b": ("F16", (2, 3)),
        "e": ("F64", (0, 5)),
    }
    assert header.metadata == {"format": "pt", "title": "Grüße"}
    assert header.num_parameters == 10


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="nothing"):
        read_header(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelFileError):
        read_header(tmp_path)


@given(st.data())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_is_accepted_is_accepted_by_the_library(path: Path, data: st.DataObject) -> None:
    """Damage anywhere: whatever this reader lets through, the library opens, too."""
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(damaged) - 1))
        damaged[index] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(damaged[: data.draw(st.integers(len(GOOD) - 3, len(GOOD)))]))
    try:
        read_header(path)
    except ModelFileError:
        return
    assert not refused_by_library(path)
