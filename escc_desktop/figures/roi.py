"""The outlined lesion on its slice."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from escc_desktop.errors import UsageError
from escc_desktop.figures import style
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

WINDOW_HU, LEVEL_HU = 350.0, 40.0
_OUTLINE = style.YELLOW
_BARS_MM = (1, 2, 5, 10, 20, 50, 100)
_CAPTION: Any = {"size": style.SMALL + 0.5, "weight": "normal", "color": style.QUIET, "pad": 4}
# White letters with a dark rim can be read on air and on bone.
_RIM: Any = [withStroke(linewidth=1.8, foreground="black")]
_OVER: Any = {"color": "white", "size": style.SMALL + 0.5, "path_effects": _RIM}
Box = tuple[float, float, float, float]


@style.styled
def roi_slice(
    volume: Volume,
    mask: Mask,
    *,
    slice_index: int | None = None,
    window_hu: float = WINDOW_HU,
    level_hu: float = LEVEL_HU,
) -> Figure:
    """Draw an axial slice, whole and enlarged around the lesion, with the outline along the voxels' edges.

    Patient's right is on the left of the picture and anterior on top; the letters are read off the geometry.

    Parameters
    ----------
    mask
        On the grid of the volume.
    slice_index
        Slice counted from 0; by default the one in which the lesion is largest.

    Raises
    ------
    UsageError
        The mask lies on another grid, or the volume has no such slice.
    """
    difference = volume.geometry.difference(mask.geometry)
    if difference:
        raise UsageError(
            f"The mask does not lie on the grid of the volume: {difference}.", "Give the mask's own series."
        )
    if mask.is_empty:
        return style.saying("Outlined lesion", "The outline holds no voxel.")
    index = int(np.argmax(mask.voxels.sum(axis=(1, 2)))) if slice_index is None else slice_index
    if not 0 <= index < volume.geometry.shape[0]:
        raise UsageError(f"The volume has no slice {index}.", f"Choose 0 to {volume.geometry.shape[0] - 1}.")
    pixels, outlined, letters = _upright(volume, mask, index)
    spacing = volume.geometry.spacing_mm[:2]
    width, height = pixels.shape[1] * spacing[0], pixels.shape[0] * spacing[1]
    zoom = _zoom(outlined, spacing, (width, height))
    figure = style.new_figure(174, 92)
    panels = figure.subplots(1, 2)
    for axes, box in zip(panels, ((0.0, width, 0.0, height), zoom), strict=True):
        axes.imshow(
            pixels,
            cmap="gray",
            vmin=level_hu - window_hu / 2,
            vmax=level_hu + window_hu / 2,
            extent=(0, width, height, 0),
            interpolation="nearest",
        )
        edges = LineCollection(voxel_edges(outlined, spacing), colors=_OUTLINE, linewidths=0.9, gid="outline")
        axes.add_collection(edges)
        _frame(axes, box, letters)
    left, right, top, bottom = zoom
    panels[0].add_patch(
        Rectangle((left, top), right - left, bottom - top, fill=False, ec="white", lw=0.6, ls=(0, (3, 2)))
    )
    area = float(outlined.sum()) * spacing[0] * spacing[1]
    count = volume.geometry.shape[0]
    panels[0].set_title(f"slice {index + 1} of {count}, W {window_hu:g} L {level_hu:g} HU", **_CAPTION)
    panels[1].set_title(f"outlined here {area:,.0f} mm², in all {mask.volume_mm3:,.0f} mm³", **_CAPTION)
    return figure


def voxel_edges(plane: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> list[NDArray[np.float64]]:
    """Return the edges between voxels in and out of a (rows, columns) mask: segments (2, 2) of x, y in mm."""
    padded = np.pad(plane, 1)
    x_mm, y_mm = spacing_mm
    rows, columns = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    upright = [np.array([(c * x_mm, r * y_mm), (c * x_mm, (r + 1) * y_mm)]) for r, c in zip(rows, columns, strict=True)]
    rows, columns = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    level = [np.array([(c * x_mm, r * y_mm), ((c + 1) * x_mm, r * y_mm)]) for r, c in zip(rows, columns, strict=True)]
    return upright + level


def _upright(
    volume: Volume, mask: Mask, index: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], tuple[str, str, str, str]]:
    """Return slice and mask with the patient's right on the left and anterior on top, and the letters of the sides."""
    pixels, outlined = np.asarray(volume.hu[index], dtype=float), mask.voxels[index]
    across, down = volume.geometry.axes[:, 0], volume.geometry.axes[:, 1]
    if across[int(np.argmax(np.abs(across)))] < 0:
        pixels, outlined, across = pixels[:, ::-1], outlined[:, ::-1], -across
    if down[int(np.argmax(np.abs(down)))] < 0:
        pixels, outlined, down = pixels[::-1], outlined[::-1], -down
    return pixels, outlined, (_letter(-across), _letter(across), _letter(-down), _letter(down))


def _letter(direction: NDArray[np.float64]) -> str:
    axis = int(np.argmax(np.abs(direction)))
    return ("RL", "AP", "IS")[axis][int(direction[axis] > 0)]


def _zoom(outlined: NDArray[np.bool_], spacing: tuple[float, float], size: tuple[float, float]) -> Box:
    """Return left, right, top, bottom of a square around the outline, at least 50 mm and within the slice."""
    rows, columns = np.nonzero(outlined)
    if not rows.size:
        return 0.0, size[0], 0.0, size[1]
    middle = ((columns.min() + columns.max() + 1) / 2 * spacing[0], (rows.min() + rows.max() + 1) / 2 * spacing[1])
    reach = max(np.ptp(columns) * spacing[0], np.ptp(rows) * spacing[1]) + 20.0
    side = min(max(float(reach), 50.0), *size)
    left, top = (float(np.clip(at - side / 2, 0, end - side)) for at, end in zip(middle, size, strict=True))
    return left, left + side, top, top + side


def _frame(axes: Axes, box: Box, letters: tuple[str, str, str, str]) -> None:
    left, right, top, bottom = box
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("black")
    axes.spines[:].set_visible(False)
    places = ((0.02, 0.5, "left"), (0.98, 0.5, "right"), (0.5, 0.97, "center"), (0.5, 0.03, "center"))
    for (x, y, side), letter in zip(places, letters, strict=True):
        axes.text(x, y, letter, transform=axes.transAxes, ha=side, va="center", **_OVER)
    wanted = (right - left) / 4
    length = max((bar for bar in _BARS_MM if bar <= wanted), default=_BARS_MM[0])
    x, y = right - 0.05 * (right - left), bottom - 0.05 * (bottom - top)
    axes.plot([x - length, x], [y, y], color="white", lw=2.0, solid_capstyle="butt", path_effects=_RIM, gid="scale bar")
    axes.text(x - length / 2, y - 0.015 * (bottom - top), f"{length} mm", ha="center", va="bottom", **_OVER)
