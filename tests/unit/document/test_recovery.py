"""After a crash the painting is offered again; after a clean end nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sdstudio.document.blend import Ink
from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document
from sdstudio.document.recovery import RecoverySession, find_leftovers
from sdstudio.errors import StorageError
from tests.support.fingerprint import fingerprint

ROOT = Path(__file__).resolve().parents[3]


def _document() -> Document:
    document = Document(300, 200)
    document.layers.add("Sky")
    document.paint.draw_shape("ellipse", (20, 20, 250, 150), Ink(colour=(90, 120, 200)))
    return document


def _crash(folder: Path, origin: str = "") -> None:
    """Another process saves a document and dies without a word."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sdstudio.document.document import Document\n"
        "from sdstudio.document.recovery import RecoverySession\n"
        "document = Document(30, 20); document.layers.add('Sky')\n"
        "RecoverySession(Path(sys.argv[1])).save(document.snapshot(), origin=sys.argv[2])\n"
        "os._exit(9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), origin], cwd=ROOT, timeout=110, check=False
    )
    assert done.returncode == 9


def test_what_a_crash_left_is_found_opened_and_discarded(tmp_path: Path) -> None:
    origin = str(tmp_path / "my painting.sdstudio")
    _crash(tmp_path, origin)
    (leftover,) = find_leftovers(tmp_path)
    assert leftover.origin == origin
    assert abs(leftover.saved_at - time.time()) < 600
    assert open_document(leftover.path).layers[0].name == "Sky"
    leftover.discard()
    assert not find_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_running_program_keeps_its_document_and_a_clean_end_leaves_nothing(
    tmp_path: Path,
) -> None:
    document = _document()
    session = RecoverySession(tmp_path)
    assert not find_leftovers(tmp_path)
    session.save(document.snapshot())
    document.paint.fill_selection(Ink(colour=(1, 1, 1)))
    session.save(document.snapshot())
    assert not find_leftovers(tmp_path)
    assert fingerprint(open_document(session.path).snapshot()) == fingerprint(document.snapshot())
    session.close()
    assert not list(tmp_path.iterdir())


def test_leftovers_come_newest_first_and_broken_ones_are_passed_over(tmp_path: Path) -> None:
    for hour, name in enumerate(("old", "new")):
        session = RecoverySession(tmp_path)
        session.save(_document().snapshot(), origin=name)
        session._lock.close()  # as the system does when its process dies
        os.utime(session.path, (hour * 3600, hour * 3600))
    (tmp_path / "broken.sdstudio").write_bytes(b"PK\x03\x04 and then nothing")
    assert [each.origin for each in find_leftovers(tmp_path)] == ["new", "old"]


def test_old_remains_are_swept_but_young_ones_may_be_in_use(tmp_path: Path) -> None:
    old, young = tmp_path / ".0a.part", tmp_path / ".0b.part"
    lock = tmp_path / "1-ab.lock"
    for path in (old, young, lock):
        path.write_bytes(b"1")
    for path in (old, lock):
        os.utime(path, (0, 0))
    assert not find_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [young]
    assert not find_leftovers(tmp_path / "never made")


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        RecoverySession(tmp_path / "file" / "recovery")


KILLS = r"""
import os, random, signal, sys, time
from pathlib import Path
from sdstudio.document.blend import Ink
from sdstudio.document.brush import Brush
from sdstudio.document.document import Document
from sdstudio.document.document_file import open_document, save_document
from sdstudio.document.recovery import RecoverySession, find_leftovers

folder, own = Path(sys.argv[1]), Path(sys.argv[2])
random.seed(11)


def paint_for_ever(report):
    document = Document(400, 300)
    layer = document.layers.add("0")
    session = RecoverySession(folder)
    for number in range(1, 1_000_000):
        stroke = document.paint.begin_stroke(Brush(size_px=60), Ink(colour=(number % 256, 9, 9)))
        stroke.add_point(random.uniform(0, 400), random.uniform(0, 300))
        stroke.end()
        document.layers.rename(layer.id, str(number))
        session.save(document.snapshot())
        save_document(document.snapshot(), own)
        os.write(report, b"%d\n" % number)


for kill in range(50):
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        paint_for_ever(report)
    os.close(report)
    told = os.read(reading, 1)  # the first save is done
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reading, 1 << 16):
        told += more
    os.close(reading)
    last = int(told.splitlines()[-1]) if told.endswith(b"\n") else 1
    (leftover,) = find_leftovers(folder)
    recovered = open_document(leftover.path)
    assert int(recovered.layers[0].name) >= last, (recovered.layers[0].name, last)
    assert int(open_document(own).layers[0].name) >= last
    assert recovered.composite(recovered.bounds).any()
    leftover.discard()
print("50 kills, nothing lost")
"""


@pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")
@pytest.mark.timeout(600)
def test_kill_9_at_any_moment_never_leaves_an_unreadable_document(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLS, str(tmp_path / "recovery"), str(tmp_path / "own.sdstudio")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=590,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing lost" in done.stdout
