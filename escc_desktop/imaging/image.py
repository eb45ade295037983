"""NIfTI, NRRD and MetaImage files to voxels and grid; runs in the sandbox child only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from numpy.typing import NDArray

from escc_desktop.imaging.bounded import RawImage
from escc_desktop.imaging.nifti import check_nifti
from escc_desktop.imaging.nrrd import check_metaimage, check_nrrd
from escc_desktop.imaging.sandbox import Refused

_FORMATS: Final[tuple[tuple[str, str, Callable[[bytes], RawImage]], ...]] = (
    (".nii.gz", "NiftiImageIO", check_nifti),
    (".nii", "NiftiImageIO", check_nifti),
    (".nrrd", "NrrdImageIO", check_nrrd),
    (".nhdr", "NrrdImageIO", check_nrrd),
    (".mha", "MetaImageIO", check_metaimage),
    (".mhd", "MetaImageIO", check_metaimage),
)


def answer_image(arguments: dict[str, Any], _payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the image at `path`: size, spacing, origin, direction, voxel type, warnings; its bytes.

    Raises
    ------
    Refused
        The header and the bytes do not make one three-dimensional image of finite numbers.
    """
    path = Path(arguments["path"])
    formats = [entry for entry in _FORMATS if path.name.lower().endswith(entry[0])]
    if not formats:
        raise Refused("format", "The file is neither NIfTI, NRRD nor MetaImage.", "Convert it to one of these.")
    _, io_name, check = formats[0]
    checked = check(path.read_bytes())
    array = checked.array()
    grid = _itk_grid(path, io_name, checked) if checked.affine is None else _grid_of(checked.affine)
    answer = {"size": checked.size, "dtype": array.dtype.str, "warnings": checked.warnings, **grid}
    return answer, array.tobytes()


def _itk_grid(path: Path, io_name: str, checked: RawImage) -> dict[str, Any]:
    """Have ITK read the header; for x.nii.gz it would take the voxels of an x.nii beside it, so only the header."""
    reader = sitk.ImageFileReader()
    reader.SetImageIO(io_name)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    if reader.GetSize()[:3] != checked.size or reader.GetNumberOfComponents() != 1:
        raise Refused("size", "ITK reads another size than the header says.", "Export the image again.")
    return {
        "spacing": reader.GetSpacing()[:3],
        "origin": reader.GetOrigin()[:3],
        "direction": _direction(reader.GetDirection()),
    }


def _grid_of(affine: NDArray[np.float64]) -> dict[str, Any]:
    spacing = np.linalg.norm(affine[:, :3], axis=0)
    direction = affine[:, :3] / spacing
    return {"spacing": spacing.tolist(), "origin": affine[:, 3].tolist(), "direction": direction.ravel().tolist()}


def _direction(cosines: tuple[float, ...]) -> list[float]:
    """Return the nine cosines of the first three axes, also of a file that declares a fourth of length one."""
    n = round(len(cosines) ** 0.5)
    # Adding zero turns -0.0 into 0.0, which is the same direction but not the same text.
    return [cosines[row * n + column] + 0.0 for row in range(3) for column in range(3)]
