"""Covariates as terms of a Cox model: per unit, per doubling, or one level against another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import Contrast, Scaling, Term
from escc_desktop.prognosis.card_parts import Range
from escc_desktop.prognosis.clinical import ClinicalTable, Covariate
from escc_desktop.prognosis.cohort import Cohort
from escc_desktop.prognosis.config import DevelopConfig, Row
from escc_desktop.prognosis.timing import day_known
from escc_desktop.prognosis.wording import in_words
from escc_desktop.stats.arrays import FloatArray

MIN_LEVEL_PATIENTS = 5
MIN_LEVEL_EVENTS = 3
MIN_KNOWN = 0.5
_SKEWED_UNITS = ("_u_per_l", "_umol_per_l", "_ng_per_ml", "_mg_per_l", "_ug_per_l")


@dataclass(frozen=True, eq=False)
class Candidate:
    """A covariate as it may enter a model; `values` (n,) in model units, NaN where missing.

    `day` is the trial day on which it is known, day 1 being the first of treatment.
    """

    label: str
    term: Term
    values: FloatArray
    raw: FloatArray
    day: int = 1

    @property
    def is_rare(self) -> bool:
        """Whether one of its levels has too few patients or events to say anything."""
        contrast = self.term.contrast
        if contrast is None:
            return False
        patients = min(contrast.n_level or 0, contrast.n_reference or 0)
        events = min(contrast.events_level or 0, contrast.events_reference or 0)
        return patients < MIN_LEVEL_PATIENTS or events < MIN_LEVEL_EVENTS


@dataclass(frozen=True)
class Candidates:
    """What may enter the clinical model, and in words what may not and why."""

    usable: tuple[Candidate, ...]
    warnings: tuple[str, ...]


def model_value(term: Term, value: float | str | None) -> float:
    """Return a value in the unit of the term's coefficient, NaN where it is missing or unknown to the term."""
    if value is None:
        return math.nan
    if term.contrast is not None:
        return _level(term.contrast, value)
    if isinstance(value, str):
        return math.nan
    if term.transform == "log2":
        return math.log2(value) if value > 0 else math.nan
    return (value - term.scaling.mean) / term.scaling.sd if term.scaling else value


def _level(contrast: Contrast, value: float | str) -> float:
    if contrast.at_least is not None:
        return float(value >= contrast.at_least) if not isinstance(value, str) else math.nan
    if value == contrast.level:
        return 1.0
    return 0.0 if value == contrast.reference or contrast.reference.startswith("not ") else math.nan


def feature_term(name: str, scaling: Scaling, raw: FloatArray) -> Term:
    """Return the term of a z-scored feature; its coefficient is still to come."""
    return Term(source="feature", name=name, coefficient=0.0, scaling=scaling, range=_range(raw))


def candidates(clinical: ClinicalTable, cohort: Cohort, config: DevelopConfig) -> Candidates:
    """Return every covariate that may enter, coded; levels too rare stay out unless forced.

    Raises
    ------
    EsccError
        A covariate the configuration names is not in the table, or is known only after day 1.
    """
    _check_named(clinical, config)
    warnings = [f"{name} has too many different texts to be a covariate and is left out." for name in clinical.ignored]
    coded = _from_rows(clinical, cohort, config, warnings) if config.rows else _from_columns(clinical, cohort, config)
    usable: list[Candidate] = []
    for candidate in coded:
        reason = _objection(candidate, config)
        if reason:
            warnings.append(reason)
        else:
            usable.append(candidate)
    return Candidates(tuple(usable), tuple(warnings))


def _from_columns(clinical: ClinicalTable, cohort: Cohort, config: DevelopConfig) -> Iterable[Candidate]:
    for covariate in clinical.covariates.values():
        if config.covariates is None or covariate.name in config.covariates:
            day = day_known(covariate.name, config.known_on_day)
            for candidate in _coded(covariate, cohort, config):
                yield replace(candidate, day=day)


def _from_rows(
    clinical: ClinicalTable, cohort: Cohort, config: DevelopConfig, warnings: list[str]
) -> Iterable[Candidate]:
    """Code the rows of the configuration; one without its column is told among the warnings."""
    for row in config.rows:
        covariate = clinical.covariates.get(row.covariate)
        if covariate is None:
            warnings.append(f"{clinical.name} has no column {row.covariate}: its row is left out.")
        elif (row.at_least is None) != (covariate.numbers is None):
            kind = "numbers" if covariate.numbers is not None else "texts"
            raise EsccError(
                f"The row of {row.covariate} does not fit its column, which holds {kind}.",
                "Give at_least for numbers, level for texts.",
            )
        else:
            yield _of_row(row, covariate, cohort, config)


def _of_row(row: Row, covariate: Covariate, cohort: Cohort, config: DevelopConfig) -> Candidate:
    day = max(row.day, config.known_on_day.get(row.covariate, row.day))
    values = [covariate.value(place) for place in cohort.rows]
    if row.at_least is not None and covariate.numbers is not None:
        contrast = Contrast(
            level=row.level or f"{row.at_least:g} or above",
            reference=row.reference or f"below {row.at_least:g}",
            at_least=row.at_least,
        )
        return replace(_contrast(covariate, contrast, covariate.numbers[list(cohort.rows)], cohort), day=day)
    level = row.level or ""
    words = [value if isinstance(value, str) else None for value in values]
    contrast = Contrast(level=level, reference=row.reference or f"not {level}")
    return replace(_contrast(covariate, contrast, np.full(len(words), np.nan), cohort, words), day=day)


def _check_named(clinical: ClinicalTable, config: DevelopConfig) -> None:
    named = dict.fromkeys((*(config.covariates or ()), *(config.log2 or ()), *config.force_rare, *config.known_on_day))
    missing = [name for name in named if name not in clinical.covariates]
    if missing:
        raise EsccError(
            f"The configuration names the covariate {missing[0]}, which {clinical.name} does not have.",
            f"Its covariates are {', '.join(clinical.covariates) or 'none'}.",
        )
    late = [name for name in config.covariates or () if day_known(name, config.known_on_day) > 1]
    if late:
        raise EsccError(
            f"The covariate {late[0]} is known only after day 1.",
            "A model that starts on day 1 cannot use it; if it was known by then, say so under known_on_day.",
        )


def _objection(candidate: Candidate, config: DevelopConfig) -> str:
    if candidate.day > 1:
        return f"{candidate.term.name} is known only after day 1 and is left out."
    known, said = candidate.values[np.isfinite(candidate.values)], in_words(candidate.label)
    if len(known) < MIN_KNOWN * len(candidate.values):
        return f"{said} is missing in {len(candidate.values) - len(known)} patients and is left out."
    if np.ptp(known) == 0:
        return f"{said} is the same in every patient and is left out."
    contrast = candidate.term.contrast
    if candidate.is_rare and contrast is not None and candidate.term.name not in config.force_rare:
        return (
            f"{said}: {contrast.n_level} against {contrast.n_reference} patients with "
            f"{contrast.events_level} against {contrast.events_reference} events; a level with fewer than "
            f"{MIN_LEVEL_PATIENTS} patients or {MIN_LEVEL_EVENTS} events stays out."
        )
    return ""


def _coded(covariate: Covariate, cohort: Cohort, config: DevelopConfig) -> Iterable[Candidate]:
    values = [covariate.value(row) for row in cohort.rows]
    if covariate.numbers is None:
        yield from _words(covariate, [value if isinstance(value, str) else None for value in values], cohort)
        return
    raw = covariate.numbers[list(cohort.rows)]
    known = raw[np.isfinite(raw)]
    levels = np.unique(known)
    if len(levels) == 2:
        contrast = Contrast(level=f"{levels[1]:g}", reference=f"{levels[0]:g}", at_least=float(levels[1]))
        yield _contrast(covariate, contrast, raw, cohort)
        return
    is_log = covariate.name in config.log2 if config.log2 is not None else _is_skewed_lab(covariate.name, known)
    if is_log and len(known) and known.min() <= 0:
        raise EsccError(
            f"{covariate.name} holds values of 0 or below and cannot enter per doubling.",
            "Take it out of log2 in the configuration, or mend the value.",
        )
    term = Term(
        source="covariate",
        name=covariate.name,
        coefficient=0.0,
        unit=covariate.unit,
        transform="log2" if is_log else "identity",
        range=_range(known) if len(known) else None,
    )
    label = f"log2({covariate.name})" if is_log else covariate.name
    yield Candidate(label, term, np.array([model_value(term, value) for value in values]), raw)


def _words(covariate: Covariate, values: list[str | None], cohort: Cohort) -> Iterable[Candidate]:
    counts = Counter(value for value in values if value is not None)
    levels = sorted(counts, key=lambda level: (-counts[level], level))
    raw = np.full(len(values), np.nan)
    if len(levels) == 2:
        yield _contrast(covariate, Contrast(level=levels[1], reference=levels[0]), raw, cohort, values)
    elif len(levels) > 2:
        for level in levels[1:]:
            yield _contrast(covariate, Contrast(level=level, reference=f"not {level}"), raw, cohort, values)


def _contrast(
    covariate: Covariate, contrast: Contrast, raw: FloatArray, cohort: Cohort, words: list[str | None] | None = None
) -> Candidate:
    source = words if words is not None else [None if math.isnan(value) else float(value) for value in raw]
    values = np.array([math.nan if value is None else _level(contrast, value) for value in source])
    event = cohort.endpoint.event
    counted = contrast.model_copy(
        update={
            "n_level": int(np.sum(values == 1)),
            "n_reference": int(np.sum(values == 0)),
            "events_level": int(np.sum((values == 1) & event)),
            "events_reference": int(np.sum((values == 0) & event)),
        }
    )
    term = Term(source="covariate", name=covariate.name, coefficient=0.0, unit=covariate.unit, contrast=counted)
    return Candidate(f"{covariate.name}: {contrast.level} against {contrast.reference}", term, values, raw)


def _is_skewed_lab(name: str, known: FloatArray) -> bool:
    """Return whether a column is of the kind that spreads by factors: enzymes, bilirubin, markers."""
    return name.endswith(_SKEWED_UNITS) and len(known) > 0 and bool(known.min() > 0)


def _range(values: FloatArray) -> Range:
    return Range(minimum=float(np.nanmin(values)), maximum=float(np.nanmax(values)))
