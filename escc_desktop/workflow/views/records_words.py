"""What the columns and values of a record are called on screen."""

from __future__ import annotations

from escc_desktop.i18n import _
from escc_desktop.trial.columns import analytes
from escc_desktop.workflow.trial_words import drug_name


def table_title(table: str) -> str:
    """Return the name of a table's tab."""
    return {
        "eligibility": _("Eligibility"),
        "patients": _("Baseline"),
        "labs": _("Labs"),
        "treatments": _("Cycles and doses"),
        "visits": _("Visits"),
        "lesions": _("Lesions"),
        "adverse_events": _("Adverse events"),
        "survival": _("Follow-up"),
        "screening": _("Screening"),
    }[table]


def column_label(column: str) -> str:
    """Return what a column is called; one without a name of its own is called as in the files."""
    return _labels().get(column) or column.replace("_", " ")


def value_words(column: str, value: str) -> str:
    """Return a coded value as people say it; what is no code stays as it is."""
    if column == "analyte" and value in analytes():
        return f"{value.upper()} {analytes()[value].name}"
    return drug_name(value) if column == "drug" else _values().get(value, value)


def state_words(state: str) -> str:
    """Return the state of a record or of a query."""
    return {
        "open": _("open"),
        "frozen": _("frozen"),
        "locked": _("locked"),
        "answered": _("answered"),
        "closed": _("closed"),
        "queried": _("queried"),
    }[state]


def act_words(act: str) -> str:
    """Return what was done to a query."""
    return {
        "raise": _("asked"),
        "answer": _("answered"),
        "close": _("closed"),
        "reopen": _("asked again"),
        "settled": _("no longer applies"),
    }[act]


def _labels() -> dict[str, str]:
    return {
        "patient_id": _("Patient"), "start_date": _("Start"), "sex": _("Sex"), "age_years": _("Age"),
        "ecog": "ECOG", "height_cm": _("Height"), "weight_kg": _("Weight"), "tumor_location": _("Tumour location"),
        "tumor_size_mm": _("Tumour size"), "differentiation": _("Differentiation"), "stage": _("Stage"),
        "n_metastatic_sites": _("Metastatic organs"), "metastasis_liver": _("Liver metastasis"),
        "metastasis_lung": _("Lung metastasis"), "metastasis_lymph_node": _("Lymph node metastasis"),
        "metastasis_other_sites": _("Further organs"), "distant_metastasis": _("Distant metastasis"),
        "prior_surgery": _("Prior surgery"), "prior_radiotherapy": _("Prior radiotherapy"),
        "prior_chemotherapy": _("Prior chemotherapy"), "prior_targeted_therapy": _("Prior targeted therapy"),
        "prior_immunotherapy": _("Prior immunotherapy"), "t_stage": "T", "n_stage": "N", "m_stage": "M",
        "ugt1a1": "UGT1A1", "date": _("Date"), "analyte": _("Test"), "value": _("Value"), "unit": _("Unit"),
        "lln": "LLN", "uln": "ULN", "method": _("Assay"), "confirmed": _("Checked"), "cycle": _("Cycle"),
        "drug": _("Drug"), "end_date": _("End"), "dose": _("Dose given"), "dose_unit": _("Dose unit"),
        "action": _("Action"), "reason": _("Reason"), "day": _("Day of cycle"), "planned_dose": _("Planned dose"),
        "visit": _("Visit"), "response": _("Response"), "lesion_id": _("Lesion"), "site": _("Site"),
        "role": _("Role"), "axis": _("Axis"), "diameter_mm": _("Diameter"), "irradiated": _("Irradiated"),
        "organ": _("Organ"), "state": _("State"), "joined_to": _("Joined to"),
        "slice_thickness_mm": _("Slice thickness"), "session_id": _("Reading"), "term": _("Adverse event"),
        "grade": _("Grade"), "serious": _("Serious"), "immune_related": _("Immune-related"),
        "related_to": _("Related to"), "outcome": _("Outcome"), "status": _("Status"),
        "last_contact_date": _("Last contact"), "death_date": _("Death"),
        "next_therapy_date": _("Next therapy from"), "next_therapy": _("Next therapy"),
        "criterion": _("Criterion"), "answer": _("Answer"), "comment": _("Comment"),
    }  # fmt: skip


def _values() -> dict[str, str]:
    return {
        "female": _("female"), "male": _("male"), "yes": _("yes"), "no": _("no"), "alive": _("alive"),
        "dead": _("dead"), "lost": _("lost to follow-up"), "cervical": _("cervical"), "thoracic": _("thoracic"),
        "abdominal": _("abdominal"), "well": _("well"), "moderate": _("moderate"),
        "moderate_to_poor": _("moderate to poor"), "poor": _("poor"), "undifferentiated": _("undifferentiated"),
        "mg_per_day": _("mg per day"), "given": _("given"), "reduced": _("reduced"), "delayed": _("delayed"),
        "held": _("held"), "stopped": _("stopped"), "NON_CR_NON_PD": "non-CR/non-PD",
        "primary": _("primary tumour"), "anastomotic": _("anastomotic recurrence"),
        "regional_node": _("regional node"), "distant_node": _("distant node"), "liver": _("liver"),
        "lung": _("lung"), "other": _("other"), "target": _("target"), "non_target": _("non-target"),
        "new": _("new"), "long": _("long"), "short": _("short"), "too_small": _("too small to measure"),
        "absent": _("absent"), "not_evaluable": _("not evaluable"), "present": _("present"),
        "progressed": _("unequivocal progression"), "merged": _("merged"), "split": _("split"),
        "confirmed": _("confirmed"), "suspected": _("suspected"), "not_assessed": _("not assessed"),
        "recovered": _("recovered"), "recovering": _("recovering"),
        "recovered_with_sequelae": _("recovered with sequelae"), "not_recovered": _("not recovered"),
        "fatal": _("fatal"), "unknown": _("unknown"), "met": _("met"), "not_met": _("not met"),
        "enrolled": _("enrolled"), "not_enrolled": _("not enrolled"), "not_analysed": _("not analysed"),
    }  # fmt: skip
