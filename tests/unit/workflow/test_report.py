from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from escc_desktop.errors import EsccError
from escc_desktop.figures import score, style
from escc_desktop.figures.performance import PerformanceRow
from escc_desktop.figures.words import Interval
from escc_desktop.files import digest, read_json
from escc_desktop.workflow import report_page
from escc_desktop.workflow.report import (
    CohortReport,
    Dropped,
    PatientReport,
    Picture,
    Section,
    StudyReport,
    TableBlock,
    cohort_report,
    patient_report,
    study_report,
)

PATIENT = PatientReport(
    patient_id="P017",
    card_name="Combined",
    card_digest="a3f9" * 16,
    horizon_months=12,
    rad_score=0.4213,
    cutoff=-0.5274497362077936,
    risk_group="high",
    survival=Interval(0.41, 0.22, 0.63),
    facts=(("AST", "23 U/L"),),
    cautions=("This patient trained the card.", "The arterial phase is uncertain."),
    provenance=(("Mask", "b7c0" * 16),),
)
COHORT = CohortReport(
    title="Development",
    endpoint="overall survival",
    horizon_months=12,
    n_patients=59,
    n_events=43,
    used=(("Readings", "59 first readings"),),
    dropped=(Dropped("features", 61, "constant in every patient"),),
    warnings=("3.8 events per variable: fewer than 10.",),
    performance=(
        PerformanceRow("Radiomics", "C-index", Interval(0.881, 0.8, 0.93), Interval(0.61), Interval(0.874, 0.82, 0.93)),
    ),
)


def words_of(pdf: Path) -> list[str]:
    """The text of each page."""
    return [page.extract_text(extraction_mode="layout") for page in PdfReader(pdf).pages]


def test_that_the_same_record_gives_the_same_bytes(tmp_path: Path) -> None:
    strip = score.score_strip([0.1, 0.5, -0.3], 0.2, 0.42)
    for name in ("one.pdf", "two.pdf"):
        patient_report(dataclasses.replace(PATIENT, score_strip=strip), tmp_path / name)
        cohort_report(COHORT, tmp_path / f"cohort_{name}")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()
    assert (tmp_path / "cohort_one.pdf").read_bytes() == (tmp_path / "cohort_two.pdf").read_bytes()


def test_that_the_faces_are_embedded(tmp_path: Path) -> None:
    patient_report(PATIENT, tmp_path / "p.pdf")
    data = (tmp_path / "p.pdf").read_bytes()
    assert data.count(b"/FontFile2") >= 2
    assert b"DejaVuSans" in data


def test_that_the_json_beside_holds_the_record_and_the_digest_of_the_pdf(tmp_path: Path) -> None:
    patient_report(PATIENT, tmp_path / "p.pdf")
    told = read_json(tmp_path / "p.pdf.json")
    assert isinstance(told, dict)
    assert told["pdf_sha256"] == digest((tmp_path / "p.pdf").read_bytes())
    assert told["research_use_only"] is True
    content = told["content"]
    assert content["rad_score"] == 0.4213
    assert content["survival"] == {"value": 0.41, "lower": 0.22, "upper": 0.63}
    assert content["cautions"] == list(PATIENT.cautions)


def test_that_a_missing_number_is_null_and_a_figure_is_named(tmp_path: Path) -> None:
    record = dataclasses.replace(
        PATIENT, rad_score=float("nan"), survival=None, risk_group=None, roi=style.saying("a", "b")
    )
    patient_report(record, tmp_path / "p.pdf")
    content = json.loads((tmp_path / "p.pdf.json").read_text(encoding="utf-8"))["content"]
    assert content["rad_score"] is None
    assert content["survival"] is None
    assert content["roi"] == "figure"
    assert content["timeline"] is None


def test_that_group_survival_score_and_cautions_can_be_read(tmp_path: Path) -> None:
    patient_report(PATIENT, tmp_path / "p.pdf")
    text = "\n".join(words_of(tmp_path / "p.pdf"))
    for expected in ("▲ HIGH RISK", "41 %", "95 % CI 22 to 63 %", "12-month overall survival", "0.421", "-0.527"):
        assert expected in text
    for expected in (*PATIENT.cautions, "23 U/L", "Combined", "a3f9a3f9", "b7c0b7c0"):
        assert expected in text


def test_that_a_withheld_probability_gives_its_reason_and_no_number(tmp_path: Path) -> None:
    record = dataclasses.replace(PATIENT, risk_group=None, survival=None, withheld="the card holds no scaling.")
    patient_report(record, tmp_path / "p.pdf")
    text = "\n".join(words_of(tmp_path / "p.pdf"))
    assert "GROUP WITHHELD" in text
    assert "No probability is given." in text
    assert "Withheld: the card holds no scaling." in text
    assert "41 %" not in text


def test_that_every_page_says_research_only_and_synthetic_when_it_is(tmp_path: Path) -> None:
    rows = tuple((f"A_original_glcm_Feature{i}", i / 7) for i in range(120))
    chapter = Section("Features", tables=(TableBlock(("feature", "value"), rows),))
    for synthetic in (True, False):
        path = tmp_path / f"{synthetic}.pdf"
        cohort_report(dataclasses.replace(COHORT, selection=chapter, is_synthetic=synthetic), path)
        pages = words_of(path)
        assert len(pages) >= 3
        assert all("Research use only, not for the record" in page for page in pages)
        assert all(("SYNTHETIC DATA" in page) is synthetic for page in pages)
    assert "A_original_glcm_Feature119" in "".join(pages)


def test_that_apparent_corrected_and_noise_stand_in_one_line(tmp_path: Path) -> None:
    cohort_report(COHORT, tmp_path / "c.pdf")
    lines = "\n".join(words_of(tmp_path / "c.pdf")).splitlines()
    row = next(line for line in lines if line.strip().startswith("Radiomics"))
    assert re.findall(r"0\.\d+(?: \(.*?\))?", row) == ["0.610", "0.881 (0.800 to 0.930)", "0.874 (0.820 to 0.930)"]


def test_that_what_was_left_out_and_chapters_without_content_are_said(tmp_path: Path) -> None:
    cohort_report(COHORT, tmp_path / "c.pdf")
    text = "\n".join(words_of(tmp_path / "c.pdf"))
    assert "constant in every patient" in text
    assert "3.8 events per variable: fewer than 10." in text
    assert text.count("Not part of this analysis.") == 6
    cohort_report(dataclasses.replace(COHORT, dropped=()), tmp_path / "d.pdf")
    assert "Nothing was left out." in "\n".join(words_of(tmp_path / "d.pdf"))


def test_that_marked_up_and_foreign_text_prints_as_it_is(tmp_path: Path) -> None:
    sentence = "AST < 40 & <b>动脉期</b> \x07 ok"
    study_report(StudyReport("Trial 研究", "sub", (Section("One", (sentence,)),)), tmp_path / "s.pdf")
    text = "\n".join(words_of(tmp_path / "s.pdf"))
    assert "AST < 40 & <b>动脉期</b> [U+0007] ok" in text
    assert "Trial 研究 · page 1" in text


@pytest.mark.parametrize(
    ("text", "printed"),
    [("动脉期", "动脉期"), ("a\u200ab", "a b"), ("\U00012000", "[U+12000]"), ("e\u0301", "é"), ("\ud800", "[U+D800]")],
)
def test_that_letters_no_face_has_become_their_code_point(text: str, printed: str) -> None:
    assert report_page.printable(text) in {printed, text}
    assert report_page.paragraph(text)


@pytest.mark.parametrize("n_columns", [1, 3, 9])
def test_that_a_table_never_leaves_the_page(n_columns: int) -> None:
    header = tuple(f"A column with a long name {i}" for i in range(n_columns))
    rows = [tuple("A_wavelet-HLL_glszm_GrayLevelNonUniformityNormalized" for _ in range(n_columns))]
    drawn = report_page.table(header, rows)
    assert sum(drawn._colWidths) <= report_page.WIDTH_MM * 72 / 25.4 + 1e-6


def test_that_a_count_and_its_share_stay_on_one_line_beside_long_words() -> None:
    words = "与 camrelizumab 和 irinotecan 相关的、未评估免疫相关性的严重不良事件"
    drawn = report_page.table(["事件"] * 9, [[words, *["44 (74.6 %)"] * 8]])
    padding_pt = 8
    cells = [cell[0] if isinstance(cell, tuple) else cell for cell in drawn._cellvalues[1][1:]]
    pairs = zip(cells, drawn._colWidths[1:], strict=True)
    assert [len(cell.breakLines(width - padding_pt).lines) for cell, width in pairs] == [1] * 8


def test_that_columns_of_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    drawn = report_page.table(
        ("name", "n", "P", "interval"), [("a", 1, "< 0.001", "0.6 (0.5 to 0.7)"), ("b", 22, None, "")]
    )
    styles = [cell.style.name for cell in drawn._cellvalues[1]]
    assert styles == ["cell", "number", "number", "cell"]


def test_that_a_picture_taller_than_a_page_is_shrunk(tmp_path: Path) -> None:
    tall = style.saying("tall", "x")
    tall.set_size_inches(8, 40)
    chapter = Section("One", pictures=(Picture("Tall", tall, "caption"),))
    study_report(StudyReport("T", "", (chapter,)), tmp_path / "s.pdf")
    assert len(words_of(tmp_path / "s.pdf")) == 3


def test_that_a_folder_that_does_not_exist_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="Cannot write"):
        patient_report(PATIENT, tmp_path / "nowhere" / "p.pdf")
