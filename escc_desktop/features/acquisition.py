"""How the image behind a row of features was made: what features may depend on beside the lesion."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

CROPPED: Final = "cropped"
UNKNOWN_PHASE: Final = "unknown"


@dataclass(frozen=True)
class ScanFacts:
    """One image; None where nothing is known.

    Attributes
    ----------
    pixel_spacing_mm, slice_spacing_mm
        Between voxel centres in the slice, and between slices.
    slice_thickness_mm, kvp, kernel, scanner
        As in the DICOM header; the scanner is manufacturer and model.
    largest_hu
        Largest absolute value of the whole image, by which four filters are scaled.
    is_cropped
        Whether the image seems cut out of a larger scan.
    pixel_type
        Of the image the features were taken from; a resampled one has its own.
    phase
        Contrast phase as recognised; not known where it could not be.
    remarks
        What the preflight said of image and region.
    """

    pixel_spacing_mm: float | None = None
    slice_spacing_mm: float | None = None
    slice_thickness_mm: float | None = None
    kvp: float | None = None
    kernel: str | None = None
    scanner: str | None = None
    largest_hu: float | None = None
    is_cropped: bool | None = None
    phase: str | None = None
    remarks: tuple[str, ...] = ()
    pixel_type: str | None = None

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self:
        """Return what the provenance of a feature vector says; what is missing or no such value there is not known.

        The header's part stands under ``acquisition``: kvp, kernel, slice_thickness_mm, manufacturer, model, phase.
        """
        header = provenance.get("acquisition")
        header = header if isinstance(header, Mapping) else {}
        spacing, findings = provenance.get("spacing_mm"), provenance.get("findings")
        x, _, z = spacing if isinstance(spacing, list) and len(spacing) == 3 else (None, None, None)
        remarks, measured = provenance.get("warnings"), provenance.get("measured_on")
        taken_from = measured if isinstance(measured, Mapping) else provenance
        extreme = _number(provenance.get("extreme_hu"))
        phase = _word(header.get("phase"))
        scanner = " ".join(word for word in (_word(header.get("manufacturer")), _word(header.get("model"))) if word)
        return cls(
            pixel_spacing_mm=_number(x),
            slice_spacing_mm=_number(z),
            slice_thickness_mm=_number(header.get("slice_thickness_mm")),
            kvp=_number(header.get("kvp")),
            kernel=_word(header.get("kernel")),
            scanner=scanner or None,
            largest_hu=None if extreme is None else abs(extreme),
            is_cropped=CROPPED in findings if isinstance(findings, list) else None,
            phase=None if phase == UNKNOWN_PHASE else phase,
            remarks=tuple(one for one in remarks if isinstance(one, str)) if isinstance(remarks, list) else (),
            pixel_type=_word(taken_from.get("pixel_type")),
        )

    @property
    def is_known(self) -> bool:
        """Whether anything is known."""
        said = {field.name for field in fields(self)} - {"remarks", "pixel_type"}
        return any(getattr(self, name) is not None for name in said)


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def _word(value: object) -> str | None:
    return value.strip()[:64] or None if isinstance(value, str) else None
