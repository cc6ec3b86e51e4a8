"""How the diffusion engine is started, by the window and by the command line alike."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sdstudio import paths

if TYPE_CHECKING:
    from sdstudio.jobs.engine import Engine


def start_diffusion_engine(**options: Any) -> Engine:
    """Import torch (seconds) and build the engine over this user's models and cache.

    Args:
        **options: of DiffusionEngine: device, dtype, previews, cpu_offload.
    """
    from sdstudio.engine.allocator import keep_freed_memory

    keep_freed_memory()
    # One warns of torchvision at import, the other of keys in AutoencoderTiny's configuration;
    # what matters to a painter the engine says itself.
    for library in ("TRANSFORMERS", "DIFFUSERS"):
        os.environ.setdefault(f"{library}_VERBOSITY", "error")
    from sdstudio.engine.diffusion_engine import DiffusionEngine
    from sdstudio.model_store.catalog import find_model

    return DiffusionEngine(
        resolve_model=lambda name: find_model(name).path,
        cache_folder=paths.cache_folder(),
        **options,
    )
