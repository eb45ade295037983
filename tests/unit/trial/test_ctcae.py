"""Grades from laboratory values against the published limits of CTCAE v5.0, and the paper's Table 2 as terms."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.trial.columns import analytes
from escc_desktop.trial.ctcae import find_term, grade_lab, terms
from escc_desktop.trial.records import Lab

DAY, BEFORE = date(2024, 3, 1), date(2024, 1, 1)

# The laboratory limits of CTCAE v5.0 (27 November 2017) as printed there, grade 1 to 4; "" where it prints none, or
# where grade 4 is a person's judgement. First the unit, the limit of normal used here, then the grades.
PUBLISHED_LOW = {
    "White blood cell decreased": ("wbc", 4.0, ["<LLN - 3.0", "<3.0 - 2.0", "<2.0 - 1.0", "<1.0"]),
    "Neutrophil count decreased": ("anc", 2.0, ["<LLN - 1.5", "<1.5 - 1.0", "<1.0 - 0.5", "<0.5"]),
    "Lymphocyte count decreased": ("lym", 1.1, ["<LLN - 0.8", "<0.8 - 0.5", "<0.5 - 0.2", "<0.2"]),
    "Platelet count decreased": ("plt", 125.0, ["<LLN - 75.0", "<75.0 - 50.0", "<50.0 - 25.0", "<25.0"]),
    "Anemia": ("hgb", 130.0, ["<LLN - 100", "<100 - 80", "<80", ""]),
    "Hypoalbuminemia": ("alb", 40.0, ["<LLN - 30", "<30 - 20", "<20", ""]),
    "Hypocalcemia": ("ca", 2.1, ["<LLN - 2.0", "<2.0 - 1.75", "<1.75 - 1.5", "<1.5"]),
}
NORMAL_HIGH = {
    "Alanine aminotransferase increased": ("alt", 40.0, [">ULN - 3.0", ">3.0 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Aspartate aminotransferase increased": ("ast", 40.0, [">ULN - 3.0", ">3.0 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Alkaline phosphatase increased": ("alp", 129.0, [">ULN - 2.5", ">2.5 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "GGT increased": ("ggt", 60.0, [">ULN - 2.5", ">2.5 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Blood bilirubin increased": ("tbil", 20.0, [">ULN - 1.5", ">1.5 - 3.0", ">3.0 - 10.0", ">10.0"]),
    "Creatinine increased": ("cr", 110.0, [">ULN - 1.5", ">1.5 - 3.0", ">3.0 - 6.0", ">6.0"]),
    "Blood lactate dehydrogenase increased": ("ldh", 250.0, [">ULN", "", "", ""]),
    "Hyperuricemia": ("ua", 428.0, [">ULN", "", "", ""]),
}
ABNORMAL_HIGH = {  # multiples of an abnormal baseline
    "Alanine aminotransferase increased": ("alt", 40.0, ["1.5 - 3.0", ">3.0 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Aspartate aminotransferase increased": ("ast", 40.0, ["1.5 - 3.0", ">3.0 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Alkaline phosphatase increased": ("alp", 129.0, ["2.0 - 2.5", ">2.5 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "GGT increased": ("ggt", 60.0, ["2.0 - 2.5", ">2.5 - 5.0", ">5.0 - 20.0", ">20.0"]),
    "Blood bilirubin increased": ("tbil", 20.0, [">1.0 - 1.5", ">1.5 - 3.0", ">3.0 - 10.0", ">10.0"]),
}

TABLE_2 = {
    "Leukopenia": "White blood cell decreased",
    "Fatigue": "Fatigue",
    "Anemia": "Anemia",
    "Thrombocytopenia": "Platelet count decreased",
    "Neutropenia": "Neutrophil count decreased",
    "Hypoalbuminemia": "Hypoalbuminemia",
    "Myelosuppression": None,
    "Loss of appetite": "Anorexia",
    "Erythropenia": None,
    "Digestive tract reaction": None,
    "Increased TBIL": "Blood bilirubin increased",
    "Diarrhea": "Diarrhea",
    "Liver dysfunction": None,
    "Increased AST": "Aspartate aminotransferase increased",
    "RCCEP": None,
    "Increased ALT": "Alanine aminotransferase increased",
    "Lymphopenia": "Lymphocyte count decreased",
    "Weight loss": "Weight loss",
    "Increased blood pressure": "Hypertension",
    "Hand-foot skin reaction": "Palmar-plantar erythrodysesthesia syndrome",
    "Nausea and vomiting": None,
    "Increased Cr": "Creatinine increased",
    "Hypocalcemia": "Hypocalcemia",
    "Hypothyroidism": "Hypothyroidism",
    "Fever": "Fever",
    "Sore throat": "Sore throat",
    "Gastrointestinal bleeding": None,
    "Hemoptysis": "Bronchopulmonary hemorrhage",
    "Oral mucosal inflammation": "Mucositis oral",
    "Immune enteritis": "Enterocolitis",
    "Pain": "Pain",
    "Atrial fibrillation": "Atrial fibrillation",
}


def published_grade(value: float, texts: list[str]) -> int:
    """Read the printed limits as they are written: "<a - b" is b <= x < a, ">a - b" is a < x <= b, "a - b" closed."""
    for grade in range(len(texts), 0, -1):
        if not texts[grade - 1]:
            continue
        sign, first, _last = re.fullmatch(r"([<>]?)([\d.]+)(?: - ([\d.]+))?", texts[grade - 1]).groups()
        near = float(first)
        if (sign == "<" and value < near) or (sign == ">" and value > near) or (not sign and value >= near):
            return grade
    return 0


def lab(analyte: str, value: float, unit: str = "", **limits: float) -> Lab:
    return Lab(DAY, analyte, value, unit or analytes()[analyte].unit, **limits)


@pytest.mark.parametrize("name", PUBLISHED_LOW)
@given(share=st.floats(0.01, 1.3))
def test_that_low_values_are_graded_as_published(name: str, share: float) -> None:
    analyte, lln, texts = PUBLISHED_LOW[name]
    value = round(share * lln, 3)
    expected = published_grade(value, [text.replace("LLN", str(lln)) for text in texts])
    assert grade_lab(terms()[name], lab(analyte, value, lln=lln), None).grade == expected


@pytest.mark.parametrize("name", NORMAL_HIGH)
@given(times=st.floats(0.1, 30.0))
def test_that_high_values_at_a_normal_baseline_are_graded_as_published(name: str, times: float) -> None:
    analyte, uln, texts = NORMAL_HIGH[name]
    times = round(times, 2)
    expected = published_grade(times, [text.replace("ULN", "1.0") for text in texts])
    # The baseline is at its limit, so that a multiple of it never exceeds that of the limit.
    baseline = Lab(BEFORE, analyte, uln, analytes()[analyte].unit, uln=uln)
    assert grade_lab(terms()[name], lab(analyte, times * uln, uln=uln), baseline).grade == expected


@pytest.mark.parametrize("name", ABNORMAL_HIGH)
@given(times=st.floats(0.1, 30.0))
def test_that_an_abnormal_baseline_takes_the_place_of_the_limit(name: str, times: float) -> None:
    analyte, uln, texts = ABNORMAL_HIGH[name]
    times, before = round(times, 2), 1.7 * uln
    baseline = Lab(BEFORE, analyte, before, analytes()[analyte].unit, uln=uln)
    found = grade_lab(terms()[name], lab(analyte, times * before, uln=uln), baseline)
    assert found.grade == published_grade(times, texts)


@pytest.mark.parametrize(
    ("value", "before", "grade"),
    [(100.0, 90.0, 0), (112.0, 90.0, 1), (100.0, 60.0, 2), (190.0, 60.0, 3), (166.0, 110.0, 2), (661.0, 400.0, 4)],
)
def test_that_creatinine_takes_the_worse_of_limit_and_baseline(value: float, before: float, grade: int) -> None:
    baseline = Lab(BEFORE, "cr", before, "umol/L", uln=110.0)
    assert grade_lab(terms()["Creatinine increased"], lab("cr", value, uln=110.0), baseline).grade == grade


def test_that_the_grade_does_not_depend_on_the_unit() -> None:
    for name in ("Anemia", "Hypoalbuminemia"):
        analyte = terms()[name].lab.analyte
        for value in range(1, 180):
            one = lab(analyte, float(value), lln=120.0)
            other = lab(analyte, value / 10.0, "g/dL", lln=12.0)
            assert grade_lab(terms()[name], one, None).grade == grade_lab(terms()[name], other, None).grade


def test_that_grades_which_need_judgement_are_never_proposed() -> None:
    assert grade_lab(terms()["Anemia"], lab("hgb", 31.0, lln=120.0), None).grade == 3
    assert grade_lab(terms()["Hypoalbuminemia"], lab("alb", 12.0, lln=35.0), None).grade == 3
    assert grade_lab(terms()["Hyperuricemia"], lab("ua", 1400.0, uln=428.0), None).grade == 1
    for term in terms().values():
        if term.lab:
            assert max(len(bounds) for bounds in (term.lab.low or (), term.lab.high or (), term.lab.above or ())) < 4
            assert 1 + len(term.lab.low or term.lab.high or term.lab.above or ()) == term.lab.judged


@pytest.mark.parametrize(
    ("name", "found", "baseline", "why"),
    [
        ("Anemia", lab("hgb", 110.0), None, "lower limit"),
        ("Alanine aminotransferase increased", lab("alt", 90.0), None, "upper limit"),
        ("Alanine aminotransferase increased", lab("alt", 90.0, uln=40.0), None, "baseline"),
        ("Creatinine increased", lab("cr", 190.0, uln=110.0), None, "baseline"),
        ("Blood bilirubin increased", lab("tbil", 30.0, uln=20.0), Lab(BEFORE, "tbil", 12.0, "umol/L"), "limit"),
        ("Platelet count decreased", Lab(DAY, "plt", 70.0, "1e9/L", limit=">"), None, "detection"),
        ("Anemia", Lab(DAY, "hgb", 9.0, "g/L", question="unit"), None, "question"),
    ],
)
def test_that_without_limit_or_baseline_nobody_guesses(name: str, found: Lab, baseline: Lab | None, why: str) -> None:
    graded = grade_lab(terms()[name], found, baseline)
    assert graded.grade is None
    assert why in graded.reason


def test_that_an_absolute_grade_needs_no_limit() -> None:
    assert grade_lab(terms()["Platelet count decreased"], lab("plt", 24.0), None).grade == 4
    below = Lab(DAY, "plt", 10.0, "1e9/L", limit="<")
    assert grade_lab(terms()["Platelet count decreased"], below, None).grade == 4


def test_that_a_term_without_a_laboratory_value_is_not_graded_by_one() -> None:
    with pytest.raises(ValueError, match="no laboratory value"):
        grade_lab(terms()["Fatigue"], lab("alt", 1.0), None)


def test_that_the_32_terms_of_table_2_are_known_and_those_without_a_ctcae_term_say_so() -> None:
    assert len(TABLE_2) == 32
    for word, name in TABLE_2.items():
        term = find_term(word)
        assert term is not None, word
        if name is None:
            assert term.kind != "ctcae", word
            assert term.note
        else:
            assert (term.name, term.kind) == (name, "ctcae")
    assert find_term("RCCEP").kind == "own"
    assert [bool(text) for text in find_term("RCCEP").grades] == [True, True, True, False]


def test_that_no_word_stands_for_two_terms_and_what_a_word_stands_for_exists() -> None:
    words = [word for term in terms().values() for word in {term.name, term.zh, *term.synonyms}]
    plain = [" ".join(word.casefold().replace("-", " ").split()) for word in words]
    assert len(set(plain)) == len(plain)
    for term in terms().values():
        assert set(term.stands_for) <= set(terms())
        assert (len(term.grades), bool(term.stands_for)) == ((0, True) if term.kind == "umbrella" else (4, False))
        assert term.zh
        assert find_term(term.zh) is term
    assert find_term("hand foot SKIN reaction") is terms()["Palmar-plantar erythrodysesthesia syndrome"]
    assert find_term("Itching") is None


def test_that_every_graded_analyte_is_graded_in_its_own_unit() -> None:
    for term in terms().values():
        if term.lab:
            assert term.lab.unit == analytes()[term.lab.analyte].unit
