"""Terms of models in sentences."""

from __future__ import annotations

import pytest

from escc_desktop.prognosis.wording import in_words


@pytest.mark.parametrize(
    ("label", "whole", "bare"),
    [
        ("log2(tbil_umol_per_l)", "total bilirubin, per doubling", "total bilirubin"),
        ("ldh_u_per_l: 250 or above against below 250", "lactate dehydrogenase (250 or above against below 250)",
         "lactate dehydrogenase"),
        ("ecog: 1 against 0", "ECOG (1 against 0)", "ECOG"),
        ("bmi_kg_per_m2", "BMI", "BMI"),
        ("age_years", "age", "age"),
        ("tumor_location: thoracic against not thoracic", "tumor location (thoracic against not thoracic)",
         "tumor location"),
        ("log2(crp_mg_per_l)", "CRP, per doubling", "CRP"),
        ("A_wavelet-LLH_glcm_Idn", "A_wavelet-LLH_glcm_Idn", "A_wavelet-LLH_glcm_Idn"),
        ("Rad-score", "Rad-score", "Rad-score"),
    ],
)  # fmt: skip
def test_that_a_term_stands_in_a_sentence_as_people_say_it(label: str, whole: str, bare: str) -> None:
    assert in_words(label) == whole
    assert in_words(label, with_scale=False) == bare
