from numpy import bool_, float64
from numpy.typing import NDArray

def thinned(line: NDArray[float64], kept: NDArray[bool_], tolerance: float) -> None: ...
