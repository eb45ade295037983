"""Headers found by our own walk of the elements are those that pydicom reads, or are left to it."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_files
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from escc_desktop.imaging import header
from escc_desktop.imaging.elements import find_elements
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import uid_from, write_ct_series

ROUNDS = 200
KINDS = ("explicit", "implicit", "nested", "compressed")


@pytest.fixture(autouse=True)
def _quiet_pydicom(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.CRITICAL, logger="pydicom"):
        yield


def outcome(read: Callable[[Path], Any], path: Path) -> str:
    """Return what reading a file gives, or how it fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(sorted(without_none(read(path)[0]).items()))
        except Exception as error:  # noqa: BLE001  # whatever it is, it has to be the same
            return f"{type(error).__name__}: {error}"


def without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None}


def by_pydicom(path: Path) -> Any:
    with path.open("rb") as file:
        return header._read_odd(file, path.stat().st_size)


def is_ordinary(path: Path) -> bool:
    """Whether the file is not left to pydicom."""
    with path.open("rb", buffering=0) as file:
        return find_elements(file, file.read(1 << 14), path.stat().st_size, header._WANTED) is not None


def nested(levels: int) -> Sequence:
    """Return sequences in sequences, written with delimiters or lengths by turns."""
    inner = Dataset()
    inner.CodeMeaning = "innermost"
    for level in range(levels):
        outer = Dataset()
        outer.ReferencedImageSequence = Sequence([inner, Dataset()])
        outer["ReferencedImageSequence"].is_undefined_length = level % 3 != 0
        inner.is_undefined_length_sequence_item = level % 2 == 0
        inner = outer
    return Sequence([inner])


def example(folder: Path, kind: str) -> Path:
    grid = Geometry((40, 30, 1), (0.7, 0.9, 2.5), (1.0, -2.0, 3.0))
    hu = np.random.default_rng(3).integers(-1000, 1000, grid.shape).astype(np.int16)
    uids = {"StudyInstanceUID": uid_from("a"), "SeriesInstanceUID": uid_from("b"), "FrameOfReferenceUID": uid_from("c")}
    path = write_ct_series(Volume(hu, grid), folder, uids | {"PatientID": "P1", "SeriesDescription": "动脉期"})[0]
    dataset = pydicom.dcmread(path)
    if kind == "nested":
        dataset.ReferencedStudySequence = nested(4)
        dataset["ReferencedStudySequence"].is_undefined_length = True
        private = dataset.private_block(0x0029, "ESCC TEST", create=True)
        private.add_new(0x10, "UN", b"\x00" * 30)
        private.add_new(0x11, "SQ", nested(2))
    if kind == "compressed":
        dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = {"implicit": ImplicitVRLittleEndian, "compressed": RLELossless}.get(
        kind, ExplicitVRLittleEndian
    )
    dataset.save_as(path, implicit_vr=kind == "implicit", little_endian=True)
    return path


def mutations(sound: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Change, cut, insert or move bytes, mostly of the header."""
    for _ in range(ROUNDS):
        work = bytearray(sound)
        for _ in range(int(rng.integers(1, 4))):
            limit = min(len(work), 1500) if rng.random() < 0.9 else len(work)
            place, other = (int(value) for value in rng.integers(132, max(limit, 133), 2))
            changes = ((1, rng.bytes(1)), (4, b"\xff" * 4), (20, b""), (0, rng.bytes(6)), (8, work[other : other + 8]))
            length, new = changes[int(rng.integers(0, len(changes)))]
            work[place : place + length] = new
        yield bytes(work[: int(rng.integers(140, len(work)))] if rng.random() < 0.1 else work)


@pytest.mark.parametrize("kind", KINDS)
def test_that_ordinary_files_are_read_as_pydicom_reads_them(kind: str, tmp_path: Path) -> None:
    path = example(tmp_path, kind)
    assert is_ordinary(path)
    assert outcome(header.read_header, path) == outcome(by_pydicom, path)


@pytest.mark.parametrize("kind", KINDS)
def test_that_damaged_files_are_read_as_pydicom_reads_them_or_left_to_it(kind: str, tmp_path: Path) -> None:
    path = example(tmp_path, kind)
    sound = path.read_bytes()
    n_ordinary = 0
    for data in mutations(sound, np.random.default_rng(KINDS.index(kind))):
        path.write_bytes(data)
        n_ordinary += is_ordinary(path)
        assert outcome(header.read_header, path) == outcome(by_pydicom, path), data[132:600]
    assert n_ordinary > ROUNDS / 10


def test_that_the_examples_of_pydicom_are_read_as_by_pydicom() -> None:
    files = [Path(name) for name in get_testdata_files() if Path(name).is_file()]
    assert [path.name for path in files if outcome(header.read_header, path) != outcome(by_pydicom, path)] == []
    assert sum(map(is_ordinary, files)) > 50


def test_that_a_file_that_shrinks_while_it_is_read_is_left_to_pydicom(tmp_path: Path) -> None:
    path = example(tmp_path, "explicit")
    data = path.read_bytes()
    shorter = io.FileIO(path)
    assert find_elements(shorter, data[:1000], 900, header._WANTED) is None
    shorter.close()
