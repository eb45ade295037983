"""Laws of the response engine, and what it says of records that break the guideline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lesion_rows import BASELINE, lesion, on, record_of

from escc_desktop.trial.recist import assess
from escc_desktop.trial.recist_checks import check_lesions
from escc_desktop.trial.records import LesionMeasurement, Response
from escc_desktop.trial.response import assessed_visits, best_of, disagreements
from escc_desktop.trial.rules import load_rules

SIZES = st.integers(0, 800).map(lambda tenths: tenths / 10)
MEASURED = st.fixed_dictionaries({"L1": SIZES, "L2": SIZES, "L3": st.one_of(st.none(), SIZES)})
COURSE = st.lists(MEASURED, min_size=1, max_size=5)
BEFORE = {"L1": 30.0, "L2": 22.0, "L3": 18.0}
SITES = {"L1": "liver", "L2": "lung", "L3": "distant_node"}


def rows_of(course: list[dict[str, float | None]], scale: float = 1.0) -> list[LesionMeasurement]:
    """Return the rows of a baseline and scans every four weeks."""
    return [
        lesion(name, day, None if size is None else size * scale, SITES[name])
        for day, sizes in [(BASELINE, BEFORE), *((28 * (n + 1), sizes) for n, sizes in enumerate(course))]
        for name, size in sizes.items()
    ]


@given(COURSE, st.data())
def test_that_the_order_of_rows_does_not_matter(course: list[dict[str, float | None]], data: st.DataObject) -> None:
    rows = rows_of(course)
    assert assess(record_of(data.draw(st.permutations(rows)))).points == assess(record_of(rows)).points


@given(COURSE, MEASURED)
def test_that_a_later_scan_changes_no_earlier_time_point(
    course: list[dict[str, float | None]], later: dict[str, float | None]
) -> None:
    before = assess(record_of(rows_of(course))).points
    assert assess(record_of(rows_of([*course, later]))).points[:-1] == before


@given(COURSE, st.sampled_from([1.0, 1.5, 2.0, 4.0]))
def test_that_only_the_5_mm_and_the_nodes_10_mm_depend_on_the_scale(
    course: list[dict[str, float | None]], scale: float
) -> None:
    without_nodes = [{name: size for name, size in sizes.items() if name != "L3"} for sizes in course]
    rows = [row for row in rows_of(without_nodes) if row.lesion_id != "L3"]
    larger = [row for row in rows_of(without_nodes, scale) if row.lesion_id != "L3"]
    larger[:2] = [replace(row, diameter_mm=(row.diameter_mm or 0.0) * scale) for row in rows[:2]]
    for one, other in zip(assess(record_of(rows)).points, assess(record_of(larger)).points, strict=True):
        assert one.change == pytest.approx(other.change)
        if one.response is not other.response:  # it grew by a fifth, and by 5 mm only in the larger patient
            assert (other.response, other.growth) == (Response.PD, pytest.approx(one.growth))
            assert one.sum_mm is not None
            assert one.nadir_mm is not None
            assert one.sum_mm - one.nadir_mm < 5.0


@given(COURSE)
def test_that_the_best_response_agrees_whatever_the_scans_after_progression(
    course: list[dict[str, float | None]],
) -> None:
    rules = replace(load_rules(), response_source="measurements")
    record = record_of(rows_of(course))
    until = assess(record, rules).progression
    if until is not None:
        short = record_of(row for row in rows_of(course) if row.date <= until.on)
        assert best_of(short, rules) == best_of(record, rules)


def finding(code: str, *rows: LesionMeasurement) -> bool:
    return code in {one.code for one in check_lesions(record_of(rows))}


def plain(
    name: str, size: float | None = 20.0, site: str = "liver", day: int = BASELINE, **more: object
) -> LesionMeasurement:
    return lesion(name, day, size, site, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "wrong", "right"),
    [
        (
            "too_many_targets",
            [
                plain(f"L{n}", site=site)
                for n, site in enumerate(("liver", "liver", "lung", "lung", "other", "primary"))
            ],
            [plain(f"L{n}", site=site) for n, site in enumerate(("liver", "liver", "lung", "lung", "other"))],
        ),
        ("too_many_in_organ", [plain(f"L{n}") for n in range(3)], [plain(f"L{n}") for n in range(2)]),
        (
            "too_many_in_organ",
            [plain("L1", site="regional_node"), plain("L2", site="distant_node"), plain("L3", site="distant_node")],
            [plain("L1", site="regional_node"), plain("L2", site="distant_node")],
        ),
        (
            "too_many_in_organ",
            [plain(f"L{n}", site="other", organ="kidney") for n in range(3)],
            [
                plain("L0", site="other", organ="kidney"),
                plain("L1", site="other", organ="spleen"),
                plain("L2", site="other", organ="kidney"),
            ],
        ),
        ("node_too_small", [plain("L1", 14.9, "distant_node")], [plain("L1", 15.0, "distant_node")]),
        ("target_too_small", [plain("L1", 9.9)], [plain("L1", 10.0)]),
        (
            "target_thinner_than_slices",
            [plain("L1", 13.9, slice_thickness_mm=7.0)],
            [plain("L1", 14.0, slice_thickness_mm=7.0)],
        ),
        ("irradiated", [plain("L1", irradiated=True)], [plain("L1", irradiated=True, state="progressed")]),
        ("esophageal_target", [plain("L1", site="primary")], [plain("L1")]),
        ("baseline_too_early", [plain("L1", day=-29)], [plain("L1", day=-28)]),
        (
            "node_by_long_axis",
            [replace(plain("L1", site="distant_node"), axis="long")],
            [plain("L1", site="distant_node")],
        ),
        (
            "normal_node",
            [plain("L1", 9.9, "distant_node", role="non_target")],
            [plain("L1", 10.0, "distant_node", role="non_target")],
        ),
        ("target_not_measured", [plain("L1", None)], [plain("L1")]),
        ("no_baseline", [plain("L1", day=28)], [plain("L1")]),
        ("new_at_baseline", [plain("L1", role="new")], [plain("L1")]),
        (
            "new_node_normal",
            [plain("L1", 8.0, "distant_node", 28, role="new")],
            [plain("L1", 10.0, "distant_node", 28, role="new")],
        ),
        ("not_at_baseline", [plain("L1"), plain("L2", day=28)], [plain("L1"), plain("L2", day=28, role="new")]),
        ("joined_to_nothing", [plain("L1"), plain("L1", None, day=28, state="merged", joined_to="L7")], [plain("L1")]),
        ("role_changed", [plain("L1"), plain("L1", day=28, role="non_target")], [plain("L1"), plain("L1", day=28)]),
    ],
)
def test_that_what_the_guideline_forbids_is_said(
    code: str, wrong: list[LesionMeasurement], right: list[LesionMeasurement]
) -> None:
    assert finding(code, *wrong)
    assert not finding(code, *right)


def test_that_no_lesions_mean_no_findings() -> None:
    assert check_lesions(record_of([])) == ()


def test_that_disagreements_are_listed_and_the_record_stands() -> None:
    rows = [plain("L1", 50.0), *(plain("L1", size, day=day) for day, size in ((28, 30.0), (56, 30.0), (112, 40.0)))]
    record = record_of(rows, visits=[(28, "PR"), (58, "SD"), (84, "SD"), (90, "NE")])
    found = disagreements(record)
    assert [(one.visit, one.entered, one.computed) for one in found] == [
        (2, Response.SD, Response.PR),
        (3, Response.SD, None),
        (None, None, Response.PD),
    ]
    assert all(one.reason for one in found)
    assert [visit.response for visit in assessed_visits(record)] == ["PR", "SD", "SD", "NE"]
    computed = replace(load_rules(), response_source="measurements")
    assert [(visit.date, visit.response) for visit in assessed_visits(record, computed)] == [
        (on(28), "PR"), (on(56), "PR"), (on(112), "PD"),
    ]  # fmt: skip
    assert (best_of(record).response, best_of(record, computed).response) == ("SD", "PR")


def test_that_a_record_without_lesions_disagrees_with_nothing() -> None:
    assert disagreements(record_of([], visits=[(28, "PR")])) == ()


def test_that_disease_entered_after_a_complete_response_counts_as_progression() -> None:
    record = record_of([], visits=[(56, "CR"), (84, "PR")])
    assert [visit.response for visit in assessed_visits(record)] == ["CR", "PD"]
    lenient = replace(load_rules(), disease_after_cr="response")
    assert [visit.response for visit in assessed_visits(record, lenient)] == ["CR", "PR"]
