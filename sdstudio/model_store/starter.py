"""The model that comes with the program."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from sdstudio.errors import ModelNotFoundError
from sdstudio.messages.generation import STARTER_MODEL
from sdstudio.model_store.records import INDEX_FILE, ModelRecord, read_record
from sdstudio.paths import resource_path


def starter_folder() -> Path:
    """Where the built-in model lies, in a checkout and in an installed program alike."""
    return resource_path("models", STARTER_MODEL)


def starter_record() -> ModelRecord:
    """Return the built-in model's record.

    Raises:
        ModelNotFoundError: it is missing from the installation.
        ModelFileError: its small files are broken.
    """
    folder = starter_folder()
    if not (folder / INDEX_FILE).is_file():
        raise ModelNotFoundError(
            "The built-in model is missing from this installation.",
            "Install the program again, or choose another model.",
        )
    record = read_record(folder, STARTER_MODEL)
    if record.defaults.title:
        return record
    named = dataclasses.replace(record.defaults, title="Built-in model")
    return dataclasses.replace(record, defaults=named)
