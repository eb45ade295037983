"""Files that several machines reach: found, checked, and never outside the folder they belong to."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.cluster.shared import BY_DIGEST, SharedFile, SharedLoader, content_digest
from escc_desktop.progress import Cancelled

NOTHING: frozenset[str] = frozenset()


def read(loader: SharedLoader, file: SharedFile) -> bytes:
    return loader._checked(file, lambda path: path.read_bytes())


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "P1" / "ct.nii.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"voxels")
    return path


def test_that_a_file_is_known_by_its_path_below_the_folder_and_by_its_sha_256(image: Path, tmp_path: Path) -> None:
    shared = SharedFile.of(image, tmp_path / "here", lambda: None)
    assert shared == SharedFile("P1/ct.nii.gz", "ct.nii.gz", hashlib.sha256(b"voxels").hexdigest())
    assert not SharedFile.of(image, tmp_path / "elsewhere", lambda: None).path


def test_that_a_folder_is_known_by_the_names_and_contents_of_its_files(image: Path) -> None:
    folder = image.parent
    before = content_digest(folder)
    assert content_digest(folder) == before
    image.rename(folder / "other.nii.gz")
    assert content_digest(folder) != before
    (folder / "other.nii.gz").rename(image)
    image.write_bytes(b"Voxels")
    assert content_digest(folder) != before


def test_that_working_out_a_digest_can_be_stopped_and_says_what_is_missing(image: Path) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        content_digest(image, stop)
    with pytest.raises(EsccError, match=r"gone\.nii: no such file or directory"):
        content_digest(image.with_name("gone.nii"))


@pytest.mark.parametrize("path", ["../secret.nii", "a/../../secret.nii", "/secret.nii", "{folder}/secret.nii"])
def test_that_no_path_leads_out_of_the_workers_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.nii").write_bytes(b"secret")
    root = tmp_path / "images"
    (root / "a").mkdir(parents=True)
    file = SharedFile(path.format(folder=tmp_path), "secret.nii", hashlib.sha256(b"secret").hexdigest())
    with pytest.raises(EsccError, match="not on the worker"):
        read(SharedLoader(root, NOTHING), file)


def test_that_a_file_found_by_content_is_read_whatever_its_path(image: Path, tmp_path: Path) -> None:
    shared = SharedFile.of(image, tmp_path / "elsewhere", lambda: None)
    root = tmp_path / "images"
    (root / BY_DIGEST).mkdir(parents=True)
    (root / BY_DIGEST / f"{shared.sha256}.nii.gz").write_bytes(b"voxels")
    assert read(SharedLoader(root, NOTHING), shared) == b"voxels"
    (root / BY_DIGEST / f"{shared.sha256}.nii.gz").write_bytes(b"others")
    with pytest.raises(EsccError, match="is another than the one meant"):
        read(SharedLoader(root, NOTHING), shared)


def test_that_a_file_changed_while_it_is_read_is_refused(image: Path, tmp_path: Path) -> None:
    shared = SharedFile.of(image, tmp_path / "here", lambda: None)

    def change(path: Path) -> None:
        path.write_bytes(b"other voxels")

    with pytest.raises(EsccError, match="was changed while the worker read it"):
        SharedLoader(tmp_path / "here", NOTHING)._checked(shared, change)


def test_that_loaders_of_one_folder_are_equal_so_that_a_child_stays_for_the_next_task(tmp_path: Path) -> None:
    one = SharedLoader(tmp_path, frozenset({"cropped"}))
    assert one == SharedLoader(tmp_path, frozenset({"cropped"}))
    assert one != SharedLoader(tmp_path, NOTHING)
    assert copy.copy(one) == one
