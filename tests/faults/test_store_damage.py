from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.store import kinds
from escc_desktop.store.store import Store


@pytest.fixture(scope="module")
def whole(small_study, tmp_path_factory):
    """The files of a project with one signed reading, and its folder."""
    folder = tmp_path_factory.mktemp("damage") / "project"
    study = small_study.build(folder, patients=2, repeats=1)
    study.sign("P1/L1/A/first")
    study.store.close()
    return folder, {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}, study.people["A"]


@pytest.fixture(autouse=True)
def _put_back(whole):
    yield
    folder, files, _ = whole
    for path in folder.rglob("*"):
        if path.is_file() and path not in files:
            path.unlink()
    for path, data in files.items():
        path.write_bytes(data)


def _trouble(small_study, folder, reader):
    """Return what opening, reading everything and verifying say about a damaged project."""
    try:
        with Store.open(folder, small_study.PASSPHRASE) as store:
            wrong = list(store.verify())
            for kind in (kinds.VOLUME, kinds.LESION, kinds.SESSION, kinds.ROI):
                store.all(kind, reader)
            return wrong
    except EsccError as error:
        return [error.what]


def test_that_a_whole_project_is_sound(small_study, whole):
    folder, _, reader = whole
    assert _trouble(small_study, folder, reader) == []


def test_that_flipped_bits_in_the_database_are_found(small_study, whole):
    folder, files, reader = whole
    path = folder / "project.db"
    data, random = files[path], np.random.default_rng(2)
    for position in random.integers(0, len(data), 100):
        damaged = bytearray(data)
        damaged[position] ^= 1 << int(random.integers(8))
        path.write_bytes(damaged)
        assert _trouble(small_study, folder, reader), f"bit at {position} not found"
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_that_a_cut_database_is_found(small_study, whole):
    folder, files, reader = whole
    path = folder / "project.db"
    for length in (0, 1, 100, 4096, len(files[path]) // 2, len(files[path]) - 4096, len(files[path]) - 1):
        path.write_bytes(files[path][:length])
        assert _trouble(small_study, folder, reader), f"cut at {length} not found"
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def test_that_a_flipped_bit_a_cut_or_a_loss_of_any_blob_is_found(small_study, whole):
    folder, files, reader = whole
    blobs = [path for path in files if "blobs" in path.parts]
    assert len(blobs) == 3
    for path in blobs:
        data = files[path]
        for damaged in (data[:-1], data[:10], b"", bytes([data[0] ^ 1]) + data[1:], data[:-1] + bytes([data[-1] ^ 1])):
            path.write_bytes(damaged)
            assert any("altered" in words for words in _trouble(small_study, folder, reader))
        path.unlink()
        assert any("missing" in words for words in _trouble(small_study, folder, reader))
        path.write_bytes(data)


def test_that_a_flipped_bit_in_the_key_file_is_found(small_study, whole):
    folder, files, reader = whole
    path = folder / "project.key"
    for position in range(0, len(files[path]), 17):
        damaged = bytearray(files[path])
        damaged[position] ^= 1
        path.write_bytes(damaged)
        try:
            Store.open(folder, small_study.PASSPHRASE).close()
        except EsccError:
            continue
        # What is not needed for this lock does no harm: white space and the other lock.
        assert _trouble(small_study, folder, reader) == []


@pytest.mark.parametrize("lost", ["project.db", "project.key"])
def test_that_a_lost_file_is_named(small_study, whole, lost):
    folder, *_ = whole
    (folder / lost).unlink()
    with pytest.raises(EsccError, match=lost):
        Store.open(folder, small_study.PASSPHRASE)
