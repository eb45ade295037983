"""iRECIST (Seymour et al. 2017), exploratory: progression that a later scan must confirm before it counts.

It stands beside RECIST 1.1 and never in its place: no endpoint of a trial rests on it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.recist import PD_INCREASE_MM, Assessed, TimePoint
from escc_desktop.trial.records import Response
from escc_desktop.trial.rules import Rules, load_rules

_ROUNDING: Final = 1e-9


class ImmuneResponse(StrEnum):
    """Response of a time point after iRECIST."""

    ICR = "iCR"
    IPR = "iPR"
    ISD = "iSD"
    INON = "iNON_CR_NON_PD"
    IUPD = "iUPD"
    ICPD = "iCPD"
    NE = "NE"


_PLAIN: Final = {
    Response.CR: ImmuneResponse.ICR,
    Response.PR: ImmuneResponse.IPR,
    Response.SD: ImmuneResponse.ISD,
    Response.NON_CR_NON_PD: ImmuneResponse.INON,
    Response.NE: ImmuneResponse.NE,
}


@dataclass(frozen=True)
class ImmunePoint:
    """One time point after iRECIST.

    Attributes
    ----------
    since
        Of iUPD and iCPD: when the progression was first seen; it dates from then.
    """

    on: date
    response: ImmuneResponse
    since: date | None
    reason: str


def immune_course(
    assessed: Assessed, sizes_of_new: Sequence[dict[str, float]], rules: Rules | None = None
) -> tuple[ImmunePoint, ...]:
    """Return the time points after iRECIST; it ends with confirmed progression.

    Parameters
    ----------
    sizes_of_new
        For each time point the diameters in mm of the new lesions measured.
    """
    rules = rules or load_rules()
    found: list[ImmunePoint] = []
    first: int | None = None
    for index, point in enumerate(assessed.points):
        if point.response is not Response.PD:
            found.append(_plain(point, is_reset=first is not None and point.response is not Response.NE))
            first = first if point.response is Response.NE else None
        elif first is None:
            first = index
            found.append(ImmunePoint(point.on, ImmuneResponse.IUPD, point.on, point.reason))
        else:
            before = assessed.points[first]
            grounds = _confirms(before, point, sizes_of_new[first], sizes_of_new[index])
            found.append(_judged(point, before.on, grounds, rules))
        if found[-1].response is ImmuneResponse.ICPD:
            break
    return tuple(found)


def sizes_of_new(points: Sequence[TimePoint], diameters: dict[tuple[str, date], float]) -> tuple[dict[str, float], ...]:
    """Return for each time point the diameters of its new lesions, from diameters by lesion and day."""
    return tuple(
        {key: diameters[key, day] for key in point.new for day in point.days if (key, day) in diameters}
        for point in points
    )


def _plain(point: TimePoint, *, is_reset: bool) -> ImmunePoint:
    words = _("{why}; the progression seen before is not confirmed and counts no more")
    reason = words.format(why=point.reason) if is_reset else point.reason
    return ImmunePoint(point.on, _PLAIN[point.response], None, reason)


def _judged(point: TimePoint, since: date, grounds: str, rules: Rules) -> ImmunePoint:
    days, (soonest, latest) = (point.on - since).days, rules.immune_days
    if not grounds:
        words = _("progression of {date} neither worse nor gone: still unconfirmed")
        return ImmunePoint(point.on, ImmuneResponse.IUPD, since, words.format(date=since.isoformat()))
    if days < soonest:
        words = _("{why}, but only {n} days after {date}: too early to confirm")
        reason = words.format(why=grounds, n=days, date=since.isoformat())
        return ImmunePoint(point.on, ImmuneResponse.IUPD, since, reason)
    reason = _("{why}: the progression of {date} is confirmed").format(why=grounds, date=since.isoformat())
    if days > latest:
        late = _("{n} days later, outside the 4 to 8 weeks asked for").format(n=days)
        reason = f"{reason}; {late}"
    return ImmunePoint(point.on, ImmuneResponse.ICPD, since, reason)


def _confirms(before: TimePoint, now: TimePoint, sizes_before: dict[str, float], sizes: dict[str, float]) -> str:
    """Return what is worse than when progression was last seen, in words; "" for nothing."""
    grounds = []
    if before.target.response is Response.PD and _is_larger(before.sum_mm, now.sum_mm):
        grounds.append(_("the target sum grew by another 5 mm or more"))
    if before.target.response is not Response.PD and now.target.response is Response.PD:
        grounds.append(_("now the target lesions progress too"))
    if now.non_target.response is Response.PD:
        is_new = before.non_target.response is not Response.PD
        grounds.append(_("now non-target lesions progress too") if is_new else _("non-target lesions progress further"))
    if set(now.new) - set(before.new):
        more = ", ".join(sorted(set(now.new) - set(before.new)))
        grounds.append(_("another new lesion: {lesions}").format(lesions=more))
    common = sizes_before.keys() & sizes.keys()
    if common and _is_larger(sum(sizes_before[key] for key in common), sum(sizes[key] for key in common)):
        grounds.append(_("the new lesions grew by 5 mm or more"))
    return "; ".join(grounds)


def _is_larger(before: float | None, now: float | None) -> bool:
    return before is not None and now is not None and now - before >= PD_INCREASE_MM - _ROUNDING
