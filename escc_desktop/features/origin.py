"""What a value rests on: the filter with its settings, the discretisation, the grey levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from escc_desktop.features.names import FeatureName

Number = float | int
Span = tuple[Number, Number]
_FILTERS: Final = (
    ("original", "unfiltered image"),
    ("log-sigma", "Laplacian of Gaussian"),
    ("wavelet-", "wavelet band"),
    ("squareroot", "square root of the image"),
    ("square", "square of the image"),
    ("logarithm", "logarithm of the image"),
    ("exponential", "exponential of the image"),
    ("gradient", "gradient magnitude"),
    ("lbp-2D", "local binary patterns in the slice"),
    ("lbp-3D-m1", "local binary patterns in space, level 1"),
    ("lbp-3D-m2", "local binary patterns in space, level 2"),
    ("lbp-3D-k", "local binary patterns in space, kurtosis"),
)
_SETTINGS: Final = {"scale_hu": "scaled by the scan's largest absolute value", "sigma_mm": "sigma"}
_UNITS: Final = {"scale_hu": " HU", "sigma_mm": " mm"}


@dataclass(frozen=True)
class Origin:
    """What the values of one image rest on, in one region or in many.

    Attributes
    ----------
    image
        Its name, such as ``wavelet-LLH``.
    settings
        Of the filter; numbers as lowest and highest over the regions.
    bin_width
        Lowest and highest over the regions, as `first_edge` and `grey_levels`, which count from the first edge up.
    n_regions
        How many regions were asked.
    """

    image: str
    settings: Mapping[str, Span | str]
    bin_width: Span
    first_edge: Span | None
    grey_levels: Span
    n_regions: int

    def __str__(self) -> str:
        parts = [_filter(self.image), *(_setting(name, value) for name, value in self.settings.items())]
        edge = "" if self.first_edge is None else f" from {_span(self.first_edge)}"
        parts.append(f"bins of {_span(self.bin_width)}{edge}")
        parts.append(f"{_span(self.grey_levels)} grey level{'' if self.grey_levels[1] == 1 else 's'}")
        return ", ".join(parts) + (f" in {self.n_regions} lesions" if self.n_regions > 1 else "")


def origin_of(name: FeatureName, provenances: Sequence[Mapping[str, Any]]) -> Origin | None:
    """Return what a feature's values rest on; None for shape, which has no grey levels, or where it was not kept."""
    return None if name.family == "shape" else origin_of_image(name.filter, provenances)


def origins(provenances: Sequence[Mapping[str, Any]]) -> dict[str, Origin]:
    """Return by image what its values rest on over regions."""
    images = dict.fromkeys(image for provenance in provenances for image in provenance.get("images", {}))
    found = {image: origin_of_image(image, provenances) for image in images}
    return {image: origin for image, origin in found.items() if origin is not None}


def origin_of_image(image: str, provenances: Sequence[Mapping[str, Any]]) -> Origin | None:
    """Return what the values of an image rest on over regions, None if that was not kept."""
    facts = [provenance["images"][image] for provenance in provenances if image in provenance.get("images", {})]
    if not facts:
        return None
    edges = [fact["first_edge"] for fact in facts if fact["first_edge"] is not None]
    return Origin(
        image,
        {name: _common(fact["settings"][name] for fact in facts) for name in facts[0]["settings"]},
        _span_of(fact["bin_width"] for fact in facts),
        _span_of(edges) if edges else None,
        _span_of(fact["grey_levels"] for fact in facts),
        len(facts),
    )


def _common(values: Iterable[Any]) -> Span | str:
    found = list(values)
    return ", ".join(sorted(set(found))) if isinstance(found[0], str) else _span_of(found)


def _span_of(values: Iterable[Number]) -> Span:
    found = list(values)
    return min(found), max(found)


def _filter(image: str) -> str:
    start, words = next((pair for pair in _FILTERS if image.startswith(pair[0])), (image, image))
    return f"{words} {image.removeprefix(start)}" if start == "wavelet-" else words


def _setting(name: str, value: Span | str) -> str:
    shown = value if isinstance(value, str) else _span(value)
    return f"{_SETTINGS.get(name, name.replace('_', ' '))} {shown}{_UNITS.get(name, '')}"


def _span(span: Span) -> str:
    low, high = span
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
