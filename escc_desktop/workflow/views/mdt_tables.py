"""The tables of the MDT sheet: lesions, doses, adverse events, laboratory values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from escc_desktop.i18n import _, plural
from escc_desktop.trial.dose_intensity import DoseSummary, dose_summaries
from escc_desktop.trial.due import is_open
from escc_desktop.trial.protocol import Protocol
from escc_desktop.trial.recist import Assessed
from escc_desktop.trial.records import Lab, Response, TrialRecord
from escc_desktop.trial.response import assessed_visits
from escc_desktop.workflow.report import TableBlock
from escc_desktop.workflow.trial_words import drug_name, event_name
from escc_desktop.workflow.views.words import site_name

_LESIONS, _EVENTS, _VISITS = 8, 6, 10
# What an MDT looks at before it decides on a treatment, in this order.
_LABS = ("wbc", "anc", "hgb", "plt", "alt", "ast", "tbil", "alb", "cr", "ldh", "cea")


def lesions_table(assessed: Assessed) -> TableBlock:
    """Return the lesions with their diameters, and the sum of the targets."""
    header = (
        _("Lesion"),
        _("Site"),
        _("Role"),
        _("Baseline, mm"),
        _("Smallest, mm"),
        _("Latest, mm"),
        _("Latest scan"),
    )
    last = assessed.points[-1] if assessed.points else None
    day = last.on.isoformat() if last else ""
    rows: list[tuple[str, ...]] = []
    for key, row in assessed.targets.items():
        seen = [one.diameter_mm for point in assessed.points for one in point.targets if one.lesion_id == key]
        known = [one for one in (row.diameter_mm, *seen) if one is not None]
        mm = (_mm(row.diameter_mm), _mm(min(known, default=None)), _mm(seen[-1]) if seen else "")
        rows.append((key, site_name(row.site), _("target"), *mm, day))
    if rows:
        rows.append(_sum_row(assessed))
    others = list(assessed.non_targets.items())
    shown = max(_LESIONS - len(assessed.targets), 0)
    rows += [
        (key, site_name(row.site), _("non-target"), _mm(row.diameter_mm), "", "", "") for key, row in others[:shown]
    ]
    note = _("Diameters in the axial plane; the short axis of lymph nodes.") if rows else _("No lesion is recorded.")
    notes = [note, _more(len(others) - shown)]
    if last and last.new:
        notes.append(_("New lesions: {names}.").format(names=", ".join(last.new)))
    return TableBlock(header, tuple(rows), note=" ".join(filter(None, notes)))


def _mm(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _more(n: int) -> str:
    return plural("{n} more is not shown.", "{n} more are not shown.", n) if n > 0 else ""


def _sum_row(assessed: Assessed) -> tuple[str, ...]:
    sums = [point.sum_mm for point in assessed.points]
    known = [one for one in (assessed.baseline_mm, *sums) if one is not None]
    last = assessed.points[-1] if assessed.points else None
    latest = ""
    if last is not None:
        change = f" ({last.change * 100:+.0f} %)" if last.change is not None else ""
        latest = _("not evaluable") if last.sum_mm is None else _mm(last.sum_mm) + change
    return (_("Sum"), "", _("target"), _mm(assessed.baseline_mm), _mm(min(known, default=None)), latest, "")


def response_words(record: TrialRecord) -> Iterator[str]:
    """Yield the responses by date and the next therapy, in sentences."""
    visits = assessed_visits(record)
    told = [f"{visit.date.isoformat()} {_response(visit.response)}" for visit in visits]
    if len(told) > _VISITS:
        told = [*told[:2], "…", *told[-(_VISITS - 2) :]]
    if told:
        yield _("Response (RECIST 1.1): {course}.").format(course=", ".join(told))
    else:
        yield _("No response is recorded after day 1.")
    if record.survival.next_therapy_date is not None:
        name = record.survival.next_therapy or _("not known")
        day = record.survival.next_therapy_date.isoformat()
        yield _("Next anticancer therapy from {date}: {name}.").format(date=day, name=name)


def _response(response: Response | None) -> str:
    return str(response or "NE").replace("NON_CR_NON_PD", "non-CR/non-PD")


def doses_table(record: TrialRecord, protocol: Protocol) -> TableBlock:
    """Return what was given of each drug, and what was changed and why."""
    header = (_("Drug"), _("Cycles"), _("Doses"), _("Relative dose intensity"), _("Last given"), _("Changes"))
    rows = []
    for one in dose_summaries(record, protocol):
        given = [dose for dose in record.treatments if dose.drug == one.drug and dose.dose > 0]
        last = max(dose.end_date or dose.start_date for dose in given).isoformat()
        share = "" if one.relative_intensity is None else f"{one.relative_intensity * 100:.0f} %"
        rows.append((drug_name(one.drug), str(one.n_cycles), str(one.n_doses), share, last, _changes(one)))
    return TableBlock(header, tuple(rows), note="" if rows else _("No dose is recorded."))


def _changes(summary: DoseSummary) -> str:
    kinds = {"reduced": _("reduced"), "delayed": _("delayed"), "held": _("held"), "stopped": _("stopped")}
    told = []
    for kind, word in kinds.items():
        changes = [one for one in summary.changes if one.kind == kind]
        if changes:
            reasons = ", ".join(dict.fromkeys(event_name(one.reason) for one in changes if one.reason))
            told.append(f"{word} × {len(changes)}" + (f" ({reasons})" if reasons else ""))
    return _("; ").join(told)


def events_table(record: TrialRecord) -> TableBlock:
    """Return the adverse events that go on, the worst first."""
    header = (_("Adverse event (CTCAE 5.0)"), _("Grade"), _("Since"), _("Related to"), _("Immune-related"))
    found = sorted((one for one in record.adverse_events if is_open(one)), key=lambda one: (-one.grade, one.start_date))
    answers = {
        "confirmed": _("confirmed"),
        "suspected": _("suspected"),
        "no": _("no"),
        "not_assessed": _("not assessed"),
    }
    rows = tuple(
        (
            event_name(one.term),
            str(one.grade),
            one.start_date.isoformat(),
            ", ".join(drug_name(drug.strip()) for drug in one.related_to.split(";") if drug.strip()),
            answers.get(one.immune_related, one.immune_related),
        )
        for one in found[:_EVENTS]
    )
    return TableBlock(header, rows, note=_more(len(found) - _EVENTS) if rows else _("None is open."))


def labs_table(record: TrialRecord) -> TableBlock:
    """Return the values an MDT asks for: at baseline, before the latest, and the latest."""
    header = (_("Test"), _("Unit"), _("Limits"), _("Baseline"), _("Before the latest"), _("Latest"), _("Day"))
    by_code = {code: [lab for lab in record.labs if lab.analyte == code] for code in _LABS}
    rows = tuple(_lab_row(record, code, labs) for code, labs in by_code.items() if labs)
    note = _("Values and units as reported; ↑ above, ↓ below the limits reported with the value.")
    return TableBlock(header, rows, note=note if rows else _("No laboratory value is recorded."))


def _lab_row(record: TrialRecord, code: str, labs: Sequence[Lab]) -> tuple[str, ...]:
    values = sorted(labs, key=lambda lab: lab.date)
    latest = values[-1]
    baseline = [lab for lab in values if lab.date <= record.start_date]
    limits = ("" if one is None else f"{one:g}" for one in (latest.lln, latest.uln))
    before = _lab(values[-2], latest.unit) if len(values) > 1 else ""
    first = _lab(baseline[-1], latest.unit) if baseline else ""
    known = latest.lln is not None or latest.uln is not None
    shown = " – ".join(limits) if known else ""
    return (code.upper(), latest.unit, shown, first, before, _lab(latest, latest.unit), latest.date.isoformat())


def _lab(lab: Lab, unit: str) -> str:
    """Return a value as reported, with its own unit where it is not that of the row."""
    sign = "↑" if lab.uln is not None and lab.value > lab.uln else ""
    sign = "↓" if lab.lln is not None and lab.value < lab.lln else sign
    other = "" if lab.unit == unit else lab.unit
    question = "?" if lab.question else ""
    return " ".join(filter(None, (f"{lab.limit}{lab.value:g}", other, sign, question)))
