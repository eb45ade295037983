"""From a folder, archive or DICOMDIR to series with verdicts, and from a series to a volume in HU."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from escc_desktop.imaging.gate import judge
from escc_desktop.imaging.grouping import separate
from escc_desktop.imaging.loading import load
from escc_desktop.imaging.phase import recognise_phase
from escc_desktop.imaging.sandbox import Refused, SandboxError, borrowed_sandbox
from escc_desktop.imaging.series import (
    Acquisition,
    Finding,
    Header,
    Phase,
    Rejected,
    ScanResult,
    Series,
    Slice,
    Stamp,
    Verdict,
)
from escc_desktop.imaging.sources import Sources, find_sources
from escc_desktop.imaging.stack import places_mm
from escc_desktop.progress import Progress

__all__ = [
    "Acquisition",
    "Finding",
    "Phase",
    "Rejected",
    "ScanResult",
    "Series",
    "Verdict",
    "load",
    "scan",
    "scan_report",
]

_CHILDREN: Final = 2
_MANY: Final = 200  # files from which a second child pays for its start
_CHUNK: Final = 64
_CT_CLASS: Final = "1.2.840.10008.5.1.4.1.1.2"
_SEG_CLASSES: Final = "1.2.840.10008.5.1.4.1.1.66."
_DIRECTORY_CLASS: Final = "1.2.840.10008.1.3.10"


def scan(path: Path, progress: Progress) -> ScanResult:
    """List the DICOM series under a folder, zip archive or DICOMDIR, and everything that is no series.

    Files are parsed in a child process; one that crashes it, hangs it for 10 s or needs too much memory is rejected.

    Raises
    ------
    EsccError
        There is nothing at the path.
    Cancelled
        The job was cancelled.
    """
    sources = find_sources(path)
    slices: list[Slice] = []
    rejected = list(sources.rejected)
    for outcome in _parse_all(sources.files, progress):
        if isinstance(outcome, Slice):
            slices.append(outcome)
        elif outcome is not None:
            rejected.append(outcome)
    groups: dict[str, list[Slice]] = {}
    for part in slices:
        groups.setdefault(part.header.series_uid or "", []).append(part)
    beside = _Beside(sources, rejected)
    series = [one for group in groups.values() for one in _series(group, sources, beside)]
    if not series and not rejected:
        rejected.append(Rejected(str(path), "empty", "There is no file here."))
    return ScanResult(tuple(series), tuple(rejected))


def _parse_all(files: Sequence[tuple[Path, str]], progress: Progress) -> Iterator[Slice | Rejected | None]:
    """Parse files in one child, or many files in two."""
    done = 0
    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    with ThreadPoolExecutor(_CHILDREN if len(files) >= _MANY else 1) as pool:
        try:
            for outcomes in pool.map(_parse_chunk, chunks):
                progress.advance(done, len(files), f"{done} of {len(files)} files")
                done += len(outcomes)
                yield from outcomes
        finally:
            pool.shutdown(cancel_futures=True)
    progress.advance(1, 1, f"{len(files)} files")


def _parse_chunk(files: Sequence[tuple[Path, str]]) -> list[Slice | Rejected | None]:
    stamps = [Stamp.of(path) for path, _ in files]
    with borrowed_sandbox() as sandbox:
        answers = sandbox.call_each("header", [{"path": str(path.absolute())} for path, _ in files])
    return [_outcome(file, stamp, answer) for file, stamp, answer in zip(files, stamps, answers, strict=True)]


def _outcome(
    file: tuple[Path, str], stamp: Stamp | None, answer: dict[str, Any] | Refused | SandboxError
) -> Slice | Rejected | None:
    path, name = file
    if isinstance(answer, Refused | SandboxError):
        return Rejected(name, answer.code, f"{answer.what} {answer.hint}".strip())
    header = Header.from_json(answer)
    if header.sop_class == _DIRECTORY_CLASS:
        return None
    rejection = _rejection(header)
    return Rejected(name, *rejection) if rejection else Slice(path, name, header, stamp)


def _rejection(header: Header) -> tuple[str, str] | None:
    """Say why a DICOM file belongs to no series; None if it does."""
    is_image = header.sop_class == _CT_CLASS or header.modality == "CT" or header.rows is not None
    if header.series_uid is None:
        if header.pixel_offset is None:
            return "truncated", "The file has neither SeriesInstanceUID nor pixel data: it is cut off or damaged."
        return "no_series_uid", "SeriesInstanceUID is absent; export the series again."
    is_mask = (header.sop_class or "").startswith(_SEG_CLASSES)
    if is_mask or (not is_image and header.pixel_offset is None):
        return "no_image", f"{header.modality or 'This object'} holds no image; as a contour or mask it can be read."
    return None


class _Beside:
    """What lay beside the slices of a series and makes their completeness doubtful."""

    def __init__(self, sources: Sources, rejected: Iterable[Rejected]) -> None:
        self._findings = tuple(sources.findings)
        self._lost = [one for one in rejected if one.code not in {"not_dicom", "no_image", "link", "special"}]

    def findings(self, slices: Sequence[Slice], judged: Sequence[Finding]) -> Iterator[Finding]:
        """Yield what else is to be said of slices already judged."""
        yield from self._findings
        folders = _folders(slices)
        lost = [one for one in self._lost if PurePosixPath(one.path).parent in folders]
        if not lost:
            return
        names = tuple(one.path for one in lost)
        message = f"{len(names)} files beside these could not be read; slices of this series may be among them."
        is_damaged = any(one.code != "no_access" for one in lost)
        has_gap = any(one.code in {"missing_slice", "missing_slices"} for one in judged)
        # A damaged file beside a gap is the missing slice: to interpolate it would hide the damage.
        severity = Verdict.REFUSE if is_damaged and has_gap else Verdict.WARN
        yield Finding("unreadable_beside", severity, message, names)


def _series(group: list[Slice], sources: Sources, beside: _Beside) -> Iterator[Series]:
    """Turn the files of one series UID into one series, or into one per acquisition they can be told apart by."""
    parts, findings = separate(group)
    for part in parts:
        ordered, geometry, judged = judge(part)
        everything = (*findings, *judged, *beside.findings(part, judged))
        is_refused = any(finding.severity is Verdict.REFUSE for finding in everything)
        first = ordered[0].header
        yield Series(
            path=sources.root / Path(*_common(ordered)),
            series_uid=first.series_uid or "",
            study_uid=first.study_uid or "",
            patient_id=first.patient_id or "",
            modality=first.modality or "",
            description=first.description or "",
            slices=ordered,
            geometry=None if is_refused else geometry,
            phase=recognise_phase([one.header for one in ordered]),
            findings=everything,
            study_date=first.study_date or "",
            acquisition=_acquisition(first),
            placed_mm=places_mm(group if len(parts) == 1 else ordered),
            source=sources.archive,
        )


def _folders(slices: Iterable[Slice]) -> set[PurePosixPath]:
    """Return the folders slices lie in."""
    return {PurePosixPath(folder) for folder in {part.name.rpartition("/")[0] for part in slices}}


def _common(slices: Sequence[Slice]) -> tuple[str, ...]:
    """Return the folder all slices lie in, as parts."""
    folders = [folder.parts for folder in _folders(slices)]
    levels = zip(*folders, strict=False)
    same = [level[0] for level in levels if len(set(level)) == 1]
    return tuple(same[: min(map(len, folders))])


def _acquisition(header: Header) -> Acquisition:
    def first(numbers: list[float] | None) -> float | None:
        return numbers[0] if numbers and np.isfinite(numbers[0]) else None

    return Acquisition(
        first(header.kvp), header.kernel, first(header.slice_thickness), header.manufacturer, header.model
    )


def scan_report(result: ScanResult) -> dict[str, Any]:
    """Return what ``escc scan --json`` prints: the series and the rejected files, without names of patients."""
    return {
        "series": [_report(series) for series in result.series],
        "rejected": [{"path": one.path, "code": one.code, "message": one.message} for one in result.rejected],
    }


def _report(series: Series) -> Mapping[str, Any]:
    geometry = series.geometry
    return {
        "path": str(series.path),
        "series_uid": series.series_uid,
        "modality": series.modality or None,
        "description": series.description or None,
        "n_files": len(series.slices),
        "size": list(geometry.size) if geometry else None,
        "spacing_mm": list(geometry.spacing_mm) if geometry else None,
        "phase": {
            "name": series.phase.name,
            "confidence": series.phase.confidence,
            "evidence": list(series.phase.evidence),
        },
        "verdict": str(series.verdict),
        "findings": [
            {"code": one.code, "severity": str(one.severity), "message": one.message, "files": list(one.files)}
            for one in series.findings
        ],
    }
