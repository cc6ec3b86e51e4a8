"""Where and in what precision a model runs, and what to do when memory runs out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psutil
import torch

from sdstudio.errors import InvalidRequestError, OutOfMemoryError

DtypeName = Literal["auto", "float32", "bfloat16", "float16"]
DTYPES: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}

SMALL_MODEL_PARAMETERS = 4_000_000
"""Below this many UNet weights a CPU spends its time between the operations, not in them, and
bfloat16 gains nothing: 0.92 times the speed of float32 at 1.1 million weights, 1.7 times at 17 and
1.8 times at 21 and 31 million (256 px, AVX-512 BF16; tests/benchmarks/bfloat16.py)."""

_CPU_ALLOCATOR_WORDS = ("not enough memory", "DefaultCPUAllocator", "can't allocate memory")


def choose_device(preferred: str = "auto") -> torch.device:
    """The named device, or the best one this machine has: CUDA, then MPS, then the CPU.

    Raises:
        InvalidRequestError: the named device is not there.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available.insert(0, "cuda")
    elif torch.backends.mps.is_available():
        available.insert(0, "mps")
    name = available[0] if preferred == "auto" else preferred
    if name.split(":")[0] not in available:
        raise InvalidRequestError(
            f"This machine has no device {preferred}.", f"Choose from: {', '.join(available)}."
        )
    return torch.device(name)


def choose_dtype(
    device: torch.device, preferred: str = "auto", *, unet_parameters: int = 10**9
) -> torch.dtype:
    """The precision of the models' weights and activations; latents stay float32 everywhere.

    Raises:
        InvalidRequestError: there is no precision of that name.
    """
    if preferred != "auto":
        if preferred not in DTYPES:
            raise InvalidRequestError(
                f"There is no precision {preferred}.", f"Choose from: {', '.join(DTYPES)}."
            )
        return DTYPES[preferred]
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "mps":
        return torch.float16
    if cpu_has_bfloat16() and unet_parameters >= SMALL_MODEL_PARAMETERS:
        return torch.bfloat16
    return torch.float32


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (AVX-512 BF16, AMX or Arm BF16)."""
    if not torch.backends.mkldnn.is_available():
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "amx_tile", "bf16"))


def available_bytes(device: torch.device) -> int:
    """Memory that a run could still take on the device."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch says that the device, or the CPU's allocator, has no memory left."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    if not isinstance(error, RuntimeError):
        return False
    return any(word in str(error) for word in _CPU_ALLOCATOR_WORDS)


def out_of_memory_error(device: torch.device) -> OutOfMemoryError:
    """What to tell the person: the job is kept, and three things would help."""
    place = "The graphics card" if device.type == "cuda" else "The computer"
    remedies = ("smaller-size", "tiled-vae", "cpu-offload")
    return OutOfMemoryError(
        f"{place} has too little memory for this picture.",
        "Make it smaller, decode it in tiles, or keep parts of the model in main memory.",
        remedies if device.type != "cpu" else remedies[:2],
    )


def free_memory(device: torch.device) -> None:
    """Give back what nothing refers to any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


@contextmanager
def resident(
    module: torch.nn.Module | None, device: torch.device, *, offload: bool
) -> Iterator[None]:
    """Hold the module on the device; with `offload` only as long as the `with` lasts."""
    if module is None or not offload:
        yield
        return
    module.to(device)
    try:
        yield
    finally:
        module.to("cpu")
