"""Whether what a card reads is the record's baseline: the image it was scored on, and the laboratory values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from escc_desktop.features.table import FeatureTable
from escc_desktop.i18n import _
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.reading.lesion import Lesion
from escc_desktop.store.records import Document
from escc_desktop.trial.columns import analytes
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.rules import load_rules
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.words import site_name


@dataclass(frozen=True)
class Scan:
    """One imported CT of a patient; `date` is None where the image does not say it."""

    series_uid: str
    date: date | None
    phase: str


@dataclass(frozen=True)
class Images:
    """The CTs of a patient, and the lesions that were scored on them."""

    scans: tuple[Scan, ...] = ()
    scored: tuple[Lesion, ...] = ()

    def of(self, lesion: Lesion) -> Scan | None:
        """Return the CT a lesion was scored on; None where it is not known."""
        return next((scan for scan in self.scans if scan.series_uid == lesion.series_uid), None)


def cohort_images(project: Project, table: FeatureTable | None) -> Mapping[str, Images]:
    """Return the images of every patient; nothing to somebody who sees no images."""
    if not (project.may(Operation.VIEW_IMAGES) and project.may(Operation.VIEW_LESIONS)):
        return {}
    scans: dict[str, list[Scan]] = {}
    for document in project.series():
        scans.setdefault(str(document.content.get("patient_id", "")), []).append(_scan(document))
    first = () if table is None else table.select("A", "first").keys
    read = {(key.patient_id, key.lesion_id) for key in first}
    scored: dict[str, list[Lesion]] = {}
    for lesion in project.lesions():
        if (lesion.patient_id, lesion.lesion_id) in read:
            scored.setdefault(lesion.patient_id, []).append(lesion)
    return {
        patient_id: Images(tuple(scans.get(patient_id, ())), tuple(scored.get(patient_id, ())))
        for patient_id in {*scans, *scored}
    }


def _scan(document: Document) -> Scan:
    phase = document.content.get("phase")
    name = phase.get("name", "") if isinstance(phase, Mapping) else ""
    return Scan(document.document_id, _date(str(document.content.get("study_date") or "")), str(name))


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a day of the hospital's calendar
    except ValueError:
        return None


def image_remarks(card: ModelCard, record: TrialRecord | None, images: Images) -> tuple[str, ...]:
    """Return how the scored images differ from the record's baseline."""
    if not card.feature_names:
        return ()
    found: list[str] = []
    for lesion in images.scored:
        scan = images.of(lesion)
        if scan is not None and scan.phase in {"", "unknown"}:
            text = _("The contrast phase of the scored CT is not known; the card reads {phase} phase.")
            found.append(text.format(phase=card.applicability.phase))
        if record is not None:
            found += _lesion_remarks(lesion, record)
            if scan is not None:
                found += _date_remarks(scan, record)
    return tuple(dict.fromkeys(found))


def _date_remarks(scan: Scan, record: TrialRecord) -> Iterator[str]:
    if scan.date is None:
        yield _("The scored CT does not say when it was made: whether it is the record's baseline is not known.")
        return
    after = (scan.date - record.start_date).days
    if after > 0:
        text = _("The scored CT was made {n} days after the first dose, on {date}: it is no baseline.")
        yield text.format(n=after, date=scan.date.isoformat())
    elif -after > load_rules().schedule.baseline_scan_days:
        text = _("The scored CT was made {n} days before the first dose, on {date}; a baseline is at most {most}.")
        yield text.format(n=-after, date=scan.date.isoformat(), most=load_rules().schedule.baseline_scan_days)
    baseline = next((visit.date for visit in record.visits if visit.number == 0), None)
    if baseline is not None and baseline != scan.date:
        text = _("The scored CT is of {date}, the record's baseline scan of {baseline}.")
        yield text.format(date=scan.date.isoformat(), baseline=baseline.isoformat())


def _lesion_remarks(lesion: Lesion, record: TrialRecord) -> Iterator[str]:
    first = min((one.date for one in record.lesions), default=None)
    known = {one.lesion_id: one for one in record.lesions if one.date == first}
    if not known:
        return
    own = known.get(lesion.lesion_id)
    if own is None:
        text = _("The scored lesion {lesion} is not among those of the record's baseline ({known}).")
        yield text.format(lesion=lesion.lesion_id, known=", ".join(sorted(known)))
    elif own.site and own.site != lesion.site.value:
        text = _("The scored lesion {lesion} is a {read} in the reading and a {recorded} in the record.")
        yield text.format(lesion=lesion.lesion_id, read=site_name(lesion.site.value), recorded=site_name(own.site))


def lab_remarks(card: ModelCard, record: TrialRecord | None) -> tuple[str, ...]:
    """Return which laboratory values the card reads are stale, questioned, or came without an upper limit."""
    if record is None:
        return ()
    read = set(card.covariate_names)
    wanted = [(code, one.clinical) for code, one in analytes().items() if one.clinical in read]
    remarks = (_lab_remark(code, record) for code, _column in wanted)
    return tuple(remark for remark in remarks if remark)


def _lab_remark(code: str, record: TrialRecord) -> str:
    name, days = code.upper(), load_rules().schedule.baseline_lab_days
    before = [lab for lab in record.labs if lab.analyte == code and lab.date <= record.start_date]
    if not before:
        return _("{lab} was not measured before the first dose.").format(lab=name)
    last, age = before[-1], (record.start_date - before[-1].date).days
    values = {"lab": name, "date": last.date.isoformat(), "n": age, "most": days, "what": last.question}
    if age > days:
        text = _("{lab} is stale: of {date}, {n} days before the first dose, and at most {most} count.")
    elif last.question:
        text = _("{lab} of {date} is questioned ({what}): it does not count until that is answered.")
    elif last.uln is None:
        text = _("{lab} of {date} came without its upper limit of normal: whether it is raised cannot be judged.")
    else:
        return ""
    return text.format(**values)
