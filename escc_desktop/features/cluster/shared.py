"""Files that several machines reach, known by what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeVar

from escc_desktop.errors import EsccError
from escc_desktop.features.worker import LastVolume, Task
from escc_desktop.imaging.exchange import IMAGE_SUFFIXES, read_mask, read_volume
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

T = TypeVar("T")
BY_DIGEST: Final = "sha256"
_CHUNK: Final = 2**20


@dataclass(frozen=True)
class SharedFile:
    """A file or a folder of files.

    Attributes
    ----------
    path
        Below the folder of images, with slashes; empty where it lies elsewhere.
    name
        Its own name, whose ending says what it is.
    sha256
        See `content_digest`.
    """

    path: str
    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path, root: Path, check: Callable[[], None]) -> SharedFile:
        """Describe a file on this machine.

        Parameters
        ----------
        root
            The folder of images here.
        check
            Called between pieces; may raise.
        """
        # Links stay as they are written: the other machine sees the same share, not the same disk.
        inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        return cls(inside if ".." not in PurePosixPath(inside).parts else "", path.name, content_digest(path, check))


def content_digest(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 (hex) of a file's bytes, or of the names and digests of all files below a folder.

    Raises
    ------
    EsccError
        It cannot be read.
    """
    try:
        if not path.is_dir():
            return _file_digest(path, check)
        files = sorted((each.relative_to(path).as_posix(), each) for each in path.rglob("*") if each.is_file())
        listed = "".join(f"{_file_digest(each, check)} {name}\n" for name, each in files)
        return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
    except OSError as error:
        raise EsccError(f"{path}: {(error.strerror or 'cannot be read').lower()}.", "Check the path.") from None


def _file_digest(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            check()
            digest.update(chunk)
    return digest.hexdigest()


@dataclass(frozen=True)
class SharedRoi:
    """A region of shared files."""

    image: SharedFile
    mask: SharedFile
    label: int | None


class SharedLoader:
    """Reads volume and mask of a task whose `volume_ref` is a `SharedRoi`, on the worker's machine.

    Parameters
    ----------
    root
        The folder that holds the cohort's images as on the machine that asks, or files named ``sha256/DIGEST.ending``.
    accept
        Codes of the warnings about files that were confirmed.
    """

    def __init__(self, root: Path, accept: frozenset[str]) -> None:
        self._root, self._accept = root, accept
        self._last = LastVolume()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SharedLoader) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, Any]:
        return {"_root": self._root, "_accept": self._accept, "_last": LastVolume()}

    @property
    def _key(self) -> tuple[Path, frozenset[str]]:
        return self._root, self._accept

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        """Return them, the mask on the volume's grid.

        Raises
        ------
        EsccError
            A file is missing, or holds something else than where it was asked for.
        """
        roi: SharedRoi = task.volume_ref
        volume = self._last.get(roi.image, lambda: self._checked(roi.image, self._volume))
        return volume, self._checked(roi.mask, lambda path: read_mask(path, volume.geometry, roi.label, self._accept))

    def _volume(self, path: Path) -> Volume:
        return read_volume(path, self._accept)

    def _checked(self, file: SharedFile, read: Callable[[Path], T]) -> T:
        """Read a file whose content is what was asked for, and was not changed while it was read."""
        path = self._find(file)
        before = _stamp(path)
        if content_digest(path) != file.sha256:
            raise EsccError(
                f"{file.name} on the worker is another than the one meant (its SHA-256 differs).",
                "Bring the worker's copy up to date.",
            )
        found = read(path)
        if _stamp(path) != before:
            raise EsccError(f"{file.name} was changed while the worker read it.", "Try again when it is at rest.")
        return found

    def _find(self, file: SharedFile) -> Path:
        by_path = self._root / PurePosixPath(file.path)
        is_below = ".." not in PurePosixPath(file.path).parts and by_path.is_relative_to(self._root)
        if file.path and is_below and by_path.exists():
            return by_path
        by_digest = self._root / BY_DIGEST / f"{file.sha256}{_ending(file.name)}"
        if by_digest.exists():
            return by_digest
        raise EsccError(
            f"{file.name} is not on the worker, neither by its path nor by its SHA-256.",
            "Start the worker with --images naming the folder of the cohort's images.",
        )


def _ending(name: str) -> str:
    lower = name.lower()
    return next((ending for ending in IMAGE_SUFFIXES if lower.endswith(ending)), PurePosixPath(lower).suffix)


def _stamp(path: Path) -> list[tuple[str, int, int, int]]:
    """Return what tells whether files were changed: inode, size, time of the last change."""
    return [(str(each), *_times(each)) for each in _files(path)]


def _files(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir():
        yield from sorted(path.rglob("*"))


def _times(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
