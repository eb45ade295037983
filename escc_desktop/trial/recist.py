"""RECIST 1.1: the response of every time point, computed from the lesions of a record (Eisenhauer et al. 2009).

Pure functions: a record and a rule set in, what each scan shows and why out. Assessing goes on after progression; where
the best response stops is `recist_best`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.recist_lesions import (
    NORMAL_NODE_MM,
    NOTHING_JOINED,
    Reading,
    Scan,
    baseline_rows,
    is_node,
    scans_after,
    sum_mm,
)
from escc_desktop.trial.records import LesionMeasurement, Response, TrialRecord
from escc_desktop.trial.rules import AS_PROGRESSION, Rules, load_rules

PR_DECREASE: Final = 0.30
PD_INCREASE: Final = 0.20
PD_INCREASE_MM: Final = 5.0
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Verdict:
    """A response and why, in words; None where there are no such lesions."""

    response: Response | None
    reason: str


@dataclass(frozen=True)
class TimePoint:
    """What the scans of one time point show.

    Attributes
    ----------
    on
        The day that counts: the last scan, for progression the scan that shows it.
    sum_mm
        Of the target lesions; None where one could not be measured.
    nadir_mm
        The smallest sum before, the baseline included.
    change, growth
        Of the sum, from the baseline and from the nadir, as fractions.
    new, equivocal
        New lesions there are now, and those, or progressions, that the next scan decides.
    backdated
        Equivocal findings a later scan confirmed.
    """

    on: date
    days: tuple[date, ...]
    targets: tuple[Reading, ...]
    non_targets: tuple[Reading, ...]
    sum_mm: float | None
    nadir_mm: float | None
    change: float | None
    growth: float | None
    target: Verdict
    non_target: Verdict
    new: tuple[str, ...]
    equivocal: tuple[str, ...]
    backdated: tuple[str, ...]
    response: Response
    reason: str

    @property
    def has_new(self) -> bool:
        """Whether a new lesion counts."""
        return bool(self.new)


@dataclass(frozen=True)
class Assessed:
    """A record's lesions by RECIST 1.1.

    Attributes
    ----------
    targets, non_targets
        The rows of the baseline by lesion.
    baseline_mm
        Sum of the targets; None without targets or where one was not measured.
    """

    targets: Mapping[str, LesionMeasurement]
    non_targets: Mapping[str, LesionMeasurement]
    baseline_days: tuple[date, ...]
    baseline_mm: float | None
    points: tuple[TimePoint, ...]

    @property
    def progression(self) -> TimePoint | None:
        """The first time point with progression."""
        return next((point for point in self.points if point.response is Response.PD), None)


def overall_response(target: Response | None, non_target: Response | None, *, has_new: bool) -> Response:
    """Return the overall response of a time point: tables 1 and 2 of the guideline.

    Parameters
    ----------
    target, non_target
        None where the baseline has no such lesions.
    """
    if has_new or Response.PD in {target, non_target}:
        return Response.PD
    if target is None:
        return non_target or Response.NE
    if target is Response.CR:
        return Response.CR if non_target in {None, Response.CR} else Response.PR
    return target


def assess(record: TrialRecord, rules: Rules | None = None) -> Assessed:
    """Return what each time point of a record shows."""
    rules = rules or load_rules()
    known = baseline_rows(record)
    targets = {key: row for key, row in known.items() if row.role == "target"}
    non_targets = {key: row for key, row in known.items() if row.role == "non_target"}
    baseline = _baseline_sum(targets)
    scans = scans_after(record, rules)
    walk = _Walk(targets, non_targets, baseline, rules, scans)
    days = tuple(sorted({row.date for row in known.values()}))
    return Assessed(targets, non_targets, days, baseline, tuple(walk.points()))


def _baseline_sum(targets: Mapping[str, LesionMeasurement]) -> float | None:
    start = Scan((), targets)
    return sum_mm(NOTHING_JOINED.read(start, targets))


class _Walk:
    """Goes through the time points, oldest first; each knows only those before it, and what later ones confirm."""

    def __init__(
        self,
        targets: Mapping[str, LesionMeasurement],
        non_targets: Mapping[str, LesionMeasurement],
        baseline_mm: float | None,
        rules: Rules,
        scans: Sequence[Scan],
    ) -> None:
        self._targets, self._non_targets = targets, non_targets
        self._baseline_mm, self._nadir_mm = baseline_mm, baseline_mm
        self._rules, self._scans = rules, scans
        self._parts = NOTHING_JOINED
        self._new: set[str] = set()
        self._complete_on: date | None = None

    def points(self) -> Iterator[TimePoint]:
        """Return the time points in order."""
        for index, scan in enumerate(self._scans):
            self._parts = self._parts.after(scan, self._targets)
            yield self._point(index, scan)

    def _point(self, index: int, scan: Scan) -> TimePoint:
        targets = self._parts.read(scan, {**self._targets, **self._parts.fragments})
        non_targets = self._parts.read(scan, self._non_targets)
        equivocal = tuple(
            key for key, row in scan.rows.items() if row.state == "equivocal" and key not in self._targets
        )
        backdated = tuple(key for key in equivocal if self._is_confirmed(index, key))
        self._follow_new(scan, backdated)
        nadir, total = self._nadir_mm, sum_mm(targets)
        target = self._target(targets, total)
        non_target = non_target_response(non_targets, backdated)
        new = tuple(sorted(self._new))
        target, non_target = self._after_complete(target, non_target, targets, non_targets)
        response = overall_response(target.response, non_target.response, has_new=bool(new))
        if total is not None:
            self._nadir_mm = total if nadir is None else min(nadir, total)
        if response is Response.CR and self._complete_on is None:
            self._complete_on = scan.days[-1]
        point = TimePoint(
            scan.days[-1],
            scan.days,
            targets,
            non_targets,
            total,
            nadir,
            _share(total, self._baseline_mm),
            _share(total, nadir),
            target,
            non_target,
            new,
            tuple(key for key in equivocal if key not in backdated),
            backdated,
            response,
            "",
        )
        return replace(point, reason=_overall_reason(point), on=_day_that_counts(point, scan))

    def _follow_new(self, scan: Scan, backdated: Sequence[str]) -> None:
        """Keep the new lesions there are: those seen, until a scan says they are gone."""
        for key, row in scan.rows.items():
            if row.role != "new" or row.state == "not_evaluable":
                continue
            if row.state == "absent" or row.diameter_mm == 0.0:
                self._new.discard(key)
            elif is_new_disease(row) and (row.state != "equivocal" or key in backdated):
                self._new.add(key)

    def _is_confirmed(self, index: int, key: str) -> bool:
        """Return whether the next scan that says anything of an equivocal finding shows that it was real."""
        for scan in self._scans[index + 1 :]:
            row = scan.rows.get(key)
            if row is None or row.state in {"equivocal", "not_evaluable"}:
                continue
            if row.role == "new":
                return row.state != "absent" and row.diameter_mm != 0.0 and is_new_disease(row)
            return row.state == "progressed"
        return False

    def _target(self, targets: Sequence[Reading], total: float | None) -> Verdict:
        if not self._targets:
            return Verdict(None, _("no target lesion at the baseline"))
        if self._baseline_mm is None or self._nadir_mm is None:
            return Verdict(Response.NE, _("not every target lesion was measured at the baseline"))
        return target_response(targets, total, self._baseline_mm, self._nadir_mm)

    def _after_complete(
        self, target: Verdict, non_target: Verdict, targets: Sequence[Reading], non_targets: Sequence[Reading]
    ) -> tuple[Verdict, Verdict]:
        """Disease seen again after a complete response is progression, however small."""
        if self._complete_on is None or self._rules.disease_after_cr != AS_PROGRESSION:
            return target, non_target
        words = _("{lesions} seen again after the complete response of {date}")
        verdicts = []
        for verdict, readings in ((target, targets), (non_target, non_targets)):
            back = [one.lesion_id for one in readings if _is_there(one)]
            reason = words.format(lesions=", ".join(back), date=self._complete_on.isoformat())
            verdicts.append(Verdict(Response.PD, reason) if back else verdict)
        return verdicts[0], verdicts[1]


def is_new_disease(row: LesionMeasurement) -> bool:
    """Return whether a new lesion is one: a node counts only from 10 mm on."""
    return not is_node(row) or row.diameter_mm is None or row.diameter_mm >= NORMAL_NODE_MM


def _is_there(reading: Reading) -> bool:
    is_seen = reading.diameter_mm is not None or reading.state in {"present", "progressed"}
    return is_seen and not reading.is_gone and reading.state != "equivocal"


def target_response(targets: Sequence[Reading], total: float | None, baseline_mm: float, nadir_mm: float) -> Verdict:
    """Return the response of the target lesions.

    Parameters
    ----------
    total
        Their sum; None where one was not measured. Then only progression can be told: by those that were.
    nadir_mm
        The smallest sum before, the baseline included.
    """
    if total is None:
        return _incomplete(targets, nadir_mm)
    if all(reading.is_gone for reading in targets):
        if total > 0.0:
            return Verdict(Response.CR, _("every target lesion is gone; the nodes are below 10 mm"))
        return Verdict(Response.CR, _("every target lesion is gone"))
    if _has_grown(total, nadir_mm):
        return Verdict(Response.PD, _grown_words(total, nadir_mm))
    if baseline_mm - total >= PR_DECREASE * baseline_mm - _ROUNDING:
        words = _("{change} from the baseline: at least 30 % less")
        return Verdict(Response.PR, words.format(change=percent(_share(total, baseline_mm))))
    return Verdict(Response.SD, _stable_words(total, baseline_mm, nadir_mm))


def _has_grown(total: float, nadir_mm: float) -> bool:
    """Return whether a sum is progression: 20 % and 5 mm over the nadir, both at least."""
    grown = total - nadir_mm
    return grown >= PD_INCREASE_MM - _ROUNDING and grown >= PD_INCREASE * nadir_mm - _ROUNDING


def _grown_words(total: float, nadir_mm: float) -> str:
    words = _("{growth} ({mm} mm) over the nadir of {nadir} mm: at least 20 % and 5 mm more")
    growth = percent(_share(total, nadir_mm))
    return words.format(growth=growth, mm=f"{total - nadir_mm:+.1f}", nadir=f"{nadir_mm:.1f}")


def _stable_words(total: float, baseline_mm: float, nadir_mm: float) -> str:
    grown = total - nadir_mm
    if grown >= PD_INCREASE * nadir_mm - _ROUNDING and grown > 0.0:
        words = _("{growth} over the nadir, but only {mm} mm: less than 5 mm is no progression")
        return words.format(growth=percent(_share(total, nadir_mm)), mm=f"{grown:.1f}")
    words = _("{change} from the baseline, {growth} from the nadir: neither")
    return words.format(change=percent(_share(total, baseline_mm)), growth=percent(_share(total, nadir_mm)))


def _incomplete(targets: Sequence[Reading], nadir_mm: float) -> Verdict:
    missing = ", ".join(f"{one.lesion_id} ({one.reason})" for one in targets if one.diameter_mm is None)
    measured = sum(one.diameter_mm for one in targets if one.diameter_mm is not None)
    if _has_grown(measured, nadir_mm):
        words = _("{missing} left out, and still {grown}")
        return Verdict(Response.PD, words.format(missing=missing, grown=_grown_words(measured, nadir_mm)))
    return Verdict(Response.NE, _("not all measured: {missing}").format(missing=missing))


def non_target_response(non_targets: Sequence[Reading], backdated: Sequence[str] = ()) -> Verdict:
    """Return the response of the non-target lesions; None where there are none.

    Parameters
    ----------
    backdated
        Lesions whose equivocal progression a later scan confirmed.
    """
    if not non_targets:
        return Verdict(None, _("no non-target lesion at the baseline"))
    worse = [one.lesion_id for one in non_targets if one.state == "progressed" or one.lesion_id in backdated]
    if worse:
        return Verdict(Response.PD, _("{lesions}: unequivocal progression").format(lesions=", ".join(worse)))
    missing = [
        one.lesion_id for one in non_targets if one.diameter_mm is None and one.state not in {"present", "equivocal"}
    ]
    if missing:
        return Verdict(Response.NE, _("not all seen: {lesions}").format(lesions=", ".join(missing)))
    left = [one.lesion_id for one in non_targets if not one.is_gone]
    if left:
        return Verdict(Response.NON_CR_NON_PD, _("still there: {lesions}").format(lesions=", ".join(left)))
    return Verdict(Response.CR, _("all gone; nodes below 10 mm"))


def _day_that_counts(point: TimePoint, scan: Scan) -> date:
    """Return the day of a time point: the first scan that shows a new lesion or non-target progression.

    A sum is known only with its last part, and so is any other response.
    """
    if point.response is not Response.PD:
        return scan.days[-1]
    found = [scan.rows[key].date for key in point.new if key in scan.rows]
    if point.non_target.response is Response.PD:
        worse = [one for one in point.non_targets if one.state == "progressed" or one.lesion_id in point.backdated]
        found += [one.date for one in worse or filter(_is_there, point.non_targets) if one.date]
    if point.target.response is Response.PD:
        found += [max((one.date for one in point.targets if one.date), default=scan.days[-1])]
    return min(found, default=scan.days[-1])


def _overall_reason(point: TimePoint) -> str:
    parts = []
    if point.new:
        parts.append(_("new lesion: {lesions}").format(lesions=", ".join(point.new)))
    if point.backdated:
        words = _("{lesions} equivocal here, confirmed by a later scan: progression is dated back")
        parts.append(words.format(lesions=", ".join(point.backdated)))
    if point.target.response is not None:
        parts.append(_("target: {reason}").format(reason=point.target.reason))
    if point.non_target.response is not None:
        parts.append(_("non-target: {reason}").format(reason=point.non_target.reason))
    if point.equivocal:
        parts.append(_("equivocal, the next scan decides: {lesions}").format(lesions=", ".join(point.equivocal)))
    return "; ".join(parts) or _("no lesion at the baseline")


def _share(total: float | None, reference_mm: float | None) -> float | None:
    if total is None or reference_mm is None or reference_mm == 0.0:
        return None
    return total / reference_mm - 1.0


def percent(share: float | None) -> str:
    """Return a change as people write it: "-31.2 %"; a dash where there is none."""
    if share is None:
        return "\N{EN DASH}"
    return f"{share * 100:+.1f} %".replace("-", "\N{MINUS SIGN}")
