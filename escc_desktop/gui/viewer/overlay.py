"""What lies over a picture: a region's voxels, the box that holds them, and how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from escc_desktop.gui.viewer.look import ROI_COLOR
from escc_desktop.imaging.mask import BoolArray, Region, bounding_box


@dataclass(eq=False)
class Overlay:
    """A region over the slices of a volume.

    Parameters
    ----------
    voxels
        Boolean (z, y, x) on the volume's grid. Not copied: write into it and call `mask_changed` of the views.
    color
        As #rrggbb.
    is_dashed
        Whether its border is dashed, as that of a suggestion.
    is_filled
        Whether its voxels are tinted too.
    name
        What the corner of a view says of a voxel of it.
    box
        Holds every voxel of it, if known; looked for otherwise. It grows with what is changed.
    """

    voxels: BoolArray
    color: str = ROI_COLOR
    is_dashed: bool = False
    is_filled: bool = True
    name: str = ""
    box: Region | None = field(default=None)

    @property
    def rgb(self) -> int:
        """Its colour as 0xRRGGBB."""
        return int(self.color[1:], 16)

    @property
    def reach(self) -> Region:
        """The box (z, y, x) that holds every voxel."""
        if self.box is None:
            self.box = bounding_box(self.voxels)
        return self.box

    def grow(self, region: Region) -> None:
        """Note that voxels inside a box changed."""
        reach = self.reach
        (z, y, x), (known_z, known_y, known_x) = region, reach
        is_known = (
            z.start >= known_z.start
            and z.stop <= known_z.stop
            and y.start >= known_y.start
            and y.stop <= known_y.stop
            and x.start >= known_x.start
            and x.stop <= known_x.stop
        )
        if not is_known:
            self.box = union(reach, region)


def union(one: Region, other: Region) -> Region:
    """Return the box around two boxes, either of which may be empty."""
    if any(part.stop <= part.start for part in one):
        return other
    if any(part.stop <= part.start for part in other):
        return one
    z, y, x = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return z, y, x
