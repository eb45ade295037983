from numpy import float64, int32, int64
from numpy.typing import NDArray

def second_eigenvalues(
    n: int,
    starts: NDArray[int64],
    row: NDArray[int32],
    column: NDArray[int32],
    count: NDArray[int32],
    values: NDArray[float64],
) -> None: ...
