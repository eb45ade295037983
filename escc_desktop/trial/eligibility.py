"""Whether a patient meets the trial's criteria, computed where the record allows and said with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from escc_desktop.i18n import _
from escc_desktop.trial.lab_rules import Judged, compare, judge_lab
from escc_desktop.trial.protocol import Criterion, CriterionRule, Protocol, load_protocol
from escc_desktop.trial.recist_lesions import MEASURABLE_MM, TARGET_NODE_MM, is_node
from escc_desktop.trial.records import EligibilityAnswer, LesionMeasurement, TrialRecord

ASSUMED_SLICE_MM = 5.0


class Verdict(StrEnum):
    """Whether a criterion, as worded, is met; an exclusion criterion that is met excludes."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CriterionResult:
    """One criterion for one patient.

    Attributes
    ----------
    computed, entered
        What the record says and what a person answered; None where the one or the other does not say.
    reason
        Why, in words, with the value, day, unit and limit it rests on.
    contradiction
        What does not agree between record and answer; empty where nothing.
    """

    criterion: Criterion
    verdict: Verdict
    reason: str
    computed: Verdict | None = None
    entered: Verdict | None = None
    contradiction: str = ""

    @property
    def speaks_for(self) -> bool | None:
        """Whether it speaks for enrolment; None while unknown or contradicted."""
        if self.verdict is Verdict.UNKNOWN or self.contradiction:
            return None
        return (self.verdict is Verdict.MET) == (self.criterion.kind == "inclusion")


@dataclass(frozen=True)
class Eligibility:
    """All criteria of a trial for one patient, in the protocol's order."""

    patient_id: str
    results: tuple[CriterionResult, ...]

    @property
    def is_eligible(self) -> bool | None:
        """False once one criterion speaks against; True only when all speak for; None in between."""
        found = [result.speaks_for for result in self.results]
        if False in found:
            return False
        return None if None in found else True

    @property
    def against(self) -> tuple[CriterionResult, ...]:
        """What speaks against enrolment."""
        return tuple(result for result in self.results if result.speaks_for is False)

    @property
    def open(self) -> tuple[CriterionResult, ...]:
        """What is unknown or contradicted."""
        return tuple(result for result in self.results if result.speaks_for is None)

    @property
    def contradictions(self) -> tuple[CriterionResult, ...]:
        """Where record and answer disagree."""
        return tuple(result for result in self.results if result.contradiction)


def judge(record: TrialRecord, protocol: Protocol | None = None) -> Eligibility:
    """Return every criterion for a patient, as of day 1.

    What the record decides stands before what a person answered; where both speak and differ, the result keeps the
    record's verdict and says the contradiction, and the patient counts neither as eligible nor as not until it is
    settled.
    """
    protocol = protocol or load_protocol()
    answers = {answer.criterion: answer for answer in record.eligibility}
    results = (_result(one, record, answers.get(one.code), protocol) for one in protocol.criteria)
    return Eligibility(record.patient_id, tuple(results))


def _result(
    criterion: Criterion, record: TrialRecord, answer: EligibilityAnswer | None, protocol: Protocol
) -> CriterionResult:
    found = _computed(criterion.rule, record, protocol)
    computed = _verdict(found.holds)
    if computed is Verdict.MET and criterion.decides == "necessary":
        computed = Verdict.UNKNOWN
        found = Judged(None, _("{found} What remains is to be answered.").format(found=found.reason))
    entered, said, split = _entered(criterion, answer)
    if computed is Verdict.UNKNOWN or criterion.rule is None:
        reason = " ".join(part for part in (said, found.reason) if part) or _("Not answered.")
        known = None if criterion.rule is None else computed
        return CriterionResult(criterion, entered or Verdict.UNKNOWN, reason, known, entered, split)
    contradiction = ""
    if entered is not None and entered not in {Verdict.UNKNOWN, computed}:
        contradiction = _("Answered {entered}, but by the record {computed}: {reason}").format(
            entered=verdict_words(entered), computed=verdict_words(computed), reason=found.reason
        )
    return CriterionResult(criterion, computed, found.reason, computed, entered, contradiction)


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict in words."""
    return {Verdict.MET: _("met"), Verdict.NOT_MET: _("not met"), Verdict.UNKNOWN: _("not known")}[verdict]


def _verdict(holds: bool | None) -> Verdict:
    return Verdict.UNKNOWN if holds is None else Verdict.MET if holds else Verdict.NOT_MET


def _entered(criterion: Criterion, answer: EligibilityAnswer | None) -> tuple[Verdict | None, str, str]:
    """Return what a person answered, in words too, and where a chosen option says other than the answer beside it."""
    if answer is None:
        return None, "", ""
    option = next((one for one in criterion.options if one.code == answer.value), None)
    answered = Verdict(answer.answer)
    verdict = answered if option is None else _verdict(option.is_met)
    beside = "; ".join(part for part in (option.words if option else "", answer.comment) if part)
    told = _("Answered {verdict} on {day}") if answer.date else _("Answered {verdict}")
    words = told.format(verdict=verdict_words(verdict), day=answer.date) + (f": {beside}" if beside else "") + "."
    if answer.value and option is None:
        known = ", ".join(one.code for one in criterion.options) or _("it has none")
        split = _("{value} is no option of {criterion} ({known}).")
        return verdict, words, split.format(value=answer.value, criterion=criterion.code, known=known)
    if option is None or answered in {verdict, Verdict.UNKNOWN}:
        return verdict, words, ""
    split = _("The option means {verdict}, the answer beside it says {other}.").format(
        verdict=verdict_words(verdict), other=verdict_words(answered)
    )
    return verdict, words, split


def _computed(rule: CriterionRule | None, record: TrialRecord, protocol: Protocol) -> Judged:
    if rule is None:
        return Judged(None, "")
    if rule.type == "lab":
        return judge_lab(rule.lab, record.labs, record.start_date, protocol.schedule.baseline_lab_days)
    if rule.type == "field":
        return _field(rule, record)
    return _measurable(record, protocol)


def _field(rule: CriterionRule, record: TrialRecord) -> Judged:
    value = getattr(record.baseline, rule.field)
    name = rule.field.removesuffix("_years").replace("_", " ")
    if value is None or value == "":
        return Judged(None, _("{name} is not recorded.").format(name=name))
    if isinstance(value, bool | str) or rule.value is None or isinstance(rule.value, str | bool):
        holds: bool | None = value == rule.value
    else:
        holds = compare(float(value), rule.op, float(rule.value))
    asked = _plain(rule.value) if rule.op == "==" else f"{rule.op} {_plain(rule.value)}"
    return Judged(holds, _("{name}: {value}; asked is {asked}.").format(name=name, value=_plain(value), asked=asked))


def _plain(value: object) -> str:
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)


def _measurable(record: TrialRecord, protocol: Protocol) -> Judged:
    earliest = record.start_date - timedelta(days=protocol.schedule.baseline_scan_days)
    found = [lesion for lesion in record.lesions if earliest <= lesion.date <= record.start_date]
    if not found:
        return Judged(
            None,
            _("No lesion is measured in the {days} days before day 1.").format(
                days=protocol.schedule.baseline_scan_days
            ),
        )
    judged = [measurable(lesion) for lesion in found]
    for holds in (True, None):
        reason = next((one.reason for one in judged if one.holds is holds), None)
        if reason is not None:
            return Judged(holds, reason)
    return Judged(False, " ".join(one.reason for one in judged))


def measurable(lesion: LesionMeasurement) -> Judged:
    """Return whether a lesion of the baseline is measurable by RECIST 1.1, with the reason.

    Nodes: short axis of at least 15 mm. All others: longest diameter of at least 10 mm and of at least two slices;
    where the thickness is not recorded 5 mm are assumed, and said. An irradiated lesion only if it has progressed
    since; where that is not recorded nobody can say.
    """
    name = _("lesion {lesion} ({site})").format(lesion=lesion.lesion_id, site=lesion.site.replace("_", " "))
    if lesion.diameter_mm is None:
        return Judged(None, _("{name}: no diameter.").format(name=name))
    thickness = ASSUMED_SLICE_MM if lesion.slice_thickness_mm is None else lesion.slice_thickness_mm
    smallest = TARGET_NODE_MM if is_node(lesion) else max(MEASURABLE_MM, 2.0 * thickness)
    axis = _("short axis") if is_node(lesion) else _("diameter")
    reason = _("{name}: {axis} {mm} mm, at least {smallest} mm needed").format(
        name=name, axis=axis, mm=f"{lesion.diameter_mm:g}", smallest=f"{smallest:g}"
    )
    if not is_node(lesion) and lesion.slice_thickness_mm is None:
        reason += _(" (slices of 5 mm assumed)")
    if lesion.diameter_mm < smallest:
        return Judged(False, reason + ".")
    if lesion.irradiated and lesion.state != "progressed":
        return Judged(None, reason + _("; irradiated, and whether it has progressed since is not recorded."))
    if lesion.irradiated is None:
        return Judged(True, reason + _("; whether it was irradiated is not recorded."))
    return Judged(True, reason + ".")
