"""What a study allows readers to do and see while they outline lesions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.reading.tools import TOOL_KINDS

WINDOW: Final = (350.0, 40.0)


@dataclass(frozen=True)
class Protocol:
    """The rules of a plan's readings, the same in every one, so that none tells a reader what it is drawn for.

    Attributes
    ----------
    forbidden
        Labels of tools (`reading.tools.TOOL_KINDS`) that may not be used.
    window
        Width and level in HU that every reading is shown in; None leaves it to the reader.
    series
        UIDs of the series that readers may look at beside the one they outline.
    """

    forbidden: frozenset[str] = frozenset()
    window: tuple[float, float] | None = None
    series: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        unknown = sorted(self.forbidden - TOOL_KINDS.keys())
        if unknown:
            raise EsccError(
                f"There is no tool {', '.join(unknown)} to forbid.", f"The tools are: {', '.join(TOOL_KINDS)}."
            )
        if self.window is not None and self.window[0] < 1:
            raise EsccError(f"A window is not {self.window[0]:g} HU wide.", "Give a width of at least 1 HU.")

    def allows(self, label: str) -> bool:
        """Return whether a tool may be used."""
        return label not in self.forbidden


class ToolRule(StrEnum):
    """Which tools a study leaves its readers, as it is chosen."""

    BY_HAND = "by_hand"
    USUAL = "usual"
    ALL = "all"

    @property
    def forbidden(self) -> frozenset[str]:
        """Labels of the tools it forbids."""
        if self is ToolRule.BY_HAND:
            return frozenset(kind.label for kind in TOOL_KINDS.values() if kind.is_assisted)
        # Both carry over a border that somebody else, or the same reader elsewhere, has drawn: readers stop looking.
        return frozenset({"paste", "AI proposal"}) if self is ToolRule.USUAL else frozenset()

    @classmethod
    def of(cls, forbidden: Iterable[str]) -> ToolRule | None:
        """Return the rule that forbids exactly these; None where none does."""
        wanted = frozenset(forbidden)
        return next((rule for rule in cls if rule.forbidden == wanted), None)


FREE: Final = Protocol()
USUAL: Final = Protocol(ToolRule.USUAL.forbidden, WINDOW)
