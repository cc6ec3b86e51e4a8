"""Models that other programs downloaded from the Hugging Face Hub; read on disk, never online.

Layout: `models--OWNER--NAME/refs/main` holds a commit, `snapshots/COMMIT/` its files
(https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

from __future__ import annotations

import re
from pathlib import Path

from sdstudio.model_store.records import INDEX_FILE

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def is_hub_id(name: str) -> bool:
    """Whether `name` could be a Hub id, OWNER/NAME."""
    return bool(_HUB_ID.fullmatch(name)) and ".." not in name and "--" not in name


def find_snapshot(hub_cache: Path, hub_id: str) -> Path | None:
    """Folder of the cached revision `main` of a model, the newest one if `main` is not there."""
    repository = hub_cache / f"models--{hub_id.replace('/', '--')}"
    try:
        commit = (repository / "refs" / "main").read_text("ascii").strip()
    except (OSError, ValueError):
        commit = ""
    chosen = repository / "snapshots" / commit
    if _COMMIT.fullmatch(commit) and (chosen / INDEX_FILE).is_file():
        return chosen
    snapshots = [index.parent for index in repository.glob(f"snapshots/*/{INDEX_FILE}")]
    return max(snapshots, key=lambda folder: folder.stat().st_mtime_ns, default=None)


def cached_hub_ids(hub_cache: Path) -> list[str]:
    """Ids of all cached diffusers models, sorted."""
    found = hub_cache.glob(f"models--*--*/snapshots/*/{INDEX_FILE}")
    folders = {index.parents[2].name for index in found}
    return sorted(name.removeprefix("models--").replace("--", "/", 1) for name in folders)
