from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureTable, RoiKey
from escc_desktop.prognosis.cohort import VOLUME, assemble, features_digest, patient_values


def _two_lesions(names: tuple[str, ...] = (VOLUME, "A_original_glcm_Id")) -> FeatureTable:
    keys = (
        RoiKey("P1", "L1", "primary", "A", "first"),
        RoiKey("P1", "L2", "liver", "A", "first"),
        RoiKey("P2", "L1", "lung", "A", "first"),
        RoiKey("P1", "L1", "primary", "B", "first"),
    )
    values = np.array([[100.0, 1.0], [300.0, 2.0], [50.0, 5.0], [999.0, 9.0]])
    return FeatureTable(keys, names, values)


@pytest.mark.parametrize(
    ("rule", "expected", "sites"),
    [
        ("largest", 2.0, ("liver",)),
        ("mean", 1.5, ("liver", "primary")),
        ("volume_weighted_mean", 1.75, ("liver", "primary")),
    ],
)
def test_that_several_lesions_become_one_value_by_the_named_rule(
    rule: str, expected: float, sites: tuple[str, ...]
) -> None:
    values = patient_values(_two_lesions(), rule)
    assert values.patients == ("P1", "P2")
    assert values.values[0, 1] == pytest.approx(expected)
    assert values.values[1, 1] == 5.0
    assert values.sites[0] == sites


def test_that_weighing_lesions_without_their_volume_is_refused() -> None:
    with pytest.raises(EsccError, match="MeshVolume"):
        patient_values(_two_lesions(("A_original_glcm_Idm", "A_original_glcm_Id")), "largest")
    assert patient_values(_two_lesions(("A_original_glcm_Idm", "A_original_glcm_Id")), "mean").values[0, 1] == 1.5


def test_that_a_table_without_first_readings_is_refused(cohort: Any) -> None:
    with pytest.raises(EsccError, match="Reader A"):
        patient_values(cohort.table.select(reader="B"), "largest")


def test_that_who_lacks_features_or_outcome_is_counted(simulated: Any) -> None:
    drawn = simulated.simulate(n=40, p=24)
    drawn.rows[3][1] = drawn.rows[3][2] = None
    del drawn.rows[5]
    drawn.rows.append(["P999", 4.0, 1, "male", 60, 180.0, 20.0])
    found = assemble(drawn.table, drawn.clinical, "os", "largest")
    assert found.endpoint.n == 38
    assert [(drop.n, drop.why.split()[0]) for drop in found.dropped] == [(1, "with"), (1, "without"), (1, "with")]


def test_that_tables_of_different_patients_are_refused(simulated: Any) -> None:
    drawn = simulated.simulate(n=30, p=24)
    for row in drawn.rows:
        row[0] = f"X{row[0]}"
    with pytest.raises(EsccError, match="Only 0 patients"):
        assemble(drawn.table, drawn.clinical, "os", "largest")


def test_that_too_few_events_are_refused(simulated: Any) -> None:
    drawn = simulated.simulate(n=30, p=24)
    for row in drawn.rows[5:]:
        row[2] = 0
    with pytest.raises(EsccError, match="events among 30"):
        assemble(drawn.table, drawn.clinical, "os", "largest")


def test_that_the_digest_of_a_table_sees_its_last_bit() -> None:
    table = _two_lesions()
    changed = table.values.copy()
    changed[2, 1] = np.nextafter(5.0, 6.0)
    assert features_digest(table) != features_digest(FeatureTable(table.keys, table.names, changed))
    assert features_digest(table) == features_digest(_two_lesions())
