"""How far the features of a cohort follow the way its images were made: spacing, thickness, kernel, kVp, scanner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.table import FeatureTable
from escc_desktop.prognosis.cohort import patient_values
from escc_desktop.prognosis.results import AcquisitionField, AcquisitionResult, SignatureDependence
from escc_desktop.prognosis.scans import NUMBERS
from escc_desktop.stats.arrays import FloatArray
from escc_desktop.stats.association import MIN_ROWS, Association, kruskal_many, spearman_many

WORDS: Final = ("kernel", "scanner")
FIELDS: Final = (*NUMBERS, *WORDS)
FALSE_DISCOVERY_RATE: Final = 0.05


@dataclass(frozen=True, eq=False)
class FieldDependence:
    """One field of the acquisition against all features.

    Attributes
    ----------
    levels
        What the field is in how many patients, the most frequent first.
    association
        None where fewer than 4 patients are known or all have the same.
    """

    field: str
    levels: tuple[tuple[str, int], ...]
    association: Association | None

    @property
    def n(self) -> int:
        """How many patients the field is known of."""
        return sum(count for _, count in self.levels)

    @property
    def n_associated(self) -> int | None:
        """How many features follow it at a false discovery rate of 5 %."""
        found = self.association
        return None if found is None else int(np.sum(found.q < FALSE_DISCOVERY_RATE))


@dataclass(frozen=True, eq=False)
class Dependence:
    """Every field against every feature; one row a patient, Reader A's first readings."""

    names: tuple[str, ...]
    fields: tuple[FieldDependence, ...]

    def result(self, signature: Sequence[str] = ()) -> AcquisitionResult:
        """Return it as `results.json` tells it, feature by feature for the signature only."""
        return AcquisitionResult(
            fields=tuple(
                AcquisitionField(field=one.field, levels=dict(one.levels), n=one.n, n_associated=one.n_associated)
                for one in self.fields
            ),
            n_features=len(self.names),
            signature=tuple(self._of_signature(signature)),
        )

    def _of_signature(self, signature: Sequence[str]) -> Iterator[SignatureDependence]:
        for name in signature:
            column = self.names.index(name)
            for one in self.fields:
                if one.association is not None:
                    explained, q = one.association.explained[column], one.association.q[column]
                    yield SignatureDependence(name=name, field=one.field, explained=float(explained), q=float(q))


def dependence_of(table: FeatureTable, rule: str) -> Dependence:
    """Compare the features of Reader A's first readings with how their images were made.

    Parameters
    ----------
    rule
        How several lesions of a patient become one value.

    Raises
    ------
    EsccError
        There are no such readings, or nothing is known of their images.
    """
    values = patient_values(table, rule)
    return dependence(values.names, values.values, values.scans)


def dependence(names: tuple[str, ...], features: FloatArray, scans: Sequence[Sequence[ScanFacts]]) -> Dependence:
    """Compare (n, p) features with the scans of the n patients; of several scans the first counts.

    Raises
    ------
    EsccError
        Nothing is known of the images.
    """
    first = [patient[0] if patient else ScanFacts() for patient in scans]
    if not any(scan.is_known for scan in first):
        raise EsccError(
            "Nothing is known of how the images were made.",
            "Extract the features again; kernel, tube voltage and scanner are known for DICOM series of a project.",
        )
    return Dependence(names, tuple(_field(field, features, first) for field in FIELDS))


def _field(field: str, features: FloatArray, scans: Sequence[ScanFacts]) -> FieldDependence:
    given = [getattr(scan, field) for scan in scans]
    rows = [row for row, value in enumerate(given) if value is not None]
    known = [given[row] for row in rows]
    is_number = field in NUMBERS
    counts = Counter(f"{value:g}" if is_number else value for value in known)
    found = None
    if len(known) >= MIN_ROWS and len(set(known)) > 1:
        found = spearman_many(known, features[rows]) if is_number else kruskal_many(known, features[rows])
    return FieldDependence(field, tuple(counts.most_common()), found)
