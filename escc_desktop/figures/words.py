"""Numbers and risk groups as words: the one way figures and reports write them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

RiskWord = Literal["low", "middle", "high"]

RESEARCH_ONLY = "Research use only"
SHAPES: dict[RiskWord, str] = {"low": "▼", "middle": "◆", "high": "▲"}


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; `None` limits mean that no interval is known."""

    value: float
    lower: float | None = None
    upper: float | None = None

    @property
    def has_limits(self) -> bool:
        """Whether both limits are known."""
        return is_known(self.lower) and is_known(self.upper)


def is_known(number: float | None) -> bool:
    """Return whether there is a number to print: neither missing nor not-a-number."""
    return number is not None and not math.isnan(number)


def percent(probability: float | None) -> str:
    """Return a probability as "72 %"; less than one percent away from 0 or 1 is said as such."""
    if probability is None or not is_known(probability):
        return "unknown"
    if 0 < probability < 0.01:
        return "< 1 %"
    if 0.99 < probability < 1:
        return "> 99 %"
    return f"{probability * 100:.0f} %"


def percent_interval(interval: Interval) -> str:
    """Return "72 % (95 % CI 60 to 83)", or the bare percentage when the limits are unknown."""
    if interval.lower is None or interval.upper is None or not interval.has_limits:
        return percent(interval.value)
    return f"{percent(interval.value)} (95 % CI {interval.lower * 100:.0f} to {interval.upper * 100:.0f})"


def p_value(p: float | None) -> str:
    """Return "0.013", "0.47" or "< 0.001"."""
    if p is None or not is_known(p):
        return "unknown"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def p_phrase(p: float | None) -> str:
    """Return "P = 0.013" or "P < 0.001"."""
    text = p_value(p)
    return f"P {text}" if text.startswith("<") else f"P = {text}"


def score(number: float | None) -> str:
    """Return a Rad-score or another linear predictor with three decimals."""
    return "unknown" if number is None or not is_known(number) else f"{number:.3f}"


def ratio(number: float | None) -> str:
    """Return a hazard ratio with about three significant digits: "0.009", "1.42", "45,371", "1.59e+09"."""
    if number is None or not is_known(number):
        return "unknown"
    if math.isinf(number) or number >= 1e6:
        return f"{number:.3g}"
    if number >= 100:
        return f"{number:,.0f}"
    if 0 < number < 0.001:
        return "< 0.001"
    return f"{number:.1f}" if number >= 10 else f"{number:.3f}" if number < 0.1 else f"{number:.2f}"


def ratio_interval(interval: Interval) -> str:
    """Return "1.42 (1.08 to 1.87)"."""
    if not interval.has_limits:
        return ratio(interval.value)
    return f"{ratio(interval.value)} ({ratio(interval.lower)} to {ratio(interval.upper)})"


def index(number: float | None) -> str:
    """Return a C-index, AUC or ICC with three decimals."""
    return score(number)


def index_interval(interval: Interval) -> str:
    """Return "0.694 (0.612 to 0.776)"."""
    if not interval.has_limits:
        return index(interval.value)
    return f"{index(interval.value)} ({index(interval.lower)} to {index(interval.upper)})"


def short_endpoint(endpoint: str) -> str:
    """Return "survival" for overall survival, "PFS" for progression-free survival."""
    return "PFS" if endpoint.startswith("progression") else "survival"


def months(number: float | None) -> str:
    """Return a time as "16.7 months"; a median that was not reached says so."""
    if number is None or not math.isfinite(number):
        return "not reached"
    return f"{number:.1f} months"


def risk_word(group: RiskWord | None) -> str:
    """Return "LOW RISK" or "HIGH RISK"; "GROUP WITHHELD" when there is none."""
    return "GROUP WITHHELD" if group is None else f"{group.upper()} RISK"


def horizon(time_months: float) -> str:
    """Return the horizon as an adjective: "12-month"."""
    return f"{time_months:g}-month"


def short_feature(name: str) -> str:
    """Return a feature name for an axis: filter, family and feature on their own, without the phase prefix."""
    parts = name.removeprefix("A_").split("_")
    if len(parts) != 3:
        return name
    return f"{parts[2]} · {parts[0]} · {parts[1]}"


_UNITS = {
    "1e9_per_l": "10⁹/L",
    "u_per_l": "U/L",
    "umol_per_l": "µmol/L",
    "mmol_per_l": "mmol/L",
    "mg_per_l": "mg/L",
    "mg_per_dl": "mg/dL",
    "g_per_l": "g/L",
    "g_per_dl": "g/dL",
    "ng_per_ml": "ng/mL",
    "u_per_ml": "U/mL",
    "kg_per_m2": "kg/m²",
    "years": "years",
    "months": "months",
    "mm": "mm",
    "kg": "kg",
    "cm": "cm",
}
_ABBREVIATIONS = {"ecog"}


def quantity(column: str) -> str:
    """Return a column's name as words with its unit: "ast_u_per_l" is "AST (U/L)", "age_years" is "age (years)"."""
    for ending, unit in _UNITS.items():
        if column.endswith(f"_{ending}"):
            name = column.removesuffix(f"_{ending}")
            return f"{name.replace('_', ' ') if len(name) > 4 or name == 'age' else name.upper()} ({unit})"
    return column.upper() if column in _ABBREVIATIONS else column.replace("_", " ")


def term(name: str) -> tuple[str, str]:
    """Return a model term as a label and what belongs under it.

    A feature gives its name, and filter and family; "log2(ast_u_per_l)" and other columns give words with units.
    """
    parts = name.removeprefix("A_").split("_")
    if name.startswith("A_") and len(parts) == 3:
        return parts[2], f"{parts[0]} · {parts[1]}"
    inner = re.fullmatch(r"log2\((\w+)\)", name)
    return quantity(inner[1] if inner else name), ""
