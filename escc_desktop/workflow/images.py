"""Images into the project: scan, refuse or load, store; and what `escc scan` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from escc_desktop.errors import EsccError, Fault
from escc_desktop.imaging.dicom import load, scan, scan_report
from escc_desktop.imaging.series import Series, Verdict
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import PATIENT, SERIES, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, Principal, require

CT = "CT"
_SCAN_SHARE = 0.4


def scan_path(path: Path, progress: Progress) -> dict[str, Any]:
    """Return what `escc scan --json` prints: the series under a path and what is none."""
    return scan_report(scan(path, progress))


@dataclass(frozen=True)
class ImagesImport:
    """What an import of images gave.

    Attributes
    ----------
    imported
        UIDs of the series now in the project, in the order of patients.
    known
        UIDs of series that were in the project before, unchanged.
    refused
        Series and files left out, each with its reason.
    """

    imported: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[Fault, ...]


@dataclass(frozen=True)
class ImportChoice:
    """How images are taken in.

    Attributes
    ----------
    codes
        Trial code of each DICOM PatientID; an id that is not named is taken for a trial code itself.
    accept
        Codes of WARN findings that were confirmed.
    is_strict
        Whether images whose id is not named are left out instead.
    """

    codes: Mapping[str, str]
    accept: frozenset[str] = frozenset()
    is_strict: bool = False


def import_images(
    store: Store, principal: Principal, path: Path, choice: ImportChoice, progress: Progress
) -> ImagesImport:
    """Scan a folder or archive and store every CT series that the gate lets through.

    Each series is stored in one transaction as soon as it is loaded, so a cancelled import keeps whole series only.

    Raises
    ------
    EsccError
        There is nothing at the path, or a series in the project would change.
    Cancelled
        From `progress`.
    """
    require(principal, Operation.IMPORT_IMAGES)
    found = scan(path, progress.part(0, _SCAN_SHARE))
    refused = [Fault(item.path, item.message) for item in found.rejected]
    ordered = sorted(found.series, key=lambda series: (series.patient_id, series.series_uid))
    imported: list[str] = []
    known: list[str] = []
    loading = progress.part(_SCAN_SHARE, 1)
    for done, series in enumerate(ordered):
        reason = _why_not(series, choice)
        if reason:
            refused.append(Fault(series.label, reason))
            continue
        part = loading.part(done / len(ordered), (done + 1) / len(ordered))
        is_new = _import_one(store, principal, series, choice, part)
        (imported if is_new else known).append(series.series_uid)
    return ImagesImport(tuple(imported), tuple(known), tuple(refused))


def _why_not(series: Series, choice: ImportChoice) -> str:
    if series.modality != CT:
        return f"the modality is {series.modality or 'not given'}, only CT is read"
    if not series.patient_id:
        return "it names no patient; give it a PatientID"
    if choice.is_strict and series.patient_id not in choice.codes:
        return "its patient has no trial code in the list"
    worst = [finding for finding in series.findings if finding.severity is Verdict.REFUSE]
    open_questions = [
        finding for finding in series.findings if finding.severity is Verdict.WARN and finding.code not in choice.accept
    ]
    if worst:
        return "; ".join(finding.message for finding in worst)
    return "; ".join(f"{finding.message} Confirm “{finding.code}” to import it." for finding in open_questions)


def _import_one(store: Store, principal: Principal, series: Series, choice: ImportChoice, progress: Progress) -> bool:
    """Store one series; return False if it was there already."""
    volume = load(series, progress, choice.accept)
    patient_id = choice.codes.get(series.patient_id, series.patient_id)
    document = series_document(series, patient_id, volume.digest)
    before = store.find(SERIES, series.series_uid)
    if before is not None:
        if before.content.get("volume") != volume.digest:
            raise EsccError(
                f"{series.label} is in the project with other images.",
                "A series never changes; if it was sent again in another form, ask for a new series UID.",
            )
        return False
    with store.write(principal, "import series") as writing:
        if store.find(PATIENT, patient_id) is None:
            writing.put(PATIENT, Document(patient_id, {}))
        writing.put(VOLUME, volume)
        writing.put(SERIES, document)
    return True


def series_document(series: Series, patient_id: str, volume_digest: str) -> Document:
    """Return what the project keeps of a series: no name, no hospital number."""
    content: dict[str, Any] = {
        "patient_id": patient_id,
        "volume": volume_digest,
        "study_uid": series.study_uid,
        "modality": series.modality,
        "description": series.description,
        "study_date": series.study_date,
        "n_files": len(series.files),
        "phase": {
            "name": series.phase.name,
            "confidence": series.phase.confidence,
            "evidence": list(series.phase.evidence),
        },
        "acquisition": {
            "kvp": series.acquisition.kvp,
            "kernel": series.acquisition.kernel,
            "slice_thickness_mm": series.acquisition.slice_thickness_mm,
            "manufacturer": series.acquisition.manufacturer,
            "model": series.acquisition.model,
        },
        "verdict": str(series.verdict),
        "findings": [[finding.code, str(finding.severity), finding.message] for finding in series.findings],
    }
    return Document(series.series_uid, content)


def arterial_series(documents: Iterable[Document]) -> dict[str, Document]:
    """Return the arterial series of each patient, the one recognised with most confidence."""
    best: dict[str, Document] = {}
    for document in documents:
        phase, patient = document.content["phase"], document.content["patient_id"]
        if phase["name"] != "arterial":
            continue
        if patient not in best or phase["confidence"] > best[patient].content["phase"]["confidence"]:
            best[patient] = document
    return best
