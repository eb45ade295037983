from numpy import float64, int32, int64
from numpy.typing import NDArray

def neighbourhoods(
    family: int,
    sizes: tuple[int, int, int, int],
    settings: tuple[int, int, float, bool],
    levels: NDArray[int32],
    values: NDArray[float64],
    at: NDArray[int64],
    out: NDArray[float64],
) -> None: ...
