"""How many lesions, events and patients a study needs, in numbers and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from escc_desktop.errors import UsageError
from escc_desktop.i18n import _
from escc_desktop.stats.planning import (
    DevelopmentPlan,
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
    """What was asked and found, ready for JSON, and the same as sentences.

    Attributes
    ----------
    sources
        For each sentence the formula behind its numbers and who published it; empty where it has no number.
    n_answers
        How many of the sentences, from the first, answer the question; the others say what they rest on.
    """

    document: Mapping[str, object]
    sentences: tuple[str, ...]
    sources: tuple[str, ...]
    n_answers: int

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
    said: list[tuple[str, str]] = []
    if width is not None:
        n = rereads_for_width(icc, width, readings).n
        document |= {"width": width, "n_for_width": n}
        text = _("With {n} lesions read {readings} times the 95 % interval of an ICC of {icc:g} is {width:g} wide.")
        said.append((
            text.format(n=n, readings=readings, icc=icc, width=width),
            _("Width of the interval of an ICC: Bonett, Stat Med 2002, 21:1331."),
        ))  # fmt: skip
    if bound is not None:
        n = rereads_for_bound(icc, bound, readings, assurance).n
        document |= {"bound": bound, "assurance": assurance, "n_for_bound": n}
        text = _(
            "With {n} lesions its lower 95 % limit is above {bound:g} with a probability of {assurance:g}, "
            "if the true ICC is {icc:g}."
        )
        said.append((
            text.format(n=n, bound=bound, assurance=assurance, icc=icc),
            _(
                "Lower limit of an ICC by the exact F distribution: Walter, Eliasziw and Donner, Stat Med 1998, "
                "17:101; Zou, Stat Med 2012, 31:3972."
            ),
        ))  # fmt: skip
    return _plan(document, said, len(said))


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
    return _plan({**asdict(found), "r2_source": source}, _development_said(found, source, c is not None))


def _development_said(found: DevelopmentPlan, source: str, is_from_c: bool) -> list[tuple[str, str]]:
    criteria = _("Three criteria for times to an event: Riley et al., Stat Med 2019, 38:1276; BMJ 2020, 368:m441.")
    r2_source = (
        _(
            "From C through Royston's D: Jinks, Royston and Parmar, BMC Med Res Methodol 2015, 15:82. The most it can "
            "be follows from events per patient: Riley et al., Stat Med 2019, 38:1276."
        )
        if is_from_c
        else _("The most it can be follows from events per patient: Riley et al., Stat Med 2019, 38:1276.")
    )
    sources = {
        "given": _("given"),
        "from C": _("from C"),
        "a Nagelkerke R2 of 0.15, for want of better": _("a Nagelkerke R2 of 0.15, for want of better"),
    }
    return [
        (
            _(
                "{n} patients with {events} events for {parameters} candidate parameters "
                "({each:.1f} events per parameter)."
            ).format(n=found.n, events=found.events, parameters=found.parameters, each=found.events_per_parameter),
            criteria,
        ),
        (
            _("Shrinkage of 0.9: {shrinkage}; optimism in R2 below 0.05: {optimism}; overall risk within 0.05: {risk}.")
            .format(shrinkage=found.n_shrinkage, optimism=found.n_optimism, risk=found.n_risk),
            criteria,
        ),
        (
            _("Cox-Snell R2 {r2:.3f} ({source}), at most {largest:.3f}.").format(
                r2=found.r2_cox_snell, source=sources[source], largest=found.r2_largest
            ),
            r2_source,
        ),
        (
            _(
                "Every feature that may be selected is a candidate: with 1,874 features no such number is ever "
                "reached, so a signature needs external validation."
            ),
            "",
        ),
    ]  # fmt: skip


def plan_external(risk: float, c: float, widths: Widths) -> Plan:
    """Say how many patients and events an external validation needs.

    Raises
    ------
    EsccError
        A value out of bounds.
    """
    found = plan_validation(risk, c, widths)
    criteria = _("Criteria for the outcome at the horizon: Riley et al., Stat Med 2021, 40:4230.")
    said = [
        (
            _("{n} patients with {events} events by the horizon, whose state at the horizon is known.").format(
                n=found.n, events=found.events
            ),
            criteria,
        ),
        (
            _(
                "Observed over expected within {oe:g}: {n_oe}; calibration slope within {slope:g}: {n_slope}; "
                "C within {c:g}: {n_c} (widths of 95 % intervals)."
            ).format(
                oe=widths.observed_expected, n_oe=found.n_calibration, slope=widths.slope, n_slope=found.n_slope,
                c=widths.c, n_c=found.n_c,
            ),
            criteria,
        ),
        (_("Patients lost before the horizon come on top."), ""),
    ]  # fmt: skip
    return _plan({"risk": risk, **asdict(found), "c": c, "widths": asdict(widths)}, said)


def _plan(document: Mapping[str, object], said: list[tuple[str, str]], n_answers: int = 1) -> Plan:
    texts, sources = zip(*said, strict=True)
    return Plan(document, texts, sources, n_answers)
