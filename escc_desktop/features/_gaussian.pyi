from typing import Any

from numpy import float32, float64
from numpy.typing import NDArray

def filter_lines(
    source: NDArray[Any], target: NDArray[float32], axis: int, start: int, coefficients: NDArray[float64]
) -> None: ...
