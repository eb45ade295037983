"""The qualification of this installation as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from escc_desktop.progress import Progress
from escc_desktop.workflow.child_jobs import run_in_child
from escc_desktop.workflow.verify import Verification, verify, write_verification


@dataclass(frozen=True)
class InstallationCheck:
    """What the built-in checks found.

    Attributes
    ----------
    failed
        A sentence for each check that failed.
    at
        When it was found.
    """

    has_passed: bool
    n_checks: int
    n_values: int
    failed: tuple[str, ...]
    at: datetime
    verification: Verification


def check_installation(progress: Progress) -> InstallationCheck:
    """Run every built-in check in a process of its own.

    Raises
    ------
    Cancelled
        From `progress`.
    """
    found = run_in_child(verify, None, progress=progress)
    return InstallationCheck(
        found.has_passed,
        len(found.checks),
        sum(check.n_values for check in found.checks),
        tuple(f"{check.step}, {check.case}: {check.problem}" for check in found.checks if not check.has_passed),
        datetime.now(UTC),
        found,
    )


def write_installation_check(check: InstallationCheck, path: Path, progress: Progress) -> Path:
    """Write the report as PDF, and as JSON beside it, and return its path.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    progress.advance(0, 1, path.name)
    write_verification(check.verification, path)
    return path
