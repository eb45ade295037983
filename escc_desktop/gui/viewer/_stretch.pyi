from numpy import int32, uint16, uint32
from numpy.typing import NDArray

def stretch(
    colors: NDArray[uint32],
    pixels: NDArray[uint32],
    columns: NDArray[int32],
    column_weights: NDArray[uint16],
    rows: NDArray[int32],
    row_weights: NDArray[uint16],
) -> None: ...
