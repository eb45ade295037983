from typing import Any

from numpy import float32, float64, intc, intp
from numpy.typing import NDArray

_Size = tuple[int, int, int]
_Taps = tuple[NDArray[intc], NDArray[intc], NDArray[float32]]

def tubes(
    distance: NDArray[float32],
    size: _Size,
    z: NDArray[float32],
    y: NDArray[float32],
    x: NDArray[float32],
    pieces: NDArray[float64],
    flatten: float,
) -> None: ...
def refine(field: NDArray[float32], size: _Size, z: _Taps, y: _Taps, x: _Taps, out: NDArray[float32]) -> None: ...
def cover(distance: NDArray[float32], slope: float) -> None: ...
def blend(region: NDArray[float32], share: NDArray[float32], target: NDArray[Any]) -> None: ...
def grow(
    points: NDArray[float64],
    parent: NDArray[intp],
    way: NDArray[float64],
    n_roots: int,
    targets: NDArray[float64],
    sags: NDArray[float64],
    rules: NDArray[float64],
    sines: NDArray[float64],
    ends: NDArray[intp],
) -> int: ...
def smooth(values: NDArray[float32], size: _Size, weights: NDArray[float64], wraps: bool) -> None: ...
def extent(
    distance: NDArray[float32], size: _Size, limit: float
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]] | None: ...
