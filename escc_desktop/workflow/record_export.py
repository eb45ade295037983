"""Trial records out of a project: CSV tables, one workbook, or CDISC ODM; importing them again changes nothing."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.files import canonical_json, digest, json_bytes, write_whole
from escc_desktop.progress import Progress
from escc_desktop.trial.exporting import all_rows, write_tables
from escc_desktop.trial.exporting_xlsx import workbook_bytes
from escc_desktop.trial.odm import OdmFile, odm_bytes
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.folders import check_folder, whole_folder
from escc_desktop.workflow.project import Project

_MARKER = "patients.csv"


class RecordsFormat(StrEnum):
    """How trial records are written."""

    CSV = "csv"
    XLSX = "xlsx"
    ODM = "odm"


def export_records(
    project: Project, out: Path, kind: RecordsFormat, *, is_synthetic: bool = False, progress: Progress
) -> Path:
    """Write all trial records and who was screened, whole or not at all, with their provenance.

    Parameters
    ----------
    out
        A new or empty folder for CSV tables; the file for a workbook or ODM, with a sidecar beside it.
    is_synthetic
        Whether nobody in the records is real; the provenance says so.

    Raises
    ------
    AccessDeniedError
        The person may not export trial records.
    EsccError
        There are none, or `out` cannot be written or holds other work.
    """
    require(project.principal, Operation.EXPORT_RECORDS)
    if kind is RecordsFormat.CSV:
        check_folder(out, _MARKER)
    progress.advance(0, 2, out.name)
    records, screened = project.records(), project.record_imports().screened()
    if not records:
        raise EsccError("There are no trial records.", "Import or enter them first.")
    provenance: dict[str, object] = {
        "software": f"ESCC Desktop {version()}",
        "records": digest(canonical_json(all_rows(records, screened))),
        "patients": len(records),
        "is_synthetic": is_synthetic,
    }
    progress.advance(1, 2, out.name)
    if kind is RecordsFormat.CSV:
        with whole_folder(out, _MARKER) as target:
            write_tables(records, target, provenance, screened)
        return out
    if kind is RecordsFormat.XLSX:
        raw = workbook_bytes(records, screened, provenance)
    else:
        about = OdmFile(f"ESCC.{str(provenance['records'])[:16]}", project.now(), str(provenance["software"]))
        raw = odm_bytes(records, screened, about)
    write_whole(out, raw)
    write_whole(out.with_name(f"{out.name}.json"), json_bytes({**provenance, "sha256": digest(raw)}))
    return out
