"""One lesion on the slices of its course, side by side at one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from escc_desktop.figures import style
from escc_desktop.figures.roi import LEVEL_HU, WINDOW_HU, voxel_edges

if TYPE_CHECKING:
    from escc_desktop.imaging.axial import Crop

_ACROSS = 3
_WIDTH_MM, _TILE_MM = 174.0, 62.0


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture of the course; a proposal's outline is dashed and blue, a reader's yellow."""

    crop: Crop
    title: str
    is_proposal: bool = False


@style.styled
def lesion_course(shots: Sequence[Shot]) -> Figure:
    """Draw a lesion's slices in the order given, three in a row."""
    if not shots:
        return style.saying("Lesion", "No outline, no picture.")
    rows = -(-len(shots) // _ACROSS)
    figure = style.new_figure(_WIDTH_MM, rows * _TILE_MM)
    panels = figure.subplots(rows, _ACROSS, squeeze=False).ravel()
    for axes, shot in zip(panels, shots, strict=False):
        _draw(axes, shot)
    for axes in panels[len(shots) :]:
        axes.set_axis_off()
    return figure


def _draw(axes: Axes, shot: Shot) -> None:
    crop = shot.crop
    rows, columns = crop.hu.shape
    x_mm, y_mm = crop.spacing_mm
    axes.imshow(
        crop.hu,
        cmap="gray",
        vmin=LEVEL_HU - WINDOW_HU / 2,
        vmax=LEVEL_HU + WINDOW_HU / 2,
        extent=(0, columns * x_mm, rows * y_mm, 0),
        interpolation="nearest",
    )
    segments = voxel_edges(crop.outline, crop.spacing_mm)
    if shot.is_proposal:  # two edges of four: dashed
        segments = [one for one in segments if round(one[0, 0] / x_mm + one[0, 1] / y_mm) % 4 < 2]
    edges = LineCollection(segments, colors=style.SKY if shot.is_proposal else style.YELLOW, linewidths=0.9)
    edges.set_gid("proposal" if shot.is_proposal else "outline")
    axes.add_collection(edges)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(shot.title, size=style.SMALL + 0.5, weight="normal", color=style.QUIET, pad=3)
