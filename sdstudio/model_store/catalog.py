"""From a model's name to the model."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from sdstudio import paths
from sdstudio.errors import ModelFileError, ModelNotFoundError, SdstudioError
from sdstudio.messages.generation import STARTER_MODEL
from sdstudio.model_store.hub_cache import cached_hub_ids, find_snapshot, is_hub_id
from sdstudio.model_store.inspection import inspect_weights
from sdstudio.model_store.records import INDEX_FILE, ModelRecord, read_record
from sdstudio.model_store.starter import starter_folder, starter_record

_PLAIN_NAME = re.compile(r"[^/\\\x00-\x1f]{1,255}")


class ModelCatalog:
    """Finds models on this machine's disks; the network is never asked.

    Args:
        models_folder: the user's models, a folder each.
        hub_cache: huggingface_hub's cache.
    """

    def __init__(self, *, models_folder: Path | None = None, hub_cache: Path | None = None) -> None:
        self._models_folder = models_folder or paths.models_folder()
        self._hub_cache = hub_cache or paths.hub_cache_folder()

    def find(self, name: str) -> ModelRecord:
        """Return the model called `name`.

        Args:
            name: "starter", a folder's name in the models folder, an absolute path, or the id of
                a model in the Hub's local cache.

        Raises:
            ModelNotFoundError: there is none; the hint names those that sound alike.
            ModelFileError: there is one, but it is broken or of a kind that cannot be opened.
        """
        if name == STARTER_MODEL:
            return starter_record()
        folder = self._folder(name)
        if folder is None:
            raise self._not_found(name)
        return read_record(folder, name)

    def names(self) -> list[str]:
        """Names of all models that `find` knows without a path, the built-in one first."""
        starter = [STARTER_MODEL] if (starter_folder() / INDEX_FILE).is_file() else []
        own = sorted(self._own_names(), key=str.casefold)
        return [*starter, *own, *cached_hub_ids(self._hub_cache)]

    def records(self) -> tuple[list[ModelRecord], list[tuple[str, SdstudioError]]]:
        """Return the models that can be read, and name and fault of those that cannot."""
        good: list[ModelRecord] = []
        broken: list[tuple[str, SdstudioError]] = []
        for name in self.names():
            try:
                good.append(self.find(name))
            except SdstudioError as error:
                broken.append((name, error))
        return good, broken

    def _folder(self, name: str) -> Path | None:
        if os.path.isabs(name) and "\0" not in name:
            return _as_folder(Path(name))
        if name in self._own_names():
            return self._models_folder / name
        return find_snapshot(self._hub_cache, name) if is_hub_id(name) else None

    def _own_names(self) -> Iterator[str]:
        """Names of the model folders; a name never leads out of the models folder."""
        try:
            entries = sorted(os.listdir(self._models_folder))
        except OSError:
            return
        for name in entries:
            if _PLAIN_NAME.fullmatch(name) and (self._models_folder / name / INDEX_FILE).is_file():
                yield name

    def _not_found(self, name: str) -> ModelNotFoundError:
        known = self.names()
        close = difflib.get_close_matches(name.casefold(), known, n=3, cutoff=0.5)
        shown = ascii(name)[1:-1][:100]
        if close:
            hint = f"Did you mean {' or '.join(close)}?"
        elif known:
            hint = f"There are: {', '.join(known[:10])}."
        else:
            hint = f"Put a model's folder into {self._models_folder}."
        return ModelNotFoundError(f"There is no model called {shown}.", hint, _REMEDIES)


_REMEDIES = ("use-built-in-model",)


def find_model(name: str) -> ModelRecord:
    """Return the model called `name` from the usual places; see `ModelCatalog.find`."""
    return ModelCatalog().find(name)


def _as_folder(path: Path) -> Path:
    """Return the diffusers folder at an absolute path, or say what lies there instead.

    Raises:
        ModelNotFoundError: nothing lies there.
        ModelFileError: something else lies there.
    """
    if path.is_dir():
        return path
    if path.name == INDEX_FILE and path.is_file():
        return path.parent
    if path.is_file():
        raise ModelFileError(
            f"{inspect_weights(path).describe()[:-1]}, and only model folders can be opened.",
            "Choose a folder in diffusers' format, with a model_index.json inside.",
            _REMEDIES,
        )
    raise ModelNotFoundError(f"There is no model at {path}.", "Check the path.", _REMEDIES)
