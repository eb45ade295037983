"""Safety and dose exhibits of a trial: worst grades of all events and of kinds, what counts twice, reductions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from escc_desktop.i18n import _
from escc_desktop.trial.dose_intensity import reduction_counts
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.safety import (
    Choice,
    GradeCounts,
    any_event,
    double_counts,
    drugs_of,
    every_event,
    immune_related,
    is_serious,
    related_to,
    safety_table,
)
from escc_desktop.workflow.trial_exhibits import Cells, Exhibit
from escc_desktop.workflow.trial_results import TrialResults
from escc_desktop.workflow.trial_words import drug_name

SAFETY_HEADER = ("term", "any_grade", "grade_1_2", "grade_3_4", "grade_5", "grade_1", "grade_2", "grade_3", "grade_4")


def safety_kinds(records: Sequence[TrialRecord]) -> dict[str, tuple[str, Choice]]:
    """Return the kinds of events that have a table of their own: by file name, what they are called and which."""
    drugs = {
        f"related_{drug.replace(' ', '_')}": (_("Related to {drug}").format(drug=drug_name(drug)), related_to(drug))
        for drug in drugs_of(records)
    }
    return {
        "all": (_("All events"), every_event),
        "related": (_("Related to any drug"), related_to("")),
        **drugs,
        "immune_confirmed": (_("Immune-related, confirmed"), immune_related("confirmed")),
        "immune_suspected": (_("Immune-related, suspected"), immune_related("suspected")),
        "immune_not_assessed": (_("Not assessed for immune relation"), immune_related("not_assessed")),
        "serious": (_("Serious adverse events"), is_serious),
    }


def safety_exhibits(results: TrialResults) -> Iterator[Exhibit]:
    """Yield the summary, a table of each kind, double counting, and what became of the doses."""
    records = results.records
    kinds = safety_kinds(records)
    yield Exhibit(
        "safety_summary",
        _("Patients with adverse events"),
        _("Patients by the worst grade of all their events of a kind; nobody counts twice in a line."),
        SAFETY_HEADER,
        tuple(grade_cells(any_event(records, choice, words)) for words, choice in kinds.values()),
    )
    for name, (words, choice) in kinds.items():
        rows = safety_table(records, choice)
        if rows or name == "all":
            file_name = "adverse_events" if name == "all" else f"adverse_events_{name}"
            title = _("Adverse events: {kind}").format(kind=words)
            yield Exhibit(file_name, title, safety_words(), SAFETY_HEADER, tuple(map(grade_cells, rows)))
    yield Exhibit(
        "double_counting",
        _("Events counted under two terms"),
        _(
            "Terms that are none of CTCAE v5.0 and stand for others in the same table. Rows must not be added up: a "
            "patient may stand in both."
        ),
        ("term", "stands_for", "patients", "also_in_those_rows"),
        tuple((one.term, "; ".join(one.covers), one.n, one.n_both) for one in double_counts(records)),
    )
    yield _doses(results)


def safety_words() -> str:
    """Return what a safety table counts."""
    return _(
        "CTCAE v5.0. Each patient counts once in a row, with the worst grade of that term; terms are those recorded, "
        "words of one CTCAE term are one row."
    )


def grade_cells(row: GradeCounts) -> Cells:
    """Return a row under `SAFETY_HEADER`."""
    return row.term, row.any_grade, row.mild, row.severe, row.fatal, *row.by_grade[:4]


def _doses(results: TrialResults) -> Exhibit:
    rows: list[Cells] = []
    for drug in ("", *(drug.name for drug in load_protocol().drugs)):
        found = reduction_counts(results.records, drug) if drug else results.reductions
        changed = (found.n_reduced, found.n_reduced_30, found.n_delayed, found.n_held)
        rows.append((drug or "any drug", found.n, *changed))
    return Exhibit(
        "dose_reductions",
        _("Doses reduced, delayed or held"),
        _("Patients treated with a drug; with any dose reduction, one of 30 % or more, a delay, a dose held."),
        ("drug", "treated", "reduced", "reduced_30_percent", "delayed", "held_or_stopped"),
        tuple(rows),
    )
