from numpy import bool_, int32, uint32
from numpy.typing import NDArray

def border(
    voxels: NDArray[bool_],
    top: int,
    left: int,
    rows: NDArray[int32],
    columns: NDArray[int32],
    picture: NDArray[uint32],
    color: int,
    before: int,
    after: int,
    dash: int,
    phase: int,
) -> None: ...
