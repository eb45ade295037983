"""What a record's lesions leave open or get wrong by RECIST 1.1: said, never silently repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from escc_desktop.i18n import _
from escc_desktop.trial.recist_lesions import (
    MEASURABLE_MM,
    NORMAL_NODE_MM,
    TARGET_NODE_MM,
    baseline_rows,
    is_node,
    organ_of,
)
from escc_desktop.trial.records import LesionMeasurement, TrialRecord
from escc_desktop.trial.rules import Rules, load_rules

MOST_TARGETS: Final = 5
MOST_OF_AN_ORGAN: Final = 2
_LEAST_SLICES: Final = 2.0
_ESOPHAGEAL: Final = frozenset({"primary", "anastomotic"})


@dataclass(frozen=True)
class Finding:
    """One thing about a record's lesions.

    Attributes
    ----------
    code
        For programs; `words` are for people.
    lesion_id
        "" where it is about all of them.
    """

    code: str
    lesion_id: str
    words: str


def check_lesions(record: TrialRecord, rules: Rules | None = None) -> tuple[Finding, ...]:
    """Return all findings about a record's lesions, in the order of the guideline."""
    rules = rules or load_rules()
    if not record.lesions:
        return ()
    known = baseline_rows(record)
    targets = {key: row for key, row in known.items() if row.role == "target"}
    found = [*_number(known, targets), *_age(record, known, rules)]
    for row in known.values():
        found += _axis(row)
        found += _target(row) if row.role == "target" else _non_target(row)
    return (*found, *_later(record, known))


def _number(known: Mapping[str, LesionMeasurement], targets: Mapping[str, LesionMeasurement]) -> Iterator[Finding]:
    if not known:
        yield Finding("no_baseline", "", _("No lesion was measured up to day 1: nothing can be compared."))
    if len(targets) > MOST_TARGETS:
        words = _("{n} target lesions; at most 5 are followed.")
        yield Finding("too_many_targets", "", words.format(n=len(targets)))
    for organ, n in sorted(Counter(map(organ_of, targets.values())).items()):
        if n > MOST_OF_AN_ORGAN:
            words = _(
                "{n} target lesions in one organ ({organ}); at most 2 are followed. All lymph nodes are one organ."
            )
            yield Finding("too_many_in_organ", "", words.format(n=n, organ=organ))


def _age(record: TrialRecord, known: Mapping[str, LesionMeasurement], rules: Rules) -> Iterator[Finding]:
    for row in known.values():
        days = (record.start_date - row.date).days
        if days > rules.schedule.baseline_scan_days:
            words = _("{lesion} was measured {n} days before day 1; at most {most} are allowed.")
            said = words.format(lesion=row.lesion_id, n=days, most=rules.schedule.baseline_scan_days)
            yield Finding("baseline_too_early", row.lesion_id, said)


def _axis(row: LesionMeasurement) -> Iterator[Finding]:
    if is_node(row) and row.axis != "short":
        yield Finding(
            "node_by_long_axis", row.lesion_id, _("{0} is a node: its short axis counts.").format(row.lesion_id)
        )


def _target(row: LesionMeasurement) -> Iterator[Finding]:
    name, size = row.lesion_id, row.diameter_mm
    if size is None:
        yield Finding("target_not_measured", name, _("Target {0} has no diameter at the baseline.").format(name))
        return
    if is_node(row) and size < TARGET_NODE_MM:
        words = _("Target node {0} has a short axis of {1} mm; a target node has 15 mm or more.")
        yield Finding("node_too_small", name, words.format(name, f"{size:.1f}"))
    if not is_node(row) and size < MEASURABLE_MM:
        words = _("Target {0} is {1} mm long; a target is 10 mm or more.")
        yield Finding("target_too_small", name, words.format(name, f"{size:.1f}"))
    thickness = row.slice_thickness_mm
    if not is_node(row) and thickness is not None and size < _LEAST_SLICES * thickness:
        words = _("Target {0} is {1} mm long on slices of {2} mm; a target is at least two slices thick long.")
        yield Finding("target_thinner_than_slices", name, words.format(name, f"{size:.1f}", f"{thickness:g}"))
    if row.irradiated and row.state != "progressed":
        words = _("Target {0} was irradiated; it counts only if it has progressed since.")
        yield Finding("irradiated", name, words.format(name))
    if row.site in _ESOPHAGEAL:
        words = _("Target {0} is in the esophagus: a hollow organ is measured badly. Prefer another lesion.")
        yield Finding("esophageal_target", name, words.format(name))


def _non_target(row: LesionMeasurement) -> Iterator[Finding]:
    size = row.diameter_mm
    if is_node(row) and size is not None and size < NORMAL_NODE_MM:
        words = _("Node {0} has a short axis of {1} mm; below 10 mm it is normal, no lesion.")
        yield Finding("normal_node", row.lesion_id, words.format(row.lesion_id, f"{size:.1f}"))


def _later(record: TrialRecord, known: Mapping[str, LesionMeasurement]) -> Iterator[Finding]:
    told: set[tuple[str, str]] = set()
    for row in record.lesions:
        name, code, words = row.lesion_id, "", ""
        if row.role == "new" and row.date <= record.start_date:
            code, words = "new_at_baseline", _("{0} is called new at the baseline: it counts as no lesion there.")
        elif row.role == "new" and is_node(row) and row.diameter_mm is not None and row.diameter_mm < NORMAL_NODE_MM:
            code, words = "new_node_normal", _("New node {0} is below 10 mm: normal, not counted as new.")
        elif row.date > record.start_date and row.role != "new" and name not in known and row.state != "split":
            code, words = "not_at_baseline", _("{0} is not in the baseline: is it new, or a part of another lesion?")
        elif row.joined_to and row.joined_to not in {one.lesion_id for one in record.lesions}:
            code, words = "joined_to_nothing", _("{0} merged into, or split from, a lesion that is not there.")
        elif name in known and row.role != known[name].role:
            code, words = "role_changed", _("{0} changes its role after the baseline; the one at the baseline counts.")
        if code and (code, name) not in told:
            told.add((code, name))
            yield Finding(code, name, words.format(name))
