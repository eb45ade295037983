"""What a scan finds: DICOM series with their findings and verdicts, and the files that are no usable image."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from escc_desktop.imaging.volume import Geometry

_TICK_NS: Final = 2_500_000_000  # FAT counts in two seconds


class Verdict(StrEnum):
    """What may become of an input, from harmless to refused; also the severity of one finding."""

    OK = "OK"
    FIX = "FIX"
    WARN = "WARN"
    REFUSE = "REFUSE"

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return the worst of some verdicts; OK if there are none."""
        order = list(cls)
        return max(verdicts, key=order.index, default=cls.OK)


@dataclass(frozen=True)
class Finding:
    """One thing worth knowing about a series: a short code, what it is, and in which files."""

    code: str
    severity: Verdict
    message: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rejected:
    """A file that is no usable image."""

    path: str
    code: str
    message: str


@dataclass(frozen=True)
class Phase:
    """The contrast phase as recognised: arterial, venous, delayed, unenhanced or unknown, and why."""

    name: str = "unknown"
    confidence: float = 0.0
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Acquisition:
    """How a series was made; None where the tag is absent."""

    kvp: float | None = None
    kernel: str | None = None
    slice_thickness_mm: float | None = None
    manufacturer: str | None = None
    model: str | None = None


@dataclass(frozen=True)
class Header:
    """What the child process read from the header of one file; None where a tag is absent or empty.

    Texts are as in the file, numbers are lists where DICOM allows several; nothing is judged here. `person` is a
    digest of the patient's name, id and birth date.
    """

    sop_uid: str | None = None
    sop_class: str | None = None
    series_uid: str | None = None
    study_uid: str | None = None
    frame_uid: str | None = None
    patient_id: str | None = None
    person: str | None = None
    modality: str | None = None
    description: str | None = None
    protocol: str | None = None
    study_date: str | None = None
    acquisition_time: str | None = None
    content_time: str | None = None
    acquisition_number: str | None = None
    temporal_position: str | None = None
    instance_number: str | None = None
    image_type: str | None = None
    photometric: str | None = None
    burned_in: str | None = None
    lossy: str | None = None
    contrast_agent: str | None = None
    contrast_start: str | None = None
    rescale_type: str | None = None
    kernel: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    rows: int | None = None
    columns: int | None = None
    samples: int | None = None
    bits_allocated: int | None = None
    bits_stored: int | None = None
    high_bit: int | None = None
    is_signed: int | None = None
    overlay_bit: int | None = None
    frames: list[float] | None = None
    position: list[float] | None = None
    orientation: list[float] | None = None
    pixel_spacing: list[float] | None = None
    slice_thickness: list[float] | None = None
    slope: list[float] | None = None
    intercept: list[float] | None = None
    kvp: list[float] | None = None
    transfer_syntax: str | None = None
    pixel_offset: int | None = None
    pixel_length: int | None = None
    file_size: int = 0
    zero_tail: int = 0
    depth: int = 0
    flags: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Header:
        """Build a header from what the child sent."""
        return cls(**{name: record[name] for name in _HEADER_FIELDS if name in record})


_HEADER_FIELDS: Final = tuple(part.name for part in fields(Header))


@dataclass(frozen=True)
class Slice:
    """One file of a series.

    Attributes
    ----------
    path, name
        Where it lies, what it is called in reports.
    stamp
        What the disk said of it just before its header was read; None if that says nothing.
    """

    path: Path
    name: str
    header: Header
    stamp: Stamp | None = field(default=None, compare=False)


class Stamp(NamedTuple):
    """How a disk tells that a file was not written to again."""

    size: int
    modified_ns: int
    changed_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Stamp | None:
        """Return the stamp of a file; None of one written this moment, whose next change may bear the same time."""
        try:
            found = path.stat()
        except OSError:
            return None
        if time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) < _TICK_NS:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def findings_about(code: str, severity: Verdict, message: str, slices: Iterable[Slice]) -> Iterator[Finding]:
    """Yield one finding about some slices, or none if there are no such slices."""
    names = tuple(part.name for part in slices)
    if names:
        yield Finding(code, severity, message, names)


def refusals_of(code: str, message: str, slices: Iterable[Slice]) -> Iterator[Finding]:
    """Yield one refusal of some slices, or none if there are no such slices."""
    yield from findings_about(code, Verdict.REFUSE, message, slices)


@dataclass(frozen=True)
class Series:
    """One DICOM series, or one part of a series that mixes several acquisitions: headers, no pixels.

    `slices` are sorted along the normal; `geometry` is None where the gate could not make sense of it; `placed_mm` is
    where all files lie along the normal, dropped copies included, for a person to look at.
    """

    path: Path
    series_uid: str
    study_uid: str
    patient_id: str
    modality: str
    description: str
    slices: tuple[Slice, ...] = field(repr=False)
    geometry: Geometry | None
    phase: Phase
    findings: tuple[Finding, ...]
    study_date: str
    acquisition: Acquisition
    placed_mm: tuple[float, ...] = field(default=(), repr=False)
    source: object = field(default=None, repr=False, compare=False)  # keeps an unpacked archive on disk

    @property
    def files(self) -> tuple[Path, ...]:
        """The files, sorted along the normal."""
        return tuple(part.path for part in self.slices)

    @cached_property
    def verdict(self) -> Verdict:
        """The worst severity among the findings."""
        return Verdict.worst(finding.severity for finding in self.findings)

    @property
    def label(self) -> str:
        """A name for messages: the description, or the end of the series UID."""
        return f"Series “{self.description}”" if self.description else f"Series …{self.series_uid[-12:]}"


@dataclass(frozen=True)
class ScanResult:
    """All series under a path, and everything that is no series."""

    series: tuple[Series, ...]
    rejected: tuple[Rejected, ...]
