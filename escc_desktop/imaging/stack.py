"""The slices of a series as a stack: their order, their grid, and checks of their positions.

To add a kind of odd stack, write one small function and add it to `STACK_CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.imaging.series import Finding, Header, Slice, Verdict, findings_about, refusals_of
from escc_desktop.imaging.volume import Geometry

_SLICE_MM: Final = (0.1, 20.0)
_JITTER_MM: Final = 0.01
_JITTER_SHARE: Final = 0.01

Check = Callable[[Sequence[Slice]], Iterator[Finding]]


def sort_along_normal(slices: Sequence[Slice]) -> tuple[Slice, ...]:
    """Sort slices by their position along the normal, whatever their file names and instance numbers."""
    distances = _distances(slices)
    return tuple(slices[index] for index in np.argsort(distances, kind="stable"))


def geometry_of(slices: Sequence[Slice]) -> Geometry:
    """Return the grid of sorted slices, its spacing along z from the positions; places of missing slices count."""
    first = slices[0].header
    places = slice_places(slices)
    distances = _distances(slices)
    n = places[-1] + 1
    # Positions are decimal numbers; their difference carries binary noise that no scanner meant.
    spacing_z = round(float(distances[-1] - distances[0]) / (n - 1), 9) if n > 1 else _thickness(first)
    assert first.pixel_spacing is not None
    assert first.position is not None
    down, right = first.pixel_spacing
    x, y, z = first.position
    direction = np.column_stack(_axes(first))
    size = (first.columns or 0, first.rows or 0, n)
    return Geometry(size, (right, down, spacing_z), (x, y, z), tuple(direction.ravel().tolist()))


def slice_places(slices: Sequence[Slice]) -> list[int]:
    """Return the slice index of each file in the volume: 0, 1, 2, ... with a hole where one is missing."""
    distances = _distances(slices)
    if len(distances) < 2:
        return [0] * len(distances)
    return [int(place) for place in np.rint((distances - distances[0]) / _step(distances))]


def places_mm(slices: Sequence[Slice]) -> tuple[float, ...]:
    """Return where slices lie along their normal, sorted; also of a refused series, for a person to look at.

    Slices without a position are left out; nothing comes back where the first says no orientation.
    """
    placed = [part for part in slices if part.header.position is not None and len(part.header.position) == 3]
    cosines = np.array(next((part.header.orientation for part in placed if part.header.orientation), ()), np.float64)
    if cosines.size != 6 or not np.isfinite(cosines).all():
        return ()
    normal = np.cross(cosines[:3], cosines[3:])
    distances = np.array([part.header.position for part in placed], dtype=np.float64) @ normal
    return tuple(round(float(place), 3) for place in np.sort(distances) if np.isfinite(place))


def _step(distances: NDArray[np.float64]) -> float:
    """Return the usual distance between neighbours, also in a short stack with a gap."""
    steps = np.diff(distances)
    return float(np.median(steps[steps <= 1.5 * steps.min()]))


def _thickness(header: Header) -> float:
    thickness = (header.slice_thickness or [1.0])[0]
    return thickness if _SLICE_MM[0] <= thickness <= _SLICE_MM[1] else 1.0


def _axes(header: Header) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    cosines = np.array(header.orientation, dtype=np.float64)
    row = cosines[:3] / np.linalg.norm(cosines[:3])
    column = cosines[3:] - row * (row @ cosines[3:])
    column /= np.linalg.norm(column)
    return row, column, np.cross(row, column)


def _positions(slices: Sequence[Slice]) -> NDArray[np.float64]:
    return np.array([part.header.position for part in slices], dtype=np.float64)


def _distances(slices: Sequence[Slice]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = _positions(slices) @ _axes(slices[0].header)[2]
    return distances


def _single(slices: Sequence[Slice]) -> Iterator[Finding]:
    if len(slices) == 1:
        message = "The series has one slice only: features in three dimensions are undefined."
        yield from findings_about("single_slice", Verdict.WARN, message, slices)


def _sheared(slices: Sequence[Slice]) -> Iterator[Finding]:
    positions = _positions(slices)
    distances = _distances(slices)
    normal = _axes(slices[0].header)[2]
    drift = positions - positions[0] - np.outer(distances - distances[0], normal)
    worst = float(np.abs(drift).max())
    if worst > _tolerance(distances):
        message = f"The slices are shifted sideways by up to {worst:.2f} mm (gantry tilt); resample the series first."
        yield from refusals_of("gantry_tilt", message, slices)


def _tolerance(distances: NDArray[np.float64]) -> float:
    return max(_JITTER_MM, _JITTER_SHARE * _step(distances)) if len(distances) > 1 else _JITTER_MM


def _gaps(distances: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the steps that are a whole multiple (two or more) of the usual one."""
    ratios = np.diff(distances) / _step(distances)
    is_gap = (np.rint(ratios) >= 2) & (np.abs(ratios - np.rint(ratios)) < 0.05)
    return np.flatnonzero(is_gap)


def _spacing(slices: Sequence[Slice]) -> Iterator[Finding]:
    """Want the steps between slices even; gaps of whole slices are counted."""
    distances = _distances(slices)
    if len(distances) < 2:
        return
    step = _step(distances)
    if not _SLICE_MM[0] <= step <= _SLICE_MM[1]:
        yield from refusals_of("slice_spacing", f"The slices are {step:.4g} mm apart; 0.1 to 20 mm are read.", slices)
        return
    gaps = _gaps(distances)
    missing = int(sum(round(float(distances[i + 1] - distances[i]) / step) - 1 for i in gaps))
    uneven = np.abs(np.delete(np.diff(distances), gaps) - step)
    if uneven.size and float(uneven.max()) > 2 * _tolerance(distances):
        message = f"The distance between slices varies by {uneven.max():.3g} mm; export one even series."
        yield from refusals_of("variable_spacing", message, slices)
    elif missing:
        yield _missing(slices, gaps, missing, distances)
    else:
        yield from _jitter(slices, distances)


def _missing(slices: Sequence[Slice], gaps: NDArray[np.intp], missing: int, distances: NDArray[np.float64]) -> Finding:
    at = float(distances[gaps[0]])
    beside = tuple(slices[index + side].name for index in gaps for side in (0, 1))
    severity = Verdict.WARN if missing == 1 else Verdict.REFUSE
    message = f"{missing} slices are missing in the stack, the first after {at:.1f} mm; fetch the series again."
    if missing == 1:
        message = f"One slice is missing after {at:.1f} mm; on acceptance it is interpolated from its neighbours."
    return Finding("missing_slices" if missing > 1 else "missing_slice", severity, message, beside)


def _jitter(slices: Sequence[Slice], distances: NDArray[np.float64]) -> Iterator[Finding]:
    ideal = np.linspace(distances[0], distances[-1], len(distances))
    worst = float(np.abs(distances - ideal).max())
    if worst > _tolerance(distances):
        message = f"Slices lie up to {worst:.3g} mm off an even grid; export one even series."
        yield from refusals_of("variable_spacing", message, slices)
    elif worst > _JITTER_MM:
        message = f"Slices lie up to {worst:.3g} mm off an even grid; they are taken as even."
        yield from findings_about("positions_evened", Verdict.FIX, message, slices)


STACK_CHECKS: Final[tuple[Check, ...]] = (_single, _sheared, _spacing)
