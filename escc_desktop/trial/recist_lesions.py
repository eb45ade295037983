"""What the lesions of a record say on one scan: the diameter that counts, and why (RECIST 1.1, Eisenhauer 2009)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.records import LesionMeasurement, TrialRecord
from escc_desktop.trial.rules import Rules

NODE_SITES: Final = frozenset({"regional_node", "distant_node"})
ALL_NODES: Final = "lymph nodes"
TOO_SMALL_MM: Final = 5.0
NORMAL_NODE_MM: Final = 10.0
TARGET_NODE_MM: Final = 15.0
MEASURABLE_MM: Final = 10.0


def is_node(lesion: LesionMeasurement) -> bool:
    """Return whether a lesion is a lymph node: by its site, or because its short axis was measured."""
    return lesion.site in NODE_SITES or lesion.axis == "short"


def organ_of(lesion: LesionMeasurement) -> str:
    """Return the organ a lesion counts for; all lymph nodes are one."""
    if lesion.organ:
        return lesion.organ
    return ALL_NODES if is_node(lesion) else lesion.site


@dataclass(frozen=True)
class Reading:
    """One lesion at one time point.

    Attributes
    ----------
    date
        Of the scan it was seen on; None where it was not.
    diameter_mm
        What counts for the sum; None where nothing can be said.
    reason
        Why, in words; "" for a plain measurement.
    """

    lesion_id: str
    site: str
    is_node: bool
    date: date | None
    diameter_mm: float | None
    state: str = ""
    reason: str = ""
    session_id: str = ""
    slice_thickness_mm: float | None = None

    @property
    def is_gone(self) -> bool:
        """Whether it is no disease any more: gone, or a node of normal size."""
        if self.diameter_mm is None or self.state == "equivocal":
            return False
        if self.is_node:
            return self.diameter_mm < NORMAL_NODE_MM
        return self.diameter_mm == 0.0 and self.state != "present"


@dataclass(frozen=True)
class Scan:
    """The scans of one time point, as rows by lesion; of a lesion measured twice the last one counts."""

    days: tuple[date, ...]
    rows: Mapping[str, LesionMeasurement]


def baseline_rows(record: TrialRecord) -> dict[str, LesionMeasurement]:
    """Return the last row of each lesion up to day 1; a new lesion has no baseline."""
    before = [row for row in record.lesions if row.date <= record.start_date and row.role != "new"]
    return {row.lesion_id: row for row in _in_order(before)}


def scans_after(record: TrialRecord, rules: Rules) -> tuple[Scan, ...]:
    """Return the time points after day 1: scans within `rules.time_point_days` of the first of them are one."""
    rows = _in_order(row for row in record.lesions if row.date > record.start_date)
    groups: list[list[LesionMeasurement]] = []
    for row in rows:
        if groups and (row.date - groups[-1][0].date).days <= rules.time_point_days:
            groups[-1].append(row)
        else:
            groups.append([row])
    return tuple(
        Scan(tuple(sorted({row.date for row in group})), {row.lesion_id: row for row in group}) for group in groups
    )


def _in_order(rows: Iterable[LesionMeasurement]) -> list[LesionMeasurement]:
    return sorted(rows, key=lambda row: (row.date, row.lesion_id))


@dataclass(frozen=True)
class Parts:
    """What is known of merged and split lesions so far; each time point adds to it.

    Attributes
    ----------
    merged
        Into which lesion one merged.
    fragments
        The rows with which parts of a split lesion were first seen.
    """

    merged: Mapping[str, str]
    fragments: Mapping[str, LesionMeasurement]

    def after(self, scan: Scan, targets: Mapping[str, LesionMeasurement]) -> Parts:
        """Return what is known once a scan has been read; a lesion measured apart again is not merged any more."""
        merged, fragments = dict(self.merged), dict(self.fragments)
        for lesion_id, row in scan.rows.items():
            if row.state == "merged" and row.joined_to:
                merged[lesion_id] = row.joined_to
            elif row.state != "not_evaluable":
                merged.pop(lesion_id, None)
            if row.state == "split" and lesion_id not in targets and row.joined_to in {*targets, *fragments}:
                fragments.setdefault(lesion_id, row)
        return Parts(merged, fragments)

    def read(self, scan: Scan, lesions: Mapping[str, LesionMeasurement]) -> tuple[Reading, ...]:
        """Return what each of some lesions counts on a scan; `lesions` holds their first rows."""
        return tuple(self._read(known, scan.rows.get(lesion_id)) for lesion_id, known in lesions.items())

    def _read(self, known: LesionMeasurement, row: LesionMeasurement | None) -> Reading:
        has_parts = any(part.joined_to == known.lesion_id for part in self.fragments.values())
        diameter, reason = _counted(row, self.merged.get(known.lesion_id, ""), has_parts=has_parts)
        if row is None:
            return Reading(known.lesion_id, known.site, is_node(known), None, diameter, "", reason)
        return Reading(
            known.lesion_id,
            known.site,
            is_node(known),
            row.date,
            diameter,
            row.state,
            reason,
            row.session_id,
            row.slice_thickness_mm,
        )


def _counted(row: LesionMeasurement | None, merged_into: str, *, has_parts: bool) -> tuple[float | None, str]:
    """Return the diameter that counts and the reason."""
    state = "" if row is None else row.state
    if merged_into and (row is None or state == "merged"):
        return 0.0, _("merged into {lesion}, whose diameter stands for both").format(lesion=merged_into)
    if state in _WITHOUT_A_NUMBER:
        return _WITHOUT_A_NUMBER[state], _state_words(state)
    if row is not None and row.diameter_mm is not None:
        return row.diameter_mm, ""
    if has_parts:
        return 0.0, _("split: its parts count instead")
    if state == "too_small":
        return TOO_SMALL_MM, _("too small to measure: 5 mm")
    return None, _("not measured") if row is None else _("seen, not measured")


_WITHOUT_A_NUMBER: Final[Mapping[str, float | None]] = {"absent": 0.0, "not_evaluable": None, "merged": None}


def _state_words(state: str) -> str:
    return {
        "absent": _("gone: 0 mm"),
        "not_evaluable": _("not evaluable"),
        "merged": _("merged, into which lesion is not said"),
    }[state]


NOTHING_JOINED: Final = Parts({}, {})


def sum_mm(readings: Sequence[Reading]) -> float | None:
    """Return the sum of diameters; None where one of them is not known, or there is none."""
    sizes = [reading.diameter_mm for reading in readings]
    if not sizes or None in sizes:
        return None
    return sum(size for size in sizes if size is not None)
