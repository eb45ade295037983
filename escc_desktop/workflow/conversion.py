"""Masks and volumes from one file format to another, with what the way costs."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.files import digest, read_bytes, refuse_overwriting, write_json, write_whole
from escc_desktop.imaging.dicom import scan
from escc_desktop.imaging.exchange import read_mask, read_volume, write_mask, write_volume
from escc_desktop.imaging.mask import Mask, dice
from escc_desktop.imaging.series import Series, Verdict
from escc_desktop.imaging.surface import enclosed_mm3, triangles
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

_CONTOURS = ".dcm"
_SURFACE = ".stl"


@dataclass(frozen=True)
class Conversion:
    """What a conversion wrote and lost.

    Attributes
    ----------
    kind
        "mask" or "volume".
    dice, volume_difference_mm3
        Of the mask read back against the original; None for volumes. A surface has no voxels to compare, its difference
        is that of the volume it encloses.
    """

    kind: str
    out: Path
    dice: float | None = None
    volume_difference_mm3: float | None = None

    def document(self) -> dict[str, object]:
        """Return it ready for JSON."""
        return {
            "kind": self.kind,
            "out": str(self.out),
            "dice": self.dice,
            "volume_difference_mm3": self.volume_difference_mm3,
        }


def convert(source: Path, out: Path, image: Path | None, label: int | None, progress: Progress) -> Conversion:
    """Convert a mask or a volume; the suffix of `out` names the format.

    Parameters
    ----------
    source
        A DICOM folder, NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT.
    image
        The volume a mask belongs to. Without it and without a label a file is a mask when it holds
        nothing but 0 and one other whole number.
    label
        Which region of the mask.

    Raises
    ------
    EsccError
        Not readable, not writable, or a mask without its image.
    """
    refuse_overwriting(out, source, image)
    made = _convert(source, out, image, label, progress)
    provenance = {
        "program": f"escc-desktop {version()}",
        "source": source.name,
        "source_sha256": digest(read_bytes(source)) if source.is_file() else None,
        "label": label,
        "sha256": digest(read_bytes(out)),
    }
    write_json(out.with_name(f"{out.name}.json"), {**made.document(), "out": out.name, **provenance})
    return made


def _convert(source: Path, out: Path, image: Path | None, label: int | None, progress: Progress) -> Conversion:
    if image is None and _is_dicom(source):
        raise EsccError(
            f"{source.name} is drawn on images that are not named.", "Name their folder or file with --image."
        )
    frame = read_volume(image or source)
    progress.advance(1, 3, "image read")
    if image is None and label is None and not (_needs_mask(out) or _is_mask(frame)):
        write_volume(out, frame)
        return Conversion("volume", out)
    mask = read_mask(source, frame.geometry, label)
    progress.advance(2, 3, "mask read")
    return _write_checked(out, mask, frame, _series_of(image))


def _is_mask(volume: Volume) -> bool:
    """Return whether a file without its image holds one region: whole numbers, nothing but 0 and one other."""
    if not np.issubdtype(volume.hu.dtype, np.integer):
        return False
    low, high = int(volume.hu.min()), int(volume.hu.max())
    return low == 0 < high and bool(np.all((volume.hu == 0) | (volume.hu == high)))


def _needs_mask(out: Path) -> bool:
    """Return whether only a mask can be written in the format of `out`."""
    return _is_dicom(out) or out.name.lower().endswith(_SURFACE)


def _is_dicom(path: Path) -> bool:
    return path.name.lower().endswith(_CONTOURS)


def _series_of(image: Path | None) -> Series | None:
    if image is None or not image.is_dir():
        return None
    usable = [series for series in scan(image, Progress()).series if series.verdict is not Verdict.REFUSE]
    return usable[0] if len(usable) == 1 else None


def _write_checked(out: Path, mask: Mask, frame: Volume, series: Series | None) -> Conversion:
    """Write beside, read back, compare, and only then put the file in its place."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / out.name
        write_mask(draft, mask, series=series)
        if out.name.lower().endswith(_SURFACE):
            write_whole(out, draft.read_bytes())
            return Conversion("mask", out, None, enclosed_mm3(triangles(mask)) - mask.volume_mm3)
        back = read_mask(draft, frame.geometry)
        write_whole(out, draft.read_bytes())
    return Conversion("mask", out, dice(mask, back), back.volume_mm3 - mask.volume_mm3)
