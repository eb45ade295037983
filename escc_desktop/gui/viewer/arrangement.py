"""Where the views of a volume lie beside each other, and how that is written down."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from PySide6.QtCore import QRect, QSize

GAP_PX: Final = 4
USUAL_SHARE: Final = 0.64
LEAST_SHARE, MOST_SHARE = 0.3, 0.85


@dataclass(frozen=True)
class Arrangement:
    """How a person has the views lie.

    Attributes
    ----------
    has_side_views
        Whether there are views beside the axial one.
    maximised
        Name of the plane that has all the room; "" for none.
    share
        Of the width, what the axial view has.
    """

    has_side_views: bool = True
    maximised: str = ""
    share: float = USUAL_SHARE

    @classmethod
    def of(cls, kept: object) -> Self:
        """Return what was written down; what is missing or damaged has its default."""
        known = kept if isinstance(kept, dict) else {}
        share, maximised = known.get("share"), known.get("maximised")
        return cls(
            known.get("has_side_views") is not False,
            maximised if isinstance(maximised, str) else "",
            share if isinstance(share, float) and LEAST_SHARE <= share <= MOST_SHARE else USUAL_SHARE,
        )

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def side_by_side(size: QSize, share: float, n_sides: int, *, has_main: bool) -> tuple[QRect, list[QRect]]:
    """Return the place of the main view and those of the others, one below the other beside it.

    Without a main view the others stand next to each other.
    """
    width, height = size.width(), size.height()
    if not n_sides:
        return QRect(0, 0, width, height), []
    if not has_main:
        edges = _edges(width, n_sides)
        return QRect(), [QRect(left, 0, right - left, height) for left, right in edges]
    main = round(width * share)
    edges = _edges(height, n_sides)
    beside = width - main - GAP_PX
    return QRect(0, 0, main, height), [QRect(main + GAP_PX, top, beside, end - top) for top, end in edges]


def _edges(length: int, n: int) -> list[tuple[int, int]]:
    """Return begin and end of n parts of a length with gaps between."""
    room = length - GAP_PX * (n - 1)
    return [(room * i // n + GAP_PX * i, room * (i + 1) // n + GAP_PX * i) for i in range(n)]
