"""RECIST 1.1 by worked examples: measurements in, the response of each time point out.

The numbers are worked out by hand from the guideline (Eisenhauer et al., Eur J Cancer 2009; 45: 228-247).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from lesion_rows import BASELINE, lesion, on, record_of

from escc_desktop.trial.recist import assess, overall_response
from escc_desktop.trial.records import LesionMeasurement, Response
from escc_desktop.trial.rules import load_rules


@dataclass(frozen=True)
class Case:
    """A patient: rows as (lesion, day, mm, site, role, state) and what each time point shows."""

    name: str
    rows: tuple[LesionMeasurement, ...]
    responses: str

    def __str__(self) -> str:
        return self.name


def targets(*sizes: float | None, site: str = "liver", before: float = 50.0) -> tuple[LesionMeasurement, ...]:
    """Return one target at the baseline and every four weeks."""
    later = (lesion("L1", 28 * (n + 1), size, site) for n, size in enumerate(sizes))
    return (lesion("L1", BASELINE, before, site), *later)


def others(*states: str, before: str = "present") -> tuple[LesionMeasurement, ...]:
    """Return one non-target without a diameter at the baseline and every four weeks."""
    later = (lesion("N1", 28 * (n + 1), None, "other", "non_target", state=state) for n, state in enumerate(states))
    return (lesion("N1", BASELINE, None, "other", "non_target", state=before), *later)


def also(name: str, day: int, size: float | None, site: str = "lung", state: str = "") -> LesionMeasurement:
    return lesion(name, day, size, site, state=state)


CASES = (
    # Percentages and the 5 mm
    Case("exactly 30 % less is PR", targets(35.0), "PR"),
    Case("29.8 % less is SD", targets(35.1), "SD"),
    Case("exactly 20 % and 10 mm more is PD", targets(60.0), "PD"),
    Case("19.8 % more is SD", targets(59.9), "SD"),
    Case("25 % but 4 mm more is SD", targets(20.0, before=16.0), "SD"),
    Case("33 % and 5 mm more is PD", targets(20.0, before=15.0), "PD"),
    Case("tenths of millimetres do not tip it", targets(30.1, before=43.0), "PR"),
    Case("PD is counted from the nadir, not the baseline", targets(30.0, 37.0), "PR PD"),
    Case("the baseline is the nadir while nothing is smaller", targets(55.0, 59.0, 60.0), "SD SD PD"),
    Case("from the nadir 5 mm are needed too", targets(12.0, 16.9, 17.0), "PR PR PD"),
    Case("PR is counted from the baseline", targets(40.0, 36.0, 35.0), "SD SD PR"),
    Case("back over 70 % of the baseline without PD is SD", targets(34.0, 38.0), "PR SD"),
    Case("assessments go on after progression", targets(60.0, 30.0, 25.0), "PD PR PR"),
    # Complete response
    Case("all targets gone", targets(0.0), "CR"),
    Case("target gone by its state", (*targets(), lesion("L1", 28, None, state="absent")), "CR"),
    Case("disease seen again after CR is PD, however small", targets(0.0, 3.0), "CR PD"),
    Case("a lesion gone and seen again before CR is added to the sum",
         (*targets(30.0, 30.0, 30.0), also("L2", BASELINE, 12.0), also("L2", 28, 0.0), also("L2", 56, 4.0),
          also("L2", 84, 8.0)), "PR PR PD"),
    # Nodes by short axis
    Case("a target node below 10 mm is CR with a sum over 0", targets(9.9, site="distant_node", before=18.0), "CR"),
    Case("a target node of 10 mm is no CR", targets(10.0, site="distant_node", before=18.0), "PR"),
    Case("a node of normal size still counts in the sum of the others",
         (*targets(36.0), also("L2", BASELINE, 16.0, "distant_node"), also("L2", 28, 8.0, "distant_node")), "PR"),
    Case("a node of normal size and a lesion that is left is no CR",
         (*targets(4.0), also("L2", BASELINE, 16.0, "distant_node"), also("L2", 28, 6.0, "distant_node")), "PR"),
    Case("nodes that stay below 10 mm are CR though the sum grows by 20 % and 5 mm",
         (*targets(3.0, 8.0, site="distant_node", before=18.0), also("L2", BASELINE, 15.0, "regional_node"),
          also("L2", 28, 4.0, "regional_node"), also("L2", 56, 7.0, "regional_node")), "CR CR"),
    Case("a node of 10 mm again after CR is PD", targets(9.0, 12.0, site="distant_node", before=18.0), "CR PD"),
    # Too small, absent, not evaluable, merged, split
    Case("too small to measure counts 5 mm", (*targets(), lesion("L1", 28, None, state="too_small")), "PR"),
    Case("too small on a sum of 7 mm is no PR",
         (lesion("L1", BASELINE, 7.0), lesion("L1", 28, None, state="too_small")), "SD"),
    Case("too small but measured counts as measured",
         (lesion("L1", BASELINE, 10.0), lesion("L1", 28, 3.0, state="too_small")), "PR"),
    Case("a node too small to measure is normal", (
        lesion("L1", BASELINE, 16.0, "distant_node"), lesion("L1", 28, None, "distant_node", state="too_small")), "CR"),
    Case("one target not evaluable is NE",
         (*targets(20.0), also("L2", BASELINE, 20.0), also("L2", 28, None, state="not_evaluable")), "NE"),
    Case("one target not measured is NE", (*targets(20.0), also("L2", BASELINE, 20.0)), "NE"),
    Case("one target missing, and PD without it",
         (*targets(85.0), also("L2", BASELINE, 20.0), also("L2", 28, None, state="not_evaluable")), "PD"),
    Case("NE does not lower the nadir",
         (*targets(20.0, 50.0), also("L2", BASELINE, 20.0), also("L2", 56, 20.0)), "NE SD"),
    Case("no target measured at the baseline", targets(20.0, before=None), "NE"),  # type: ignore[arg-type]
    Case("no baseline at all", (lesion("L1", 28, 20.0),), "NE"),
    Case("merged lesions have one diameter",
         (*targets(60.0), also("L2", BASELINE, 20.0, "liver"),
          lesion("L2", 28, None, state="merged", joined_to="L1")), "SD"),
    Case("once merged, no row is needed",
         (*targets(60.0, 84.0), also("L2", BASELINE, 20.0, "liver"),
          lesion("L2", 28, None, state="merged", joined_to="L1")), "SD PD"),
    Case("merged into nothing said is NE",
         (*targets(60.0), also("L2", BASELINE, 20.0, "liver"), lesion("L2", 28, None, state="merged")), "NE"),
    Case("parts of a split lesion are added",
         (*targets(20.0), lesion("L1b", 28, 14.0, state="split", joined_to="L1")), "PR"),
    Case("parts of a split lesion are added up to PD",
         (*targets(35.0), lesion("L1b", 28, 27.0, state="split", joined_to="L1")), "PD"),
    Case("a lesion split into two named parts",
         (*targets(None), lesion("L1a", 28, 20.0, state="split", joined_to="L1"),
          lesion("L1b", 28, 15.0, state="split", joined_to="L1")), "PR"),
    Case("a part that is not measured any more is NE",
         (*targets(20.0, 20.0), lesion("L1b", 28, 14.0, state="split", joined_to="L1")), "PR NE"),
    # Non-targets
    Case("CR of targets and non-targets left is PR", targets(0.0) + others("present"), "PR"),
    Case("CR of targets and non-targets not seen is PR", targets(0.0) + others("not_evaluable"), "PR"),
    Case("CR of both is CR", targets(0.0) + others("absent"), "CR"),
    Case("unequivocal progression of a non-target is PD", targets(20.0) + others("progressed"), "PD"),
    Case("PR and a non-target not seen is PR", targets(20.0) + others("not_evaluable"), "PR"),
    Case("a non-target node below 10 mm is gone",
         (*targets(0.0), lesion("N1", BASELINE, 12.0, "distant_node", "non_target"),
          lesion("N1", 28, 9.0, "distant_node", "non_target")), "CR"),
    Case("a non-target node of 10 mm is left",
         (*targets(0.0), lesion("N1", BASELINE, 12.0, "distant_node", "non_target"),
          lesion("N1", 28, 10.0, "distant_node", "non_target")), "PR"),
    Case("non-target only: left", others("present"), "NON_CR_NON_PD"),
    Case("non-target only: gone", others("absent"), "CR"),
    Case("non-target only: not seen", others("not_evaluable"), "NE"),
    Case("non-target only: progression", others("present", "progressed"), "NON_CR_NON_PD PD"),
    Case("a non-target seen again after CR is PD",
         targets(0.0, 0.0) + others("absent", "present"), "CR PD"),
    # New lesions
    Case("a new lesion is PD whatever the targets do",
         (*targets(20.0), lesion("X", 28, 12.0, "lung", "new")), "PD"),
    Case("a new lesion is PD when nothing else was measured",
         (*targets(), lesion("X", 28, 12.0, "lung", "new")), "PD"),
    Case("a new node below 10 mm is normal", (*targets(50.0), lesion("X", 28, 9.0, "distant_node", "new")), "SD"),
    Case("a new node of 10 mm is new", (*targets(50.0), lesion("X", 28, 10.0, "distant_node", "new")), "PD"),
    Case("an equivocal new lesion waits",
         (*targets(50.0), lesion("X", 28, 4.0, "lung", "new", state="equivocal")), "SD"),
    Case("an equivocal new lesion that is confirmed dates back",
         (*targets(50.0, 50.0), lesion("X", 28, 4.0, "lung", "new", state="equivocal"),
          lesion("X", 56, 9.0, "lung", "new")),
         "PD PD"),
    Case("an equivocal new lesion confirmed at the second scan after dates back to the first",
         (*targets(50.0, 50.0, 50.0), lesion("X", 28, 4.0, "lung", "new", state="equivocal"),
          lesion("X", 56, 5.0, "lung", "new", state="equivocal"), lesion("X", 84, 9.0, "lung", "new")), "PD PD PD"),
    Case("an equivocal new lesion that is gone was none",
         (*targets(50.0, 50.0), lesion("X", 28, 4.0, "lung", "new", state="equivocal"),
          lesion("X", 56, 0.0, "lung", "new", state="absent")), "SD SD"),
    Case("equivocal progression of a non-target that is confirmed dates back",
         targets(50.0, 50.0) + others("equivocal", "progressed"), "PD PD"),
    Case("equivocal progression of a non-target that is not confirmed was none",
         targets(50.0, 50.0, 50.0) + others("equivocal", "present", "progressed"), "SD SD PD"),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_that_each_time_point_has_the_response_of_the_guideline(case: Case) -> None:
    points = assess(record_of(case.rows)).points
    assert " ".join(point.response for point in points) == case.responses
    assert all(point.reason for point in points)


CR, PR, SD, PD, NE = Response.CR, Response.PR, Response.SD, Response.PD, Response.NE
NON = Response.NON_CR_NON_PD


@pytest.mark.parametrize(
    ("target", "non_target", "has_new", "expected"),
    [
        (CR, CR, False, CR),
        (CR, None, False, CR),
        (CR, NON, False, PR),
        (CR, NE, False, PR),
        (PR, CR, False, PR),
        (PR, NON, False, PR),
        (PR, NE, False, PR),
        (SD, CR, False, SD),
        (SD, NON, False, SD),
        (SD, NE, False, SD),
        (NE, CR, False, NE),
        (NE, NON, False, NE),
        (NE, NE, False, NE),
        *((PD, other, new, PD) for other in (None, CR, NON, NE, PD) for new in (False, True)),
        *((other, PD, new, PD) for other in (CR, PR, SD, NE, PD) for new in (False, True)),
        *((one, other, True, PD) for one in (CR, PR, SD, NE) for other in (None, CR, NON, NE)),
    ],
)
def test_that_the_rows_of_table_1_hold(
    target: Response, non_target: Response | None, has_new: bool, expected: Response
) -> None:
    assert overall_response(target, non_target, has_new=has_new) is expected


@pytest.mark.parametrize(
    ("non_target", "has_new", "expected"),
    [(CR, False, CR), (NON, False, NON), (NE, False, NE), (PD, False, PD), (PD, True, PD)]
    + [(other, True, PD) for other in (CR, NON, NE)],
)
def test_that_the_rows_of_table_2_hold(non_target: Response, has_new: bool, expected: Response) -> None:
    assert overall_response(None, non_target, has_new=has_new) is expected


def test_that_a_time_point_tells_its_sum_nadir_and_changes() -> None:
    rows = (*targets(30.0, 40.0), also("L2", BASELINE, 30.0), also("L2", 28, 20.0), also("L2", 56, 20.0))
    assessed = assess(record_of(rows))
    first, second = assessed.points
    assert (assessed.baseline_mm, first.sum_mm, first.nadir_mm) == (80.0, 50.0, 80.0)
    assert (first.change, first.growth) == (pytest.approx(-0.375), pytest.approx(-0.375))
    assert (second.sum_mm, second.nadir_mm) == (60.0, 50.0)
    assert (second.change, second.growth) == (pytest.approx(-0.25), pytest.approx(0.2))
    assert second.response is PD


def test_that_the_last_measurement_before_day_1_is_the_baseline() -> None:
    rows = (lesion("L1", -20, 60.0), lesion("L1", -3, 50.0), lesion("L1", 28, 36.0))
    assessed = assess(record_of(rows))
    assert assessed.baseline_mm == 50.0
    assert assessed.points[0].response is SD


def test_that_scans_a_few_days_apart_are_one_time_point_dated_by_its_last() -> None:
    rows = (
        *targets(),
        also("L2", BASELINE, 20.0),
        lesion("L1", 28, 30.0),
        also("L2", 33, 10.0),
        lesion("L1", 60, 30.0),
    )
    points = assess(record_of(rows)).points
    assert [point.days for point in points] == [(on(28), on(33)), (on(60),)]
    assert (points[0].response, points[0].on) == (PR, on(33))


def test_that_progression_is_dated_by_the_scan_that_shows_it() -> None:
    grown = (*targets(), also("L2", BASELINE, 20.0), lesion("L1", 28, 60.0), also("L2", 33, 30.0))
    assert assess(record_of(grown)).points[0].on == on(33)  # the sum is known with its last part
    new = (*grown, lesion("X", 28, 10.0, "lung", "new"))
    assert assess(record_of(new)).points[0].on == on(28)
    worse = (*targets(), lesion("L1", 33, 50.0), *others(before="present"),
             lesion("N1", 28, None, "other", "non_target", state="progressed"))  # fmt: skip
    assert assess(record_of(worse)).points[0].on == on(28)


def test_that_backdating_is_said_at_the_scan_it_changes() -> None:
    rows = (
        *targets(50.0, 50.0),
        lesion("X", 28, 4.0, "lung", "new", state="equivocal"),
        lesion("X", 56, 9.0, "lung", "new"),
    )
    first = assess(record_of(rows)).points[0]
    assert first.backdated == ("X",)
    assert "dated back" in first.reason
    assert assess(record_of(rows)).progression == first


def test_that_a_complete_response_may_be_taken_to_have_been_a_partial_one() -> None:
    rules = replace(load_rules(), disease_after_cr="response")
    points = assess(record_of(targets(0.0, 3.0)), rules).points
    assert [point.response for point in points] == [CR, PR]


def test_that_a_lesion_row_without_a_baseline_is_no_target() -> None:
    points = assess(record_of((*targets(20.0), lesion("L9", 28, 90.0)))).points
    assert points[0].sum_mm == 20.0
