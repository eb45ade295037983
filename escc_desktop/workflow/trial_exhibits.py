"""Everything the trial page shows as things that can be taken away: figures and tables with their definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from escc_desktop.figures import response, trial_course
from escc_desktop.figures.response import BestChange, SwimmerLane
from escc_desktop.figures.style import Figure
from escc_desktop.figures.trial_course import ChangeCourse, FlowBox
from escc_desktop.i18n import _
from escc_desktop.trial.course import PatientCourse
from escc_desktop.trial.records import Response, VitalStatus
from escc_desktop.workflow.report_baseline import BASELINE_HEADER
from escc_desktop.workflow.trial_results import TrialResults

Cells = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One figure or table.

    Attributes
    ----------
    name
        Of its files.
    definition
        How it was reckoned, for who points at it.
    header, rows
        The numbers behind it, missing ones None.
    draw
        Draws it; None for a table.
    """

    name: str
    title: str
    definition: str
    header: tuple[str, ...]
    rows: tuple[Cells, ...]
    draw: Callable[[], Figure] | None = None


def response_exhibits(results: TrialResults) -> Iterator[Exhibit]:
    """Yield who took part, who they were, and how their lesions responded."""
    yield _flow(results)
    yield Exhibit(
        "baseline",
        _("Patients at baseline"),
        _(
            "Of the patients with a value. Mean ± SD where a test finds a variable normal (Kolmogorov-Smirnov after "
            "Lilliefors, P above 0.05), otherwise median with quartiles as SPSS reckons them (HAVERAGE, type 6). "
            "Laboratory values: the last within 14 days before day 1."
        ),
        BASELINE_HEADER,
        tuple(row.cells for row in results.baseline),
    )
    yield _best(results)
    yield _rates(results)
    bars = [best_change(course) for course in results.courses]
    yield Exhibit(
        "waterfall",
        _("Best change of the target lesions"),
        _(
            "The largest decrease (or smallest increase) of the sum of target diameters from baseline, up to "
            "progression or a next therapy. Lines at +20 and -30 %. The letters are the best response, which also "
            "needs confirmation and counts other lesions."
        ),
        ("patient_id", "best_change_percent", "best_response"),
        tuple((bar.patient_id, bar.change_percent, bar.response) for bar in bars),
        lambda: response.waterfall(bars),
    )
    courses = change_courses(results.courses)
    yield Exhibit(
        "spider",
        _("Change of the target lesions over time"),
        _("The sum of target diameters at each scan against the baseline, up to progression or a next therapy."),
        ("patient_id", "best_response", "month", "change_percent"),
        tuple((one.patient_id, one.response, *point) for one in courses for point in one.points),
        lambda: trial_course.spider(courses),
    )
    yield _swimmer(results)


def flow_boxes(results: TrialResults) -> tuple[FlowBox, ...]:
    """Return who took part: looked at, enrolled, treated, scanned, with a best response."""
    records = results.records
    treated = [record for record in records if record.treatments]
    scanned = [record for record in treated if any(visit.date > record.start_date for visit in record.visits)]
    assessed = results.counts.n_evaluable
    boxes = [
        FlowBox(len(records), _("enrolled"), _left(len(records) - len(treated), _("no dose recorded"))),
        FlowBox(len(treated), _("treated"), _left(len(treated) - len(scanned), _("no CT after day 1"))),
        FlowBox(len(scanned), _("CT after day 1"), _left(len(scanned) - assessed, _("response not evaluable"))),
        FlowBox(assessed, _("with a best response")),
    ]
    if results.screening:
        out = [one.reason or _("no reason recorded") for one in results.screening if one.outcome == "not_enrolled"]
        reasons = tuple((out.count(why), why) for why in dict.fromkeys(sorted(out)))
        boxes.insert(0, FlowBox(len(results.screening), _("screened"), reasons))
    return tuple(boxes)


def status_box(results: TrialResults) -> FlowBox:
    """Return what became of all enrolled: each died, was lost, is alive after progression or still without."""
    pairs = zip(results.courses, results.records, strict=True)
    alive = [course for course, record in pairs if record.survival.status is VitalStatus.ALIVE]
    n_lost = sum(record.survival.status is VitalStatus.LOST for record in results.records)
    n_dead = len(results.records) - len(alive) - n_lost
    n_progressed = sum(course.pfs.is_event for course in alive)
    left = (
        *_left(n_dead, _("died")),
        *_left(n_lost, _("lost to follow-up")),
        *_left(n_progressed, _("alive, progression seen")),
        *_left(len(alive) - n_progressed, _("alive, no progression seen")),
    )
    return FlowBox(len(results.records), _("enrolled, at the last contact"), left, is_apart=True)


def best_change(course: PatientCourse) -> BestChange:
    """Return a patient's bar of the waterfall."""
    change = course.best_change
    return BestChange(course.patient_id, None if change is None else change * 100, str(course.best))


def change_courses(courses: Sequence[PatientCourse]) -> tuple[ChangeCourse, ...]:
    """Return the lines of the spider plot."""
    return tuple(
        ChangeCourse(one.patient_id, str(one.best), tuple((month, change * 100) for month, change in one.changes))
        for one in courses
        if one.changes
    )


def swimmer_lane(course: PatientCourse) -> SwimmerLane:
    """Return a patient's lane of the swimmer plot; it ends where overall survival ends."""
    months = {
        "response": course.pr_months,
        "progression": course.progression_months,
        "new therapy": course.next_therapy_months,
        "death": course.os.months if course.os.is_event else None,
    }
    return SwimmerLane(
        patient_id=course.patient_id,
        response=str(course.best),
        treatment_months=course.treatment_months,
        follow_up_months=course.os.months,
        events=tuple((kind, month) for kind, month in months.items() if month is not None),
        is_ongoing=course.is_alive,
    )


def _left(n: int, why: str) -> tuple[tuple[int, str], ...]:
    return ((n, why),) if n > 0 else ()


def _flow(results: TrialResults) -> Exhibit:
    boxes = (*flow_boxes(results), status_box(results))
    rows: list[Cells] = []
    for box in boxes:
        rows.append((box.words, box.n, ""))
        rows += [(box.words, n, why) for n, why in box.left]
    return Exhibit(
        "flow",
        _("Flow of patients"),
        _(
            "Each box counts the patients of the box before who did not leave there. What became of all enrolled "
            "stands apart: there death counts before progression, so nobody is in two of its lines."
        ),
        ("box", "patients", "left_because"),
        tuple(rows),
        lambda: trial_course.flow_diagram(boxes),
    )


def _best(results: TrialResults) -> Exhibit:
    counts = {str(kind): count for kind, count in results.counts.counts.items()}
    n, enrolled = results.counts.n_evaluable, len(results.records)
    rows = tuple(
        (kind, count, count / n if n and kind != "NE" else None, count / enrolled) for kind, count in counts.items()
    )
    shown = {kind: count for kind, count in counts.items() if kind != Response.NE}
    return Exhibit(
        "response",
        _("Best overall response"),
        _(
            "Rules: {rules}. CR and PR are confirmed at least {days} days later, SD lasts {sd} days from day 1. "
            "NE: nothing evaluable before progression, next therapy or the end."
        ).format(rules=results.rules.name, days=results.rules.confirmation_days, sd=results.rules.minimum_sd_days),
        ("best_response", "patients", "share_of_assessed", "share_of_enrolled"),
        rows,
        lambda: response.response_bar(shown, enrolled),
    )


def _rates(results: TrialResults) -> Exhibit:
    rows: list[Cells] = []
    for name, pair in results.rates.items():
        for of, rate in zip(("with a best response", "enrolled"), pair, strict=True):
            if rate is not None:
                rows.append((name, of, rate.x, rate.n, rate.estimate, rate.exact_lower, rate.exact_upper))
    return Exhibit(
        "rates",
        _("Objective response and disease control"),
        _(
            "Objective response: best response CR or PR. Disease control: CR, PR, SD or non-CR/non-PD. Of the patients "
            "with a best response, and of all enrolled, of whom those without count as not responding. Intervals: "
            "Clopper and Pearson, 95 %."
        ),
        ("rate", "of", "x", "n", "estimate", "lower", "upper"),
        tuple(rows),
    )


def _swimmer(results: TrialResults) -> Exhibit:
    lanes = [swimmer_lane(course) for course in results.courses]
    kinds = ("response", "progression", "new therapy", "death")
    rows = []
    for lane in lanes:
        months = dict(lane.events)
        events = (months.get(kind) for kind in kinds)
        ends = (lane.treatment_months, lane.follow_up_months, int(lane.is_ongoing))
        rows.append((lane.patient_id, lane.response, *ends, *events))
    header = ("patient_id", "best_response", "treatment_months", "follow_up_months", "is_ongoing")
    return Exhibit(
        "swimmer",
        _("Course of each patient"),
        _(
            "From day 1: treatment up to the last dose, follow-up up to death or the last contact. Response: the scan "
            "that first showed a PR or CR that was confirmed later."
        ),
        (*header, "response_month", "progression_month", "next_therapy_month", "death_month"),
        tuple(rows),
        lambda: response.swimmer(lanes),
    )
