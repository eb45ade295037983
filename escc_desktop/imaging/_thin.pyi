from numpy import bool_, float64, int8, int64
from numpy.typing import NDArray

def thinned(line: NDArray[float64], kept: NDArray[bool_], tolerance: float) -> None: ...
def traced(
    steps: NDArray[int8],
    moves: NDArray[int64],
    at: tuple[int, int],
    corner: tuple[float, float],
    ends: tuple[float, float, float, float] | None,
    tolerance: float,
) -> list[tuple[float, float]]: ...
