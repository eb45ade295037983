"""How far computed values are from reference values, and whether that is within tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from escc_desktop.errors import EsccError
from escc_desktop.files import read_json

FEATURE_TOLERANCE: Final = 1e-6
# Differences below this are none, relative to whatever.
FLOOR: Final = 1e-12
# A percentile cuts through tied values: exact implementations differ here.
ILL_CONDITIONED: Final = {"lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation": 1e-3}
# What a coefficient may be that the reference has at zero.
_SPURIOUS: Final = 2e-5
_SPARE_OF_MONTE_CARLO: Final = 0.005
_STANDARD_ERRORS: Final = 3.5


@dataclass(frozen=True)
class Deviation:
    """One value beside its reference.

    Attributes
    ----------
    where
        Name of the value.
    size, tolerance
        How far it is off and may be: relative to the reference, absolute where that is 0; `size` is infinite where
        the two cannot be compared, and `fault` then says why.
    """

    where: str
    size: float
    tolerance: float
    fault: str = ""

    @property
    def is_within(self) -> bool:
        """Whether the value agrees."""
        return self.size <= self.tolerance

    @property
    def severity(self) -> float:
        """The size in units of the tolerance."""
        if self.size == 0:
            return 0.0
        return self.size / self.tolerance if self.tolerance else math.inf


def _differing(where: str, expected: object, got: object) -> Deviation:
    return Deviation(where, math.inf, 0.0, f"{where}: {_short(got)} instead of {_short(expected)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def compare_features(expected: Mapping[str, float], got: Mapping[str, float]) -> Iterator[Deviation]:
    """Yield the deviation of every feature; names and their order must be the same."""
    if list(expected) != list(got):
        missing = [name for name in expected if name not in got]
        what = f"{missing[0]} and {len(missing) - 1} others" if missing else "the order"
        yield Deviation("names", math.inf, 0.0, f"{len(got)} features instead of {len(expected)}: {what} differ")
    for name in (name for name in expected if name in got):
        yield _of_feature(name, expected[name], got[name])


def _of_feature(name: str, expected: float, got: float) -> Deviation:
    tolerance = ILL_CONDITIONED.get(name, FEATURE_TOLERANCE)
    if not (math.isfinite(expected) and math.isfinite(got)):
        return _differing(name, expected, got)
    difference = abs(got - expected)
    return Deviation(name, 0.0 if difference < FLOOR else difference / max(abs(expected), FLOOR), tolerance)


@dataclass(frozen=True)
class Tolerances:
    """The rules of a `tolerances.json`; an allowed difference is relative plus absolute part."""

    relative: Mapping[str, float]
    relative_by_key: Mapping[str, float]
    absolute_by_key: Mapping[str, float | Mapping[str, float]]
    monte_carlo: Mapping[str, float | str]
    skip: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Tolerances:
        """Read them.

        Raises
        ------
        EsccError
            There is no such file, or it is none of tolerances.
        """
        document = read_json(path)
        parts = ("relative", "relative_by_key", "absolute_by_key", "monte_carlo")
        if not isinstance(document, dict) or not all(isinstance(document.get(part), dict) for part in parts):
            raise EsccError(f"{path} holds no tolerances.", f"It needs {', '.join(parts)} and skip.")
        return cls(**{part: document[part] for part in parts}, skip=frozenset(document.get("skip", ())))

    def is_skipped(self, key: str) -> bool:
        """Whether values of this name are not compared."""
        return key in self.skip or key.endswith("_MC")

    def allowed(self, step: str, keys: Sequence[str], expected: float, parent: Mapping[str, Any]) -> float:
        """Return the largest allowed difference of a number.

        Parameters
        ----------
        step
            The statistical step.
        keys
            Names from the top of the document to the number.
        expected
            The reference.
        parent
            The object it stands in: a Monte-Carlo value has its standard error beside it.
        """
        rule = self.monte_carlo.get(keys[-1])
        if rule is not None:
            return _STANDARD_ERRORS * float(parent[rule]) + _SPARE_OF_MONTE_CARLO if isinstance(rule, str) else rule
        relative = next((self.relative_by_key[key] for key in reversed(keys) if key in self.relative_by_key), None)
        if relative is None:
            relative = self.relative[step]
        return max([FLOOR, *self._absolute(step, keys)]) + relative * abs(expected)

    def _absolute(self, step: str, keys: Sequence[str]) -> Iterator[float]:
        for key in keys:
            rule = self.absolute_by_key.get(key)
            if rule is not None:
                yield rule.get(step, 0.0) if isinstance(rule, Mapping) else rule


def compare_results(
    step: str, expected: Mapping[str, Any], got: Mapping[str, Any], tolerances: Tolerances
) -> Iterator[Deviation]:
    """Yield the deviation of every value of a statistical step's results.

    Parameters
    ----------
    step
        The step.
    expected, got
        The documents; what the second holds beyond the first does not matter, but for coefficients.
    tolerances
        The rules.

    Raises
    ------
    EsccError
        There is no tolerance for the step.
    """
    if step not in tolerances.relative:
        raise EsccError(f"There is no tolerance for the step {step}.", "Add it to tolerances.json.")
    yield from _Walk(step, tolerances).of_object(expected, got, ())


@dataclass(frozen=True)
class _Walk:
    """Through two documents at once."""

    step: str
    tolerances: Tolerances

    def of_object(self, expected: Mapping[str, Any], got: object, path: tuple[str, ...]) -> Iterator[Deviation]:
        if not isinstance(got, Mapping):
            yield _differing("/".join(path), expected, got)
            return
        for key, value in expected.items():
            if self.tolerances.is_skipped(key):
                continue
            if key in got:
                yield from self._of_value(value, got[key], (*path, key), expected)
            elif value is not None:
                yield Deviation("/".join((*path, key)), math.inf, 0.0, f"{'/'.join((*path, key))} is missing")
        if path and self._is_coefficients(path[-1]):
            yield from self._spurious(expected, got, path)

    def _is_coefficients(self, key: str) -> bool:
        return key == "beta" or (key == "coef" and self.step in {"lasso", "pipeline"})

    @staticmethod
    def _spurious(expected: Mapping[str, Any], got: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Deviation]:
        for key, value in got.items():
            if key not in expected:
                yield Deviation("/".join((*path, key)), abs(float(value)), _SPURIOUS)

    def _of_value(
        self, expected: object, got: object, path: tuple[str, ...], parent: Mapping[str, Any]
    ) -> Iterator[Deviation]:
        where = "/".join(path)
        if isinstance(expected, Mapping):
            yield from self.of_object(expected, got, path)
        elif isinstance(expected, list):
            yield from self._of_list(expected, got, path, parent)
        elif isinstance(expected, bool | str) or expected is None:
            yield Deviation(where, 0.0, 0.0) if expected == got else _differing(where, expected, got)
        else:
            yield self._of_number(expected, got, path, parent)

    def _of_list(
        self, expected: list[Any], got: object, path: tuple[str, ...], parent: Mapping[str, Any]
    ) -> Iterator[Deviation]:
        if not isinstance(got, list) or len(got) != len(expected):
            yield _differing("/".join(path), expected, got)
            return
        for index, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from self._of_value(one, other, (*path[:-1], f"{path[-1]}[{index}]"), parent)

    def _of_number(self, expected: Any, got: object, path: tuple[str, ...], parent: Mapping[str, Any]) -> Deviation:
        where = "/".join(path)
        if isinstance(got, bool) or not isinstance(got, int | float) or not math.isfinite(got):
            return _differing(where, expected, got)
        keys = [part.partition("[")[0] for part in path]
        allowed = self.tolerances.allowed(self.step, keys, expected, parent)
        unit = abs(expected) or 1.0
        return Deviation(where, abs(got - expected) / unit, allowed / unit)
