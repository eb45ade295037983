"""Regions that lie in files, and reading them in a child process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from escc_desktop.features.table import RoiKey
from escc_desktop.features.worker import LastVolume, Task
from escc_desktop.imaging.exchange import read_mask, read_volume
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume


@dataclass(frozen=True)
class RoiFiles:
    """Where a region lies on disk.

    Attributes
    ----------
    image
        NIfTI, NRRD or MHA file, or a folder with one DICOM CT series.
    mask
        NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.
    label
        Which of several regions in the mask.
    """

    image: Path
    mask: Path
    label: int | None = None


class FileLoader:
    """Reads the volume and the mask of a task that `file_task` made; used in the child process.

    Parameters
    ----------
    accept
        Codes of the warnings about files that were confirmed.
    """

    def __init__(self, accept: frozenset[str] = frozenset()) -> None:
        self._accept = accept
        self._last = LastVolume()

    def __call__(self, task: Task) -> tuple[Volume, Mask]:
        """Return them, the mask on the volume's grid."""
        files: RoiFiles = task.volume_ref
        volume = self._last.get(files.image, lambda: read_volume(files.image, self._accept))
        return volume, read_mask(files.mask, volume.geometry, files.label, self._accept)


def file_task(key: RoiKey, files: RoiFiles) -> Task:
    """Return the task of extracting a region of files."""
    return Task(key, files, None, str(files.image))
