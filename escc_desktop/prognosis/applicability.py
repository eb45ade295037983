"""Whom a card may judge: what is stated, what the training patients had in common, and who lies outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from escc_desktop.prognosis.card_parts import Applicability, Requirement
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.cohort import Cohort

# What decides whether a patient is of the kind a card was trained on, and the columns that may tell.
DECISIVE: Final[Mapping[str, tuple[str, ...]]] = {
    "line of therapy": ("line_of_therapy", "prior_chemotherapy"),
    "prior immune checkpoint inhibitor": ("prior_immunotherapy", "prior_checkpoint_inhibitor"),
    "regimen": ("regimen",),
}
# More different values than this are a covariate, not a kind of patient.
_MOST_VALUES: Final = 5


def applicability(given: Applicability, clinical: ClinicalTable, cohort: Cohort) -> Applicability:
    """Return what is stated, completed with what the training patients had: sites, line, prior inhibitor, regimen."""
    sites = given.sites or tuple(site for site in cohort.site_counts if site != "not named")
    stated = {requirement.column for requirement in given.requirements}
    found = []
    for column in (name for names in DECISIVE.values() for name in names):
        values = _values(clinical, cohort, column)
        if column not in stated and 0 < len(values) <= _MOST_VALUES:
            found.append(Requirement(column=column, allowed=values))
    return given.model_copy(update={"sites": sites, "requirements": (*given.requirements, *found)})


def unsaid(card: Applicability) -> tuple[str, ...]:
    """Return what decides and nothing is known of: of this a card cannot say whom it may judge."""
    columns = {requirement.column for requirement in card.requirements}
    return tuple(what for what, names in DECISIVE.items() if not columns & set(names))


def outside(card: Applicability, sites: Sequence[str], covariates: Mapping[str, float | str | None]) -> Iterator[str]:
    """Yield why a card was not made for a patient: what it is and what the card wants.

    Parameters
    ----------
    sites
        Of the lesions the patient's values rest on; unnamed ones are "".
    covariates
        The patient's values of the required columns, None where not known.
    """
    foreign = [site for site in sites if site and site not in card.sites]
    if card.sites and foreign:
        yield f"lesion site {', '.join(foreign)}, card {', '.join(card.sites)}"
    for requirement in card.requirements:
        text = _text(covariates.get(requirement.column)) or "not known"
        if text not in requirement.allowed:
            yield f"{requirement.column} {text}, card {' or '.join(requirement.allowed)}"


def _values(clinical: ClinicalTable, cohort: Cohort, column: str) -> tuple[str, ...]:
    covariate = clinical.covariates.get(column)
    if covariate is None:
        return ()
    return tuple(sorted({text for row in cohort.rows if (text := _text(covariate.value(row)))}))


def _text(value: float | str | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else value
