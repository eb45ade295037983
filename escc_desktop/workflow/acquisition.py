"""How far features follow the way their images were made, as a table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from escc_desktop import version
from escc_desktop.features.table import FeatureTable, read_feature_table
from escc_desktop.files import digest, read_bytes, refuse_overwriting, write_csv
from escc_desktop.prognosis.cohort import features_digest
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.dependence import FALSE_DISCOVERY_RATE, Dependence, dependence_of
from escc_desktop.prognosis.settings import check_one_settings
from escc_desktop.stats.association import MIN_ROWS
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.stored import feature_table
from escc_desktop.workflow.study_files import check_file

COLUMNS: Final = ("feature", "field", "method", "n", "coefficient", "explained", "p", "q")
_RULE: Final = DevelopConfig().patient_value


def acquisition_of_file(features: Path, out: Path | None) -> dict[str, Any]:
    """Compare the features of a wide table with how its sidecar says their images were made; return the summary.

    Parameters
    ----------
    out
        CSV to write, one row a feature and field.

    Raises
    ------
    EsccError
        The table is at fault or mixes settings, nothing is known of the images, or `out` cannot be written.
    """
    if out is not None:
        check_file(out, ".csv")
        refuse_overwriting(out, features)
    source = {"features": {"name": features.name, "sha256": digest(read_bytes(features))}}
    return _told(read_feature_table(features), out, source)


def acquisition_of_project(project: Project, out: Path | None) -> dict[str, Any]:
    """Compare the features of a project's signed readings with how their series were made; return the summary.

    Raises
    ------
    AccessDeniedError
        The principal may not see features, or not export.
    EsccError
        Features are missing, nothing is known of the images, or `out` cannot be written.
    """
    require(project.principal, Operation.VIEW_FEATURES)
    if out is not None:
        require(project.principal, Operation.EXPORT)
        check_file(out, ".csv")
    table = feature_table(list(project.features()))
    return _told(table, out, {"features_digest": features_digest(table)})


def _told(table: FeatureTable, out: Path | None, source: Mapping[str, Any]) -> dict[str, Any]:
    check_one_settings(table)
    found = dependence_of(table, _RULE)
    if out is not None:
        provenance = {"program": f"escc-desktop {version()}", "patient_value": _RULE, **source}
        write_csv(out, COLUMNS, _rows(found), provenance)
    result = found.result()
    return {
        "out": None if out is None else str(out),
        "n_features": result.n_features,
        "false_discovery_rate": FALSE_DISCOVERY_RATE,
        "fields": [field.model_dump(mode="json") for field in result.fields],
    }


def _rows(found: Dependence) -> Iterator[list[object]]:
    for one in found.fields:
        kept = one.association
        if kept is None:
            continue
        columns = zip(found.names, kept.coefficient, kept.explained, kept.p, kept.q, strict=True)
        for name, *numbers in columns:
            yield [name, one.field, kept.method, kept.n, *(_cell(number) for number in numbers)]


def _cell(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def acquisition_text(summary: Mapping[str, Any]) -> str:
    """Return a summary for people: each field, its values, and how many features follow it."""
    lines = []
    for field in summary["fields"]:
        levels = ", ".join(f"{level} ({count})" for level, count in list(field["levels"].items())[:6])
        more = ", …" if len(field["levels"]) > 6 else ""
        n = field["n_associated"]
        if not field["n"]:
            verdict = "not known"
        elif n is None:
            verdict = "too few patients to compare" if field["n"] < MIN_ROWS else "does not vary"
        else:
            verdict = f"{n:,} of {summary['n_features']:,} features follow it (false discovery rate 5 %)"
        lines.append(f"{field['field']:18} {verdict}; {levels}{more}".rstrip("; "))
    return "\n".join(lines)
