"""How many lesions, events and patients a study needs, in numbers and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from escc_desktop.errors import UsageError
from escc_desktop.stats.planning import (
    FollowUp,
    Widths,
    plan_development,
    plan_validation,
    r2_of_c,
    rereads_for_bound,
    rereads_for_width,
)

__all__ = ["FollowUp", "Plan", "Widths", "plan_external", "plan_model", "plan_rereads"]

NAGELKERKE_IF_UNKNOWN = 0.15


@dataclass(frozen=True)
class Plan:
    """What was asked and found, ready for JSON, and the same as sentences."""

    document: Mapping[str, object]
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences, one a line."""
        return "\n".join(self.sentences)


def plan_rereads(
    icc: float, width: float | None, bound: float | None, readings: int = 2, assurance: float = 0.5
) -> Plan:
    """Say how many lesions must be read again.

    Raises
    ------
    UsageError
        Neither a width nor a bound was asked for.
    EsccError
        A value out of bounds.
    """
    if width is None and bound is None:
        raise UsageError("What the readings should show was not said.", "Give --width, --bound or both.")
    document: dict[str, object] = {"icc": icc, "readings": readings}
    said = []
    if width is not None:
        n = rereads_for_width(icc, width, readings).n
        document |= {"width": width, "n_for_width": n}
        said.append(f"{n} lesions read {readings} times make the 95 % interval of an ICC of {icc:g} {width:g} wide.")
    if bound is not None:
        n = rereads_for_bound(icc, bound, readings, assurance).n
        document |= {"bound": bound, "assurance": assurance, "n_for_bound": n}
        said.append(
            f"{n} lesions put its lower 95 % limit above {bound:g} with a probability of {assurance:g}, "
            f"if the true ICC is {icc:g}."
        )
    return Plan(document, tuple(said))


def plan_model(parameters: int, follow_up: FollowUp, r2: float | None = None, c: float | None = None) -> Plan:
    """Say how many patients and events a model with so many candidate parameters needs.

    `r2` is the Cox-Snell R2 expected, or `c` the C-index it is derived from; with neither a Nagelkerke R2 of 0.15 is
    taken, as Riley et al. advise.

    Raises
    ------
    UsageError
        Both were given.
    EsccError
        A value out of bounds.
    """
    if r2 is not None and c is not None:
        raise UsageError("R2 and C were both given.", "Give one of them.")
    source = "given" if r2 is not None else "from C" if c is not None else "a Nagelkerke R2 of 0.15, for want of better"
    if r2 is None:
        guess = NAGELKERKE_IF_UNKNOWN * follow_up.r2_largest
        r2 = guess if c is None else r2_of_c(c, follow_up.event_share)
    found = plan_development(parameters, follow_up, r2)
    said = (
        (
            f"{found.n} patients with {found.events} events for {parameters} candidate parameters "
            f"({found.events_per_parameter:.1f} events per parameter)."
        ),
        (
            f"Shrinkage of 0.9: {found.n_shrinkage}; optimism in R2 below 0.05: {found.n_optimism}; "
            f"overall risk within 0.05: {found.n_risk}."
        ),
        f"Cox-Snell R2 {found.r2_cox_snell:.3f} ({source}), at most {found.r2_largest:.3f}.",
        (
            "Every feature that may be selected is a candidate: with 1,874 features no such number is ever reached, "
            "so a signature needs external validation."
        ),
    )
    return Plan({**asdict(found), "r2_source": source}, said)


def plan_external(risk: float, c: float, widths: Widths) -> Plan:
    """Say how many patients and events an external validation needs.

    Raises
    ------
    EsccError
        A value out of bounds.
    """
    found = plan_validation(risk, c, widths)
    said = (
        f"{found.n} patients with {found.events} events by the horizon, whose state at the horizon is known.",
        (
            f"Observed over expected within {widths.observed_expected:g}: {found.n_calibration}; calibration slope "
            f"within {widths.slope:g}: {found.n_slope}; C within {widths.c:g}: {found.n_c} (widths of 95 % intervals)."
        ),
        "Patients lost before the horizon come on top.",
    )
    return Plan({"risk": risk, "c": c, **asdict(widths), **asdict(found)}, said)
