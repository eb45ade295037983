"""The synthetic study's tables, recomputed from the files as they are written, against the published summaries."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import concordance_index

from escc_desktop.trial.importing import read_records
from escc_desktop.trial.records import TrialRecord
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import PatientTruth, draw_truth, truth_document

MONTH = 30.4375

# Published Table 2: patients by worst grade I, II, III, IV.
TABLE_2 = {
    "Leukopenia": (11, 14, 3, 3),
    "Fatigue": (12, 2, 1, 0),
    "Anemia": (10, 4, 0, 0),
    "Thrombocytopenia": (8, 4, 2, 0),
    "Neutropenia": (6, 5, 1, 1),
    "Hypoalbuminemia": (13, 0, 0, 0),
    "Myelosuppression": (1, 9, 0, 2),
    "Loss of appetite": (6, 3, 1, 0),
    "Erythropenia": (5, 3, 0, 2),
    "Digestive tract reaction": (6, 2, 0, 0),
    "Increased TBIL": (6, 2, 0, 0),
    "Diarrhea": (3, 2, 3, 0),
    "Liver dysfunction": (4, 3, 0, 0),
    "Increased AST": (4, 2, 0, 0),
    "RCCEP": (5, 0, 0, 0),
    "Increased ALT": (4, 1, 0, 0),
    "Lymphopenia": (4, 1, 0, 0),
    "Weight loss": (4, 1, 0, 0),
    "Increased blood pressure": (2, 2, 0, 0),
    "Hand-foot skin reaction": (2, 1, 1, 0),
    "Nausea and vomiting": (1, 2, 0, 0),
    "Increased Cr": (3, 0, 0, 0),
    "Hypocalcemia": (2, 0, 0, 0),
    "Hypothyroidism": (1, 1, 0, 0),
    "Fever": (2, 0, 0, 0),
    "Sore throat": (1, 0, 0, 0),
    "Gastrointestinal bleeding": (0, 2, 0, 0),
    "Hemoptysis": (1, 0, 0, 0),
    "Oral mucosal inflammation": (0, 1, 0, 0),
    "Immune enteritis": (0, 1, 0, 0),
    "Pain": (0, 1, 0, 0),
    "Atrial fibrillation": (0, 0, 1, 0),
}

# CTCAE v5.0: grade of a value, from its limits of normal (baseline normal); 0 is none.
LOW = {
    "Leukopenia": ("wbc", (3.0, 2.0, 1.0)),
    "Neutropenia": ("anc", (1.5, 1.0, 0.5)),
    "Lymphopenia": ("lym", (0.8, 0.5, 0.2)),
    "Thrombocytopenia": ("plt", (75.0, 50.0, 25.0)),
    "Anemia": ("hgb", (100.0, 80.0)),
    "Hypoalbuminemia": ("alb", (30.0, 20.0)),
    "Hypocalcemia": ("ca", (2.0, 1.75, 1.5)),
}
HIGH = {
    "Increased TBIL": ("tbil", (1.5, 3.0, 10.0)),
    "Increased AST": ("ast", (3.0, 5.0, 20.0)),
    "Increased ALT": ("alt", (3.0, 5.0, 20.0)),
    "Increased Cr": ("cr", (1.5, 3.0, 6.0)),
}


def ctcae(term: str, value: float, lln: float, uln: float) -> int:
    if term in LOW:
        return 0 if value >= lln else 1 + sum(value < bound for bound in LOW[term][1])
    return 0 if value <= uln else 1 + sum(value > bound * uln for bound in HIGH[term][1])


@pytest.fixture(scope="module")
def truth() -> tuple[PatientTruth, ...]:
    return draw_truth()


@pytest.fixture(scope="module")
def folder(truth: tuple[PatientTruth, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("records") / "records"
    write_records(truth, path)
    return path


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    dates = {"start_date", "date", "end_date", "last_contact_date", "death_date", "next_therapy_date"}
    found = {}
    for path in folder.glob("*.csv"):
        table = pd.read_csv(path)
        for column in dates & set(table.columns):
            table[column] = pd.to_datetime(table[column], format="%Y-%m-%d")
        found[path.stem] = table
    return found


@pytest.fixture(scope="module")
def baseline_labs(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Patients by analyte, before day 1, values that were entered in another unit left out."""
    labs = tables["labs"].merge(tables["patients"][["patient_id", "start_date"]])
    labs = labs[labs["date"] < labs["start_date"]]
    wide = labs.pivot_table(index="patient_id", columns="analyte", values="value")
    return wide.mask(wide < [{"ibil": 1.0, "tbil": 2.0}.get(code, 0.0) for code in wide.columns])


@pytest.fixture(scope="module")
def followed(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a patient: OS, and PFS of those with an adequate scan, from the dates."""
    table = tables["patients"][["patient_id", "start_date"]].merge(tables["survival"], on="patient_id")
    table["os"] = (table["last_contact_date"] - table["start_date"]).dt.days / MONTH
    table["dead"] = table["status"] == "dead"
    scans = tables["visits"][tables["visits"]["visit"] > 0]
    adequate = scans[scans["response"] != "NE"]
    seen = scans[scans["response"] == "PD"].groupby("patient_id")["date"].min()
    last = adequate.groupby("patient_id")["date"].max()
    table["pd_date"], table["last_scan"] = table["patient_id"].map(seen), table["patient_id"].map(last)
    end = table["pd_date"].fillna(table["death_date"]).fillna(table["last_scan"])
    table["pfs"] = (end - table["start_date"]).dt.days / MONTH
    table["ended"] = table["pd_date"].notna() | table["dead"]
    return table.set_index("patient_id")


def counts(series: pd.Series) -> dict[object, int]:
    return series.value_counts().to_dict()


def test_that_the_counts_of_table_1_are_exact(tables: dict[str, pd.DataFrame]) -> None:
    people = tables["patients"]
    assert len(people) == 59
    assert counts(people["sex"]) == {"male": 51, "female": 8}
    assert ((people["age_years"] < 65).sum(), (people["age_years"] >= 65).sum()) == (21, 38)
    assert counts(people["ecog"]) == {1: 55, 0: 4}
    assert counts(people["tumor_location"]) == {"thoracic": 48, "cervical": 8, "abdominal": 3}
    assert counts(people["n_metastatic_sites"]) == {1: 39, 2: 15, 3: 3, 4: 2}
    assert counts(people["differentiation"]) == {
        "moderate": 27,
        "poor": 19,
        "undifferentiated": 9,
        "moderate_to_poor": 3,
        "well": 1,
    }
    yes = {
        "metastasis_liver": 15,
        "metastasis_lung": 8,
        "metastasis_lymph_node": 53,
        "distant_metastasis": 47,
        "prior_surgery": 32,
        "prior_radiotherapy": 23,
        "prior_chemotherapy": 59,
        "prior_targeted_therapy": 4,
        "prior_immunotherapy": 0,
    }
    assert {name: int((people[name] == "yes").sum()) for name in yes} == yes
    assert (people["metastasis_other_sites"] > 0).sum() == 9
    assert set(people["stage"]) == {"IV"}


def test_that_the_medians_of_table_1_are_near(tables: dict[str, pd.DataFrame]) -> None:
    people = tables["patients"]
    assert np.percentile(people["age_years"], [25, 50, 75]) == pytest.approx([59, 67, 71], abs=1.0)
    assert np.percentile(people["tumor_size_mm"], [25, 50, 75]) == pytest.approx([19, 30, 43], abs=1.0)
    bmi = people["weight_kg"] / (people["height_cm"] / 100) ** 2
    assert (bmi.mean(), bmi.std()) == (pytest.approx(21.1, abs=0.1), pytest.approx(3.3, abs=0.1))


@pytest.mark.parametrize(
    ("code", "quartiles", "tolerance"),
    [
        ("cea", (1.8, 2.8, 4.7), 0.12),
        ("dbil", (2.9, 3.9, 4.9), 0.12),
        ("ibil", (3.8, 5.0, 8.2), 0.15),
        ("tbil", (6.8, 8.5, 12.9), 0.12),  # medians of parts and sum do not fit each other exactly
        ("alt", (9.0, 12.5, 18.3), 0.12),
        ("ast", (14.0, 17.5, 23.0), 0.08),
        ("alp", (68.8, 89.0, 110.3), 0.08),
        ("ggt", (16.0, 24.0, 39.0), 0.12),
        ("ldh", (153.3, 181.0, 219.5), 0.05),
        ("bun", (4.4, 5.4, 6.5), 0.06),
    ],
)
def test_that_laboratory_quartiles_of_table_1_are_near(
    baseline_labs: pd.DataFrame, code: str, quartiles: tuple[float, ...], tolerance: float
) -> None:
    found = np.nanpercentile(baseline_labs[code], [25, 50, 75])
    assert found == pytest.approx(quartiles, rel=tolerance)


@pytest.mark.parametrize(("code", "mean", "sd"), [("alb", 39.3, 4.6), ("cr", 73.1, 16.0), ("ua", 325.7, 100.6)])
def test_that_laboratory_means_of_table_1_are_near(
    baseline_labs: pd.DataFrame, code: str, mean: float, sd: float
) -> None:
    assert baseline_labs[code].mean() == pytest.approx(mean, rel=0.02)
    assert baseline_labs[code].std() == pytest.approx(sd, rel=0.06)


def test_that_everybody_was_eligible(tables: dict[str, pd.DataFrame], baseline_labs: pd.DataFrame) -> None:
    limits = tables["labs"].groupby("analyte")["uln"].first()
    for code, multiple in (("tbil", 1.5), ("ast", 2.5), ("alt", 2.5), ("cr", 1.5)):
        assert (baseline_labs[code].dropna() <= multiple * limits[code]).all()
    for code, least in (("anc", 1.5), ("hgb", 90.0), ("plt", 100.0)):
        assert (baseline_labs[code] >= least).all()
    assert (tables["patients"]["age_years"] > 18).all()


def test_that_bilirubin_adds_up_and_neutrophils_are_white_cells(baseline_labs: pd.DataFrame) -> None:
    gap = (baseline_labs["tbil"] - baseline_labs["dbil"] - baseline_labs["ibil"]).dropna()
    assert (gap.abs() < 0.051).all()
    assert (baseline_labs["anc"] + baseline_labs["lym"] < baseline_labs["wbc"]).all()


def test_that_lesion_sites_are_those_of_the_study(truth: tuple[PatientTruth, ...]) -> None:
    sites = Counter(patient.site for patient in truth)
    assert (sites["primary"], sites["anastomotic"], sites["liver"], sites["lung"]) == (27, 6, 6, 4)
    assert sites["regional_node"] + sites["distant_node"] == 16
    for patient in truth:
        has = patient.record.baseline
        assert has.prior_surgery is (patient.site != "primary")
        assert patient.site != "liver" or has.metastasis_liver
        assert patient.site != "lung" or has.metastasis_lung
        assert "node" not in patient.site or has.metastasis_lymph_node
        assert patient.site != "distant_node" or has.distant_metastasis


def test_that_table_2_is_exact(tables: dict[str, pd.DataFrame]) -> None:
    events = tables["adverse_events"]
    assert len(events) == 217
    assert not events.duplicated(["patient_id", "term"]).any()
    found = pd.crosstab(events["term"], events["grade"]).reindex(columns=[1, 2, 3, 4], fill_value=0)
    assert {term: tuple(row) for term, row in found.iterrows()} == TABLE_2
    severe = events[events["grade"] >= 3]
    assert (len(severe), severe["patient_id"].nunique()) == (21, 12)
    immune = events[events["immune_related"] == "confirmed"]
    assert counts(immune["term"]) == {"RCCEP": 5, "Immune enteritis": 1}


def test_that_labs_and_grades_agree(tables: dict[str, pd.DataFrame]) -> None:
    labs = tables["labs"].set_index(["patient_id", "date", "analyte"])
    graded = tables["adverse_events"][tables["adverse_events"]["term"].isin([*LOW, *HIGH])]
    for event in graded.itertuples():
        code = (LOW | HIGH)[event.term][0]
        lab = labs.loc[(event.patient_id, event.start_date, code)]
        assert ctcae(event.term, lab["value"], lab["lln"], lab["uln"]) == event.grade


def test_that_no_value_under_treatment_hides_an_unreported_event(tables: dict[str, pd.DataFrame]) -> None:
    labs = tables["labs"].merge(tables["patients"][["patient_id", "start_date"]])
    reported = set(tables["adverse_events"][["patient_id", "start_date", "term"]].itertuples(index=False, name=None))
    terms = {code: term for term, (code, _) in (LOW | HIGH).items()}
    for lab in labs[labs["date"] >= labs["start_date"]].itertuples():
        assert (lab.patient_id, lab.date, terms[lab.analyte]) in reported


def best_responses(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """Best responses from the visits: confirmed after 28 days, stable for at least 42."""
    scans = tables["visits"].merge(tables["patients"][["patient_id", "start_date"]])
    scans["day"] = (scans["date"] - scans["start_date"]).dt.days
    found = dict.fromkeys(tables["patients"]["patient_id"], "NE")
    for patient, visits in scans[scans["visit"] > 0].groupby("patient_id"):
        shown = list(zip(visits["day"], visits["response"], strict=True))
        days = {kind: [day for day, response in shown if response in kind] for kind in (("CR",), ("CR", "PR"))}
        if days["CR",] and days["CR",][-1] - days["CR",][0] >= 28:
            found[patient] = "CR"
        elif days["CR", "PR"] and days["CR", "PR"][-1] - days["CR", "PR"][0] >= 28:
            found[patient] = "PR"
        elif any(response not in {"NE", "PD"} and day >= 42 for day, response in shown):
            found[patient] = "SD"
        elif any(response == "PD" for _, response in shown):
            found[patient] = "PD"
    return pd.Series(found)


def test_that_best_responses_are_those_of_the_trial(tables: dict[str, pd.DataFrame]) -> None:
    assert counts(best_responses(tables)) == {"SD": 25, "PR": 19, "PD": 8, "NE": 6, "CR": 1}


def test_that_responses_agree_with_the_measured_lesions(tables: dict[str, pd.DataFrame]) -> None:
    targets = tables["lesions"][tables["lesions"]["role"] == "target"]
    sums = targets.groupby(["patient_id", "date"])["diameter_mm"].sum()
    new = set(tables["lesions"][tables["lesions"]["role"] == "new"][["patient_id", "date"]].itertuples(index=False))
    new_days = {(row.patient_id, row.date) for row in new}
    for patient, visits in tables["visits"].groupby("patient_id"):
        baseline = nadir = None
        for visit in visits.sort_values("visit").itertuples():
            if visit.response == "NE":
                continue
            total = sums[patient, visit.date]
            if baseline is None:
                baseline = nadir = total
                continue
            grown = total >= 1.2 * nadir and total - nadir >= 5.0
            assert (visit.response == "PD") == (grown or (patient, visit.date) in new_days)
            if visit.response == "PR":
                assert total <= 0.7 * baseline
            elif visit.response == "SD":
                assert total > 0.7 * baseline
            nadir = min(nadir, total)


def test_that_the_waterfall_has_33_reductions_and_20_of_30_percent(tables: dict[str, pd.DataFrame]) -> None:
    targets = tables["lesions"][tables["lesions"]["role"] == "target"]
    sums = targets.groupby(["patient_id", "date"])["diameter_mm"].sum().reset_index()
    best = []
    for _, course in sums.groupby("patient_id"):
        values = course.sort_values("date")["diameter_mm"].to_numpy()
        if len(values) > 1:
            best.append(values[1:].min() / values[0] - 1.0)
    assert len(best) == 53
    assert sum(change < 0 for change in best) == 33
    assert sum(change <= -0.3 for change in best) == 20


def test_that_responses_come_early(tables: dict[str, pd.DataFrame]) -> None:
    best = best_responses(tables)
    scans = tables["visits"].merge(tables["patients"][["patient_id", "start_date"]])
    scans["months"] = (scans["date"] - scans["start_date"]).dt.days / MONTH
    first = scans[scans["response"] == "PR"].groupby("patient_id")["months"].min()
    quartiles = np.percentile(first[best.index[best == "PR"]], [25, 50, 75])
    assert quartiles == pytest.approx([1.6, 1.9, 2.4], abs=0.2)
    complete = best.index[best == "CR"][0]
    assert first[complete] == pytest.approx(1.8, abs=0.25)
    months = scans[(scans["patient_id"] == complete) & (scans["response"] == "CR")]["months"].min()
    assert months == pytest.approx(7.7, abs=0.1)


def test_that_survival_is_near_the_published_curves(followed: pd.DataFrame) -> None:
    assert counts(followed["status"])["dead"] == 43
    assert int((followed["dead"] & (followed["os"] <= 12)).sum()) in {18, 19, 20}
    assert counts(followed["status"])["lost"] in {4, 5, 6}
    overall = KaplanMeierFitter().fit(followed["os"], followed["dead"])
    assert overall.median_survival_time_ == pytest.approx(16.7, abs=0.5)
    assert overall.predict([6, 12, 18, 24]).to_numpy() == pytest.approx([0.887, 0.652, 0.471, 0.282], abs=0.08)
    seen = followed[followed["last_scan"].notna()]
    assert len(seen) == 53
    progression = KaplanMeierFitter().fit(seen["pfs"], seen["ended"])
    assert progression.median_survival_time_ == pytest.approx(6.3, abs=0.4)


def test_that_entry_and_cut_off_are_those_of_the_study(followed: pd.DataFrame) -> None:
    starts = followed["start_date"]
    assert starts.is_monotonic_increasing
    assert starts.min() >= pd.Timestamp(2020, 1, 6)
    assert (starts.max() - pd.Timestamp(2020, 1, 6)).days / MONTH <= 44.1
    assert (followed["last_contact_date"].max() - pd.Timestamp(2020, 1, 6)).days <= 55.5 * MONTH


def test_that_nobody_is_treated_or_scanned_after_the_end(
    tables: dict[str, pd.DataFrame], followed: pd.DataFrame
) -> None:
    for name, column in (("treatments", "start_date"), ("visits", "date"), ("labs", "date")):
        ends = tables[name]["patient_id"].map(followed["last_contact_date"])
        assert (tables[name][column] <= ends).all()
    starts = tables["treatments"]["start_date"]
    assert (starts.dt.dayofweek < 5).all()


def test_that_the_linear_predictor_follows_from_the_files(
    truth: tuple[PatientTruth, ...], baseline_labs: pd.DataFrame
) -> None:
    document = json.loads(json.dumps(truth_document(truth)))
    patients = pd.DataFrame(document["patients"]).set_index("patient_id")
    labs = baseline_labs[["ast", "ibil", "ldh"]].dropna()
    known = patients.loc[labs.index]
    expected = 0.50 * known["z_texture"] + 0.50 * known["z_necrosis"]
    expected += 0.405 * np.log2(labs["ast"] / 17.5) + 0.300 * np.log2(labs["ibil"] / 5.0)
    expected += 0.470 * np.log2(labs["ldh"] / 181.0)
    assert len(labs) >= 50
    assert known["linear_predictor"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)
    survival = np.exp(-((12.0 / 20.7) ** 1.93) * np.exp(patients["linear_predictor"]))
    assert patients["survival_12"].to_numpy() == pytest.approx(survival.to_numpy(), abs=1e-12)
    assert patients["linear_predictor"].std() == pytest.approx(0.80, abs=0.05)


def test_that_the_true_concordance_is_as_stated(truth: tuple[PatientTruth, ...], followed: pd.DataFrame) -> None:
    document = truth_document(truth)
    assert document["c_index"] == pytest.approx(0.69, abs=0.015)
    predictor = pd.Series({patient.patient_id: patient.linear_predictor for patient in truth})
    observed = concordance_index(followed["os"], -predictor[followed.index], followed["dead"])
    assert observed == pytest.approx(0.69, abs=0.03)
    pairs = [
        1.0 / (1.0 + np.exp(-abs(first - second)))
        for index, first in enumerate(predictor)
        for second in predictor.iloc[index + 1 :]
    ]
    assert document["c_index"] == pytest.approx(np.mean(pairs), abs=1e-12)


def test_that_death_and_progression_are_related(truth: tuple[PatientTruth, ...]) -> None:
    times = pd.DataFrame([(patient.os_months, patient.pfs_months) for patient in truth])
    assert times.corr("spearman").iloc[0, 1] == pytest.approx(0.6, abs=0.1)


def test_that_the_import_asks_about_the_two_traps_and_nothing_else(folder: Path) -> None:
    warnings = read_records(folder).warnings
    assert [(warning.file, warning.column, warning.code) for warning in warnings] == 2 * [("labs.csv", "value", "unit")]
    assert all("mg/dL" in warning.what for warning in warnings)
    assert {word for warning in warnings for word in ("indirect", "total") if word in warning.what} == {
        "indirect",
        "total",
    }


def test_that_three_percent_of_baseline_values_are_missing(
    truth: tuple[PatientTruth, ...], tables: dict[str, pd.DataFrame]
) -> None:
    labs = tables["labs"].merge(tables["patients"][["patient_id", "start_date"]])
    before = labs[labs["date"] < labs["start_date"]]
    chemistry = ["cea", "tbil", "dbil", "ibil", "alt", "ast", "alp", "ggt", "ldh", "alb", "bun", "cr", "ua"]
    n_missing = 59 * 13 - before["analyte"].isin(chemistry).sum()
    assert n_missing == round(0.03 * 59 * 13)
    showcase = next(patient.patient_id for patient in truth if patient.is_showcase)
    assert set(chemistry) <= set(before[before["patient_id"] == showcase]["analyte"])


def test_that_the_files_hold_exactly_the_records(truth: tuple[PatientTruth, ...], folder: Path) -> None:
    read = read_records(folder).records
    asked = {record.patient_id for record in read if any(lab.question for lab in record.labs)}
    assert len(asked) == 2
    expected = {patient.patient_id: patient.record for patient in truth}
    certain = [record for record in read if record.patient_id not in asked]
    assert all(in_day_order(record) == in_day_order(expected[record.patient_id]) for record in certain)


def in_day_order(record: TrialRecord) -> TrialRecord:
    """The same record with what happened on one day in an order of its own."""
    tables = ("labs", "treatments", "visits", "lesions", "adverse_events")
    return replace(record, **{name: tuple(sorted(getattr(record, name), key=repr)) for name in tables})


def test_that_everything_says_it_is_synthetic(truth: tuple[PatientTruth, ...], folder: Path) -> None:
    assert truth_document(truth)["is_synthetic"] is True
    assert "ynthetic" in str(truth_document(truth)["label"])
    for path in folder.glob("*.csv"):
        sidecar = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
        assert sidecar["is_synthetic"] is True


def test_that_the_showcase_is_p017_an_open_primary(truth: tuple[PatientTruth, ...]) -> None:
    (showcase,) = [patient for patient in truth if patient.is_showcase]
    assert showcase.patient_id == "P017"
    assert (showcase.site, showcase.lumen, showcase.artefact) == ("primary", "air", "")
    assert showcase.tumor_location == "thoracic"
    assert (showcase.slice_thickness_mm, showcase.pixel_mm, showcase.kvp) == (1.0, 0.74, 120)
    assert showcase.record.survival.death_date is not None
    assert min(visit.date for visit in showcase.record.visits) > date(2019, 12, 1)
