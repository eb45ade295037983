"""What a study allows readers to do and see while they outline lesions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Protocol:
    """The rules of a plan's readings, the same in every one, so that none tells a reader what it is drawn for.

    Attributes
    ----------
    forbidden
        Labels of tools (`reading.tools.TOOL_KINDS`) that may not be used.
    window
        Width and level in HU that every reading is shown in; None leaves it to the reader.
    """

    forbidden: frozenset[str] = frozenset()
    window: tuple[float, float] | None = None

    def allows(self, label: str) -> bool:
        """Return whether a tool may be used."""
        return label not in self.forbidden


FREE: Final = Protocol()
