"""What a guess at a password costs."""

from __future__ import annotations

from dataclasses import dataclass

from escc_desktop.errors import EsccError

MAX_MEMORY_KIB = 2**20
MAX_TIME = 16
MAX_LANES = 16


@dataclass(frozen=True)
class PasswordCost:
    """Cost of one argon2id evaluation (OWASP: at least 19 MiB and two passes).

    Bounds keep an altered key file from asking for all memory of the machine.
    """

    memory_kib: int = 64 * 1024
    time: int = 2
    lanes: int = 1

    def __post_init__(self) -> None:
        if not (
            8 * self.lanes <= self.memory_kib <= MAX_MEMORY_KIB
            and 1 <= self.time <= MAX_TIME
            and 1 <= self.lanes <= MAX_LANES
        ):
            raise EsccError("The cost of the password is out of bounds.", "Restore project.key from a backup.")


STRONG = PasswordCost()
