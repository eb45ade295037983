"""Units and assays: what is asked, and that conversions go there and back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.columns import analytes
from escc_desktop.trial.records import Lab
from escc_desktop.trial.units import assay_named, assays, changed_assays, is_same_assay, lab_questions, other_unit

DAY = date(2024, 1, 5)
UNITS = [(code, unit) for code, analyte in analytes().items() for unit in (analyte.unit, *analyte.units)]


@pytest.mark.parametrize(("code", "unit"), UNITS)
@given(value=st.floats(1e-6, 1e6))
def test_that_conversions_go_there_and_back(code: str, unit: str, value: float) -> None:
    analyte = analytes()[code]
    there = analyte.convert(value, unit)
    assert there / analyte.convert(1.0, unit) == pytest.approx(value, rel=1e-12)
    assert analyte.convert(value, analyte.unit) == value
    # No two units but those of the same size can give the same number.
    for other in (analyte.unit, *analyte.units):
        if analyte.convert(1.0, other) != analyte.convert(1.0, unit):
            assert analyte.convert(value, other) != there


@pytest.mark.parametrize("code", list(analytes()))
def test_that_usual_values_and_limits_are_plausible(code: str) -> None:
    for assay in assays():
        if assay.analyte == code:
            for span in (assay.upper, assay.usual or assay.upper):
                assert all(analytes()[code].is_plausible(edge) for edge in span)


@pytest.mark.parametrize(
    ("lab", "other"),
    [
        (Lab(DAY, "tbil", 0.6, "umol/L", uln=23.0), "mg/dL"),  # impossible as stated
        (Lab(DAY, "ibil", 1.2, "umol/L", uln=17.0), "mg/dL"),  # possible, but unusual; usual in mg/dL
        (Lab(DAY, "tbil", 5.0, "umol/L", uln=1.2), "mg/dL"),  # the limit is one in mg/dL
        (Lab(DAY, "tbil", 1.0, "mg/dL", uln=20.5), "umol/L"),  # the limit is one in umol/L
        (Lab(DAY, "tbil", 12.0, "umol/L", uln=20.0), None),
        (Lab(DAY, "tbil", 0.7, "mg/dL", uln=1.2), None),
        (Lab(DAY, "hgb", 12.1, "g/L"), "g/dL"),
        (Lab(DAY, "cr", 0.9, "umol/L"), "mg/dL"),
        (Lab(DAY, "cea", 3.0, "ng/mL", uln=5.0), None),
    ],
)
def test_that_the_unit_is_asked_about_where_another_fits_better(lab: Lab, other: str | None) -> None:
    assert other_unit(lab) == other
    assert ["unit"] * (other is not None) == [one.code for one in lab_questions(lab) if one.code == "unit"]


def test_that_a_question_says_when_a_risk_group_hangs_on_it() -> None:
    found = lab_questions(Lab(DAY, "ibil", 1.2, "umol/L"))
    assert "In mg/dL it would be 20.52 umol/L, on the other side of the cut-off 17." in found[0].what
    assert "cut-off" not in lab_questions(Lab(DAY, "ibil", 0.5, "umol/L"))[0].what
    assert lab_questions(Lab(DAY, "ibil", 1.2, "umol/L", confirmed=True)) == ()


@given(value=st.floats(0.05, 60.0))
def test_that_bilirubin_which_fits_only_one_unit_is_never_silently_in_the_other(value: float) -> None:
    for stated, other in (("umol/L", "mg/dL"), ("mg/dL", "umol/L")):
        analyte = analytes()["ibil"]
        usual = next(one.usual for one in assays() if one.analyte == "ibil")
        fits = usual[0] <= analyte.convert(value, stated) <= usual[1]
        fits_other = usual[0] <= analyte.convert(value, other) <= usual[1]
        if fits_other and not fits:
            assert other_unit(Lab(DAY, "ibil", value, stated)) == other


@pytest.mark.parametrize(
    ("uln", "method", "codes"),
    [
        (250.0, "lactate to pyruvate", []),
        (450.0, "pyruvate to lactate", []),
        (450.0, "lactate to pyruvate", ["assay"]),
        (250.0, "P to L", ["assay"]),
        (250.0, "", []),
        (450.0, "", []),
        (320.0, "", ["uln"]),
        (None, "", []),
    ],
)
def test_that_the_upper_limit_of_ldh_fits_its_assay(uln: float | None, method: str, codes: list[str]) -> None:
    found = lab_questions(Lab(DAY, "ldh", 200.0, "U/L", uln=uln, method=method))
    assert [one.code for one in found] == codes


@pytest.mark.parametrize(("uln", "asked"), [(17.1, False), (26.0, False), (23.0, False), (15.0, True), (40.0, True)])
def test_that_the_upper_limit_of_bilirubin_lies_between_17_and_26(uln: float, asked: bool) -> None:
    assert bool(lab_questions(Lab(DAY, "tbil", 10.0, "umol/L", uln=uln))) is asked


def test_that_a_change_of_assay_is_said() -> None:
    first = Lab(DAY, "ldh", 200.0, "U/L", uln=250.0, method="L to P")
    later = Lab(DAY + timedelta(days=20), "ldh", 380.0, "U/L", uln=450.0, method="P to L")
    assert assay_named("ldh", "L to P").method == "lactate to pyruvate"
    assert not is_same_assay(first, later)
    assert [one.lab for one in changed_assays([later, first])] == [later]
    unnamed = Lab(later.date, "ldh", 210.0, "U/L", uln=245.0)
    assert is_same_assay(first, unnamed)
    assert changed_assays([first, unnamed, Lab(DAY, "sodium", 140.0, "mmol/L")]) == ()


def test_that_other_units_of_one_assay_are_one_assay() -> None:
    one, other = Lab(DAY, "tbil", 10.0, "umol/L", uln=20.5), Lab(DAY, "tbil", 0.6, "mg/dL", uln=1.2)
    assert is_same_assay(one, other)
    assert is_same_assay(other, one)
