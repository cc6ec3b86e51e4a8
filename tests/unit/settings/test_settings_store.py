"""Settings survive broken files, other versions and disks that cannot be written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sdstudio.settings.settings import MAX_RECENT_PROMPTS, Settings, with_recent_prompt
from sdstudio.settings.store import SettingsStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def test_the_first_start_has_defaults_and_writes_nothing(path: Path) -> None:
    store = SettingsStore(path)
    assert store.settings == Settings() and store.take_notices() == ()
    assert not path.exists()


def test_changes_come_back(path: Path) -> None:
    store = SettingsStore(path)
    changes = {
        "theme": "light",
        "picture_format": "webp",
        "reduced_motion": True,
        "recent_prompts": ("a\ud800", "b\x00"),
        "form_values": {"seed": 2**64 - 1, "prompt": "x", "guidance_scale": 4.5, "hd": False},
    }
    assert store.update(**changes) == Settings(**changes)
    store.save()
    assert SettingsStore(path).settings == Settings(**changes)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\x00\xff\x00", b'{"cpu_offload": NaN}', b"[" * 100_000, b'{"a": 1'],
)
def test_a_broken_file_is_kept_beside_and_told(path: Path, content: bytes) -> None:
    """Row 28: broken settings: defaults are used, the broken file is kept as .bak."""
    path.parent.mkdir()
    path.write_bytes(content)
    store = SettingsStore(path)
    assert store.settings == Settings()
    backup = path.with_name("settings.json.bak")
    assert backup.read_bytes() == content
    (notice,) = store.take_notices()
    assert str(backup) in notice
    store.save()
    assert SettingsStore(path).take_notices() == ()


@pytest.mark.parametrize(
    "name, value",
    [
        ("theme", "pink"),
        ("theme", ["dark"]),
        ("picture_format", "gif"),
        ("picture_format", 2.5),
        ("cpu_offload", 1),
        ("reduced_motion", 1),
        ("recent_prompts", "abc"),
        ("recent_prompts", [1]),
        ("form_values", []),
        ("form_values", {"a": [1]}),
        ("gallery_folder", None),
    ],
)
def test_a_wrong_type_costs_only_its_own_setting(path: Path, name: str, value: object) -> None:
    """Row 28: wrong types fall back one by one."""
    path.parent.mkdir()
    path.write_text(json.dumps({name: value, "device": "cpu"}))
    store = SettingsStore(path)
    assert store.settings == Settings(device="cpu")
    assert store.take_notices() == ()


def test_unknown_keys_are_kept(path: Path) -> None:
    """Row 28: the keys of a newer version survive an older one."""
    path.parent.mkdir()
    path.write_text(json.dumps({"hologram": {"depth": [1, 2]}, "theme": "light"}))
    store = SettingsStore(path)
    store.update(name_pattern="x")
    store.save()
    kept = json.loads(path.read_text())
    assert kept["hologram"] == {"depth": [1, 2]}
    assert (kept["theme"], kept["name_pattern"]) == ("light", "x")


def test_a_home_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    """Row 50: HOME unwritable: everything works in memory, and one notice says so."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    store = SettingsStore(blocked / "settings.json")
    assert store.update(theme="light").theme == "light"
    store.save()
    store.save()
    assert len(store.take_notices()) == 1
    store.update(theme="dark")
    store.save()
    assert store.take_notices() == ()
    assert store.settings.theme == "dark"


def test_saving_nothing_new_touches_nothing(path: Path) -> None:
    store = SettingsStore(path)
    store.save()
    inode = path.stat().st_ino
    store.save()
    assert path.stat().st_ino == inode


def test_recent_prompts_are_newest_first_and_few() -> None:
    recent: tuple[str, ...] = ()
    for number in range(MAX_RECENT_PROMPTS + 10):
        recent = with_recent_prompt(recent, str(number))
    recent = with_recent_prompt(recent, "20")
    assert recent[:2] == ("20", "59") and len(recent) == MAX_RECENT_PROMPTS
    assert recent.count("20") == 1
    assert with_recent_prompt(recent, "  ") == recent
