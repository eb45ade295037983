"""The names of the features and their order."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.features.names import (
    FEATURE_NAMES,
    FILTERS,
    FeatureName,
    feature_names,
    filter_names,
    parse_feature_name,
)


def test_that_there_are_1874_different_names() -> None:
    assert len(FEATURE_NAMES) == len(set(FEATURE_NAMES)) == 1874


def test_that_there_are_14_of_shape_and_93_of_each_of_20_images() -> None:
    counts = Counter(name.split("_")[0] for name in FEATURE_NAMES if "_shape_" not in name)
    assert counts == dict.fromkeys(FILTERS, 93)
    assert len(FILTERS) == 20
    assert sum("_shape_" in name for name in FEATURE_NAMES) == 14


@pytest.mark.reference
def test_that_names_and_order_are_those_of_every_reference_file(reference_dir: Path) -> None:
    files = [path for path in (reference_dir / "reference" / "features").glob("*.csv") if "ibsi" not in path.name]
    assert files
    for path in files:
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        assert header == ["feature", "value"]
        assert tuple(name for name, _ in rows) == FEATURE_NAMES


@given(st.sampled_from(FEATURE_NAMES), st.sampled_from(["", "A_"]))
def test_that_a_name_survives_being_taken_apart(name: str, prefix: str) -> None:
    parsed = parse_feature_name(prefix + name)
    assert str(parsed) == prefix + name
    assert parsed.phase == prefix[:1]


def test_that_the_parts_of_a_name_are_phase_filter_family_and_feature() -> None:
    parsed = parse_feature_name("A_log-sigma-3-0-mm-3D_glszm_SmallAreaEmphasis")
    assert parsed == FeatureName("A", "log-sigma-3-0-mm-3D", "glszm", "SmallAreaEmphasis")


def test_that_other_widths_change_the_names_of_the_log_images_only() -> None:
    others = filter_names((1.0, 2.5))
    assert others[1:3] == ("log-sigma-1-0-mm-3D", "log-sigma-2-5-mm-3D")
    assert (others[0], *others[3:]) == (FILTERS[0], *FILTERS[3:])
    assert len(feature_names((1.0, 2.5))) == 1874
    assert parse_feature_name("log-sigma-2-5-mm-3D_glcm_Idm").filter == "log-sigma-2-5-mm-3D"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "A_",
        "original_glcm",
        "original_glcm_Idm_",
        "B_original_glcm_Idm",
        "square_shape_Elongation",
        "original_glcm_Busyness",
        "log-sigma-x-mm-3D_glcm_Idm",
        "wavelet-LLX_glcm_Idm",
        "original_shape2D_Sphericity",
        "ORIGINAL_glcm_Idm",
    ],
)
def test_that_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(EsccError, match="name of no feature"):
        parse_feature_name(name)
