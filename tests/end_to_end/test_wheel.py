"""What a user installs: the wheel alone, in an environment that has never seen the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def _run(command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=550, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel, freshly built."""
    folder = tmp_path_factory.mktemp("wheel")
    built = _run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("sdstudio-*-py3-none-any.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of a new environment with the wheel in it.

    The heavy packages come from the running environment by a path entry, which spares a download;
    an editable install of the repository does not come along, because that is itself a path entry.
    """
    venv = tmp_path_factory.mktemp("environment")
    made = _run([sys.executable, "-m", "venv", "--without-pip", str(venv)], cwd=venv)
    assert made.returncode == 0, made.stderr
    programs = venv / ("Scripts" if os.name == "nt" else "bin")
    python = str(programs / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index"]
    done = _run([*pip, str(wheel)], cwd=venv)
    assert done.returncode == 0, done.stderr
    own = _run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=venv)
    heavy = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (Path(own.stdout.strip()) / "heavy.pth").write_text("\n".join(heavy), encoding="utf-8")
    return programs


def test_the_wheel_carries_resources_and_commands(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry_points,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        commands = archive.read(entry_points).decode()
    resources = (path for path in (ROOT / "resources").rglob("*") if path.is_file())
    wanted = {f"sdstudio/{path.relative_to(ROOT).as_posix()}" for path in resources}
    assert wanted <= names
    assert "sdstudio/resources/models/starter/model_index.json" in names
    assert "sdstudio = sdstudio.apps.main:main" in commands
    assert not [name for name in names if name.startswith(("tests/", "packaging/"))]


def test_resources_are_found_beside_the_installed_package(installed: Path, tmp_path: Path) -> None:
    program = (
        "from sdstudio.paths import resource_path as r; print(r('fonts', 'OFL.txt').resolve())"
    )
    done = _run([str(installed / "python"), "-c", program], cwd=tmp_path)
    path = Path(done.stdout.strip())
    assert path.is_file(), done.stderr
    assert path.is_relative_to(installed.parent.resolve())


@pytest.mark.timeout(600)
def test_an_installed_studio_makes_a_picture(installed: Path, tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    command = [str(installed / "sdstudio"), "generate", "a red house", "--seed", "7"]
    done = _run([*command, "--output", str(picture)], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with Image.open(picture) as image:
        assert min(image.size) >= 64
        assert "a red house" in image.text["parameters"]  # pyright: ignore[reportAttributeAccessIssue]
        red, green, blue = image.convert("RGB").split()
        spread = max(high - low for low, high in (c.getextrema() for c in (red, green, blue)))
    assert spread > 64, "the picture is all but one colour"
