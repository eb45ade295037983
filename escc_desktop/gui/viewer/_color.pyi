from numpy import int16, uint8, uint32
from numpy.typing import NDArray

def color(hu: NDArray[int16], labels: NDArray[uint8], table: NDArray[uint32], colors: NDArray[uint32]) -> None: ...
