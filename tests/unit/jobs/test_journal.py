"""The queue on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdstudio.errors import StorageError
from sdstudio.jobs import journal as journal_module
from sdstudio.jobs.job import Job
from sdstudio.jobs.journal import QueueJournal
from sdstudio.messages.generation import GenerationRequest, ImageToImage
from sdstudio.messages.raster import Raster
from sdstudio.messages.training import TrainingRequest


def job(prompt: str = "") -> Job:
    return Job(request=GenerationRequest(prompt=prompt))


def ids(jobs: tuple[Job, ...] | list[Job]) -> list[str]:
    return [each.id for each in jobs]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "queue.jsonl"


def test_every_change_can_be_read_back(path: Path) -> None:
    """Row 21: what waited when the program was killed is there at the next start."""
    journal = QueueJournal(path)
    jobs = [job(letter) for letter in "abcd"]
    for state in (
        jobs[:2],
        jobs,
        [jobs[3], *jobs[:3]],
        [jobs[3], jobs[0], jobs[2]],
        [jobs[2], jobs[1], jobs[3]],
        [],
        [jobs[1]],
    ):
        journal.save(state)
        assert QueueJournal(path).load() == tuple(state)


def test_requests_come_back_whole(path: Path) -> None:
    picture = Raster(width=3, height=2, mode="RGB", pixels=bytes(range(18)))
    prompt = "\ud800\x00 new\nline\u2028"
    jobs = [
        Job(request=GenerationRequest(prompt=prompt, start=ImageToImage(init_image=picture))),
        Job(request=TrainingRequest(kind="clip", output="out")),
    ]
    QueueJournal(path).save(jobs)
    assert [each.request for each in QueueJournal(path).load()] == [each.request for each in jobs]


def test_no_journal_is_an_empty_queue(path: Path) -> None:
    assert QueueJournal(path).load() == ()
    QueueJournal(path).save([])
    assert not path.exists()


def test_a_line_cut_short_loses_only_itself(path: Path) -> None:
    jobs = [job("a"), job("b")]
    journal = QueueJournal(path)
    journal.save(jobs[:1])
    journal.save(jobs)
    path.write_bytes(path.read_bytes()[:-20])
    assert ids(QueueJournal(path).load()) == ids(jobs[:1])
    assert not path.with_name("queue.jsonl.bak").exists()


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff garbage\n",
        b"[]\n",
        b"{}\n",
        b'{"add": "x"}\n',
        b'{"add": "x", "request": 5}\n',
        b'{"add": "x", "request": {"prompt": NaN}}\n',
        b'{"order": 5}\n',
        b'{"order": [[]]}\n',
        b'{"remove": [{}]}\n',
        b"[" * 50_000 + b"\n",
    ],
)
def test_a_broken_journal_is_kept_beside(path: Path, garbage: bytes) -> None:
    """Row 28: the journal, too: what cannot be read is kept as .bak, what can be is used."""
    jobs = [job("a"), job("b")]
    QueueJournal(path).save(jobs)
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + garbage + second)
    broken = path.read_bytes()
    assert ids(QueueJournal(path).load()) == ids(jobs)
    assert path.with_name("queue.jsonl.bak").read_bytes() == broken


def test_a_change_is_appended_and_the_log_is_compacted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "COMPACT_ABOVE_BYTES", 2000)
    journal = QueueJournal(path)
    jobs = [job(str(number)) for number in range(10)]
    journal.save(jobs)
    full = path.stat().st_size
    inode = path.stat().st_ino
    journal.save(jobs[1:])
    assert path.stat().st_ino == inode and path.stat().st_size > full
    for number in range(200):
        journal.save(jobs if number % 2 else jobs[1:])
    assert path.stat().st_size < 2000 + 4 * full
    assert ids(QueueJournal(path).load()) == ids(jobs)


def test_a_thousand_jobs_are_one_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 33: 1,000 jobs are saved and cleared with one write each."""
    writes: list[int] = []
    write = journal_module.write_atomically
    monkeypatch.setattr(
        journal_module,
        "write_atomically",
        lambda path, data: (writes.append(len(data)), write(path, data)),
    )
    journal = QueueJournal(path)
    jobs = [job(str(number)) for number in range(1000)]
    journal.save(jobs)
    assert ids(QueueJournal(path).load()) == ids(jobs)
    journal.save([])
    assert len(writes) == 2 and writes[1] == 0
    assert QueueJournal(path).load() == ()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StorageError):
        QueueJournal(blocked / "queue.jsonl").save([job()])


def test_after_a_failed_append_the_next_save_starts_afresh(path: Path) -> None:
    journal = QueueJournal(path)
    jobs = [job("a"), job("b"), job("c")]
    journal.save(jobs[:1])
    saved = path.read_bytes()
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError):
        journal.save(jobs[:2])
    path.rmdir()
    path.write_bytes(saved)
    journal.save(jobs)
    assert ids(QueueJournal(path).load()) == ids(jobs)
