from __future__ import annotations

import errno
import os
import resource
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.store import kinds
from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Store

NOTE = document_kind("note")
GEOMETRY = Geometry((64, 64, 8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
LARGE = Geometry((64, 64, 128), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))


def _volume(seed):
    return Volume(np.random.default_rng(seed).integers(-1000, 1000, GEOMETRY.shape).astype(np.int16), GEOMETRY)


@pytest.fixture
def project(small_study, tmp_path):
    store, admin = small_study.empty_project(tmp_path / "project", small_study.Clock())
    yield store, admin
    store.close()


def _files(folder):
    return sorted(path for path in (folder / "blobs").rglob("*") if path.is_file())


# fsync is called for three new folders, for the blob and for its folder.
@pytest.mark.parametrize(
    ("call", "number"), [("write", 0), ("write", 1), ("replace", 0), *(("fsync", number) for number in range(5))]
)
def test_that_a_full_disk_at_any_call_leaves_no_half_blob_and_no_row(project, monkeypatch, call, number):
    store, admin = project
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) > number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments)

    where = Path if call == "replace" else os
    real = getattr(where, call)
    with monkeypatch.context() as patch:
        patch.setattr(where, call, fail)
        with pytest.raises(EsccError, match="full"):
            store.put(admin, kinds.VOLUME, _volume(1))
    assert len(calls) == number + 1
    assert store.all(kinds.VOLUME) == ()
    # When the folder cannot be made durable after the rename, the whole blob stays without a row; half a blob never.
    assert all(path.name[0] != "." for path in _files(store.folder))
    store.put(admin, kinds.VOLUME, _volume(1))
    assert np.array_equal(store.all(kinds.VOLUME)[0].hu, _volume(1).hu)
    assert store.verify() == ()


@contextmanager
def _no_file_larger_than(size):
    """Let the system itself refuse: writes beyond `size` fail as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_that_a_database_that_cannot_grow_refuses_whole_transactions_and_works_on_afterwards(project):
    store, admin = project

    def write_until_full():
        for number in range(200):
            store.put(admin, NOTE, Document(f"{number:03}", {"x": "y" * 20_000}))

    with _no_file_larger_than(400_000):
        with pytest.raises(EsccError, match="disk"):
            write_until_full()
        with pytest.raises(EsccError, match="disk"):
            store.put(admin, kinds.VOLUME, Volume(np.repeat(_volume(1).hu, 16, axis=0), LARGE))
    kept = [document.document_id for document in store.all(NOTE)]
    assert kept == [f"{number:03}" for number in range(len(kept))]
    assert 0 < len(kept) < 200
    store.put(admin, NOTE, Document("after", {}))
    assert store.verify() == ()


@contextmanager
def _without_rights():
    """Be nobody for a moment: file rights do not bind the superuser."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("mode", [0o555, 0o755])
def test_that_a_project_without_the_right_to_write_is_said_so(small_study, mode):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        small_study.empty_project(folder, small_study.Clock())[0].close()
        Path(name).chmod(0o755)
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(mode)
        with _without_rights(), pytest.raises(EsccError) as caught:
            Store.open(folder, small_study.PASSPHRASE)
        folder.chmod(0o755)
    assert caught.value.hint == "Check the rights of its folder and files."


def test_that_a_folder_without_the_right_to_write_holds_no_project(small_study):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        with _without_rights(), pytest.raises(EsccError, match="cannot be used"):
            small_study.empty_project(Path(name) / "project", small_study.Clock())
        Path(name).chmod(0o755)
