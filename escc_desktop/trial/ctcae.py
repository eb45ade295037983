"""Terms of adverse events (CTCAE v5.0) and the grade a laboratory value means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from escc_desktop.i18n import _
from escc_desktop.resources import resource_path
from escc_desktop.trial.lab_rules import ROUNDING, is_readable, own_unit
from escc_desktop.trial.records import Lab

SOURCE = "CTCAE v5.0, National Cancer Institute, 27 November 2017"


@dataclass(frozen=True)
class LabGrades:
    """The grades of a term that a laboratory value decides; `resources/trial/ctcae.toml` says what each field means."""

    analyte: str
    unit: str
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    above: tuple[float, ...] | None = None
    from_baseline: float | None = None
    either: tuple[float, ...] = ()
    judged: int = 4

    @property
    def is_low(self) -> bool:
        """Whether small values are the adverse ones."""
        return self.low is not None

    @property
    def uses_baseline(self) -> bool:
        """Whether the grade depends on the value before day 1."""
        return self.from_baseline is not None or bool(self.either)


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes
    ----------
    kind
        "ctcae", "own" (a scale of its own) or "umbrella" (no term: what it stands for should be recorded instead).
    grades
        What grade 1 to 4 means; "" where the scale has none. Empty for an umbrella.
    """

    name: str
    zh: str
    soc: str
    kind: Literal["ctcae", "own", "umbrella"]
    synonyms: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    note: str = ""
    stands_for: tuple[str, ...] = ()
    lab: LabGrades | None = None


@dataclass(frozen=True)
class Graded:
    """What a laboratory value means: a grade from 0 to 4, or None where it cannot be said, and why."""

    grade: int | None
    reason: str


@cache
def terms() -> Mapping[str, Term]:
    """Return every known term by name."""
    document = tomllib.loads(resource_path("trial", "ctcae.toml").read_text(encoding="utf-8"))
    return MappingProxyType({entry["name"]: _term(entry) for entry in document["terms"]})


def _term(entry: dict[str, Any]) -> Term:
    lab = entry.pop("lab", None)
    return Term(**_tuples(entry), lab=None if lab is None else LabGrades(**_tuples(lab)))


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


@cache
def _by_word() -> Mapping[str, Term]:
    found: dict[str, Term] = {}
    for term in terms().values():
        for word in (term.name, term.zh, *term.synonyms):
            found[_plain(word)] = term
    return found


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("-", " ").split())


def find_term(word: str) -> Term | None:
    """Return the term a word stands for, by name, synonym or Chinese name; capitals and hyphens do not matter."""
    return _by_word().get(_plain(word))


def term_name(word: str) -> str:
    """Return the CTCAE name of a word, or the word itself where it is no known term."""
    term = find_term(word)
    return term.name if term else word


def grade_lab(term: Term, lab: Lab, baseline: Lab | None) -> Graded:
    """Return the grade a value means for a term; 0 where it is none.

    Parameters
    ----------
    term
        One with `lab`.
    lab
        The value; with its limits, for grade 1 and for every multiple needs them.
    baseline
        The value before day 1; needed by terms graded by multiples of an abnormal baseline.

    Raises
    ------
    ValueError
        The term is graded by no laboratory value.
    """
    rule = term.lab
    if rule is None:
        raise ValueError(f"{term.name} is graded by no laboratory value")
    if not is_readable(lab):
        return Graded(None, _("The unit or value has an open question."))
    if lab.limit and (lab.limit == "<") != rule.is_low:
        return Graded(None, _("Only a detection limit is reported."))
    value = own_unit(lab, lab.value)
    if rule.low is not None:
        return _graded_low(rule, rule.low, lab, value)
    if rule.above is not None:
        return _graded_above(rule, rule.above, lab, value)
    return _graded_multiple(rule, rule.high or (), lab, value, baseline)


def _graded_low(rule: LabGrades, bounds: Sequence[float], lab: Lab, value: float) -> Graded:
    for grade in range(len(bounds), 0, -1):
        if _is_below(value, bounds[grade - 1]):
            return Graded(grade + 1, f"< {bounds[grade - 1]:g} {rule.unit}")
    if lab.lln is None:
        return Graded(None, _("No grade above 1; for grade 1 the lower limit of normal is needed."))
    lln = own_unit(lab, lab.lln)
    if _is_below(value, lln):
        return Graded(1, f"< LLN {lln:g} {rule.unit}")
    return Graded(0, f">= LLN {lln:g} {rule.unit}")


def _graded_above(rule: LabGrades, bounds: Sequence[float], lab: Lab, value: float) -> Graded:
    for grade in range(len(bounds), 0, -1):
        if _is_above(value, bounds[grade - 1]):
            return Graded(grade + 1, f"> {bounds[grade - 1]:g} {rule.unit}")
    if lab.uln is None:
        return Graded(None, _("No grade above 1; for grade 1 the upper limit of normal is needed."))
    uln = own_unit(lab, lab.uln)
    return (
        Graded(1, f"> ULN {uln:g} {rule.unit}") if _is_above(value, uln) else Graded(0, f"<= ULN {uln:g} {rule.unit}")
    )


def _graded_multiple(
    rule: LabGrades, multiples: Sequence[float], lab: Lab, value: float, baseline: Lab | None
) -> Graded:
    if not lab.uln:
        return Graded(None, _("The grade is a multiple of the upper limit of normal, which is not recorded."))
    uln, before = own_unit(lab, lab.uln), None
    if rule.uses_baseline:
        if baseline is None or not is_readable(baseline) or baseline.limit:
            return Graded(None, _("The grade depends on the baseline, which is not recorded."))
        before = own_unit(baseline, baseline.value)
    if rule.from_baseline is not None and before is not None:
        if baseline is None or not baseline.uln:
            return Graded(None, _("The grade depends on whether the baseline was normal; its upper limit is missing."))
        if _is_above(before, own_unit(baseline, baseline.uln)):
            return _of_baseline(rule, multiples, value, before)
    return _worse(_of_uln(multiples, value, uln), _of_either(rule, value, before))


def _of_uln(multiples: Sequence[float], value: float, uln: float) -> Graded:
    for grade in range(len(multiples), 0, -1):
        if _is_above(value, multiples[grade - 1] * uln):
            return Graded(
                grade + 1, _("> {times} x ULN {uln}").format(times=f"{multiples[grade - 1]:g}", uln=f"{uln:g}")
            )
    if _is_above(value, uln):
        return Graded(1, _("> ULN {uln}").format(uln=f"{uln:g}"))
    return Graded(0, _("<= ULN {uln}").format(uln=f"{uln:g}"))


def _of_baseline(rule: LabGrades, multiples: Sequence[float], value: float, before: float) -> Graded:
    words = _("{op} {times} x the abnormal baseline {before}")
    for grade in range(len(multiples), 0, -1):
        if _is_above(value, multiples[grade - 1] * before):
            return Graded(grade + 1, words.format(op=">", times=f"{multiples[grade - 1]:g}", before=f"{before:g}"))
    first = rule.from_baseline or 1.0
    begins = _is_above(value, before) if first == 1.0 else not _is_below(value, first * before)
    op = (">" if first == 1.0 else ">=") if begins else ("<=" if first == 1.0 else "<")
    return Graded(int(begins), words.format(op=op, times=f"{first:g}", before=f"{before:g}"))


def _of_either(rule: LabGrades, value: float, before: float | None) -> Graded:
    if before is None:
        return Graded(0, "")
    for grade in range(len(rule.either), 0, -1):
        if _is_above(value, rule.either[grade - 1] * before):
            times = f"{rule.either[grade - 1]:g}"
            return Graded(grade + 1, _("> {times} x baseline {before}").format(times=times, before=f"{before:g}"))
    return Graded(0, "")


def _worse(one: Graded, other: Graded) -> Graded:
    return other if (other.grade or 0) > (one.grade or 0) else one


def _is_below(value: float, bound: float) -> bool:
    return value < bound - ROUNDING * max(abs(bound), 1.0)


def _is_above(value: float, bound: float) -> bool:
    return value > bound + ROUNDING * max(abs(bound), 1.0)
