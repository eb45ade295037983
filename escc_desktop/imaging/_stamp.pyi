from collections.abc import Sequence

from numpy import bool_
from numpy.typing import NDArray

def walk(start: tuple[float, float, float], way: tuple[float, float, float]) -> list[tuple[int, int, int]]: ...
def touch(
    voxels: NDArray[bool_], stamp: NDArray[bool_], corners: Sequence[tuple[int, int, int]], value: bool
) -> tuple[int, int, int, int, int, int] | None: ...
