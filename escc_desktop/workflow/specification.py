"""The specification curve from files to files: what `escc specification` does, and the window in a child process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.table import FeatureTable, read_feature_table
from escc_desktop.files import digest, read_bytes, write_csv, write_json
from escc_desktop.prognosis.clinical import ClinicalTable, read_clinical
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.specification import Curve, Specification, specify, spread
from escc_desktop.progress import Progress
from escc_desktop.workflow.child_jobs import run_in_child
from escc_desktop.workflow.folders import check_folder, whole_folder

MARKER = "specifications.csv"
_NUMBERS = (
    "n_stable",
    "n_uncorrelated",
    "n_selected",
    "apparent",
    "corrected",
    "cut_value",
    "n_high",
    "flips",
    "fault",
)


def specification_files(
    tables: Mapping[str, Path], clinical: Path, out: Path, config: DevelopConfig, progress: Progress
) -> dict[str, Any]:
    """Fit every combination of open choices, write the folder `out` whole, and return the summary.

    `out` holds `specifications.csv` (one row a combination), `patients.csv` (how often each is at high risk) and
    `summary.json`.

    Raises
    ------
    UsageError
        No table was named.
    EsccError
        A file is at fault, or `out` holds other work.
    Cancelled
        Through `progress`; nothing was written.
    """
    if not tables:
        raise UsageError("No feature table was named.")
    check_folder(out, MARKER)
    read = {name: read_feature_table(path) for name, path in tables.items()}
    curve = specify(read, read_clinical(clinical), config, progress)
    provenance = {
        "program": f"escc-desktop {version()}",
        "config": config.digest,
        "inputs": {path.name: digest(read_bytes(path)) for path in (*tables.values(), clinical)},
    }
    document = summary(curve)
    with whole_folder(out, MARKER) as folder:
        write_curve(curve, folder, provenance)
        write_json(folder / "summary.json", {**document, **provenance})
    return document


def specify_in_child(
    tables: Mapping[str, FeatureTable], clinical: ClinicalTable, config: DevelopConfig, progress: Progress
) -> Curve:
    """Return the curve, worked out in a supervised child process, as a window needs it.

    Raises
    ------
    EsccError
        As `specify`.
    Cancelled
        From `progress`.
    """
    return run_in_child(specify, dict(tables), clinical, config, progress=progress)


def write_curve(curve: Curve, folder: Path, provenance: Mapping[str, object]) -> None:
    """Write the specifications, ordered as the choices are, and the patients."""
    choices = tuple(curve.reference.labels)
    rows = [[*one.labels.values(), *_numbers(curve, one)] for one in curve.specifications]
    write_csv(folder / MARKER, (*choices, *_NUMBERS), rows, provenance)
    reference = curve.reference.high
    groups = [""] * len(curve.patients) if reference is None else ["HIGH" if one else "LOW" for one in reference]
    patients = [list(row) for row in zip(curve.patients, groups, curve.share_high.tolist(), strict=True)]
    write_csv(folder / "patients.csv", ("patient_id", "reference_group", "share_high"), patients, provenance)


def _numbers(curve: Curve, one: Specification) -> list[object]:
    n_high = None if one.high is None else int(one.high.sum())
    return [
        one.n_stable,
        one.n_uncorrelated,
        one.n_selected,
        one.apparent,
        one.corrected,
        one.cut,
        n_high,
        curve.flips(one),
        one.fault,
    ]


def summary(curve: Curve) -> dict[str, Any]:
    """Return the spread of C and of the groups, ready for JSON."""
    found, share = curve.specifications, curve.share_high
    known = share[np.isfinite(share)]
    return {
        "n_specifications": len(found),
        "n_failed": sum(bool(one.fault) for one in found),
        "n_patients": len(curve.patients),
        "reference": {**curve.reference.labels},
        "reference_c": {
            "apparent": _or_none(curve.reference.apparent),
            "corrected": _or_none(curve.reference.corrected),
        },
        "c_apparent": [_or_none(value) for value in spread([one.apparent for one in found])],
        "c_corrected": [_or_none(value) for value in spread([one.corrected for one in found])],
        "n_selected": [_or_none(value) for value in spread([float(one.n_selected) for one in found if not one.fault])],
        "n_without_signature": sum(not one.fault and one.n_selected == 0 for one in found),
        "flips": [_or_none(value) for value in spread([curve.flips(one) for one in found])],
        "n_always_low": int(np.sum(known == 0)),
        "n_always_high": int(np.sum(known == 1)),
        "n_changing": int(np.sum((known > 0) & (known < 1))),
    }


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def summary_text(document: Mapping[str, Any]) -> str:
    """Return the summary in sentences."""

    def told(name: str, scale: float = 1.0, unit: str = "") -> str:
        return " / ".join("-" if value is None else f"{scale * value:.3g}{unit}" for value in document[name])

    return "\n".join(
        [
            (
                f"{document['n_specifications']} specifications on {document['n_patients']} patients; "
                f"{document['n_failed']} could not be fitted, {document['n_without_signature']} select no feature."
            ),
            "Least / median / largest:",
            f"  C-index apparent            {told('c_apparent')}",
            f"  C-index in test folds       {told('c_corrected')}",
            f"  features selected           {told('n_selected')}",
            f"  patients who change group   {told('flips', 100, ' %')} (against the first option of every choice)",
            (
                f"Always low {document['n_always_low']}, always high {document['n_always_high']}, "
                f"now one, now the other {document['n_changing']}."
            ),
        ]
    )


def named_tables(given: tuple[str, ...]) -> dict[str, Path]:
    """Return tables given as NAME=PATH or PATH, by name.

    Raises
    ------
    EsccError
        Two have the same name.
    """
    found: dict[str, Path] = {}
    for text in given:
        name, sign, path = text.partition("=")
        key = name if sign else Path(text).stem
        if key in found:
            raise EsccError(f"Two tables are called {key}.", "Give them names: sigma5=features.csv.")
        found[key] = Path(path if sign else text)
    return found
