"""What is done from the worklist: images and trial records in, pictures of series, features out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from escc_desktop.errors import EsccError, Fault
from escc_desktop.features.params import DEFAULT_PARAMS, load_params
from escc_desktop.imaging.volume import Vector, Volume
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import THUMBNAIL
from escc_desktop.workflow.images import ImportChoice, LeftOut
from escc_desktop.workflow.lesion_list import read_codes
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.thumbnails import Thumbnail, make_thumbnail, thumbnail_of

PATIENTS_TABLE = "patients.csv"
_RECORDS = frozenset({".xlsx", ".xlsm", ".xml"})


class Offered(StrEnum):
    """What a folder or file handed to the worklist holds."""

    IMAGES = "images"
    RECORDS = "records"
    CODES = "codes"


@dataclass(frozen=True)
class Handed:
    """Paths handed over together, and what they hold."""

    kind: Offered
    paths: tuple[Path, ...]


def look_at(paths: Sequence[Path], progress: Progress) -> Handed:
    """Say what was dropped or chosen: trial records, a list of trial codes, or else images.

    Raises
    ------
    EsccError
        One of the paths does not exist.
    """
    for done, path in enumerate(paths):
        progress.advance(done, len(paths), path.name)
        if not path.exists():
            raise EsccError(f"{path.name} is not there any more.", "Choose it again.")
    if len(paths) == 1 and (paths[0] / PATIENTS_TABLE).is_file():
        return Handed(Offered.RECORDS, tuple(paths))
    if len(paths) == 1 and paths[0].suffix.lower() in _RECORDS:
        return Handed(Offered.RECORDS, tuple(paths))
    if len(paths) == 1 and paths[0].name == PATIENTS_TABLE:
        return Handed(Offered.RECORDS, (paths[0].parent,))
    if len(paths) == 1 and paths[0].suffix.lower() == ".csv":
        return Handed(Offered.CODES, tuple(paths))
    return Handed(Offered.IMAGES, tuple(paths))


@dataclass(frozen=True)
class ImagesOrder:
    """What is to be imported and how.

    Attributes
    ----------
    codes
        CSV with the trial code of each PatientID; patients it does not name are left out.
    accept, only
        As in `ImportChoice`.
    """

    paths: tuple[Path, ...]
    codes: Path | None = None
    accept: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ImagesReport:
    """What an import of images gave: counts, and everything that was left out."""

    order: ImagesOrder
    n_imported: int
    n_known: int
    left_out: tuple[LeftOut, ...]


def import_ordered(project: Project, order: ImagesOrder, progress: Progress) -> ImagesReport:
    """Import every path of an order.

    Raises
    ------
    EsccError
        A path holds nothing, or the list of codes has faults (all of them, as FaultsError).
    Cancelled
        From `progress`; whole series stay.
    """
    codes = {} if order.codes is None else read_codes(order.codes)
    choice = ImportChoice(codes, order.accept, order.codes is not None, order.only)
    imported, known = 0, 0
    left_out: list[LeftOut] = []
    for done, path in enumerate(order.paths):
        part = progress.part(done / len(order.paths), (done + 1) / len(order.paths))
        result = project.import_images(path, choice, part)
        imported += len(result.imported)
        known += len(result.known)
        left_out += result.left_out
    return ImagesReport(order, imported, known, tuple(left_out))


def series_thumbnail(project: Project, series_uid: str, point_mm: Vector | None, progress: Progress) -> Thumbnail:
    """Return the picture of a series; in projects of earlier programs it is made from the volume."""
    progress.advance(0, 1)
    kept = project.view.find(THUMBNAIL, series_uid)
    if kept is not None:
        return thumbnail_of(kept)
    return make_thumbnail(project.volume(series_uid), point_mm)


def series_volume(project: Project, series_uid: str, progress: Progress) -> Volume:
    """Return the volume of a series."""
    progress.advance(0, 1)
    volume: Volume = project.volume(series_uid)
    return volume


@dataclass(frozen=True)
class ExtractionReport:
    """What an extraction gave: readings with features, how many features each, and the readings without."""

    n_readings: int
    n_features: int
    n_reused: int
    failures: tuple[Fault, ...]


def extract_features(project: Project, jobs: int, progress: Progress) -> ExtractionReport:
    """Extract every signed reading that has no features yet.

    Raises
    ------
    AccessDeniedError
        The person may not extract.
    EsccError
        Nothing is signed.
    Cancelled
        From `progress`; finished readings are kept.
    """
    result = project.extract(load_params(DEFAULT_PARAMS), progress, jobs)
    failures = tuple(
        Fault("/".join((key.patient_id, key.lesion_id, key.reader, key.occasion)), f"{failure.what} {failure.hint}")
        for key, failure in result.failures
    )
    return ExtractionReport(len(result.table.keys), len(result.table.names), result.n_reused, failures)
