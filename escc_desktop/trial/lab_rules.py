"""Whether a laboratory value keeps a bound: with its unit, and the upper limit it was reported with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from escc_desktop.i18n import _
from escc_desktop.trial.columns import analytes
from escc_desktop.trial.protocol import LabRule, Op
from escc_desktop.trial.records import Lab

ROUNDING = 1e-9


@dataclass(frozen=True)
class Judged:
    """What was found: whether the bound is kept (None: nobody can say), why, and the value it rests on."""

    holds: bool | None
    reason: str
    lab: Lab | None = None


def judge_lab(rule: LabRule, labs: Sequence[Lab], on: date, within_days: int) -> Judged:
    """Return whether the last value up to a day keeps the bound of a rule.

    A value older than `within_days` decides nothing, nor does one with an open question, in an unknown unit, or
    without the upper limit a multiple is taken of: the limit is always the one reported with the value, so that value
    and limit are of one assay.
    """
    name = analyte_name(rule.analyte)
    found = [lab for lab in labs if lab.analyte == rule.analyte and lab.date <= on]
    if not found:
        return Judged(None, _("{name}: no value up to {day}.").format(name=name, day=on))
    lab = max(found, key=lambda one: one.date)
    obstacle = _obstacle(rule, lab, on, within_days)
    said = lab_words(lab)
    if obstacle:
        return Judged(None, f"{name} {said}: {obstacle}", lab)
    bound = bound_of(rule, lab)
    holds = compare(lab.value, rule.op, bound, lab.limit)
    asked = f"{rule.op} {bound:.4g} {lab.unit}{_multiple(rule)}"
    return Judged(holds, f"{name} {said}, {_outcome(holds).format(bound=asked)}.", lab)


def _outcome(holds: bool | None) -> str:
    if holds is None:
        return _("a detection limit, which does not say whether it is {bound}")
    return "{bound}" if holds else _("not {bound}")


def analyte_name(code: str) -> str:
    """Return the name of an analyte; a code nobody knows stays as it is."""
    known = analytes().get(code)
    return known.name if known else code


def lab_words(lab: Lab) -> str:
    """Return value, unit, day and limits, such as "31 umol/L on 2021-01-02 (ULN 23)"."""
    limits = [f"{name} {limit:g}" for name, limit in (("LLN", lab.lln), ("ULN", lab.uln)) if limit is not None]
    said = _("{value} {unit} on {day}").format(value=f"{lab.limit}{lab.value:g}", unit=lab.unit, day=lab.date)
    return said + (f" ({', '.join(limits)})" if limits else "")


def own_unit(lab: Lab, number: float) -> float:
    """Return a value or limit of a reported lab in the analyte's own unit.

    Raises
    ------
    KeyError
        The analyte or its unit is unknown.
    """
    return analytes()[lab.analyte].convert(number, lab.unit)


def is_readable(lab: Lab) -> bool:
    """Tell whether value and unit are understood and no question about them is open."""
    known = analytes().get(lab.analyte)
    return known is not None and not lab.question and lab.unit in (known.unit, *known.units)


def bound_of(rule: LabRule, lab: Lab) -> float:
    """Return the bound in the unit of a value that has what the rule needs."""
    if rule.of_uln is not None:
        return rule.of_uln * (lab.uln or 0.0)
    analyte = analytes()[rule.analyte]
    factor = analyte.convert(1.0, lab.unit)
    return analyte.convert(rule.value or 0.0, rule.unit) / factor


def compare(value: float, op: Op, bound: float, limit: str = "") -> bool | None:
    """Return whether a value keeps a bound; None where only a detection limit is known and it does not decide."""
    near = ROUNDING * max(abs(bound), 1.0)
    below, above = value < bound - near, value > bound + near
    holds = {
        ">": above,
        ">=": not below,
        "<": below,
        "<=": not above,
        "==": not below and not above,
    }[op]
    if not limit:
        return holds
    if op == "==":
        return None
    # "<5" keeps an upper bound of 5 or more, and breaks a lower bound of 5 or more.
    is_upper = op in {"<", "<="}
    if limit == "<":
        decides = value <= bound + near
        return is_upper if decides else None
    decides = value >= bound - near
    return (not is_upper) if decides else None


def _obstacle(rule: LabRule, lab: Lab, on: date, within_days: int) -> str:
    """Return why a value decides nothing, or nothing."""
    age = (on - lab.date).days
    if not is_readable(lab):
        return _("its unit or value has an open question; settle it first.")
    if age > within_days:
        return _("{age} days before {day}, more than {most}.").format(age=age, day=on, most=within_days)
    if rule.of_uln is not None and not lab.uln:
        return _("the upper limit of this assay is not recorded, and the rule is a multiple of it.")
    return ""


def _multiple(rule: LabRule) -> str:
    return "" if rule.of_uln is None else f" ({rule.of_uln:g} x ULN)"
