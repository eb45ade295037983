"""Trial records into the project, and out of it as the clinical table that models are built on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from escc_desktop.errors import EsccError
from escc_desktop.files import CsvTable, csv_text, parse_csv
from escc_desktop.i18n import _
from escc_desktop.prognosis.clinical import ClinicalTable, parse_clinical
from escc_desktop.store.accounts import Principal
from escc_desktop.store.kinds import PATIENT, SCREENING, TRIAL_RECORD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store, Writing
from escc_desktop.trial.importing import RecordsImport
from escc_desktop.trial.records import Screening, TrialRecord
from escc_desktop.trial.results import clinical_rows
from escc_desktop.workflow.records_lock import WHOLE_TRIAL, hold_open
from escc_desktop.workflow.records_queries import follow_findings
from escc_desktop.workflow.records_rows import findings_of

_CODEC: TypeAdapter[TrialRecord] = TypeAdapter(TrialRecord)
CLINICAL_NAME = "CLINICAL.csv"


def store_records(
    store: Store, principal: Principal, result: RecordsImport, reason: str, after: Mapping[str, int]
) -> tuple[str, ...]:
    """Store what an import read, in one transaction, and return the patients whose record changed.

    Parameters
    ----------
    after
        The revision each patient's record had when the import was laid over it.

    Raises
    ------
    EsccError
        A record that would change is frozen or locked, or was changed meanwhile: nothing of the import is stored.
    """
    changed = []
    with store.write(principal, "import trial records", reason) as writing:
        for record in result.records:
            before = store.find(TRIAL_RECORD, record.patient_id)
            if before is not None and before.content == _CODEC.dump_python(record, mode="json"):
                continue
            hold_open(store, writing, record.patient_id)
            put_record(store, writing, principal, record, after.get(record.patient_id))
            changed.append(record.patient_id)
        for person in result.screened:
            _put_screened(store, writing, person)
    return tuple(changed)


def put_record(
    store: Store, writing: Writing, principal: Principal, record: TrialRecord, after: int | None = None
) -> None:
    """Add a record to a transaction, with the queries its checks ask; whoever writes one does it by this.

    The caller holds it open (`records_lock.hold_open`). `after` is the revision the record was derived from.
    """
    if store.find(PATIENT, record.patient_id) is None:
        writing.put(PATIENT, Document(record.patient_id, {}))
    writing.put(TRIAL_RECORD, Document(record.patient_id, _CODEC.dump_python(record, mode="json")), after=after)
    follow_findings(store, writing, principal, record.patient_id, findings_of(record))


def _put_screened(store: Store, writing: Writing, person: Screening) -> None:
    row = {
        "patient_id": person.patient_id, "date": person.date.isoformat(), "outcome": person.outcome,
        "reason": person.reason,
    }  # fmt: skip
    before = store.find(SCREENING, person.patient_id)
    if before is None or before.content != row:
        hold_open(store, writing, WHOLE_TRIAL)
        writing.put(SCREENING, Document(person.patient_id, row))


def record_of(document: Document) -> TrialRecord:
    """Return the record a document holds."""
    return _CODEC.validate_python(document.content)


def clinical_csv(records: Sequence[TrialRecord]) -> CsvTable:
    """Return the clinical table as text cells, as CLINICAL.csv holds them.

    Raises
    ------
    EsccError
        There is no record.
    """
    if not records:
        raise EsccError(_("The project has no trial records."), _("Import or enter them first."))
    header, rows = clinical_rows(records)
    return parse_csv(csv_text(header, rows), CLINICAL_NAME)


def clinical_table(records: Sequence[TrialRecord]) -> ClinicalTable:
    """Return endpoints and covariates of the records; the same whether it went through a file or not."""
    return parse_clinical(clinical_csv(records))
