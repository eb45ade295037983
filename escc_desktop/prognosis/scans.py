"""How the images behind a card and behind a patient were made, and where the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.names import parse_feature_name
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.card_parts import Acquisition, Range

# Filters scaled by the largest value of the whole image.
SCALED: Final = frozenset({"square", "squareroot", "logarithm", "exponential"})
NUMBERS: Final = ("pixel_spacing_mm", "slice_spacing_mm", "slice_thickness_mm", "kvp", "largest_hu")
# Wavelets, LoG and textures follow the distance of slices and the kernel; of the rest a reader is told.
_WITHHOLDING: Final = frozenset({"slice_spacing_mm"})
# Scanners round what they write, and nobody's slices differ by a tenth on purpose.
_MARGIN: Final = 0.1
_NAMES: Final = {
    "pixel_spacing_mm": "pixel spacing",
    "slice_spacing_mm": "slice spacing",
    "slice_thickness_mm": "slice thickness",
    "kvp": "tube voltage",
    "largest_hu": "largest absolute value of the scan",
}
_UNITS: Final = {"kvp": "kV", "largest_hu": "HU"}


def reads_whole_image(names: Sequence[str]) -> bool:
    """Return whether some of these features depend on the largest value of the whole image."""
    return any(parse_feature_name(name).filter in SCALED for name in names)


def _reads_lbp(names: Sequence[str]) -> bool:
    """Return whether some of these features depend on the pixel type: samples are rounded to it."""
    return any(parse_feature_name(name).filter.startswith("lbp-3D") for name in names)


def training_acquisition(scans: Sequence[Sequence[ScanFacts]]) -> Acquisition | None:
    """Return how the images of a cohort were made; None where nothing is known.

    Parameters
    ----------
    scans
        One entry a patient.
    """
    known = [one for patient in scans for one in patient if one.is_known]
    if not known:
        return None
    return Acquisition(
        **{name: _range(known, name) for name in NUMBERS},
        kernels=tuple(sorted({one.kernel for one in known if one.kernel is not None})),
        scanners=tuple(sorted({one.scanner for one in known if one.scanner is not None})),
        n_known=sum(any(one.is_known for one in patient) for patient in scans),
        n_cropped=sum(any(one.is_cropped for one in patient) for patient in scans),
    )


def _range(scans: Sequence[ScanFacts], name: str) -> Range | None:
    values = [value for scan in scans if (value := getattr(scan, name)) is not None]
    return Range(minimum=min(values), maximum=max(values)) if values else None


def deviations(card: ModelCard, scans: Sequence[ScanFacts]) -> Iterator[tuple[str, str, bool]]:
    """Yield how a patient's images differ from those of the training: code, detail, whether it withholds.

    Parameters
    ----------
    scans
        Of the lesions the patient's values rest on.
    """
    names, trained = card.feature_names, card.acquisition
    if not names:
        return
    if any(scan.is_cropped for scan in scans) and reads_whole_image(names) and not (trained and trained.n_cropped):
        yield "cropped_input", "", True
    for scan in dict.fromkeys(scans):
        if scan.phase is not None and scan.phase != card.applicability.phase:
            yield "outside_applicability", f"phase {scan.phase}, card {card.applicability.phase}", True
        if trained is not None:
            yield from _outside(trained, scan)
        types = card.extraction.pixel_types if card.extraction is not None else ()
        if scan.pixel_type is not None and types and scan.pixel_type not in types:
            yield "outside_acquisition", f"pixel type {scan.pixel_type}, training {', '.join(types)}", _reads_lbp(names)


def _outside(trained: Acquisition, scan: ScanFacts) -> Iterator[tuple[str, str, bool]]:
    for name in NUMBERS:
        value, seen = getattr(scan, name), getattr(trained, name)
        if value is not None and seen is not None and not _is_within(value, seen):
            unit = _UNITS.get(name, "mm")
            detail = f"{_NAMES[name]} {value:g} {unit}, training {seen.minimum:g} to {seen.maximum:g} {unit}"
            yield "outside_acquisition", detail, name in _WITHHOLDING
    for name, word, known in (
        ("kernel", scan.kernel, trained.kernels),
        ("scanner", scan.scanner, trained.scanners),
    ):
        if word is not None and known and word not in known:
            yield "outside_acquisition", f"{name} {word}, training {', '.join(known)}", name == "kernel"


def _is_within(value: float, seen: Range) -> bool:
    return seen.minimum * (1 - _MARGIN) <= value <= seen.maximum * (1 + _MARGIN)
