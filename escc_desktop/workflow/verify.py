"""Qualification of an installation: what this program computes here against what it must.

Built-in checks come with the program: the IBSI digital phantom, an image with PyRadiomics' own values, cases of every
statistical step with R's. A folder with more reference cases may be given.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.extract import make_engine
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.resources import resource_path
from escc_desktop.workflow.report import Section, StudyReport, TableBlock, study_report
from escc_desktop.workflow.verify_cases import Planned, digital_phantom_check, planned_cases
from escc_desktop.workflow.verify_values import Deviation

BUILT_IN: Final = "built in"
_HEADER: Final = ("", "step", "case", "values", "deviation", "tolerance")
_TOLERANCE_NOTE: Final = (
    "Deviation and tolerance are relative to the reference value (absolute where it is 0) and those of the value that"
    " is farthest off in units of its tolerance."
)


@dataclass(frozen=True)
class Check:
    """What one check found.

    Attributes
    ----------
    source, step, case
        As in `Planned`.
    n_values
        How many values were compared.
    worst
        The value farthest off in units of its tolerance; None where none was compared.
    problem
        Why there is nothing to compare, or what the first wrong value is; empty if the check passed.
    """

    source: str
    step: str
    case: str
    n_values: int
    worst: Deviation | None
    problem: str
    seconds: float

    @property
    def has_passed(self) -> bool:
        """Whether values were compared and all agree."""
        return not self.problem and self.n_values > 0


@dataclass(frozen=True)
class Verification:
    """All checks and the installation they were run on.

    Attributes
    ----------
    facts
        Name and value.
    """

    checks: tuple[Check, ...]
    facts: tuple[tuple[str, str], ...]

    @property
    def has_passed(self) -> bool:
        """Whether there was something to check and all of it agrees."""
        return bool(self.checks) and all(check.has_passed for check in self.checks)

    @property
    def n_failed(self) -> int:
        """Number of checks that failed."""
        return sum(not check.has_passed for check in self.checks)


def verify(folder: Path | None, progress: Progress) -> Verification:
    """Run every built-in check, and every reference case under a folder.

    Parameters
    ----------
    folder
        Such as one that holds `reference` and `data`; None for the built-in checks alone.
    progress
        Advanced between the checks.

    Raises
    ------
    EsccError
        There is no such folder, or no reference case in it.
    Cancelled
        From `progress`.
    """
    if folder is not None and not folder.is_dir():
        raise EsccError(f"{folder} is no folder.", "Give the folder that holds reference/ and data/.")
    built_in = (digital_phantom_check(), *planned_cases(resource_path("verification"), BUILT_IN))
    given = planned_cases(folder) if folder is not None else ()
    if folder is not None and not given:
        raise EsccError(
            f"No reference case was found under {folder}.", "Give the folder that holds reference/ and data/."
        )
    return Verification(_run_all((*built_in, *given), progress), _facts())


def _run_all(planned: Sequence[Planned], progress: Progress) -> tuple[Check, ...]:
    checks = []
    for index, each in enumerate(planned):
        note = f"{each.step}, {each.case}"
        progress.advance(index, len(planned), note)
        checks.append(run_check(each, progress.part(index / len(planned), (index + 1) / len(planned))))
    progress.advance(1, 1, "done")
    return tuple(checks)


def run_check(planned: Planned, progress: Progress) -> Check:
    """Run one check; whatever goes wrong is its result."""
    started = time.monotonic()
    deviations: tuple[Deviation, ...] = ()
    try:
        deviations = tuple(planned.run(progress))
        problem = _problem(deviations)
    except Cancelled:
        raise
    except EsccError as error:
        problem = error.what
    except Exception as error:  # noqa: BLE001  # a broken installation shows itself in any way, and the others count too
        problem = f"It broke off ({type(error).__name__}: {error})."
    worst = max(deviations, key=lambda each: each.severity, default=None)
    seconds = time.monotonic() - started
    return Check(planned.source, planned.step, planned.case, len(deviations), worst, problem, seconds)


def _problem(deviations: Iterable[Deviation]) -> str:
    listed = tuple(deviations)
    wrong = [each for each in listed if not each.is_within]
    if not listed:
        return "Nothing was compared."
    if not wrong:
        return ""
    first = wrong[0].fault or f"{wrong[0].where} is off by {wrong[0].size:.3g} ({wrong[0].tolerance:.3g} is allowed)"
    return f"{len(wrong)} of {len(listed)} values differ, the first: {first}."


def _facts() -> tuple[tuple[str, str], ...]:
    engine = make_engine(DEFAULT_ENGINE)
    return (
        ("Program", f"escc-desktop {version()}"),
        ("Engine", f"{engine.name} {engine.version}"),
        ("Libraries", ", ".join(f"{name} {number}" for name, number in engine.libraries.items())),
        ("Python", platform.python_version()),
        ("System", platform.platform()),
        ("Run at", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
    )


def verification_document(verification: Verification) -> dict[str, Any]:
    """Return the result for JSON."""
    return {
        "passed": verification.has_passed,
        "n_checks": len(verification.checks),
        "n_failed": verification.n_failed,
        "installation": dict(verification.facts),
        "checks": [_check_document(check) for check in verification.checks],
    }


def _check_document(check: Check) -> dict[str, Any]:
    worst = check.worst
    is_finite = worst is not None and worst.size != float("inf")
    return {
        "source": check.source,
        "step": check.step,
        "case": check.case,
        "n_values": check.n_values,
        "largest_deviation": worst.size if worst and is_finite else None,
        "tolerance": worst.tolerance if worst else None,
        "where": worst.where if worst else None,
        "pass": check.has_passed,
        "problem": check.problem or None,
        "seconds": round(check.seconds, 3),
    }


def verification_text(verification: Verification) -> str:
    """Return a line for each check under its source, and the verdict."""
    rows = [_HEADER, *map(_row, verification.checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = [_line(_HEADER, widths)]
    source = ""
    for check in verification.checks:
        if check.source != source:
            source = check.source
            lines.append(f"{source}:")
        lines.append(_line(_row(check), widths))
        if check.problem:
            lines.append(f"      {check.problem}")
    return "\n".join((*lines, verdict(verification)))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def verdict(verification: Verification) -> str:
    """Return the outcome in one sentence."""
    n = len(verification.checks)
    if verification.has_passed:
        return f"All {n} checks passed."
    return f"{verification.n_failed} of {n} checks failed." if verification.n_failed else f"{n} checks passed."


def _row(check: Check) -> tuple[str, str, str, str, str, str]:
    worst = check.worst
    numbers = (f"{worst.size:.2g}", f"{worst.tolerance:.2g}") if worst else ("", "")
    return ("pass" if check.has_passed else "FAIL", check.step, check.case, str(check.n_values), *numbers)


def check_report_path(path: Path) -> None:
    """Refuse before the work what could not be written after it.

    Raises
    ------
    EsccError
        The folder does not exist, or the name does not end in .pdf.
    """
    if not path.absolute().parent.is_dir():
        raise EsccError(f"The folder {path.absolute().parent} does not exist.", "Make it or choose another.")
    if path.suffix.lower() != ".pdf" or path.is_dir():
        raise EsccError(f"{path} cannot be the report.", "Name a file that ends in .pdf.")


def write_verification(verification: Verification, path: Path) -> None:
    """Write the report as PDF, and as JSON beside it.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    failed = [f"{check.step}, {check.case}: {check.problem}" for check in verification.checks if not check.has_passed]
    sources = list(dict.fromkeys(check.source for check in verification.checks))
    sections = (_section(source, [each for each in verification.checks if each.source == source]) for source in sources)
    report = StudyReport(
        "Qualification of this installation",
        verdict(verification),
        tuple(sections),
        tuple(failed),
        tuple((name, value) for name, value in verification.facts if name != "Program"),
    )
    study_report(report, path)


def _section(source: str, checks: Sequence[Check]) -> Section:
    header = ("Step", "Case", "Values", "Largest deviation", "Tolerance", "Where", "Result")
    rows = tuple(
        (
            check.step,
            check.case,
            check.n_values,
            f"{check.worst.size:.2g}" if check.worst else "",
            f"{check.worst.tolerance:.2g}" if check.worst else "",
            check.worst.where if check.worst else "",
            "passed" if check.has_passed else "FAILED",
        )
        for check in checks
    )
    title = "Built-in checks" if source == BUILT_IN else f"Reference cases of {source}"
    return Section(title, tables=(TableBlock(header, rows, note=_TOLERANCE_NOTE),))
