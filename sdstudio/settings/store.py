"""The settings' one file, read at start and written after a change."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import threading
from pathlib import Path
from typing import Any

from sdstudio.errors import InvalidRequestError, StorageError
from sdstudio.messages.typed_values import field_types, parse_json, parse_value
from sdstudio.settings.settings import Settings

FILE_NAME = "settings.json"


class SettingsStore:
    """The settings in memory and their file; without a writable disk it works in memory.

    `update` is quick and belongs to the UI thread; `save` touches the disk and may run elsewhere.

    Args:
        path: the JSON file; its folder is made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._notices: list[str] = []
        self._told_unwritable = False
        plain = self._read()
        self._unknown = {
            key: value for key, value in plain.items() if key not in field_types(Settings)
        }
        self._settings = _parsed(plain)
        self._saved: bytes | None = None

    @property
    def settings(self) -> Settings:
        """The settings as they are now."""
        return self._settings

    def update(self, **changes: Any) -> Settings:
        """Change some settings in memory and return them all."""
        self._settings = dataclasses.replace(self._settings, **changes)
        return self._settings

    def save(self) -> None:
        """Write the file if something changed; keys of other versions stay in it.

        A disk that cannot be written is not an error: `take_notices` says so once.
        """
        with self._lock:
            plain = self._unknown | dataclasses.asdict(self._settings)
            data = (json.dumps(plain, indent=2) + "\n").encode("ascii")
            if data == self._saved:
                return
            from sdstudio.atomic_file import write_atomically  # reading needs none of it

            try:
                write_atomically(self._path, data)
                self._saved = data
            except StorageError as error:
                self._tell_unwritable(error)

    def take_notices(self) -> tuple[str, ...]:
        """Return the sentences a person should read and has not yet; each comes once."""
        with self._lock:
            notices, self._notices = tuple(self._notices), []
        return notices

    def _tell_unwritable(self, error: StorageError) -> None:
        if not self._told_unwritable:
            self._notices.append(f"Settings are not kept after closing. {error}")
        self._told_unwritable = True

    def _read(self) -> dict[str, Any]:
        try:
            return parse_json(self._path.read_bytes(), "The settings file")
        except InvalidRequestError:
            backup = self._path.with_name(f"{self._path.name}.bak")
            with contextlib.suppress(OSError):
                shutil.copyfile(self._path, backup)
            self._notices.append(
                f"The settings could not be read and start anew; the old file is kept as {backup}."
            )
        except OSError:
            pass  # the first start, or a folder that cannot be read: `save` will tell
        return {}


def _parsed(plain: dict[str, Any]) -> Settings:
    """Return the settings of a file; what has a wrong type falls back to its default alone."""
    values: dict[str, Any] = {}
    for name, declared in field_types(Settings).items():
        with contextlib.suppress(InvalidRequestError):
            if name in plain:
                values[name] = parse_value(declared, plain[name], name)
    return Settings(**values)
