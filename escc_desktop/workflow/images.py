"""Images into the project: scan, refuse or load, store; and what `escc scan` prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from escc_desktop.errors import EsccError, Fault
from escc_desktop.imaging.dicom import load, scan, scan_report
from escc_desktop.imaging.series import Finding, Rejected, Series, Verdict
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import PATIENT, SERIES, THUMBNAIL, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, Principal, require
from escc_desktop.workflow.thumbnails import make_thumbnail, thumbnail_document

CT = "CT"
_SCAN_SHARE = 0.4
_SCOUT = "localizer"
_NO_IMAGES = frozenset({"not_dicom", "no_image", "link", "special"})


def scan_path(path: Path, progress: Progress) -> dict[str, Any]:
    """Return what `escc scan --json` prints: the series under a path and what is none."""
    return scan_report(scan(path, progress))


@dataclass(frozen=True)
class LeftOut:
    """A series or file that was not imported, and all there is to say about it.

    Attributes
    ----------
    where, what, hint
        What it is called, why it was left out, what to do.
    series_uid
        "" for a file that is no series.
    path
        The folder or file it lies in, within what was imported.
    findings
        What the gate found.
    questions
        Codes that, confirmed, let it in; empty if something else keeps it out.
    positions_mm
        Where its slices lie along the normal.
    is_expected
        Whether nothing is lost by it: a scout, another modality, a file that is no image.
    """

    where: str
    what: str
    hint: str
    series_uid: str = ""
    path: str = ""
    findings: tuple[Finding, ...] = ()
    questions: tuple[str, ...] = ()
    positions_mm: tuple[float, ...] = ()
    is_expected: bool = False

    @property
    def fault(self) -> Fault:
        """The same as one line."""
        return Fault(self.where, self.what)


@dataclass(frozen=True)
class ImagesImport:
    """What an import of images gave.

    Attributes
    ----------
    imported
        UIDs of the series now in the project, in the order of patients.
    known
        UIDs of series that were in the project before, unchanged.
    left_out
        Series and files left out, each with its reason.
    """

    imported: tuple[str, ...]
    known: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def refused(self) -> tuple[Fault, ...]:
        """What was left out, a line each."""
        return tuple(one.fault for one in self.left_out)


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
    only
        UIDs of the series to look at, when some of a folder are imported again; empty for all.
    """

    codes: Mapping[str, str]
    accept: frozenset[str] = frozenset()
    is_strict: bool = False
    only: frozenset[str] = frozenset()


def import_images(
    store: Store, principal: Principal, path: Path, choice: ImportChoice, progress: Progress
) -> ImagesImport:
    """Scan a folder or archive and store every CT series that the gate lets through.

    Each series is stored in one transaction as soon as it is loaded, so a cancelled import keeps whole series only.
    One that cannot be loaded, or would change in the project, is left out; the others go on.

    Raises
    ------
    EsccError
        There is nothing at the path, or the project cannot be written.
    Cancelled
        From `progress`.
    """
    require(principal, Operation.IMPORT_IMAGES)
    found = scan(path, progress.part(0, _SCAN_SHARE))
    left_out = [] if choice.only else [_lost_file(item) for item in found.rejected]
    wanted = [series for series in found.series if not choice.only or series.series_uid in choice.only]
    ordered = sorted(wanted, key=lambda series: (series.patient_id, series.series_uid))
    imported: list[str] = []
    known: list[str] = []
    for series, volume in _loaded(ordered, choice, progress.part(_SCAN_SHARE, 1)):
        is_new = volume if isinstance(volume, LeftOut) else _import_one(store, principal, series, choice, volume)
        if isinstance(is_new, LeftOut):
            left_out.append(is_new)
        else:
            (imported if is_new else known).append(series.series_uid)
    return ImagesImport(tuple(imported), tuple(known), tuple(left_out))


def _loaded(
    ordered: Sequence[Series], choice: ImportChoice, progress: Progress
) -> Iterator[tuple[Series, Volume | LeftOut]]:
    """Load every series, or say why not: the next two while the caller stores the last."""
    with ThreadPoolExecutor(2, "loading") as pool:
        pending: list[tuple[Series, Future[Volume | LeftOut]]] = []
        try:
            for done, series in enumerate(ordered):
                own = _nth(progress, done, len(ordered))
                pending.append((series, pool.submit(_load, series, choice, own)))
                if len(pending) > 2:
                    before, volume = pending.pop(0)
                    yield before, volume.result()
            for series, volume in pending:
                yield series, volume.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _load(series: Series, choice: ImportChoice, progress: Progress) -> Volume | LeftOut:
    reason = _why_not(series, choice)
    if reason is not None:
        return reason
    try:
        return load(series, progress, choice.accept)
    except EsccError as error:
        return _left_out(series, error.what, error.hint)


def _nth(progress: Progress, done: int, total: int) -> Progress:
    """Return the progress of one series of several, its note saying which."""
    return Progress(
        lambda fraction, note: progress.advance(done + fraction, total, f"series {done + 1} of {total}, {note}")
    )


def _lost_file(item: Rejected) -> LeftOut:
    is_expected = item.code in _NO_IMAGES
    hint = "Nothing to do." if is_expected else "If it belongs to a series, export that series again."
    return LeftOut(item.path, item.message, hint, path=item.path, is_expected=is_expected)


def _left_out(series: Series, what: str, hint: str, questions: tuple[str, ...] = ()) -> LeftOut:
    return LeftOut(
        series.label,
        what,
        hint,
        series.series_uid,
        _folder(series),
        series.findings,
        questions,
        series.placed_mm,
    )


def _folder(series: Series) -> str:
    """Return the folder of a series within what was imported."""
    return str(PurePosixPath(series.slices[0].name).parent) if series.slices else series.path.name


def _why_not(series: Series, choice: ImportChoice) -> LeftOut | None:
    """Return what keeps a series out before its images are looked at; None if nothing does."""
    if series.modality != CT:
        what = f"the modality is {series.modality or 'not given'}, only CT is read"
        return replace(_left_out(series, what, "Nothing to do."), is_expected=True)
    if not series.patient_id:
        return _left_out(series, "it names no patient; give it a PatientID", "Import it again with a PatientID.")
    if choice.is_strict and series.patient_id not in choice.codes:
        what = "its patient has no trial code in the list"
        return _left_out(series, what, "Add the patient to the list of trial codes and import again.")
    return _refusal(series) or _open_question(series, choice)


def _open_question(series: Series, choice: ImportChoice) -> LeftOut | None:
    """Return what has to be confirmed before a series comes in."""
    asked = [
        finding for finding in series.findings if finding.severity is Verdict.WARN and finding.code not in choice.accept
    ]
    if asked:
        what = "; ".join(f"{finding.message} Confirm “{finding.code}” to import it." for finding in asked)
        codes = tuple(dict.fromkeys(finding.code for finding in asked))
        return _left_out(series, what, "Look at it; if it is as it should be, confirm it and import again.", codes)
    return None


def _refusal(series: Series) -> LeftOut | None:
    """Return what the gate refuses a series for."""
    worst = [finding for finding in series.findings if finding.severity is Verdict.REFUSE]
    if not worst:
        return None
    what = "; ".join(finding.message for finding in worst)
    if all(finding.code == _SCOUT for finding in worst):
        return replace(_left_out(series, what, "Nothing to do."), is_expected=True)
    return _left_out(series, what, "Fetch or export the series again, then import it; it cannot be confirmed.")


def _import_one(
    store: Store, principal: Principal, series: Series, choice: ImportChoice, volume: Volume
) -> bool | LeftOut:
    """Store one series; return whether it is new, or why it was left out."""
    patient_id = choice.codes.get(series.patient_id, series.patient_id)
    document = series_document(series, patient_id, volume)
    before = store.find(SERIES, series.series_uid)
    if before is not None:
        if before.content.get("volume") != volume.digest:
            what = "it is in the project with other images; a series never changes"
            return _left_out(series, what, "If it was sent again in another form, ask for a new series UID.")
        return False
    with store.write(principal, "import series") as writing:
        if store.find(PATIENT, patient_id) is None:
            writing.put(PATIENT, Document(patient_id, {}))
        writing.put(VOLUME, volume)
        writing.put(SERIES, document)
        writing.put(THUMBNAIL, thumbnail_document(series.series_uid, make_thumbnail(volume)))
    return True


def series_document(series: Series, patient_id: str, volume: Volume) -> Document:
    """Return what the project keeps of a series: no name, no hospital number.

    Projects of earlier programs lack `size`, `spacing_mm`, `positions_mm` and `frame_uid`.
    """
    content: dict[str, Any] = {
        "patient_id": patient_id,
        "volume": volume.digest,
        "size": list(volume.geometry.size),
        "spacing_mm": [float(number) for number in volume.geometry.spacing_mm],
        "positions_mm": list(series.placed_mm),
        "study_uid": series.study_uid,
        "frame_uid": (series.slices[0].header.frame_uid or "") if series.slices else "",
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
