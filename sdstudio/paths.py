"""Where things lie: the bundled resources and the user's own folders."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent


def resource_path(*parts: str) -> Path:
    """Path of a bundled resource, in a checkout (`resources/`) and in an installed wheel alike."""
    inside_wheel = _PACKAGE / "resources"
    root = inside_wheel if inside_wheel.is_dir() else _PACKAGE.parent / "resources"
    return root.joinpath(*parts)


def _user_folder(variable: str, default: Path) -> Path:
    chosen = os.environ.get(variable)
    return Path(chosen).expanduser() if chosen else default


def config_folder() -> Path:
    """Settings; moved by SDSTUDIO_CONFIG_DIR."""
    return _user_folder(
        "SDSTUDIO_CONFIG_DIR", platformdirs.user_config_path("sdstudio", appauthor=False)
    )


def data_folder() -> Path:
    """Models, the queue's journal, recovery files; moved by SDSTUDIO_DATA_DIR."""
    return _user_folder(
        "SDSTUDIO_DATA_DIR", platformdirs.user_data_path("sdstudio", appauthor=False)
    )


def cache_folder() -> Path:
    """What can be made again: index, thumbnails, preview maps; moved by SDSTUDIO_CACHE_DIR."""
    return _user_folder(
        "SDSTUDIO_CACHE_DIR", platformdirs.user_cache_path("sdstudio", appauthor=False)
    )


def default_gallery_folder() -> Path:
    """Where pictures are kept unless a setting says otherwise; moved by SDSTUDIO_GALLERY_DIR."""
    return _user_folder("SDSTUDIO_GALLERY_DIR", platformdirs.user_pictures_path() / "SD Studio")


def models_folder() -> Path:
    """Where the user's models lie, a folder each."""
    return data_folder() / "models"


def hub_cache_folder() -> Path:
    """Where huggingface_hub keeps what other programs downloaded; its own variables move it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    home = Path(os.environ.get("HF_HOME") or cache)
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
