from numpy import float64, int64
from numpy.typing import NDArray

def lasso_path(
    sizes: tuple[int, int, int, int],
    x: NDArray[float64],
    group_end: NDArray[int64],
    deaths: NDArray[float64],
    event: NDArray[float64],
    weight: float,
    lambdas: NDArray[float64],
    ratio: float,
    thresh: float,
    max_passes: int,
    coef: NDArray[float64],
    deviance_ratio: NDArray[float64],
) -> tuple[int, int, int]: ...
