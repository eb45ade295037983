"""The gate every DICOM series passes: two tables of small checks, each yielding findings."""

from __future__ import annotations

from collections.abc import Sequence

from escc_desktop.imaging.file_checks import FILE_CHECKS
from escc_desktop.imaging.series import Finding, Slice, Verdict
from escc_desktop.imaging.stack import STACK_CHECKS, geometry_of, sort_along_normal
from escc_desktop.imaging.volume import Geometry


def judge(slices: Sequence[Slice]) -> tuple[tuple[Slice, ...], Geometry | None, tuple[Finding, ...]]:
    """Return the slices sorted along the normal, their geometry (None if refused) and all findings."""
    findings = [finding for check in FILE_CHECKS for finding in check(slices)]
    if any(finding.severity is Verdict.REFUSE for finding in findings):
        return tuple(slices), None, tuple(findings)
    ordered = sort_along_normal(slices)
    findings += [finding for check in STACK_CHECKS for finding in check(ordered)]
    if any(finding.severity is Verdict.REFUSE for finding in findings):
        return ordered, None, tuple(findings)
    return ordered, geometry_of(ordered), tuple(findings)
