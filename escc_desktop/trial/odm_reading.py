"""Trial records out of a CDISC ODM 1.3 file; its XML is parsed in the limited child process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escc_desktop.errors import EsccError
from escc_desktop.imaging.sandbox import Refused, SandboxError, borrowed_sandbox
from escc_desktop.trial.columns import TableSpec, table_specs
from escc_desktop.trial.odm import group_oid, item_oid
from escc_desktop.trial.sheets import Found, Sheet

_TIMEOUT_S = 300.0  # thousands of rows on a slow machine
_LISTED = 12


def read_odm(path: Path, raw: bytes) -> Found:
    """Read the item groups of an ODM file that are tables of trial records.

    Raises
    ------
    EsccError
        It is no ODM 1.3, declares entities, is damaged, or holds none of the item groups known here.
    """
    try:
        with borrowed_sandbox() as sandbox:
            document, _ = sandbox.call("odm", {}, raw, _TIMEOUT_S)
    except (Refused, SandboxError) as error:
        raise EsccError(f"{path.name}: {error.what}", error.hint) from None
    found = Found(path.name, "form")
    known = {group_oid(spec): spec for spec in table_specs().values()}
    groups: list[dict[str, Any]] = document["groups"]
    for key in document["twice"]:
        found.fault(f"{path.name}, {key}", "stands more than once")
    strange = list(dict.fromkeys(one["group"] for one in groups if one["group"] not in known))
    if not any(one["group"] in known for one in groups):
        listed = ", ".join(oid[:40] for oid in strange[:_LISTED]) or "none"
        raise EsccError(
            f"{path.name} holds no item group of trial records; it has {listed}.",
            f"Map them to {', '.join(known)} where it is exported.",
        )
    for oid in strange:
        found.ask("unknown_oid", path.name, f"the item group {oid[:60]} is unknown; it is not imported")
    for oid, spec in known.items():
        mine = [one for one in groups if one["group"] == oid]
        if mine:
            _add_sheet(spec, mine, found)
    return found


def _add_sheet(spec: TableSpec, groups: Sequence[Mapping[str, Any]], found: Found) -> None:
    place = found.place_of(spec)
    columns = {item_oid(spec, column): column.name for column in spec.columns if column.name != "patient_id"}
    seen = dict.fromkeys(oid for one in groups for oid in one["items"])
    for oid in seen:
        if oid not in columns:
            found.ask("unknown_oid", place, f"the item {oid[:60]} is unknown; it is not imported")
    header = [oid for oid in columns if oid in seen]
    rows, numbers = [], []
    for number, one in enumerate(groups, start=2):
        if one["transaction"] == "Remove":
            found.fault(f"{place}, row {number}", "is marked to be removed; remove it in the project with a reason")
            continue
        rows.append((one["subject"].strip(), *(str(one["items"].get(oid, "")).strip() for oid in header)))
        numbers.append(number)
    means = {"SubjectKey": "patient_id", **columns}
    found.add(Sheet(spec.name, place, ("SubjectKey", *header), tuple(rows), tuple(numbers), means=means), spec.name)
