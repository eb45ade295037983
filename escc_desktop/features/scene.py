"""What an engine computes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume


@dataclass(frozen=True, eq=False)
class Scene:
    """An image with a region, after resampling and resegmentation where the settings ask for them.

    Attributes
    ----------
    volume
        HU.
    region
        The voxels that make its shape, on the volume's grid.
    inside
        The voxels whose values count, part of `region`; all of it unless values out of range are left out.
    first_edge_hu
        Lower edge of grey level 1; None where bins start at the multiple of the bin width below the lowest value.
    """

    volume: Volume
    region: Mask
    inside: Mask
    first_edge_hu: float | None = None

    @classmethod
    def of(cls, volume: Volume, mask: Mask) -> Self:
        """Return volume and region as they are."""
        return cls(volume, mask, mask)
