"""A file is whole or not there, whatever goes wrong."""

import errno
import os
from pathlib import Path

import pytest

from sdstudio.atomic_file import write_atomically
from sdstudio.errors import StorageError


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "new folder" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")

    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["file"]


def test_keeps_a_taken_name(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"mine")

    with pytest.raises(FileExistsError):
        write_atomically(path, b"other", replace=False)
    assert path.read_bytes() == b"mine"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch, code):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(_handle):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StorageError) as caught:
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]
    assert "save-again" in caught.value.remedies


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "folder").write_bytes(b"")

    with pytest.raises(StorageError):
        write_atomically(tmp_path / "folder" / "file", b"new")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a limit on file size")
def test_a_full_disk(tmp_path):
    """Row 24: the kernel refuses the write half way (a child limited to 4 KiB files)."""
    path = tmp_path / "file"
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        try:
            write_atomically(path, bytes(100_000))
        except StorageError:
            os._exit(7)
        os._exit(1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 7
    assert os.listdir(tmp_path) == []
