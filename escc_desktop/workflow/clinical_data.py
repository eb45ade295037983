"""Trial records into the project, and out of it as the clinical table that models are built on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter

from escc_desktop.files import CsvTable, csv_text, parse_csv
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import PATIENT, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.trial.importing import RecordsImport, read_records, refuse_open_questions
from escc_desktop.trial.records import TrialRecord
from escc_desktop.trial.results import clinical_rows

_CODEC: TypeAdapter[TrialRecord] = TypeAdapter(TrialRecord)
CLINICAL_NAME = "CLINICAL.csv"


def import_records(store: Store, principal: Principal, folder: Path, accept: frozenset[str]) -> RecordsImport:
    """Store the records of a folder in one transaction; a record that did not change gets no new revision.

    Parameters
    ----------
    accept
        Codes of the questions that were looked at and confirmed; the values stay as they are in the file.

    Raises
    ------
    FaultsError
        The tables are at fault, or hold questions that were not confirmed: all of them.
    """
    result = read_records(folder)
    refuse_open_questions(result, folder, accept)
    with store.write(principal, "import trial records") as writing:
        for record in result.records:
            document = Document(record.patient_id, _CODEC.dump_python(record, mode="json"))
            before = store.find(TRIAL_RECORD, record.patient_id)
            if before is not None and before.content == document.content:
                continue
            if store.find(PATIENT, record.patient_id) is None:
                writing.put(PATIENT, Document(record.patient_id, {}))
            writing.put(TRIAL_RECORD, document)
    return result


def record_of(document: Document) -> TrialRecord:
    """Return the record a document holds."""
    return _CODEC.validate_python(document.content)


def clinical_csv(records: Sequence[TrialRecord]) -> CsvTable:
    """Return the clinical table as text cells, as CLINICAL.csv holds them."""
    header, rows = clinical_rows(records)
    return parse_csv(csv_text(header, rows), CLINICAL_NAME)


def clinical_table(records: Sequence[TrialRecord]) -> ClinicalTable:
    """Return endpoints and covariates of the records; the same whether it went through a file or not."""
    return parse_clinical(clinical_csv(records))
