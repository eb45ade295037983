from numpy import bool_
from numpy.typing import NDArray

def diameters(
    size: tuple[int, int, int], spacing: tuple[float, float, float], mask: NDArray[bool_]
) -> tuple[float, float, float, float]: ...
