"""Write docs/guide/trial-rules.md: what the program computes from trial records, read from the rules themselves.

The sentences stand in `trial_rules.md` beside this file, the tables come from the rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path

from escc_desktop.trial.columns import analytes
from escc_desktop.trial.ctcae import SOURCE, Term, terms
from escc_desktop.trial.lab_rules import analyte_name
from escc_desktop.trial.protocol import Criterion, Drug, Hold, LabRule, is_stated, load_protocol
from escc_desktop.trial.staging import stage_group
from escc_desktop.trial.surface import FORMULAS
from escc_desktop.trial.units import assays

PAGE = Path(__file__).parents[1] / "docs" / "guide" / "trial-rules.md"
SENTENCES = Path(__file__).with_name("trial_rules.md")


def page() -> str:
    """Return the page."""
    trial = load_protocol()
    return SENTENCES.read_text(encoding="utf-8").format(
        registration=trial.registration,
        lab_days=trial.schedule.baseline_lab_days,
        criteria=_table(
            ("code", "kind", "criterion", "computed from"),
            [(one.code, one.kind, f"{one.text}. {one.note}".strip(), _computed(one)) for one in trial.criteria],
        ),
        cycle_days=trial.cycle.days,
        fewest=trial.cycle.combination_cycles[0],
        most=trial.cycle.combination_cycles[1],
        delay_days=trial.cycle.window_days,
        delay_source=_source(trial.cycle.window_source),
        drugs=_table(
            ("drug", "dose", "levels", "phases"),
            [(one.name, _dose(one), _levels(one), ", ".join(one.phases)) for one in trial.drugs],
        ),
        formula=FORMULAS[trial.surface.formula].name,
        formula_source=_source(trial.surface.source),
        formulas=_table(
            ("formula", "m2", "source"), [(one.name, f"`{one.text}`", one.source) for one in FORMULAS.values()]
        ),
        holds=_table(
            ("code", "drugs", "asked", "source"),
            [(one.code, ", ".join(one.drugs), _asked(one), _source(one.source)) for one in trial.holds],
        ),
        days=", ".join(map(str, trial.schedule.days)),
        every=trial.schedule.then_every_days,
        window=trial.schedule.window_days,
        window_source=_source(trial.schedule.window_source),
        scan_days=trial.schedule.baseline_scan_days,
        source=SOURCE,
        grades=_table(
            ("term", "value", "grade 1", "grade 2", "grade 3", "grade 4"),
            [(one.name, analyte_name(one.lab.analyte), *_four(one)) for one in terms().values() if one.lab],
        ),
        others=_table(
            ("word", "what to do", "stands for"),
            [(one.name, one.note, ", ".join(one.stands_for)) for one in terms().values() if one.kind != "ctcae"],
        ),
        assays=_assays(),
        stages=_table(("stage", "T, N and M"), _stages()),
    )


def _computed(one: Criterion) -> str:
    rule = one.rule
    if one.options:
        return "the option chosen"
    if rule is None:
        return "the answer"
    if rule.type == "measurable_lesion":
        return (
            "lesions: nodes by short axis from 15 mm, others from 10 mm and two slices; irradiated only if progressed"
        )
    found = _bound(rule.lab) if rule.type == "lab" else f"{rule.field.replace('_', ' ')} {rule.op} {_plain(rule.value)}"
    return f"{found}; then the answer" if one.decides == "necessary" else found


def _plain(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _bound(rule: LabRule) -> str:
    limit = f"{rule.of_uln:g} x ULN" if rule.of_uln is not None else f"{rule.value:g} {rule.unit}"
    return f"{analyte_name(rule.analyte)} {rule.op} {limit}"


def _dose(one: Drug) -> str:
    unit = {"dose": "mg", "day": "mg a day", "m2": "mg/m2"}[one.per]
    days = f"{one.days[0]} to {one.days[-1]}" if one.is_daily else " and ".join(map(str, one.days))
    rounding = f", to the nearest {one.round_mg:g} mg ({_source(one.round_source)})" if one.round_mg else ""
    return f"{one.dose_mg:g} {unit} {one.route}, day {days}{rounding}"


def _levels(one: Drug) -> str:
    if not one.is_reducible:
        return f"delayed, never reduced ({_source(one.levels_source)})"
    return ", ".join(f"{level:.0%}" for level in one.levels) + f" ({_source(one.levels_source)})"


def _asked(one: Hold) -> str:
    if one.lab is None:
        return f"{one.term}: grade {one.worst_grade} at most"
    return f"{_bound(one.lab)}, at most {one.within_days} days old"


def _source(source: str) -> str:
    return "as published" if is_stated(source) else "to be confirmed"


def _four(one: Term) -> list[str]:
    judged = one.lab.judged if one.lab else 0
    return [text if grade <= judged and text else "-" for grade, text in enumerate(one.grades, start=1)]


def _assays() -> str:
    return _table(
        ("value", "assay", "upper limit", "usual before treatment", "unit"),
        [
            (analyte_name(one.analyte), one.method, _span(one.upper), _span(one.usual), analytes()[one.analyte].unit)
            for one in assays()
        ],
    )


def _span(span: tuple[float, float] | None) -> str:
    return "" if span is None else f"{span[0]:g} to {span[1]:g}"


def _stages() -> list[tuple[str, str]]:
    """Return every stage group with the T and N that give it at M0."""
    found: dict[str, list[str]] = {}
    for t, n in product(("Tis", "T1", "T2", "T3", "T4"), ("N0", "N1", "N2", "N3")):
        group = stage_group(t, n, "M0")
        if group is not None:
            found.setdefault(group, []).append(f"{t} {n}")
    return [(group, "M0: " + ", ".join(found[group])) for group in sorted(found)] + [("IVB", "M1")]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
