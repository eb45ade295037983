"""A feature table and a clinical table joined: one value a patient, one row a patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.names import PHASE_PREFIX
from escc_desktop.features.table import FeatureTable
from escc_desktop.files import canonical_json, digest
from escc_desktop.prognosis.clinical import ClinicalTable, take_endpoint
from escc_desktop.reading.lesion import LesionRule, patient_value
from escc_desktop.stats.arrays import BoolArray, FloatArray
from escc_desktop.stats.survival import Endpoint

VOLUME = f"{PHASE_PREFIX}original_shape_MeshVolume"
MIN_PATIENTS = 20
MIN_EVENTS = 10
# Two people do not share every one of so many features.
_ENOUGH_TO_TELL = 10


@dataclass(frozen=True)
class Dropped:
    """Data left out: what, how many, why."""

    what: str
    n: int
    why: str


@dataclass(frozen=True, eq=False)
class PatientValues:
    """Reader A's first readings as one row a patient, in the order of the patients' codes.

    Attributes
    ----------
    sites, scans
        Of the lesions each patient's values rest on; scans are empty where nothing is known of the images.
    """

    patients: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatArray
    sites: tuple[tuple[str, ...], ...]
    scans: tuple[tuple[ScanFacts, ...], ...]


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients with features and endpoint.

    Attributes
    ----------
    features
        (n, p) raw values.
    rows
        Row of each patient in the clinical table.
    scans
        How the images of each patient were made, as far as it is known.
    """

    patients: tuple[str, ...]
    names: tuple[str, ...]
    features: FloatArray
    endpoint: Endpoint
    rows: tuple[int, ...]
    sites: tuple[tuple[str, ...], ...]
    scans: tuple[tuple[ScanFacts, ...], ...]
    dropped: tuple[Dropped, ...]

    @property
    def site_counts(self) -> dict[str, int]:
        """How many patients' values rest on each site."""
        return dict(sorted(Counter(site or "not named" for sites in self.sites for site in sites).items()))


def patient_values(table: FeatureTable, rule: str) -> PatientValues:
    """Reduce Reader A's first readings to one value a patient.

    Raises
    ------
    EsccError
        There is no such reading, or lesions must be weighed by a volume the table lacks.
    """
    first = table.select(reader="A", occasion="first")
    if not first.keys:
        raise EsccError("The feature table has no first readings of Reader A.", "Models rest on reader A, first.")
    by_patient: dict[str, list[int]] = {}
    for row, key in enumerate(first.keys):
        by_patient.setdefault(key.patient_id, []).append(row)
    volumes = _volumes(first, by_patient, rule)
    patients = tuple(sorted(by_patient))
    values = np.stack([_one_value(first, by_patient[patient], volumes, rule) for patient in patients])
    used = [_rows_used(by_patient[patient], rule, volumes) for patient in patients]
    sites = tuple(tuple(sorted({first.keys[row].site for row in rows})) for rows in used)
    scans = tuple(tuple(dict.fromkeys(first.scans[row] for row in rows if first.scans)) for rows in used)
    return PatientValues(patients, first.names, values, sites, scans)


def _volumes(first: FeatureTable, by_patient: dict[str, list[int]], rule: str) -> FloatArray:
    several = [patient for patient, rows in by_patient.items() if len(rows) > 1]
    if not several or rule == LesionRule.MEAN:
        return np.ones(len(first.keys))
    if VOLUME not in first.names:
        raise EsccError(
            f"{len(several)} patients have several lesions, and the rule '{rule}' needs the column {VOLUME}.",
            'Extract the shape features too, or choose patient_value = "mean".',
        )
    return first.values[:, first.names.index(VOLUME)]


def _one_value(first: FeatureTable, rows: list[int], volumes: FloatArray, rule: str) -> FloatArray:
    if len(rows) == 1:
        return np.asarray(first.values[rows[0]])
    return np.asarray(patient_value(LesionRule(rule), first.values[rows], volumes[rows]))


def _rows_used(rows: list[int], rule: str, volumes: FloatArray) -> list[int]:
    """Return the rows a patient's values rest on."""
    if rule == LesionRule.LARGEST and len(rows) > 1:
        return [rows[int(np.argmax(volumes[rows]))]]
    return rows


def assemble(
    table: FeatureTable, clinical: ClinicalTable, endpoint: str, rule: str, horizon_months: float | None = None
) -> Cohort:
    """Join features and outcome; who lacks one of them is left out and counted.

    Parameters
    ----------
    horizon_months
        Month at which survival shall be predicted; None does not ask.

    Raises
    ------
    EsccError
        Too few patients or events remain for any model, nothing can be said at the horizon, or a patient stands in
        the table under two codes: a FaultsError with all of it where it is more than one of these.
    """
    values = patient_values(table, rule)
    time, event = clinical.endpoint_rows(endpoint)
    rows = clinical.rows_of(values.patients)
    kept = [k for k, row in enumerate(rows) if row is not None and np.isfinite(time[row]) and np.isfinite(event[row])]
    chosen = [row for k in kept if (row := rows[k]) is not None]
    _refuse([*_too_few(time[chosen], event[chosen] == 1, endpoint, horizon_months), *_twice(values, kept)])
    outcome = take_endpoint((time, event), chosen)
    return Cohort(
        patients=tuple(values.patients[k] for k in kept),
        names=values.names,
        features=values.values[kept],
        endpoint=outcome,
        rows=tuple(chosen),
        sites=tuple(values.sites[k] for k in kept),
        scans=tuple(values.scans[k] for k in kept),
        dropped=tuple(_dropped(values, clinical, rows, len(kept), endpoint)),
    )


def _refuse(faults: Sequence[EsccError]) -> None:
    if len(faults) == 1:
        raise faults[0]
    if faults:
        what = f"These tables allow no development: {faults[0].what} There are {len(faults) - 1} more reasons."
        raise FaultsError(what, [Fault("tables", str(fault)) for fault in faults], "Mend all and try again.")


def _too_few(time: FloatArray, event: BoolArray, endpoint: str, horizon_months: float | None) -> Iterator[EsccError]:
    n, n_events = len(time), int(event.sum())
    if n < MIN_PATIENTS:
        yield EsccError(
            f"Only {n} {'patient has' if n == 1 else 'patients have'} both features and {endpoint}_months, "
            f"{endpoint}_event; a development needs {MIN_PATIENTS}.",
            "Check that patient_id is written the same way in both tables.",
        )
    if n_events < MIN_EVENTS:
        yield EsccError(
            f"Only {n_events} {'event' if n_events == 1 else 'events'} among {n} patients; "
            f"a development needs {MIN_EVENTS}.",
            "Wait for longer follow-up or choose another --endpoint.",
        )
    if horizon_months is None or not n or not n_events:
        return
    followed = (time > horizon_months).any()
    if not followed or not (event & (time <= horizon_months)).any():
        lacking = "nobody was followed beyond it" if not followed else "no event happened by then"
        yield EsccError(f"Nothing can be said at {horizon_months:g} months: {lacking}.", "Choose another --horizon.")


def _twice(values: PatientValues, kept: Sequence[int]) -> Iterator[EsccError]:
    """Yield patients who share every value: one patient under two codes would stand in two folds at once."""
    if len(values.names) < _ENOUGH_TO_TELL:
        return
    seen: dict[bytes, str] = {}
    for k in kept:
        patient = values.patients[k]
        other = seen.setdefault(np.ascontiguousarray(values.values[k]).tobytes(), patient)
        if other != patient:
            yield EsccError(
                f"The patients {other} and {patient} have the same values in all {len(values.names)} features.",
                "Is it one patient under two codes? Leave one of them out.",
            )


def _dropped(
    values: PatientValues, clinical: ClinicalTable, rows: Sequence[int | None], n_kept: int, endpoint: str
) -> list[Dropped]:
    without_row = sum(row is None for row in rows)
    without_endpoint = len(rows) - without_row - n_kept
    without_features = len(set(clinical.patients) - set(values.patients))
    found = [
        Dropped("patients", without_row, f"with features but no row in {clinical.name}"),
        Dropped("patients", without_endpoint, f"without {endpoint}_months or {endpoint}_event"),
        Dropped("patients", without_features, "with clinical data but no first reading of Reader A"),
    ]
    return [drop for drop in found if drop.n]


def features_digest(table: FeatureTable) -> str:
    """Return the digest of a feature table: keys, names and values to the last bit."""
    keys = [[*key.reading, key.site] for key in table.keys]
    head = canonical_json({"keys": keys, "names": list(table.names)})
    return digest(head + np.ascontiguousarray(table.values, dtype="<f8").tobytes())
