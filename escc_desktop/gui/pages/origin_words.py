"""What a feature's values rest on, in words: the filter, its settings, bins and grey levels."""

from __future__ import annotations

from escc_desktop.i18n import _
from escc_desktop.workflow.views.agreement import FeatureDetail

Number = float | int


def origin_words(detail: FeatureDetail) -> str:
    """Return one line, empty where it was not kept."""
    origin = detail.origin
    if origin is None:
        return _("Shape of the region: no grey levels.") if "_shape_" in detail.name else ""
    words = [_filter_words(origin.image), *(_setting_words(name, value) for name, value in origin.settings.items())]
    words.append(_("bins of {width}").format(width=_span(origin.bin_width)))
    if origin.first_edge is not None:
        words.append(_("the first from {edge}").format(edge=_span(origin.first_edge)))
    words.append(_("grey levels: {levels}").format(levels=_span(origin.grey_levels)))
    return " · ".join(word for word in words if word)


def _filter_words(image: str) -> str:
    if image.startswith("wavelet-"):
        return _("wavelet band {band}").format(band=image.removeprefix("wavelet-"))
    if image.startswith("log-sigma"):
        return _("Laplacian of Gaussian")
    named = {
        "original": _("unfiltered image"),
        "square": _("square of the image"),
        "squareroot": _("square root of the image"),
        "logarithm": _("logarithm of the image"),
        "exponential": _("exponential of the image"),
        "gradient": _("gradient magnitude"),
        "lbp-2D": _("local binary patterns in the slice"),
    }
    return named.get(image, _("local binary patterns in space"))


def _setting_words(name: str, value: tuple[Number, Number] | str) -> str:
    shown = value if isinstance(value, str) else _span(value)
    named = {
        "scale_hu": _("scaled by the scan's largest value, {value} HU"),
        "sigma_mm": _("sigma {value} mm"),
        "wavelet": _("wavelet {value}"),
    }
    return named[name].format(value=shown) if name in named else ""


def _span(span: tuple[Number, Number]) -> str:
    low, high = span
    return f"{low:g}" if low == high else _("{low:g} to {high:g}").format(low=low, high=high)
