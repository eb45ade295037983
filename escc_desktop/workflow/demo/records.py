"""The synthetic study's records as a RECORDS_DIR."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from escc_desktop.trial.exporting import write_tables
from escc_desktop.workflow.demo.truth import LABEL, PatientTruth


def write_records(truth: Sequence[PatientTruth], folder: Path) -> None:
    """Write the CSV tables the trial would have handed over, each with a sidecar that says what it is.

    They import with one question for each value entered in another unit, and no others.

    Raises
    ------
    EsccError
        The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_tables([patient.record for patient in truth], folder, {"label": LABEL, "is_synthetic": True})
