from __future__ import annotations

import pytest

from escc_desktop.errors import UsageError
from escc_desktop.workflow.paper import paper_document, paper_text, published_card


@pytest.mark.parametrize(
    ("kind", "term", "hazard_ratio"),
    [
        ("clinical", "ldh_u_per_l", 6.780),
        ("clinical", "ibil_umol_per_l", 39.590),
        ("radiomics", "A_wavelet-HLH_glszm_ZoneEntropy", 3.870),
        ("combined", "A_wavelet-HLH_glszm_ZoneEntropy", 26.45),
        ("combined", "ibil_umol_per_l", 1177.16),
    ],
)
def test_that_a_published_hazard_ratio_is_the_printed_one(kind: str, term: str, hazard_ratio: float) -> None:
    terms = {each["name"]: each for each in paper_document(published_card(kind))["terms"]}
    assert terms[term]["hazard_ratio"] == pytest.approx(hazard_ratio, rel=2e-3)


def test_that_the_published_rad_score_carries_its_six_coefficients_and_cut_off() -> None:
    document = paper_document(published_card("radscore"))
    assert {term["name"]: term["coefficient"] for term in document["terms"]} == {
        "A_exponential_firstorder_90Percentile": -0.512744195224548,
        "A_log-sigma-3-0-mm-3D_firstorder_Minimum": 0.4324847868548787,
        "A_log-sigma-3-0-mm-3D_glcm_Correlation": -0.4119442998802703,
        "A_wavelet-HLH_glszm_ZoneEntropy": 0.7475398962597095,
        "A_wavelet-HLL_glszm_GrayLevelNonUniformityNormalized": -0.3735699541777159,
        "A_wavelet-LHH_firstorder_Kurtosis": -0.6918076857064893,
    }
    assert document["cutoff"] == -0.5274497362077936


def test_that_a_published_card_says_what_it_is_not_for() -> None:
    text = paper_text(published_card("combined"))
    assert "no patient is assessed" in text
    assert "Assumptions:" in text


def test_that_an_unknown_card_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="choose radscore"):
        published_card("other")
