from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.resources import resource_path
from escc_desktop.workflow.modelling import DevelopConfig, assess_files, develop_files, icc_file

KEYS = "patient_id,lesion_id,site,reader,occasion"
GOOD_FEATURES = f"{KEYS},A_original_glcm_Id\n" + "".join(f"P{k},L1,primary,A,first,{k}.5\n" for k in range(30))
GOOD_CLINICAL = "patient_id,os_months,os_event\n" + "".join(f"P{k},{k + 1},1\n" for k in range(30))
PUBLISHED = resource_path("models", "published", "clinical.json")

BAD_FEATURES = {
    "empty": "",
    "header only": f"{KEYS},A_original_glcm_Id\n",
    "ragged": GOOD_FEATURES + "P99,L1\n",
    "NaN": GOOD_FEATURES.replace("3.5", "NaN"),
    "text": GOOD_FEATURES.replace("3.5", "three"),
    "reader C": GOOD_FEATURES.replace("P4,L1,primary,A", "P4,L1,primary,C"),
    "twice": GOOD_FEATURES + "P4,L1,primary,A,first,1\n",
    "no feature": f"{KEYS}\nP1,L1,primary,A,first\n",
    "other column": GOOD_FEATURES.replace("A_original_glcm_Id", "temperature"),
    "open quote": GOOD_FEATURES + '"P99,L1,primary,A,first,1\n',
    "NUL": GOOD_FEATURES + "\0",
}
BAD_CLINICAL = {
    "empty": "",
    "no patient": "os_months,os_event\n1,1\n",
    "negative": GOOD_CLINICAL.replace("P4,5,1", "P4,-5,1"),
    "event 2": GOOD_CLINICAL.replace("P4,5,1", "P4,5,2"),
    "event yes": GOOD_CLINICAL.replace("P4,5,1", "P4,5,yes"),
    "date": GOOD_CLINICAL.replace("P4,5,1", "P4,2024-01-05,1"),
    "twice": GOOD_CLINICAL + "P4,5,1\n",
    "ragged": GOOD_CLINICAL + "P99,5,1,7\n",
    "repeated column": GOOD_CLINICAL.replace("os_event", "os_months"),
    "nobody in common": GOOD_CLINICAL.replace("P", "Q"),
    "no events": GOOD_CLINICAL.replace(",1\n", ",0\n"),
}


def _files(tmp_path: Path, features: str, clinical: str) -> tuple[Path, Path]:
    first, second = tmp_path / "features.csv", tmp_path / "clinical.csv"
    first.write_text(features, encoding="utf-8")
    second.write_text(clinical, encoding="utf-8")
    return first, second


@pytest.mark.parametrize("name", BAD_FEATURES)
def test_that_bad_features_leave_nothing_behind(tmp_path: Path, name: str) -> None:
    features, clinical = _files(tmp_path, BAD_FEATURES[name], GOOD_CLINICAL)
    for work in (
        lambda: icc_file(features, tmp_path / "icc.csv"),
        lambda: develop_files(features, clinical, tmp_path / "out", DevelopConfig(), Progress()),
        lambda: assess_files(PUBLISHED, features, clinical, tmp_path / "assessed.csv"),
    ):
        with pytest.raises(EsccError) as caught:
            work()
        assert len(str(caught.value)) < 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinical.csv", "features.csv"]


@pytest.mark.parametrize("name", BAD_CLINICAL)
def test_that_bad_clinical_tables_leave_nothing_behind(tmp_path: Path, name: str) -> None:
    features, clinical = _files(tmp_path, GOOD_FEATURES, BAD_CLINICAL[name])
    with pytest.raises(EsccError) as caught:
        develop_files(features, clinical, tmp_path / "out", DevelopConfig(), Progress())
    assert len(str(caught.value)) < 500
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinical.csv", "features.csv"]


def test_that_a_folder_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    features, clinical = _files(tmp_path, GOOD_FEATURES, GOOD_CLINICAL)
    kept = tmp_path / "out" / "thesis.txt"
    kept.parent.mkdir()
    kept.write_text("years of work")
    with pytest.raises(EsccError, match="not empty"):
        develop_files(features, clinical, kept.parent, DevelopConfig(), Progress())
    assert kept.read_text() == "years of work"
    with pytest.raises(EsccError, match="is a file"):
        develop_files(features, clinical, features, DevelopConfig(), Progress())
