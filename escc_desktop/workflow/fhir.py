"""An assessment as HL7 FHIR R4: a Bundle with a RiskAssessment of a pseudonym, and what it rests on.

Elements, required fields and code systems after https://hl7.org/fhir/R4/riskassessment.html (and bundle, patient,
observation, device). No name, no date of birth, no hospital number, no date of treatment goes in; the patient is the
trial code. No time goes in, so that the same assessment gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid5

from escc_desktop import version
from escc_desktop.files import canonical_json, digest, write_json
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.score import Assessment
from escc_desktop.trial.protocol import load_protocol
from escc_desktop.trial.records import TrialRecord
from escc_desktop.workflow.patient_report import caution_words, withheld_words

UCUM: Final = "http://unitsofmeasure.org"
SNOMED: Final = "http://snomed.info/sct"
_RISK: Final = "http://terminology.hl7.org/CodeSystem/risk-probability"
_OBSERVATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
RESEARCH: Final = "Research use only, not for the record; it decides no treatment."
_SPACE: Final = UUID("5b1c6f0e-9d2a-4c55-8f0b-6c1d3f7a2e90")
# The ending of a column's name, and its unit in UCUM.
_UNITS: Final = {
    "1e9_per_l": "10*9/L",
    "u_per_l": "U/L",
    "umol_per_l": "umol/L",
    "mmol_per_l": "mmol/L",
    "g_per_l": "g/L",
    "ng_per_ml": "ng/mL",
    "kg_per_m2": "kg/m2",
    "years": "a",
    "mm": "mm",
}

Json = dict[str, Any]


@dataclass(frozen=True)
class Assessed:
    """What goes into the bundle.

    Attributes
    ----------
    covariates
        The card's covariates of the patient by column; None where missing.
    """

    verdict: Assessment
    card: ModelCard
    record: TrialRecord | None
    covariates: Mapping[str, float | str | None]
    is_synthetic: bool = False


def write_bundle(assessed: Assessed, path: Path) -> None:
    """Write the bundle as JSON.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    write_json(path, bundle(assessed))


def bundle(assessed: Assessed) -> Json:
    """Return the Bundle: patient, program, observations, and the risk assessment that names them."""
    patient, device = _patient(assessed), _device()
    observations = [*_rad_score(assessed), *_covariates(assessed)]
    basis = [_reference(one) for one in observations]
    resources = [patient, device, *observations, _risk_assessment(assessed, _reference(device), basis)]
    made: Json = {
        "resourceType": "Bundle",
        "meta": _meta(assessed),
        "type": "collection",
        "entry": [{"fullUrl": _url(one), "resource": one} for one in resources],
    }
    made["identifier"] = {"system": "urn:ietf:rfc:3986", "value": _name("bundle", digest(canonical_json(made)))}
    return made


def _name(*parts: str) -> str:
    return f"urn:uuid:{uuid5(_SPACE, '/'.join(parts))}"


def _url(resource: Json) -> str:
    return f"urn:uuid:{resource['id']}"


def _identity(*parts: str) -> str:
    return str(uuid5(_SPACE, "/".join(parts)))


def _reference(resource: Json) -> Json:
    return {"reference": _url(resource)}


def _meta(assessed: Assessed) -> Json:
    labels = [
        {"system": _OBSERVATION, "code": "PSEUDED", "display": "pseudonymized"},
        {"system": _REASON, "code": "HRESCH", "display": "healthcare research"},
    ]
    if assessed.is_synthetic:
        labels.append({"system": _REASON, "code": "HTEST", "display": "test health data"})
    return {"security": labels}


def _patient(assessed: Assessed) -> Json:
    code = assessed.verdict.patient_id
    identifier = {
        "use": "secondary",
        "type": {"text": "trial code (pseudonym)"},
        "value": code,
        "assigner": {"display": load_protocol().registration},
    }
    made: Json = {"resourceType": "Patient", "id": _identity("patient", code), "identifier": [identifier]}
    if assessed.record is not None and assessed.record.baseline.sex in {"male", "female"}:
        made["gender"] = assessed.record.baseline.sex
    return made


def _device() -> Json:
    return {
        "resourceType": "Device",
        "id": _identity("device", version()),
        "deviceName": [{"name": "ESCC Desktop", "type": "user-friendly-name"}],
        "version": [{"value": version()}],
    }


def _observation(assessed: Assessed, name: str, text: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": _identity("observation", assessed.verdict.patient_id, assessed.card.digest, name),
        "status": "final",
        "code": {"text": text},
        "subject": {"reference": f"urn:uuid:{_identity('patient', assessed.verdict.patient_id)}"},
    }


def _rad_score(assessed: Assessed) -> list[Json]:
    value = assessed.verdict.rad_score
    if value is None:
        return []
    made = _observation(assessed, "rad_score", "Rad-score")
    made["valueQuantity"] = {"value": value, "unit": "1", "system": UCUM, "code": "1"}
    definition = assessed.card.rad_score
    if definition is not None and definition.cutoff is not None:
        made["referenceRange"] = [{"text": f"HIGH risk above {definition.cutoff.value!r}"}]
    return [made]


def _covariates(assessed: Assessed) -> list[Json]:
    made = []
    for name, value in assessed.covariates.items():
        one = _observation(assessed, name, name)
        if value is None:
            one["dataAbsentReason"] = {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]
            }
        elif isinstance(value, str):
            one["valueString"] = value
        else:
            unit = next((code for ending, code in _UNITS.items() if name.endswith(f"_{ending}")), "1")
            one["valueQuantity"] = {"value": value, "unit": unit, "system": UCUM, "code": unit}
        made.append(one)
    return made


def _risk_assessment(assessed: Assessed, performer: Json, basis: list[Json]) -> Json:
    verdict, card = assessed.verdict, assessed.card
    made: Json = {
        "resourceType": "RiskAssessment",
        "id": _identity("risk", verdict.patient_id, card.digest),
        "meta": _meta(assessed),
        "status": "final",
        "method": {"text": f"{card.name}; model card sha256 {card.digest}"},
        "code": {"text": f"Prognostic model, {card.kind}"},
        "subject": {"reference": f"urn:uuid:{_identity('patient', verdict.patient_id)}"},
        "performer": performer,
        "prediction": [*_survival(assessed), *_group(assessed)],
        "mitigation": RESEARCH,
        "note": [{"text": text} for text in (RESEARCH, *_cautions(verdict))],
    }
    if not made["prediction"]:
        del made["prediction"]
    if basis:
        made["basis"] = basis
    return made


def _cautions(verdict: Assessment) -> list[str]:
    withheld = [f"Probability withheld: {withheld_words(verdict)}"] if verdict.survival is None else []
    return withheld + [caution_words(one.code, one.detail) for one in verdict.cautions]


def _survival(assessed: Assessed) -> list[Json]:
    """Return the probability, in percent as FHIR has it, and its interval as a prediction of its own."""
    verdict, card = assessed.verdict, assessed.card
    if verdict.survival is None:
        return []
    if card.endpoint == "os":
        text = f"alive {card.horizon_months:g} months after the first dose"
        outcome: Json = {"coding": [{"system": SNOMED, "code": "438949009", "display": "Alive"}], "text": text}
    else:
        outcome = {"text": f"alive without progression {card.horizon_months:g} months after the first dose"}
    has_limits = verdict.lower is not None and verdict.upper is not None
    known = "its 95 % interval is the next prediction" if has_limits else "no interval is known for it"
    estimate = {"outcome": outcome, "probabilityDecimal": verdict.survival * 100, "rationale": f"Estimate; {known}."}
    if verdict.lower is None or verdict.upper is None:
        return [estimate]
    limits = {"low": _percent(verdict.lower), "high": _percent(verdict.upper)}
    return [
        estimate,
        {"outcome": outcome, "probabilityRange": limits, "rationale": "95 % confidence interval of the estimate."},
    ]


def _percent(share: float) -> Json:
    return {"value": share * 100, "unit": "%", "system": UCUM, "code": "%"}


def _group(assessed: Assessed) -> list[Json]:
    group = assessed.verdict.risk_group
    if group is None:
        return []
    level = {"coding": [{"system": _RISK, "code": group.lower()}], "text": f"{group} by the card's cut-off"}
    death = {"coding": [{"system": SNOMED, "code": "419620001", "display": "Death"}], "text": "death"}
    outcome = death if assessed.card.endpoint == "os" else {"text": "progression or death"}
    return [{"outcome": outcome, "qualitativeRisk": level}]
