from numpy import bool_, int16, uint32
from numpy.typing import NDArray

def color(
    hu: NDArray[int16], table: NDArray[uint32], colors: NDArray[uint32], mask: NDArray[bool_] | None = None
) -> None: ...
