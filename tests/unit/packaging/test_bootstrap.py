"""The set-up script's decisions, each with the system passed in as an argument."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "packaging" / "bootstrap.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sdstudio_bootstrap", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


bootstrap = _load()


class FakeSystem:
    """Answers like a package manager: one exit status per call, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.calls: list[list[str]] = []

    def run(self, command: list[str]) -> int:
        self.calls.append(command)
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


def _actions(system: FakeSystem) -> list[str]:
    return [next(word for word in call if word in ("install", "update")) for call in system.calls]


# --- the system's libraries


def test_nothing_is_missing_on_a_complete_system() -> None:
    missing = bootstrap.missing_packages(
        "test", has_library=lambda name: True, has_program=lambda name: f"/bin/{name}"
    )
    assert missing == []


def test_each_missing_library_is_named_by_its_debian_package() -> None:
    gone = {"libxcb-cursor.so.0", "libEGL.so.1"}
    missing = bootstrap.missing_packages(
        "run", has_library=lambda name: name not in gone, has_program=lambda name: None
    )
    assert missing == ["libegl1", "libxcb-cursor0"]


def test_only_the_tests_need_a_display_of_their_own() -> None:
    def missing(command: str) -> list[str]:
        return bootstrap.missing_packages(
            command, has_library=lambda name: True, has_program=lambda name: None
        )

    assert missing("test") == ["xvfb", "xdotool"]
    assert missing("run") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the loader of Linux")
def test_the_loader_is_asked_for_real() -> None:
    assert bootstrap.loads("libc.so.6")
    assert not bootstrap.loads("libsdstudio-is-not-a-library.so.0")


def test_root_installs_without_a_question() -> None:
    system = FakeSystem(0)
    bootstrap.install_packages(["libegl1", "xvfb"], has_apt=True, is_root=True, run=system.run)
    assert len(system.calls) == 1
    assert {"-y", "--no-install-recommends", "libegl1", "xvfb"} <= set(system.calls[0])
    assert "DEBIAN_FRONTEND=noninteractive" in system.calls[0]


def test_root_renews_the_package_lists_only_when_the_first_try_fails() -> None:
    system = FakeSystem(100, 0)
    bootstrap.install_packages(["libegl1"], has_apt=True, is_root=True, run=system.run)
    assert _actions(system) == ["install", "update", "install"]


def test_a_package_that_cannot_be_installed_is_named() -> None:
    system = FakeSystem(100)
    with pytest.raises(bootstrap.SetupError, match="libegl1"):
        bootstrap.install_packages(["libegl1"], has_apt=True, is_root=True, run=system.run)


def test_other_users_get_the_line_to_type_and_nothing_is_run() -> None:
    system = FakeSystem(0)
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.install_packages(
            ["libegl1", "libxcb-cursor0"], has_apt=True, is_root=False, run=system.run
        )
    lines = [line.strip() for line in str(caught.value).splitlines()]
    wanted = "sudo apt-get install -y --no-install-recommends libegl1 libxcb-cursor0"
    assert wanted in lines
    assert system.calls == []


def test_a_system_without_apt_is_told_the_libraries_themselves() -> None:
    system = FakeSystem(0)
    with pytest.raises(bootstrap.SetupError, match=r"libEGL\.so\.1, Xvfb"):
        bootstrap.install_packages(["libegl1", "xvfb"], has_apt=False, is_root=True, run=system.run)
    assert system.calls == []


def test_nothing_is_run_when_nothing_is_missing() -> None:
    system = FakeSystem(1)
    bootstrap.install_packages([], has_apt=False, is_root=False, run=system.run)
    assert system.calls == []


@pytest.mark.parametrize("environment", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_a_display_of_either_kind_will_do(environment: dict[str, str]) -> None:
    bootstrap.require_display(environment, "linux")


def test_without_a_display_the_command_line_is_named() -> None:
    with pytest.raises(bootstrap.SetupError, match=r"run generate .* --output red\.png"):
        bootstrap.require_display({"DISPLAY": ""}, "linux")


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_always_have_a_display(platform: str) -> None:
    bootstrap.require_display({}, platform)


# --- the virtual environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the two files that decide what is installed."""
    (tmp_path / "packaging").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]", encoding="utf-8")
    (tmp_path / "packaging" / "constraints.txt").write_text("torch==2.13.0", encoding="utf-8")
    return tmp_path


def _wanted(project: Path, *, has_dev: bool = False, version: tuple[int, int] = (3, 11)):
    return bootstrap.wanted_setup(project, has_dev=has_dev, version=version)


def test_a_finished_setup_costs_nothing(project: Path) -> None:
    wanted = _wanted(project)
    assert bootstrap.next_step(wanted, _wanted(project), has_python=True) == "nothing"


def test_a_setup_for_the_tests_serves_a_run_as_well(project: Path) -> None:
    full = _wanted(project, has_dev=True)
    assert bootstrap.next_step(full, _wanted(project), has_python=True) == "nothing"
    assert bootstrap.next_step(_wanted(project), full, has_python=True) == "install"


@pytest.mark.parametrize("name", ["pyproject.toml", "packaging/constraints.txt"])
def test_a_changed_requirement_calls_for_pip(project: Path, name: str) -> None:
    found = _wanted(project)
    with (project / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert bootstrap.next_step(found, _wanted(project), has_python=True) == "install"


def test_content_that_moves_between_the_files_changes_the_fingerprint(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"12")
    second.write_bytes(b"3")
    before = bootstrap.fingerprint((first, second))
    first.write_bytes(b"1")
    second.write_bytes(b"23")
    assert bootstrap.fingerprint((first, second)) != before


def test_an_interrupted_install_is_made_again(project: Path) -> None:
    wanted = _wanted(project)
    found = replace(wanted, is_complete=False)
    assert bootstrap.next_step(found, wanted, has_python=True) == "rebuild"


def test_another_python_or_a_moved_folder_calls_for_a_new_environment(project: Path) -> None:
    wanted = _wanted(project)
    for found in (_wanted(project, version=(3, 12)), replace(wanted, root="elsewhere")):
        assert bootstrap.next_step(found, wanted, has_python=True) == "rebuild"
    assert bootstrap.next_step(wanted, wanted, has_python=False) == "rebuild"


def test_an_environment_made_by_hand_is_kept(project: Path) -> None:
    assert bootstrap.next_step(None, _wanted(project), has_python=True) == "install"


def test_the_record_survives_being_written_and_read(project: Path) -> None:
    path = project / ".venv" / "sdstudio-setup.json"
    _wanted(project).write(path)
    assert bootstrap.Setup.read(path) == _wanted(project)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"root": "x"}), json.dumps({"odd": 1})])
def test_a_broken_record_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "setup.json"
    path.write_text(text, encoding="utf-8")
    assert bootstrap.Setup.read(path) is None


def test_programs_lie_where_each_system_keeps_them() -> None:
    venv = Path("venv")
    assert bootstrap.program_path(venv, "python", is_windows=False) == venv / "bin" / "python"
    windows = bootstrap.program_path(venv, "python", is_windows=True)
    assert windows == venv / "Scripts" / "python.exe"


# --- what pip says


@pytest.mark.parametrize(
    "output, sentence",
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        (
            "WARNING: NameResolutionError(...)\nERROR: No matching distribution found for x",
            "network",
        ),
        ("ERROR: No matching distribution found for torch==2.13.0", r"torch==2\.13\.0 is not"),
        ("ERROR: [Errno 13] Permission denied: 'x'", "cannot be written"),
        ("Collecting x\nERROR: something new\n", "ERROR: something new"),
        ("", "pip failed"),
    ],
)
def test_a_failure_of_pip_becomes_one_sentence(output: str, sentence: str) -> None:
    assert re.search(sentence, bootstrap.explain_pip(output))


def test_a_failing_pip_leaves_its_words_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "setup.log"
    program = "print('Collecting x'); print('ERROR: no such thing'); raise SystemExit(1)"
    with pytest.raises(bootstrap.SetupError, match="no such thing"):
        bootstrap.run_pip([sys.executable, "-c", program], log=log)
    assert "Collecting x" in log.read_text(encoding="utf-8")


# --- the whole script, as far as it goes without installing anything


def test_a_wrong_command_prints_both_commands_and_exits_2() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "walk"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "bootstrap.py run [ARGS]" in done.stderr
    assert "bootstrap.py test [ARGS]" in done.stderr
