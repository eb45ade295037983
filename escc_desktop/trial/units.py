"""Units and assays of laboratory values: what is asked about. Nothing is converted here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from escc_desktop.i18n import _
from escc_desktop.resources import resource_path
from escc_desktop.trial.columns import Analyte, analytes
from escc_desktop.trial.lab_rules import analyte_name, lab_words
from escc_desktop.trial.records import Lab

SAME_ASSAY = 0.05


@dataclass(frozen=True)
class Assay:
    """One assay of an analyte; limits in the analyte's own unit (`resources/trial/assays.toml`).

    Attributes
    ----------
    method
        Its name; "" where the analyte's assays agree.
    words
        How the method may be written.
    upper
        Where its upper limit of normal lies.
    usual
        Where nearly all values before treatment lie; None where unit and value cannot be mistaken.
    cut
        Where the paper divides patients by it; None where it does not.
    """

    analyte: str
    upper: tuple[float, float]
    method: str = ""
    words: tuple[str, ...] = ()
    usual: tuple[float, float] | None = None
    cut: float | None = None


@dataclass(frozen=True)
class LabQuestion:
    """Something to be asked about a value: a stable word ("unit", "uln", "assay", "changed_assay") and a sentence."""

    code: str
    what: str
    lab: Lab


@cache
def assays() -> tuple[Assay, ...]:
    """Return the known assays."""
    document = tomllib.loads(resource_path("trial", "assays.toml").read_text(encoding="utf-8"))
    return tuple(_assay(entry) for entry in document["assays"])


def _assay(entry: dict[str, Any]) -> Assay:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Assay(**{**entry, **lists})


def assay_named(analyte: str, method: str) -> Assay | None:
    """Return the assay a method names; None where the method is empty or unknown."""
    word = method.strip().casefold()
    return next((one for one in assays() if one.analyte == analyte and word in one.words), None)


def lab_questions(lab: Lab) -> tuple[LabQuestion, ...]:
    """Return what is to be asked about one value; nothing about a confirmed one."""
    analyte = analytes().get(lab.analyte)
    if lab.confirmed or analyte is None or lab.unit not in (analyte.unit, *analyte.units):
        return ()
    return (*_of_unit(lab, analyte), *_of_limit(lab, analyte))


def _of_unit(lab: Lab, analyte: Analyte) -> Iterator[LabQuestion]:
    other = other_unit(lab)
    if other is None:
        return
    what = _("{name} {lab}: is it in {other}? Nothing is converted.").format(
        name=analyte.name, lab=lab_words(lab), other=other
    )
    cut = next((one.cut for one in assays() if one.analyte == lab.analyte and one.cut is not None), None)
    stated, read = analyte.convert(lab.value, lab.unit), analyte.convert(lab.value, other)
    if cut is not None and (stated >= cut) != (read >= cut):
        what += " " + _("In {other} it would be {read} {unit}, on the other side of the cut-off {cut}.").format(
            other=other, read=f"{read:.4g}", unit=analyte.unit, cut=f"{cut:g}"
        )
    yield LabQuestion("unit", what, lab)


def other_unit(lab: Lab) -> str | None:
    """Return the unit a value more likely has than the stated one; None where the stated one fits.

    Asked where the value is impossible as stated and possible in another unit, where it is unusual as stated and usual
    in another, and where the upper limit reported with it fits an assay only in another.
    """
    analyte = analytes()[lab.analyte]
    if (found := analyte.lookalike(lab.value, lab.unit)) is not None:
        return found
    others = [unit for unit in (analyte.unit, *analyte.units) if not _same(analyte, unit, lab.unit)]
    usual = [one.usual for one in assays() if one.analyte == lab.analyte and one.usual is not None]
    if usual and not any(_within(analyte.convert(lab.value, lab.unit), span) for span in usual):
        for unit in others:
            if any(_within(analyte.convert(lab.value, unit), span) for span in usual):
                return unit
    if lab.uln and not _limit_fits(lab.analyte, analyte.convert(lab.uln, lab.unit)):
        return next((unit for unit in others if _limit_fits(lab.analyte, analyte.convert(lab.uln or 0.0, unit))), None)
    return None


def _of_limit(lab: Lab, analyte: Analyte) -> Iterator[LabQuestion]:
    if not lab.uln:
        return
    uln, named = analyte.convert(lab.uln, lab.unit), assay_named(lab.analyte, lab.method)
    of_analyte = [one for one in assays() if one.analyte == lab.analyte]
    if named is not None and not _within(uln, named.upper):
        what = _("{name} by {method} has an upper limit of {low} to {high} {unit}, not {uln}.")
        yield LabQuestion("assay", what.format(**_limit_words(named, analyte, uln), method=named.method), lab)
    elif named is None and of_analyte and not _limit_fits(lab.analyte, uln) and other_unit(lab) is None:
        widest = Assay(lab.analyte, (min(one.upper[0] for one in of_analyte), max(one.upper[1] for one in of_analyte)))
        what = _("The upper limit of {name} is usually {low} to {high} {unit}, not {uln}: check assay and unit.")
        yield LabQuestion("uln", what.format(**_limit_words(widest, analyte, uln)), lab)


def _limit_words(assay: Assay, analyte: Analyte, uln: float) -> dict[str, str]:
    low, high = assay.upper
    return {"name": analyte.name, "low": f"{low:g}", "high": f"{high:g}", "unit": analyte.unit, "uln": f"{uln:.4g}"}


def _limit_fits(code: str, uln: float) -> bool:
    spans = [one.upper for one in assays() if one.analyte == code]
    return not spans or any(_within(uln, span) for span in spans)


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]


def _same(analyte: Analyte, one: str, other: str) -> bool:
    return analyte.convert(1.0, one) == analyte.convert(1.0, other)


def is_same_assay(one: Lab, other: Lab) -> bool:
    """Tell whether two values of an analyte can be compared as they are: same method, upper limits within 5 %.

    What is not recorded on one side does not tell them apart.
    """
    first, second = assay_named(one.analyte, one.method), assay_named(other.analyte, other.method)
    if one.method and other.method and (first or one.method) != (second or other.method):
        return False
    if not one.uln or not other.uln:
        return True
    analyte = analytes()[one.analyte]
    limits = analyte.convert(one.uln, one.unit), analyte.convert(other.uln, other.unit)
    return abs(limits[0] - limits[1]) <= SAME_ASSAY * max(limits)


def changed_assays(labs: Sequence[Lab]) -> tuple[LabQuestion, ...]:
    """Return the values of one patient that come from another assay than the one before."""
    found = []
    for code in sorted({lab.analyte for lab in labs} & set(analytes())):
        known = (analytes()[code].unit, *analytes()[code].units)
        own = sorted((one for one in labs if one.analyte == code and one.unit in known), key=lambda one: one.date)
        for before, lab in pairwise(own):
            if not is_same_assay(before, lab):
                what = _("{name} on {day} is of another assay than on {before}: values do not compare.").format(
                    name=analyte_name(code), day=lab.date, before=before.date
                )
                found.append(LabQuestion("changed_assay", what, lab))
    return tuple(found)
