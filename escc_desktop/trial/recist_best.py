"""Best overall response: the best time point before progression or a new therapy, confirmed or not (RECIST 1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.records import Response
from escc_desktop.trial.rules import AS_PROGRESSION, Rules

_WITHOUT_PROGRESSION: Final = frozenset({Response.CR, Response.PR, Response.SD, Response.NON_CR_NON_PD})
_OF_NON_TARGETS: Final = frozenset({Response.CR, Response.NON_CR_NON_PD})


@dataclass(frozen=True)
class Seen:
    """The response of one time point."""

    date: date
    response: Response


@dataclass(frozen=True)
class Course:
    """What bounds the best response: day 1, and the first day of a next anticancer therapy."""

    start: date
    therapy: date | None = None


@dataclass(frozen=True)
class Best:
    """The best overall response and why.

    Attributes
    ----------
    first_seen
        The scan that first showed it; None for NE.
    confirmed_on
        The scan that confirmed it; None where none did, or none needs to.
    """

    response: Response
    first_seen: date | None
    confirmed_on: date | None
    reason: str


def after_complete(seen: Iterable[Seen], rules: Rules) -> tuple[Seen, ...]:
    """Return time points by date, with disease after a CR as the progression the guideline makes of it.

    Not where the rules take such a CR to have been a PR.
    """
    found: list[Seen] = []
    is_complete = False
    for one in sorted(seen, key=lambda one: one.date):
        is_back = is_complete and one.response not in {Response.CR, Response.NE}
        found.append(Seen(one.date, Response.PD) if is_back and rules.disease_after_cr == AS_PROGRESSION else one)
        is_complete = is_complete or one.response is Response.CR
    return tuple(found)


def until_the_end(seen: Iterable[Seen], course: Course, rules: Rules) -> tuple[Seen, ...]:
    """Return the time points that count: after day 1, up to and with progression, before a next therapy."""
    kept: list[Seen] = []
    for one in after_complete((one for one in seen if one.date > course.start), rules):
        if course.therapy is not None and one.date >= course.therapy:
            break
        kept.append(one)
        if one.response is Response.PD:
            break
    return tuple(kept)


def confirmed(counted: Sequence[Seen], response: Response, rules: Rules) -> tuple[date, date] | None:
    """Return when a CR (or a PR or better) was first seen and when it was confirmed; None if it never was."""
    enough = {response, Response.CR}
    seen = [one.date for one in counted if one.response in enough]
    for index, first in enumerate(seen):
        for later in seen[index + 1 :]:
            if (later - first).days >= rules.confirmation_days:
                return first, later
    return None


def best_overall(seen: Iterable[Seen], course: Course, rules: Rules) -> Best:
    """Return the best overall response; whether CR and PR need confirmation is the rules' matter."""
    counted = until_the_end(seen, course, rules)
    for response in (Response.CR, Response.PR):
        found = _responded(counted, response, rules)
        if found is not None:
            return found
    return _without_response(counted, course, rules)


def _responded(counted: Sequence[Seen], response: Response, rules: Rules) -> Best | None:
    if not rules.needs_confirmation:
        first = next((one.date for one in counted if one.response is response), None)
        words = _("{response} seen on {date}")
        return None if first is None else Best(response, first, None, _told(words, response, first))
    days = confirmed(counted, response, rules)
    if days is None:
        return None
    words = _("{response} seen on {date}, confirmed on {later}")
    return Best(response, *days, words.format(response=response, date=days[0].isoformat(), later=days[1].isoformat()))


def _without_response(counted: Sequence[Seen], course: Course, rules: Rules) -> Best:
    held = [one for one in counted if one.response in _WITHOUT_PROGRESSION]
    lasting = [one for one in held if (one.date - course.start).days >= rules.minimum_sd_days]
    unconfirmed = next((one for one in held if one.response in {Response.CR, Response.PR}), None)
    if lasting:
        kind = _stable(held)
        words = _("no progression by {date}, at least {n} days after day 1")
        reason = words.format(date=lasting[0].date.isoformat(), n=rules.minimum_sd_days)
        return Best(kind, lasting[0].date, None, "; ".join(filter(None, (reason, _unconfirmed(unconfirmed, rules)))))
    worse = next((one for one in counted if one.response is Response.PD), None)
    if worse is not None:
        return Best(Response.PD, worse.date, None, _told(_("progression on {date}"), Response.PD, worse.date))
    if held:
        words = _("no scan so late as {n} days after day 1: too early for stable disease")
        reason = words.format(n=rules.minimum_sd_days)
        return Best(Response.NE, None, None, "; ".join(filter(None, (reason, _unconfirmed(unconfirmed, rules)))))
    return Best(Response.NE, None, None, _("no evaluable scan after day 1") if counted else _("no scan after day 1"))


def _stable(held: Sequence[Seen]) -> Response:
    """Return SD, or its name where the patient had no target lesion."""
    has_no_target = {one.response for one in held} <= _OF_NON_TARGETS
    is_named = any(one.response is Response.NON_CR_NON_PD for one in held)
    return Response.NON_CR_NON_PD if has_no_target and is_named else Response.SD


def _unconfirmed(one: Seen | None, rules: Rules) -> str:
    if one is None:
        return ""
    words = _("{response} of {date} was not confirmed {n} days later or more")
    return words.format(response=one.response, date=one.date.isoformat(), n=rules.confirmation_days)


def _told(words: str, response: Response, day: date) -> str:
    return words.format(response=response, date=day.isoformat())
