from numpy import bool_, complex128, float64, int32, uint8
from numpy.typing import NDArray

def sample(
    sizes: tuple[tuple[int, int, int], tuple[int, int], int],
    coefficients: NDArray[float64],
    weights: tuple[NDArray[float64], NDArray[float64], NDArray[float64]],
    offsets: NDArray[int32],
    pixel: tuple[int, float, float],
    centre: NDArray[float64],
    voxels: NDArray[bool_],
    harmonics: NDArray[float64],
    kurtosis: NDArray[float64],
    count: NDArray[uint8],
    order0: NDArray[float64],
    order1: NDArray[complex128],
) -> None: ...
def norm(
    n: int,
    products: NDArray[complex128],
    order0: NDArray[float64],
    harmonics: NDArray[float64],
    out: NDArray[float64],
) -> None: ...
