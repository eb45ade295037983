"""What two readers made of the same lesions: overlap, distances, features, pictures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from escc_desktop.figures.agreement import icc_distribution, icc_wall
from escc_desktop.figures.roi import roi_slice
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.mask import dice, surface_distances
from escc_desktop.imaging.volume import Volume
from escc_desktop.prognosis.reproducibility import READINGS, Agreements, without_patients
from escc_desktop.reading.session import Roi
from escc_desktop.workflow.assistance import assisted_patients, assisted_share, dice_by_hand
from escc_desktop.workflow.report import Picture, Section, StudyReport, TableBlock, study_report

SHOWN_PICTURES = 6


@dataclass(frozen=True)
class Overlap:
    """Two readings of one lesion compared voxel by voxel; distances in mm.

    Attributes
    ----------
    assisted
        Share of each reading's slices that an assisted tool touched.
    dice_by_hand
        Dice on the slices that none touched; NaN where there is no such slice.
    """

    comparison: str
    patient_id: str
    lesion_id: str
    dice: float
    hd95_mm: float
    assd_mm: float
    volume_mm3: tuple[float, float]
    assisted: tuple[float, float]
    dice_by_hand: float


def overlaps(rois: Sequence[Roi]) -> tuple[Overlap, ...]:
    """Compare every lesion read twice: A first with A repeat (intra), A first with B first (inter)."""
    by_reading = {(roi.patient_id, roi.lesion_id, str(roi.reader), str(roi.occasion)): roi for roi in rois}
    return tuple(
        _overlap(comparison, roi, by_reading[lesion, name, *second])
        for comparison, (first, second) in READINGS.items()
        for (lesion, name, *reading), roi in sorted(by_reading.items())
        if tuple(reading) == first and (lesion, name, *second) in by_reading
    )


def _overlap(comparison: str, one: Roi, other: Roi) -> Overlap:
    hd95_mm, assd_mm = surface_distances(one.mask, other.mask)
    volumes = one.mask.volume_mm3, other.mask.volume_mm3
    return Overlap(
        comparison,
        one.patient_id,
        one.lesion_id,
        dice(one.mask, other.mask),
        hd95_mm,
        assd_mm,
        volumes,
        (assisted_share(one), assisted_share(other)),
        dice_by_hand(one, other),
    )


def write_reading_report(
    rois: Sequence[Roi], agreements: Agreements, volumes: Mapping[str, Volume], path: Path, is_synthetic: bool = False
) -> None:
    """Write the agreement of the readings as PDF, with its JSON beside it.

    Parameters
    ----------
    volumes
        Volumes by digest, for the pictures; a lesion without one is left out of them.
    """
    compared, assisted = overlaps(rois), assisted_patients(rois)
    without = without_patients(agreements, assisted)
    outlines = tuple(_outlines(rois, volumes))
    sections = (
        Section(_("Overlap of the outlines"), _overlap_sentences(compared), tables=(_overlap_table(compared),)),
        Section(_("Agreement of the features"), _icc_sentences(agreements), pictures=tuple(_icc_pictures(agreements))),
        Section(
            _("Assisted tools"), _assisted_sentences(compared, assisted, without), tables=_assisted_tables(compared)
        ),
        *((Section(_("Outlines"), pictures=outlines),) if outlines else ()),
    )
    subtitle = _("{n} signed readings of {patients} patients.").format(
        n=len(rois), patients=len({roi.patient_id for roi in rois})
    )
    warnings = tuple(
        _("No comparison was possible: {comparison}.").format(comparison=comparison_words(comparison))
        for comparison in agreements.missing
    )
    provenance = tuple((_("mask of {session}").format(session=roi.session_id), roi.mask.digest) for roi in rois)
    title = _("Agreement of readings")
    report = StudyReport(title, subtitle, sections, warnings, provenance, is_synthetic=is_synthetic)
    study_report(report, path)


def comparison_words(comparison: str) -> str:
    """Return whose readings are compared."""
    return {
        "intra": _("within reader A (intra)"),
        "inter": _("between the readers (inter)"),
    }.get(str(comparison), str(comparison))


def _overlap_sentences(compared: Sequence[Overlap]) -> tuple[str, ...]:
    sentences = []
    for comparison in READINGS:
        values = [item.dice for item in compared if item.comparison == comparison]
        if values:
            sentences.append(
                _("{comparison}: {n} lesions, median Dice {median} ({low} to {high}).").format(
                    comparison=capitalised(comparison_words(comparison)), **_spread(values)
                )
            )
    return tuple(sentences)


def _spread(values: Sequence[float]) -> dict[str, object]:
    figures = {"median": float(np.median(values)), "low": min(values), "high": max(values)}
    return {"n": len(values), **{name: f"{value:.3f}" for name, value in figures.items()}}


def capitalised(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _overlap_table(compared: Sequence[Overlap]) -> TableBlock:
    header = (
        _("Comparison"),
        _("Patient"),
        _("Lesion"),
        _("Dice"),
        _("HD95, mm"),
        _("ASSD, mm"),
        _("Volume, mL"),
        _("Second, mL"),
    )
    rows = tuple(
        (
            comparison_words(item.comparison),
            item.patient_id,
            item.lesion_id,
            f"{item.dice:.3f}",
            f"{item.hd95_mm:.2f}",
            f"{item.assd_mm:.2f}",
            f"{item.volume_mm3[0] / 1000:.2f}",
            f"{item.volume_mm3[1] / 1000:.2f}",
        )
        for item in compared
    )
    return TableBlock(header, rows)


def _assisted_sentences(
    compared: Sequence[Overlap], assisted: Collection[str], without: Agreements | None
) -> tuple[str, ...]:
    """Say how much assisted tools touched, and how readings agree without that."""
    if not assisted:
        return (_("No slice of any reading was touched by an assisted tool."),)
    told = []
    for comparison in READINGS:
        values = [
            item.dice_by_hand for item in compared if item.comparison == comparison and np.isfinite(item.dice_by_hand)
        ]
        if values:
            told.append(
                _(
                    "{comparison}, slices no assisted tool touched: {n} lesions, median Dice {median} "
                    "({low} to {high})."
                ).format(comparison=capitalised(comparison_words(comparison)), **_spread(values))
            )
    of = plural(
        "Without the {n} patient of whom a slice was touched:",
        "Without the {n} patients of whom a slice was touched:",
        len(assisted),
    )
    if without is None:
        return (*told, of + " " + _("too few are left to compare features."))
    return (*told, of, *_icc_sentences(without))


def _assisted_tables(compared: Sequence[Overlap]) -> tuple[TableBlock, ...]:
    header = (
        _("Comparison"),
        _("Patient"),
        _("Lesion"),
        _("Assisted, %"),
        _("Second, %"),
        _("Dice"),
        _("Dice by hand"),
    )
    rows = tuple(
        (
            comparison_words(item.comparison),
            item.patient_id,
            item.lesion_id,
            *(f"{100 * share:.0f}" for share in item.assisted),
            f"{item.dice:.3f}",
            f"{item.dice_by_hand:.3f}" if np.isfinite(item.dice_by_hand) else _("none left"),
        )
        for item in compared
        if max(item.assisted) > 0
    )
    return (TableBlock(header, rows),) if rows else ()


def _icc_sentences(agreements: Agreements) -> tuple[str, ...]:
    told = [
        _("{comparison}: {passed} of {all} features above {threshold} on {n} lesions ({constant} constant).").format(
            comparison=capitalised(comparison_words(comparison.comparison)),
            passed=int(comparison.passed.sum()),
            all=len(agreements.names),
            threshold=f"{agreements.threshold:g}",
            n=comparison.n,
            constant=int(comparison.is_constant.sum()),
        )
        for comparison in agreements.comparisons
    ]
    return (*told, _("{n} features pass every comparison made.").format(n=len(agreements.stable_names)))


def _icc_pictures(agreements: Agreements) -> Iterator[Picture]:
    values = {str(one.comparison): one.icc.icc for one in agreements.comparisons}
    fewest = min(one.n for one in agreements.comparisons)
    spread = icc_distribution(values, n_patients=fewest, threshold=agreements.threshold)
    yield Picture(_("Distribution of the ICC"), spread)
    for one in agreements.comparisons:
        wall = icc_wall(
            agreements.names, one.icc.icc, one.icc.lower, comparison=one.comparison, threshold=agreements.threshold
        )
        yield Picture(_("Every feature, {comparison}").format(comparison=comparison_words(one.comparison)), wall)


def _outlines(rois: Sequence[Roi], volumes: Mapping[str, Volume]) -> Iterator[Picture]:
    shown = [roi for roi in rois if roi.volume_digest in volumes][:SHOWN_PICTURES]
    for roi in shown:
        title = f"{roi.patient_id}, {roi.lesion_id}, {roi.session_id}"
        yield Picture(title, roi_slice(volumes[roi.volume_digest], roi.mask))
