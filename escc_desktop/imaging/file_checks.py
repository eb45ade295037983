"""Checks of the headers of one series: each file on its own, or against the others.

To add a kind of odd input, write one small function and add it to `FILE_CHECKS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from escc_desktop.imaging.series import Finding, Header, Slice, Verdict, findings_about, refusals_of

NATIVE: Final = frozenset({"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"})
COMPRESSED: Final = frozenset(
    {f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81, 90, 91)} | {"1.2.840.10008.1.2.5"}
)
_PIXEL_MM: Final = (0.1, 5.0)
_MAX_SLOPE: Final = 1e4
_DEEP: Final = 50
_ROUNDING: Final = 1e-4

Check = Callable[[Sequence[Slice]], Iterator[Finding]]


_REQUIRED: Final = (
    ("sop_uid", "SOPInstanceUID"),
    ("modality", "Modality"),
    ("rows", "Rows"),
    ("columns", "Columns"),
    ("samples", "SamplesPerPixel"),
    ("bits_allocated", "BitsAllocated"),
    ("bits_stored", "BitsStored"),
    ("is_signed", "PixelRepresentation"),
    ("photometric", "PhotometricInterpretation"),
    ("pixel_offset", "PixelData"),
    ("position", "ImagePositionPatient"),
    ("orientation", "ImageOrientationPatient"),
    ("pixel_spacing", "PixelSpacing"),
    ("slope", "RescaleSlope"),
    ("intercept", "RescaleIntercept"),
)


def _missing_tags(slices: Sequence[Slice]) -> Iterator[Finding]:
    if _is_localizer(slices[0].header):
        return  # a scout lacks most of them and is refused for what it is
    for attribute, tag in _REQUIRED:
        without = [part for part in slices if getattr(part.header, attribute) is None]
        hint = (
            "the image data were cut off or never there" if attribute == "pixel_offset" else "export it with this tag"
        )
        yield from refusals_of(
            "missing_tag", f"{tag} is absent in {len(without)} of {len(slices)} files: {hint}.", without
        )


def _localizer(slices: Sequence[Slice]) -> Iterator[Finding]:
    scouts = [part for part in slices if _is_localizer(part.header)]
    if scouts:
        yield from refusals_of("localizer", "This is a scout image, not a volume; choose another series.", scouts)


def _is_localizer(header: Header) -> bool:
    return "LOCALIZER" in (header.image_type or "").upper()


def _modality(slices: Sequence[Slice]) -> Iterator[Finding]:
    others = [part for part in slices if part.header.modality not in {"CT", None}]
    modality = others[0].header.modality if others else ""
    yield from refusals_of("modality", f"The modality is {modality}; only CT is read.", others)


def _frames(slices: Sequence[Slice]) -> Iterator[Finding]:
    several = [part for part in slices if (part.header.frames or [1.0])[0] != 1]
    yield from refusals_of("multi_frame", "The file declares several frames; export single-frame CT.", several)


def _people(slices: Sequence[Slice]) -> Iterator[Finding]:
    people = {part.header.person for part in slices}
    if len(people) > 1:
        message = f"{len(people)} different patients share this series UID: a mix-up; separate the files."
        yield from refusals_of("two_patients", message, slices)
    nameless = [part for part in slices if part.header.patient_id is None]
    yield from findings_about(
        "no_patient_id", Verdict.WARN, "PatientID is absent; check whose images these are.", nameless
    )


def _mixed(code: str, what: str, numbers_of: Callable[[Header], Sequence[float] | None]) -> Check:
    """Make a check that all slices have the numbers of the first, but for rounding; it names the fewer ones."""

    def check(slices: Sequence[Slice]) -> Iterator[Finding]:
        first = numbers_of(slices[0].header)
        unlike = [part for part in slices if not _alike(first, numbers_of(part.header))]
        if 2 * len(unlike) > len(slices):
            unlike = [part for part in slices if part not in unlike]
        yield from refusals_of(code, f"The slices do not all have the same {what}; separate them.", unlike)

    return check


def _alike(one: Sequence[float] | None, other: Sequence[float] | None) -> bool:
    if one == other:
        return True
    if one is None or other is None or len(one) != len(other):
        return False
    # Numbers that are not finite are refused elsewhere, once.
    return all(abs(a - b) <= _ROUNDING or not math.isfinite(a - b) for a, b in zip(one, other, strict=True))


def _pixel_format(slices: Sequence[Slice]) -> Iterator[Finding]:
    def is_odd(header: Header) -> bool:
        return (
            header.samples not in {1, None}
            or header.photometric not in {"MONOCHROME2", None}
            or header.bits_allocated not in {8, 16, None}
            or not 1 <= (header.bits_stored or 1) <= (header.bits_allocated or 16)
        )

    odd = [part for part in slices if is_odd(part.header)]
    yield from refusals_of("pixel_format", "The pixels are not 8 or 16 bit grey values as CT has them.", odd)


def _transfer_syntax(slices: Sequence[Slice]) -> Iterator[Finding]:
    known = NATIVE | COMPRESSED
    unknown = [part for part in slices if part.header.transfer_syntax not in known]
    message = "The transfer syntax is not one this program decodes; export uncompressed."
    yield from refusals_of("transfer_syntax", message, unknown)


def _byte_count(slices: Sequence[Slice]) -> Iterator[Finding]:
    cut, short, long = [], [], []
    for part in slices:
        surplus = _surplus(part.header)
        if surplus is None:
            continue
        if (part.header.pixel_offset or 0) + (part.header.pixel_length or 0) > part.header.file_size:
            cut.append(part)
        elif surplus < 0:
            short.append(part)
        elif surplus > 1:
            long.append(part)
    yield from refusals_of("truncated", "The file ends before its pixel data do; copy or export it again.", cut)
    yield from refusals_of("pixel_data_short", "There are fewer pixels than Rows x Columns say.", short)
    yield from findings_about("pixel_data_long", Verdict.WARN, "There are more bytes than Rows x Columns say.", long)


def _surplus(header: Header) -> int | None:
    """Bytes of pixel data beyond what the header promises; None where that cannot be told."""
    if header.pixel_offset is None or header.transfer_syntax not in NATIVE:
        return None
    if header.pixel_length is None:
        return -1  # native pixel data must have a length
    frames = (header.frames or [1.0])[0]
    pixels = (
        (header.rows or 0) * (header.columns or 0) * (header.samples or 1) * (frames if math.isfinite(frames) else 1)
    )
    return header.pixel_length - int(pixels * (header.bits_allocated or 8) // 8)


def _numbers_in_bounds(slices: Sequence[Slice]) -> Iterator[Finding]:
    tests: tuple[tuple[str, str, Callable[[Header], bool]], ...] = (
        ("pixel_spacing", "PixelSpacing must be two numbers between 0.1 and 5 mm", _has_odd_spacing),
        ("position", "ImagePositionPatient must be three finite numbers", _has_odd_position),
        ("orientation", "ImageOrientationPatient must be two perpendicular unit vectors", _has_odd_orientation),
        ("rescale", "RescaleSlope must be one finite number other than 0, RescaleIntercept one", _has_odd_rescale),
        ("matrix", "Rows and Columns must be at least 2", _has_odd_matrix),
    )
    for code, message, is_odd in tests:
        yield from refusals_of(code, f"{message}; export the series again.", [p for p in slices if is_odd(p.header)])


def _has_odd_spacing(header: Header) -> bool:
    low, high = _PIXEL_MM
    spacing = header.pixel_spacing
    return spacing is not None and not (len(spacing) == 2 and all(low <= value <= high for value in spacing))


def _has_odd_position(header: Header) -> bool:
    position = header.position
    return position is not None and not (len(position) == 3 and all(abs(value) < 1e5 for value in position))


def _has_odd_orientation(header: Header) -> bool:
    cosines = header.orientation
    if cosines is None:
        return False
    if len(cosines) != 6 or not all(math.isfinite(value) for value in cosines):
        return True
    row, column = cosines[:3], cosines[3:]
    errors = (_dot(row, row) - 1, _dot(column, column) - 1, _dot(row, column))
    return max(map(abs, errors)) > 1e-3


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def _has_odd_rescale(header: Header) -> bool:
    slope, intercept = header.slope, header.intercept
    is_odd_slope = slope is not None and not (len(slope) == 1 and 0 < abs(slope[0]) < _MAX_SLOPE)
    return is_odd_slope or (intercept is not None and not (len(intercept) == 1 and abs(intercept[0]) < 1e5))


def _has_odd_matrix(header: Header) -> bool:
    return min(header.rows or 2, header.columns or 2) < 2 or header.rows == 0 or header.columns == 0


def _rescale_notes(slices: Sequence[Slice]) -> Iterator[Finding]:
    values = {(repr(part.header.slope), repr(part.header.intercept)) for part in slices}
    if len(values) > 1:
        message = "Rescale slope or intercept differ between slices; each slice is rescaled by its own."
        yield from findings_about("rescale_differs", Verdict.WARN, message, slices)
    fractional = [part for part in slices if not _is_integral(part.header)]
    others = [part for part in slices if part.header.rescale_type not in {"HU", None}]
    yield from findings_about("not_hu", Verdict.WARN, "RescaleType says the values are not Hounsfield units.", others)
    message = "The rescale is not integral; HU are rounded to whole numbers."
    yield from findings_about("rescale_rounded", Verdict.FIX, message, fractional)


def _is_integral(header: Header) -> bool:
    return all(value.is_integer() for value in (header.slope or [1.0]) + (header.intercept or [0.0]))


def _flag(flag: str, severity: Verdict, message: str) -> Check:
    def check(slices: Sequence[Slice]) -> Iterator[Finding]:
        yield from findings_about(flag, severity, message, [part for part in slices if flag in part.header.flags])

    return check


def _tag_is(attribute: str, value: str, code: str, message: str) -> Check:
    def check(slices: Sequence[Slice]) -> Iterator[Finding]:
        hits = [part for part in slices if getattr(part.header, attribute) == value]
        yield from findings_about(code, Verdict.WARN, message, hits)

    return check


def _derived(slices: Sequence[Slice]) -> Iterator[Finding]:
    derived = [p for p in slices if (p.header.image_type or "").upper().startswith("DERIVED")]
    message = "These slices were computed from others (ImageType DERIVED); features may differ."
    yield from findings_about("derived", Verdict.WARN, message, derived)


def _overlay(slices: Sequence[Slice]) -> Iterator[Finding]:
    def has_overlay(header: Header) -> bool:
        named = header.overlay_bit or 0
        return "overlay_in_high_bits" in header.flags or (named > 0 and named > (header.high_bit or 15))

    message = "Bits above the stored ones are in use, as by an old overlay; they are masked out."
    yield from findings_about(
        "overlay_in_high_bits", Verdict.FIX, message, [part for part in slices if has_overlay(part.header)]
    )


def _zero_tail(slices: Sequence[Slice]) -> Iterator[Finding]:
    """Rows of zeros at the end of some slices only: a lost block rather than the habit of a scanner."""

    def is_empty(header: Header) -> bool:
        row = (header.columns or 0) * (header.bits_allocated or 16) // 8
        return header.transfer_syntax in NATIVE and 0 < 2 * row <= header.zero_tail

    hits = [part for part in slices if is_empty(part.header)]
    if len(hits) <= len(slices) // 2:
        message = "The last rows are all zero, unlike in the other slices; data may have been lost on the way."
        yield from findings_about("zero_tail", Verdict.WARN, message, hits)


def _deep(slices: Sequence[Slice]) -> Iterator[Finding]:
    deep = [part for part in slices if part.header.depth > _DEEP]
    yield from findings_about("deep_nesting", Verdict.WARN, "Sequences are nested unusually deeply.", deep)


FILE_CHECKS: Final[tuple[Check, ...]] = (
    _missing_tags,
    _localizer,
    _modality,
    _frames,
    _people,
    _pixel_format,
    _transfer_syntax,
    _flag("wrong_transfer_syntax", Verdict.REFUSE, "The data are not encoded as the file says; export it again."),
    _byte_count,
    _numbers_in_bounds,
    _mixed("mixed_matrix", "matrix (Rows, Columns)", lambda header: (header.rows or 0, header.columns or 0)),
    _mixed("mixed_orientation", "orientation", lambda header: header.orientation),
    _mixed("mixed_spacing", "PixelSpacing", lambda header: header.pixel_spacing),
    _rescale_notes,
    _flag("no_preamble", Verdict.FIX, "The file had no DICOM preamble; it was read as if it had one."),
    _flag(
        "hostile_preamble", Verdict.WARN, "The preamble is that of a program or archive; keep the file from running."
    ),
    _flag(
        "name_hostile", Verdict.WARN, "The patient's name holds marks that could mislead; it is shown as plain text."
    ),
    _flag("name_long", Verdict.WARN, "The patient's name is longer than DICOM allows; it is cut."),
    _flag("charset_missing", Verdict.WARN, "The patient's name has letters without a declared character set."),
    _flag("charset_undecodable", Verdict.WARN, "The patient's name does not fit its declared character set."),
    _flag("charset_doubtful", Verdict.WARN, "The patient's name looks Chinese but is declared Latin-1."),
    _tag_is("burned_in", "YES", "burned_in", "Text is burned into the pixels: not to be exported without review."),
    _tag_is("lossy", "01", "lossy", "The pixels were compressed with loss; features may differ."),
    _derived,
    _overlay,
    _zero_tail,
    _deep,
)
