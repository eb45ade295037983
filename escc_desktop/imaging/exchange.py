"""Volumes and masks from and to files of other programs: NIfTI, NRRD, MetaImage, DICOM SEG, RTSTRUCT, STL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.files import write_whole
from escc_desktop.imaging.contours import rasterise, trace
from escc_desktop.imaging.dicom import load, scan
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import BoolArray, Mask
from escc_desktop.imaging.sandbox import TIMEOUT_S, Refused, SandboxError, borrowed_sandbox
from escc_desktop.imaging.series import Series, Verdict
from escc_desktop.imaging.surface import stl
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

IMAGE_SUFFIXES: Final = (".nii.gz", ".nii", ".nrrd", ".mha")
_DETACHED_SUFFIXES: Final = (".nhdr", ".mhd")  # read only to be refused with the reason
_SEG: Final = "1.2.840.10008.5.1.4.1.1.66."
_RTSTRUCT: Final = "1.2.840.10008.5.1.4.1.1.481.3"
_BYTES_A_SECOND: Final = 4e6
FRACTIONS: Final = "fractional_mask"
_HALF: Final = 0.5
_LISTED: Final = 12  # labels in a message
_GRID_TOLERANCE: Final = 0.1  # of a voxel, at every corner of a frame
_NOTHING: Final[frozenset[str]] = frozenset()


def read_volume(path: Path, accept: frozenset[str] = _NOTHING) -> Volume:
    """Read a volume.

    Parameters
    ----------
    path
        A NIfTI, NRRD or MHA file (its voxel type is kept), or a folder or archive with one DICOM CT series (int16).
    accept
        Codes of the warnings the user confirmed.

    Raises
    ------
    EsccError
        Not readable, refused, or with an unconfirmed warning.
    """
    return read_scan(path, accept)[0]


def read_scan(path: Path, accept: frozenset[str] = _NOTHING) -> tuple[Volume, Series | None]:
    """Read a volume as `read_volume` does, with the series it came from if it is DICOM."""
    if _is_image(path):
        return _read_image(path, accept), None
    series = _one_series(path)
    return load(series, Progress(), accept), series


def _one_series(path: Path) -> Series:
    result = scan(path, Progress())
    usable = [series for series in result.series if series.verdict is not Verdict.REFUSE]
    if len(usable) == 1:
        return usable[0]
    if usable:
        names = "; ".join(f"{series.description or series.series_uid} ({series.path})" for series in usable)
        raise EsccError(f"{path} holds {len(usable)} series: {names}.", "Name the folder of one of them.")
    if result.series:
        return result.series[0]  # loading it says why it is refused
    reason = result.rejected[0].message if result.rejected else ""
    raise EsccError(f"{path} holds no DICOM series. {reason}".strip(), "Name a folder of CT slices or an image file.")


def _is_image(path: Path) -> bool:
    return path.name.lower().endswith(IMAGE_SUFFIXES + _DETACHED_SUFFIXES)


def _ask(function: str, path: Path, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Have the child parse a file; every refusal names the file."""
    if not path.is_file():
        raise EsccError(f"{path}: there is no such file.", "Check the path.")
    timeout_s = TIMEOUT_S + path.stat().st_size / _BYTES_A_SECOND
    try:
        with borrowed_sandbox() as sandbox:
            return sandbox.call(function, {"path": str(path.absolute()), **arguments}, timeout_s=timeout_s)
    except (Refused, SandboxError) as error:
        raise EsccError(f"{path}: {error.what}", error.hint, error.code) from error


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file in front of what is wrong with it."""
    try:
        yield
    except EsccError as error:
        raise EsccError(f"{path}: {error.what}", error.hint, error.detail) from error


def _read_image(path: Path, accept: frozenset[str]) -> Volume:
    answer, raw = _ask("image", path, {})
    for code, message in answer["warnings"]:
        if code not in accept:
            raise EsccError(
                f"{path} needs confirmation: {message}", f"Check it, then confirm it: --accept {code}.", code
            )
    size, spacing, origin = (tuple(answer[key]) for key in ("size", "spacing", "origin"))
    with _naming(path):
        geometry = Geometry(size, spacing, origin, tuple(answer["direction"]))
    return Volume(np.frombuffer(raw, dtype=answer["dtype"]).reshape(geometry.shape), geometry)


def read_mask(path: Path, geometry: Geometry, label: int | None = None, accept: frozenset[str] = _NOTHING) -> Mask:
    """Read a mask onto the grid of its volume.

    Parameters
    ----------
    path
        NIfTI, NRRD, MHA, DICOM SEG or RTSTRUCT, or a folder that holds just one such file.
    geometry
        The grid the mask must lie on. Contours are rasterised at voxel centres and combined by exclusive or.
    label
        Voxel value, segment number or ROI number; may be left out where there is only one.
    accept
        Codes of the warnings the user confirmed.

    Raises
    ------
    EsccError
        Not readable, on another grid, empty, fractional, or with several labels to choose from (listed).
    """
    path = _only_file(path)
    if _is_image(path):
        mask = _mask_of_image(path, geometry, label, accept)
    else:
        sop_class = _ask("header", path, {})[0].get("sop_class") or ""
        if sop_class == _RTSTRUCT:
            mask = _mask_of_contours(path, geometry, label)
        elif sop_class.startswith(_SEG):
            mask = _mask_of_segments(path, geometry, label)
        else:
            raise EsccError(f"{path} is no mask.", "Name an RTSTRUCT, SEG, NIfTI, NRRD or MHA file.")
    if mask.is_empty:
        raise EsccError(f"{path}: the mask is empty.", "Draw it, or choose another label.")
    return mask


def _only_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    files = [entry for entry in sorted(path.iterdir()) if entry.is_file() and not entry.name.startswith(".")]
    if len(files) != 1:
        raise EsccError(f"{path} holds {len(files)} files.", "Name the one file of the mask.")
    return files[0]


def _mask_of_image(path: Path, geometry: Geometry, label: int | None, accept: frozenset[str]) -> Mask:
    image = _read_image(path, accept)
    difference = image.geometry.difference(geometry)
    if difference:
        hint = "Export the mask on the grid of the image."
        raise EsccError(f"{path} does not lie on the grid of the image: {difference}.", hint)
    values, counts = np.unique(image.hu[image.hu != 0], return_counts=True)
    if not np.array_equal(values, np.rint(values)):
        return _mask_of_shares(path, image.hu, geometry, accept)
    labels = {int(value): int(count) for value, count in zip(values, counts, strict=True)}
    if not labels:
        raise EsccError(f"{path}: the mask is empty.", "Draw it, or name another file.")
    rows = [f"{value} ({count} voxels)" for value, count in labels.items()]
    return Mask(image.hu == _chosen(path, label, list(labels), rows), geometry)


def _mask_of_shares(path: Path, shares: NDArray[Any], geometry: Geometry, accept: frozenset[str]) -> Mask:
    """Return the voxels of which at least half belongs to the region, if that was confirmed."""
    lowest, highest = float(shares.min()), float(shares.max())
    if lowest < 0 or highest > 1:
        raise EsccError(
            f"{path} holds fractions from {lowest:g} to {highest:g}, not a mask.",
            "Export it with whole numbers as labels.",
        )
    inside = shares >= _HALF
    if FRACTIONS not in accept:
        raise EsccError(
            f"{path} holds fractions from {lowest:g} to {highest:g}, as a probability map does: at one half and above"
            f" {np.count_nonzero(inside)} voxels would be the lesion.",
            f"Export it with whole numbers as labels, or confirm that: --accept {FRACTIONS}.",
            FRACTIONS,
        )
    return Mask(inside, geometry)


def _chosen(path: Path, label: int | None, numbers: Sequence[int], rows: Sequence[str]) -> int:
    """Return the label to take, or refuse with the list of those there are."""
    if label is None and len(numbers) == 1:
        return numbers[0]
    if label is not None and label in numbers:
        return label
    what = f"{path} holds {len(numbers)} labels" if label is None else f"{path} has no label {label}; it holds"
    more = f" and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    raise EsccError(f"{what}: {', '.join(rows[:_LISTED]) or 'none'}{more}.", "Choose one with --label.")


def _choose_roi(path: Path, answer: Mapping[str, Any], label: int | None) -> None:
    drawn = [(number, name, count) for number, name, count in answer["rois"] if count]
    rows = [f"{number} “{name}”" for number, name, _ in drawn]
    _chosen(path, label, [number for number, _, _ in drawn], rows)


def _mask_of_contours(path: Path, geometry: Geometry, label: int | None) -> Mask:
    answer, raw = _ask("rtstruct", path, {"label": label})
    _choose_roi(path, answer, label)
    points = np.frombuffer(raw, dtype=np.float64).reshape(-1, 3)
    contours = np.split(points, np.cumsum(answer["lengths"])[:-1])
    with _naming(path):
        return rasterise(contours, geometry)


def _mask_of_segments(path: Path, geometry: Geometry, label: int | None) -> Mask:
    answer, raw = _ask("segmentation", path, {"label": label})
    _choose_roi(path, answer, label)
    frames = np.frombuffer(raw, dtype=np.bool_).reshape(-1, answer["rows"], answer["columns"])
    voxels = np.zeros(geometry.shape, dtype=np.bool_)
    for place, frame in zip(answer["places"], frames, strict=True):
        _put(path, voxels, geometry, place, frame)
    return Mask(voxels, geometry)


def _put(path: Path, voxels: BoolArray, geometry: Geometry, place: Mapping[str, list[float]], frame: BoolArray) -> None:
    """Lay one frame into the slice it belongs to, wherever in the slice it begins."""
    ny, nx = frame.shape
    row, column = np.array(place["orientation"]).reshape(2, 3)
    down, right = place["spacing"]
    start = np.array(place["position"])
    corners = np.array([start, start + row * right * nx, start + column * down * ny])
    indices = geometry.to_index(corners)
    x, y, z = (round(float(value)) for value in indices[0])
    ideal = np.array([[x, y, z], [x + nx, y, z], [x, y + ny, z]])
    if np.abs(indices - ideal).max() > _GRID_TOLERANCE:
        hint = "Export the segmentation on the grid of the image."
        raise EsccError(f"{path} does not lie on the grid of the image: a frame at {start.tolist()} mm.", hint)
    filled_rows, filled_columns = np.nonzero(frame)
    rows, columns = filled_rows + y, filled_columns + x
    is_inside = (rows >= 0) & (rows < voxels.shape[1]) & (columns >= 0) & (columns < voxels.shape[2])
    if not 0 <= z < voxels.shape[0] or not is_inside.all():
        raise EsccError(f"{path} reaches beyond the image.", "Use the series it was drawn on.")
    voxels[z, rows, columns] = True


def write_volume(path: Path, volume: Volume) -> None:
    """Write a volume as NIfTI, NRRD or MHA by its suffix, whole or not at all; the voxel type is kept."""
    if not path.name.lower().endswith(IMAGE_SUFFIXES):
        raise EsccError(f"{path.name}: a volume is written as {', '.join(IMAGE_SUFFIXES)}.", "Choose such a name.")
    write_whole(path, _itk_bytes(volume, path))


def _itk_bytes(grid: Volume | Mask, path: Path) -> bytes:
    suffix = next(suffix for suffix in IMAGE_SUFFIXES if path.name.lower().endswith(suffix))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"image{suffix}"
        sitk.WriteImage(to_itk(grid), str(target), useCompression=True)
        return target.read_bytes()


def write_mask(path: Path, mask: Mask, name: str = "ROI", series: Series | None = None) -> None:
    """Write a mask by its suffix, whole or not at all.

    Parameters
    ----------
    path
        ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``; ``.stl`` (surface in mm, LPS); ``.rtstruct.dcm`` or ``.rs.dcm``
        (RTSTRUCT); any other ``.dcm`` (DICOM SEG, BINARY).
    mask
        The mask; not empty.
    name
        Name of the ROI or segment in DICOM.
    series
        The series the mask was drawn on; without it the DICOM object refers to made-up slices.

    Raises
    ------
    EsccError
        The mask is empty, lies on another grid than the series, or the suffix is unknown.
    """
    lower = path.name.lower()
    if mask.is_empty:
        raise EsccError(f"{path.name}: an empty mask is not written.", "Draw it first.")
    if series is not None and (series.geometry is None or series.geometry.difference(mask.geometry)):
        raise EsccError("The mask does not lie on the grid of the series.", "Name the series it was drawn on.")
    if lower.endswith(IMAGE_SUFFIXES):
        write_whole(path, _itk_bytes(mask, path))
    elif lower.endswith(".stl"):
        write_whole(path, stl(mask))
    elif lower.endswith((".rtstruct.dcm", ".rs.dcm")):
        write_whole(path, _rtstruct(mask, name, series))
    elif lower.endswith(".dcm"):
        write_whole(path, _segmentation(mask, name, series))
    else:
        raise EsccError(f"{path.name}: unknown format.", "Use .nii.gz, .nrrd, .mha, .dcm, .rtstruct.dcm or .stl.")


def _rtstruct(mask: Mask, name: str, series: Series | None) -> bytes:
    contours = trace(mask)
    places = [round(float(mask.geometry.to_index(points[:1])[0, 2])) for points in contours]
    uids = _slice_uids(mask, series)
    arguments = {
        "name": name,
        "lengths": [len(points) for points in contours],
        "images": [uids[place] for place in places],
        "reference": {
            "study_uid": series.study_uid if series else "",
            "series_uid": series.series_uid if series else "",
            "frame_uid": series.slices[0].header.frame_uid if series else "",
            "patient_id": series.patient_id if series else "UNKNOWN",
        },
        "seed": mask.digest,
    }
    with borrowed_sandbox() as sandbox:
        return sandbox.call("write_rtstruct", arguments, np.concatenate(contours).tobytes(), timeout_s=60)[1]


def _slice_uids(mask: Mask, series: Series | None) -> list[str]:
    if series is not None and len(series.slices) == mask.geometry.size[2]:
        return [part.header.sop_uid or "" for part in series.slices]
    # UIDs derived from a digest, as ISO/IEC 9834-8 allows under 2.25.
    return [f"2.25.{(int(mask.digest, 16) + place) % (1 << 128)}" for place in range(mask.geometry.size[2])]


def _segmentation(mask: Mask, name: str, series: Series | None) -> bytes:
    geometry = mask.geometry
    nx, ny, nz = geometry.size
    indices: NDArray[np.float64] = np.column_stack([np.zeros(nz), np.zeros(nz), np.arange(nz)])
    has_sources = series is not None and len(series.slices) == nz
    arguments = {
        "name": name,
        "sources": [str(path.absolute()) for path in series.files] if series is not None and has_sources else [],
        "slices": np.round(geometry.to_mm(indices), 9).tolist(),
        "orientation": [*geometry.axes[:, 0].tolist(), *geometry.axes[:, 1].tolist()],
        "spacing": [geometry.spacing_mm[1], geometry.spacing_mm[0]],
        "thickness": geometry.spacing_mm[2],
        "rows": ny,
        "columns": nx,
        "seed": mask.digest,
    }
    with borrowed_sandbox() as sandbox:
        return sandbox.call("write_segmentation", arguments, np.packbits(mask.voxels).tobytes(), timeout_s=60)[1]
