"""What is printed and handed on: the same bytes, embedded faces, one content twice, no identity, FHIR's form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pypdf import PdfReader

from escc_desktop import i18n
from escc_desktop.errors import AccessDeniedError, EsccError, UsageError
from escc_desktop.files import canonical_json, digest, read_json
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import write_ct_series
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.kinds import PATIENT
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.printing import PrintOrder
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.printing import ReportKind, ReportOrder, write_report

Studied = Callable[[str], Project]
RESOURCES = Path(__file__).parents[3] / "resources" / "i18n"
WHO = {
    ReportKind.PATIENT: "oncologist",
    ReportKind.READING: "oncologist",
    ReportKind.MDT: "oncologist",
    ReportKind.DUE: "coordinator",
}
RESEARCH = {"en": "Research use only, not for the record", "zh_CN": "仅供科研使用，不得存入病历"}


def wanted(project: Project, kind: ReportKind) -> ReportOrder:
    """An order for the first patient that was assessed, or his reading."""
    if kind is ReportKind.DUE:
        return ReportOrder(kind, as_of=date(2022, 6, 1))
    patient = project.records()[0].patient_id
    subject = f"{patient}/L1/A/first" if kind is ReportKind.READING else patient
    return ReportOrder(kind, subject, question="Radiotherapy of the node? 淋巴结局部放疗？")


def strings(value: Any) -> Iterator[str]:
    """Every text of a document."""
    if isinstance(value, str):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(one)


def bare(text: str) -> str:
    """A text without white space: lines of print may break anywhere in Chinese."""
    return re.sub(r"\s+", "", text)


def pages_of(path: Path) -> list[str]:
    return [bare(page.extract_text()) for page in PdfReader(path).pages]


def faces_of(path: Path) -> list[Any]:
    """The descriptors of all fonts any page uses."""
    found = []
    for page in PdfReader(path).pages:
        for font in page["/Resources"].get("/Font", {}).values():
            real = font.get_object()
            own = real.get("/DescendantFonts", [real])
            found += [(str(real["/BaseFont"]), one.get_object().get("/FontDescriptor")) for one in own]
    return found


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("kind", list(WHO))
def test_that_a_report_is_the_same_bytes_says_its_use_and_embeds_its_faces(
    studied_project: Studied, tmp_path: Path, kind: ReportKind, language: str
) -> None:
    project = studied_project(WHO[kind])
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    for path in (one, two):
        write_report(project, wanted(project, kind), PrintOrder(path, language, True), Progress())
    assert one.read_bytes() == two.read_bytes()
    told = read_json(tmp_path / "one.pdf.json")
    assert isinstance(told, dict)
    pages = pages_of(one)
    for number, page in enumerate(pages, start=1):
        assert bare(RESEARCH[language]) in page
        assert told["content_sha256"][:12] in page
        turned = f"page{number}of{len(pages)}" if language == "en" else f"第{number}页，共{len(pages)}页"
        assert turned in page
    for name, descriptor in faces_of(one):
        assert descriptor is not None, name
        assert {"/FontFile2", "/FontFile3"} & set(descriptor.get_object()), name


@pytest.mark.slow
def test_that_the_agreement_prints_in_chinese(studied_project: Studied, tmp_path: Path) -> None:
    path = tmp_path / "one.pdf"
    order = PrintOrder(path, "zh_CN", True)
    write_report(studied_project("statistician"), ReportOrder(ReportKind.AGREEMENT), order, Progress())
    assert "阅片者组间" in "".join(pages_of(path))
    assert all(descriptor is not None for _name, descriptor in faces_of(path))


@pytest.mark.parametrize("kind", [ReportKind.MDT, ReportKind.DUE])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_that_the_json_beside_is_what_was_printed(
    studied_project: Studied, tmp_path: Path, kind: ReportKind, language: str
) -> None:
    project, path = studied_project(WHO[kind]), tmp_path / "one.pdf"
    write_report(project, wanted(project, kind), PrintOrder(path, language, True), Progress())
    told = read_json(tmp_path / "one.pdf.json")
    assert isinstance(told, dict)
    assert told["content_sha256"] == digest(canonical_json(told["content"]))
    assert told["pdf_sha256"] == digest(path.read_bytes())
    assert told["language"] == language
    printed = "".join(pages_of(path))
    content = dict(told["content"])
    del content["stamps"]
    if content.get("risk"):
        content["risk"] = {**content["risk"], "group": "", "card_digest": ""}
    unprinted = [text for text in strings(content) if bare(text) not in printed and "–" not in text]
    assert not unprinted


def test_that_a_sheet_for_the_mdt_is_one_page_in_chinese_with_question_group_and_lesions(
    studied_project: Studied, tmp_path: Path
) -> None:
    project = studied_project("oncologist")
    for record in project.records()[:4]:
        path = tmp_path / f"{record.patient_id}.pdf"
        order = ReportOrder(ReportKind.MDT, record.patient_id, question="是否手术？")
        write_report(project, order, PrintOrder(path, "zh_CN", True), Progress())
        (page,) = pages_of(path)
        assert "是否手术？" in page
        assert "食管鳞状细胞癌" in page
        assert "低风险" in page or "高风险" in page
        assert "靶病灶" in page
        assert record.patient_id in page
        assert re.search(r"esophageal|risk|Lesion", page) is None


def test_that_a_role_without_assessments_gets_a_sheet_without_risk(studied_project: Studied, tmp_path: Path) -> None:
    project, path = studied_project("coordinator"), tmp_path / "one.pdf"
    write_report(project, wanted(project, ReportKind.MDT), PrintOrder(path), Progress())
    content = read_json(tmp_path / "one.pdf.json")["content"]  # type: ignore[index, call-overload]
    assert content["risk"] is None
    assert "sees no assessments" in content["no_risk"]


def test_that_who_may_not_see_a_thing_cannot_print_it(studied_project: Studied, tmp_path: Path) -> None:
    for who, kind in (("A", ReportKind.MDT), ("A", ReportKind.DUE), ("coordinator", ReportKind.FHIR)):
        project = studied_project(who)
        path = tmp_path / ("out.json" if kind is ReportKind.FHIR else "out.pdf")
        order = ReportOrder(kind, "" if kind is ReportKind.DUE else "P001")
        with pytest.raises(AccessDeniedError):
            write_report(project, order, PrintOrder(path), Progress())
        assert not path.exists()
    with pytest.raises(UsageError, match="about everybody"):
        write_report(project, ReportOrder(ReportKind.DUE, "P001"), PrintOrder(tmp_path / "out.pdf"), Progress())
    oncologist = studied_project("oncologist")
    with pytest.raises(EsccError, match="no trial record of patient P999"):
        write_report(oncologist, ReportOrder(ReportKind.MDT, "P999"), PrintOrder(tmp_path / "out.pdf"), Progress())


def test_that_no_name_and_no_hospital_number_is_ever_printed(tmp_path: Path) -> None:
    cheap = PasswordCost(memory_kib=8, time=1, lanes=1)
    made = Project.create(
        tmp_path / "study",
        Passphrase("a passphrase for tests", cheap),
        Login("admin", "a password for tests"),
        cost=cheap,
    )
    number, name = "H20240917003", "Zhang^Weiming"
    records = tmp_path / "records"
    write_records(draw_truth(4), records)
    rng = np.random.default_rng(1)
    geometry = Geometry((16, 16, 8), (0.8, 0.8, 3.0), (0.0, 0.0, 100.0))
    volume = Volume(rng.normal(40, 20, geometry.shape).round().astype("int16"), geometry)
    uids = {"StudyInstanceUID": "2.25.8", "SeriesInstanceUID": "2.25.7", "FrameOfReferenceUID": "2.25.9"}
    header = {"PatientID": number, "PatientName": name, **uids}
    write_ct_series(volume, tmp_path / "dicom", header)
    out = tmp_path / "out"
    out.mkdir()
    with made.project as admin:
        admin.add_account(Login("c", "a password for tests"), Role.COORDINATOR)
        coordinator = admin.log_in(Login("c", "a password for tests"))
        imported = coordinator.import_images(tmp_path / "dicom", ImportChoice({number: "P001"}), Progress())
        assert imported.imported
        coordinator.import_records(records, frozenset({"implausible", "unit"}))
        assert coordinator._store.find(PATIENT, "P001") is not None
        for language in ("en", "zh_CN"):
            for kind, subject in ((ReportKind.MDT, "P001"), (ReportKind.DUE, "")):
                path = out / f"{kind}_{language}.pdf"
                write_report(coordinator, ReportOrder(kind, subject), PrintOrder(path, language), Progress())
    for path in sorted(out.iterdir()):
        text = path.read_text(encoding="utf-8") if path.suffix == ".json" else " ".join(pages_of(path))
        if path.suffix == ".pdf":
            text += str(PdfReader(path).metadata)
        for planted in (number, "Zhang", "Weiming"):
            assert planted not in text, path.name


def test_that_printing_in_another_language_leaves_the_window_its_own() -> None:
    with i18n.printing_in("zh_CN"):
        assert i18n._("HIGH RISK") == "高风险"
        assert i18n.printed_language() == "zh_CN"
        assert i18n.plural("in {n} day", "in {n} days", 3) == "3 天后"
    assert i18n._("HIGH RISK") == "HIGH RISK"
    assert i18n.printed_language() == "en"
    assert [code for code, _name in i18n.languages()] == ["en", "zh_CN"]


# FHIR R4: what https://hl7.org/fhir/R4/ asks of each resource, entered here from the specification.
REQUIRED = {
    "Bundle": ("type",),
    "Patient": (),
    "Device": (),
    "Observation": ("status", "code"),
    "RiskAssessment": ("status", "subject"),
}
STATUS = {
    "registered",
    "preliminary",
    "final",
    "amended",
    "corrected",
    "cancelled",
    "entered-in-error",
    "unknown",
}
RISK_CODES = {"negligible", "low", "moderate", "high", "certain"}


def no_gaps(value: Any) -> bool:
    """FHIR forbids null, empty strings, empty arrays and empty objects."""
    if isinstance(value, dict):
        return bool(value) and all(map(no_gaps, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(no_gaps, value))
    return value is not None and value != ""


def test_that_the_bundle_has_the_form_of_fhir_r4(studied_project: Studied, tmp_path: Path) -> None:
    project = studied_project("oncologist")
    path, verdicts = tmp_path / "one.json", {}
    for card in project.cards():
        if card.kind == "combined":
            verdicts = {one.patient_id: one for one in project.assessments(card)}
            used = card
    for patient in list(verdicts)[:3]:
        write_report(project, ReportOrder(ReportKind.FHIR, patient), PrintOrder(path, is_synthetic=True), Progress())
        check_bundle(json.loads(path.read_text(encoding="utf-8")), verdicts[patient], used)


def check_bundle(bundle: dict[str, Any], verdict: Any, card: Any) -> None:
    assert no_gaps(bundle)
    assert bundle["type"] == "collection"
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert all(name in resource for name in REQUIRED[resource["resourceType"]])
        assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", resource["id"])
        assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
        assert resource.get("status", "final") in STATUS
        by_kind.setdefault(resource["resourceType"], []).append(resource)
    (patient,), (risk,) = by_kind["Patient"], by_kind["RiskAssessment"]
    assert "name" not in patient
    assert "birthDate" not in patient
    assert patient["identifier"][0]["value"] == verdict.patient_id
    references = [risk["subject"], risk["performer"], *risk.get("basis", [])]
    references += [one["subject"] for one in by_kind.get("Observation", [])]
    assert all(one["reference"] in urls for one in references)
    assert card.digest in risk["method"]["text"]
    assert "Research use only" in risk["mitigation"]
    check_predictions(risk.get("prediction", []), verdict)
    labels = {one["code"] for one in risk["meta"]["security"]}
    assert labels == {"PSEUDED", "HRESCH", "HTEST"}
    assert not re.search(r"\d{4}-\d\d-\d\d", json.dumps(risk))


def check_predictions(predictions: list[dict[str, Any]], verdict: Any) -> None:
    """A probability is a percentage up to 100, or a range of percentages in UCUM (constraints ras-1 and ras-2)."""
    decimals = [one["probabilityDecimal"] for one in predictions if "probabilityDecimal" in one]
    assert decimals == ([] if verdict.survival is None else [pytest.approx(verdict.survival * 100)])
    for one in predictions:
        assert not {"probabilityDecimal", "probabilityRange"} <= set(one)
        assert 0 <= one.get("probabilityDecimal", 0) <= 100
        for limit in one.get("probabilityRange", {}).values():
            assert (limit["system"], limit["code"]) == ("http://unitsofmeasure.org", "%")
            assert 0 <= limit["value"] <= 100
        for coding in one.get("qualitativeRisk", {}).get("coding", []):
            assert coding["system"] == "http://terminology.hl7.org/CodeSystem/risk-probability"
            assert coding["code"] in RISK_CODES
            assert coding["code"] == verdict.risk_group.lower()
