from numpy import float64, int32
from numpy.typing import NDArray

def count(
    shape: tuple[int, int, int], levels: NDArray[int32], families: int
) -> tuple[
    bytes,
    bytes,
    tuple[bytes, bytes, bytes, bytes],
    tuple[bytes, bytes, bytes, bytes],
    tuple[bytes, bytes, bytes, bytes],
    tuple[bytes, bytes, bytes, bytes],
    bytes,
]: ...
def add_in_order(values: NDArray[float64]) -> float: ...
