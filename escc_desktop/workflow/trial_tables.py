"""The tables of the trial page and the trial report: the numbers of an exhibit as the words people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from escc_desktop.i18n import _
from escc_desktop.workflow.trial_exhibits import Exhibit
from escc_desktop.workflow.trial_survival import reason_words
from escc_desktop.workflow.trial_words import drug_name, event_name


@dataclass(frozen=True)
class TableView:
    """One table: its heads, its cells as text, and which columns hold numbers."""

    name: str
    title: str
    definition: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()


Row = tuple[object, ...]


def table_views(exhibits: Mapping[str, Exhibit], n: int) -> dict[str, TableView]:
    """Return every table of the page by name; `n` patients are enrolled."""
    makers: dict[str, Callable[[Exhibit], TableView]] = {
        "baseline": _baseline,
        "rates": _rates,
        "response_times": _times,
        "survival_rates": _survival_rates,
        "pfs_rule_sets": _rule_sets,
        "patients": _patients,
        "safety_summary": lambda one: _safety(one, n, _("Events")),
        "double_counting": _double,
        "dose_reductions": _doses,
        "design": _design,
        "published_arms": _arms,
        "beside_publication": _beside,
    }
    found = {name: make(exhibits[name]) for name, make in makers.items()}
    kinds = [one for name, one in exhibits.items() if name.startswith("adverse_events")]
    words = _("Adverse event, worst grade of each patient")
    return found | {one.name: _safety(one, n, words) for one in kinds}


def _view(one: Exhibit, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], *numeric: int) -> TableView:
    return TableView(one.name, one.title, one.definition, header, tuple(rows), numeric)


def _percent(share: object) -> str:
    return f"{100 * share:.1f} %" if isinstance(share, float | int) else "–"


def _number(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "–" if value is None else str(value)


def _limits(low: object, high: object, words: Callable[[object], str]) -> str:
    if low is None and high is None:
        return "–"
    ends = (words(low), _("not reached") if high is None else words(high))
    return _("{low} to {high}").format(low=ends[0], high=ends[1])


def _baseline(one: Exhibit) -> TableView:
    rows = [(str(name), str(level), str(n), str(value)) for name, level, n, value, _p in one.rows]
    return _view(one, (_("Variable"), _("Category"), _("Patients with a value"), _("Result")), rows, 2, 3)


def _rates(one: Exhibit) -> TableView:
    names = {
        "Objective response rate": _("Objective response"),
        "Disease control rate": _("Disease control"),
        "with a best response": _("with a best response"),
        "enrolled": _("of all enrolled"),
    }
    rows = [
        (names[str(name)], names[str(of)], f"{x} / {n}", _percent(rate), _limits(low, high, _percent))
        for name, of, x, n, rate, low, high in one.rows
    ]
    return _view(one, (_("Rate"), _("Of the patients"), _("n"), _("Rate"), _("95 % CI, exact")), rows, 2, 3, 4)


def _times(one: Exhibit) -> TableView:
    names = {
        "time to first confirmed PR, of those with PR": _("To the first confirmed PR, of those with PR"),
        "time to CR": _("To the first confirmed CR"),
        "duration of response": _("Duration of response"),
        "duration of disease control": _("Duration of disease control"),
    }
    rows = [
        (names[str(name)], str(n), _number(middle), _limits(low, high, _number))
        for name, n, middle, low, high in one.rows
    ]
    header = (_("Months"), _("Patients"), _("Median"), _("Quartiles; of durations 95 % CI"))
    return _view(one, header, rows, 1, 2, 3)


def _survival_rates(one: Exhibit) -> TableView:
    rows = [
        (str(name), f"{month:g}", f"{risk:g}", f"{events:g}", _percent(rate), _limits(low, high, _percent))
        for name, month, risk, events, rate, low, high in one.rows
    ]
    header = (_("Endpoint"), _("Month"), _("At risk"), _("Events"), _("Rate"), _("95 % CI"))
    return _view(one, header, rows, 1, 2, 3, 4, 5)


def _rule_sets(one: Exhibit) -> TableView:
    rows = [
        (
            str(row[0]),
            f"{row[2]} / {row[1]}",
            f"{_number(row[3])} ({_limits(row[4], row[5], _number)})",
            *(_percent(rate) for rate in (row[6], row[9])),
        )
        for row in one.rows
    ]
    header = (_("Rules"), _("Events / n"), _("Median, months (95 % CI)"), _("6 months"), _("12 months"))
    return _view(one, header, rows, 1, 2, 3, 4)


def _patients(one: Exhibit) -> TableView:
    rows = [
        (
            str(code),
            str(best),
            "–" if change is None else f"{change:+.0f} %",
            _number(pfs),
            _("event") if event else _("censored"),
            reason_words(str(reason)),
            _number(os),
            reason_words(str(ended)),
        )
        for code, best, change, pfs, event, reason, _day, os, _died, ended in one.rows
    ]
    header = (
        *(_("Patient"), _("Best response"), _("Best change")),
        *(_("PFS, months"), _("PFS"), _("because of"), _("OS, months"), _("OS ended by")),
    )
    return _view(one, header, rows, 2, 3, 6)


def _safety(one: Exhibit, n: int, words: str) -> TableView:
    def share(count: object) -> str:
        return f"{count} ({100 * count / n:.1f} %)" if isinstance(count, int) else ""

    rows = [(event_name(str(row[0])), *(share(count) for count in row[1:])) for row in one.rows]
    header = (words, _("Any"), _("I-II"), _("III-IV"), _("V"), _("I"), _("II"), _("III"), _("IV"))
    return _view(one, header, rows, *range(1, 9))


def _double(one: Exhibit) -> TableView:
    rows = [(str(term), str(covers).replace("; ", ", "), str(n), str(both)) for term, covers, n, both in one.rows]
    return _view(one, (_("Term"), _("Stands for"), _("Patients"), _("Also in those rows")), rows, 2, 3)


def _doses(one: Exhibit) -> TableView:
    rows = [
        (_("any drug") if row[0] == "any drug" else drug_name(str(row[0])), *(str(count) for count in row[1:]))
        for row in one.rows
    ]
    header = (_("Drug"), _("Treated"), _("Reduced"), _("By 30 % or more"), _("Delayed"), _("Held or stopped"))
    return _view(one, header, rows, 1, 2, 3, 4, 5)


def _design(one: Exhibit) -> TableView:
    return _view(one, (_("What"), _("Result")), [(str(what), str(value)) for what, value in one.rows])


def _arms(one: Exhibit) -> TableView:
    # The design stands in the file; on screen the source needs the room.
    rows = [tuple(_number(value) if value != "" else "" for value in (*row[:2], *row[3:])) for row in one.rows]
    header = (
        *(_("Trial"), _("Arm"), _("n"), _("ORR %"), _("DCR %")),
        *(_("PFS, months"), _("OS, months"), _("Setting"), _("Source")),
    )
    return _view(one, header, rows, 2, 3, 4, 5, 6)


def _beside(one: Exhibit) -> TableView:
    rows = [tuple(str(cell) for cell in row) for row in one.rows]
    return _view(one, (_("Where"), _("What"), _("Printed"), _("These records"), _("Note")), rows)
