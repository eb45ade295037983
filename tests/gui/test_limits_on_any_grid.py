"""The limits of a lesion on grids of any orientation: the cranial one is the one nearer to the head."""

from __future__ import annotations

from types import ModuleType

import pytest

from escc_desktop.gui.tools.limits import axial_axis, edge_of, limits_between
from escc_desktop.gui.viewer.planes import Plane

DIRECTIONS = (
    "identity",
    "feet first",
    "prone",
    "all against",
    "coronal slices",
    "sagittal slices",
    "turned",
)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_that_the_cranial_limit_is_the_one_nearer_to_the_head(viewing: ModuleType, direction: str) -> None:
    planes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[direction]))
    axis = axial_axis(planes)
    size = planes.hu.shape[axis]
    for one, other in ((2, 7), (7, 2), (4, 4), (0, size - 1)):
        limits = limits_between(planes, one, other)
        head, feet = (planes.position_mm(Plane.AXIAL, index) for index in (limits.cranial, limits.caudal))
        assert head >= feet
        assert {limits.cranial, limits.caudal} == {one, other}
        assert list(limits.slices) == list(range(min(one, other), max(one, other) + 1))
        # The lines lie half a slice outside: what they hold is between them.
        edges = sorted(edge_of(planes, limits, cranial=is_cranial) for is_cranial in (True, False))
        held = [index for index in range(size) if edges[0] < index < edges[1]]
        assert held == list(limits.slices)


def test_that_the_axial_axis_is_the_one_from_head_to_feet(viewing: ModuleType) -> None:
    for direction in DIRECTIONS:
        planes = viewing.planes_of(viewing.phantom(viewing.DIRECTIONS[direction]))
        axis = axial_axis(planes)
        assert abs(planes.geometry.axes[2, 2 - axis]) == 1
