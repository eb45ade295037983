"""A trial beside what is printed: its design, the publication it follows, other second-line arms as labelled lines."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from escc_desktop.figures.words import quantity
from escc_desktop.i18n import _
from escc_desktop.resources import resource_path
from escc_desktop.stats.printed import PrintedNumber
from escc_desktop.trial.records import Response
from escc_desktop.trial.safety import safety_table
from escc_desktop.workflow.trial_exhibits import Cells, Exhibit
from escc_desktop.workflow.trial_results import TrialResults
from escc_desktop.workflow.trial_survival import known

BESIDE_HEADER = ("where", "what", "printed", "these_records", "note")


@dataclass(frozen=True)
class Beside:
    """One printed number beside what these records give.

    Attributes
    ----------
    note
        How they differ, or what the publication contradicts in itself; nothing where all is well.
    is_of_publication
        Whether the contradiction is the publication's own, whatever the records say.
    """

    where: str
    what: str
    printed: str
    found: str
    note: str = ""
    is_of_publication: bool = False

    @property
    def cells(self) -> Cells:
        """The cells of `BESIDE_HEADER`."""
        return self.where, self.what, self.printed, self.found, self.note


@dataclass(frozen=True)
class OtherArm:
    """A published arm: its name, whom it took, where that is printed, and median PFS and OS in months where known."""

    name: str
    setting: str
    source: str
    pfs: float | None
    os: float | None


def other_arms() -> tuple[OtherArm, ...]:
    """Return the published second-line arms; they are no comparison."""
    return tuple(
        OtherArm(f"{arm['trial']}, {arm['arm']}", arm["setting"], arm["source"], arm.get("pfs"), arm.get("os"))
        for arm in _second_line()
    )


@cache
def _second_line() -> tuple[Mapping[str, Any], ...]:
    path = resource_path("trial", "second_line_arms.toml")
    return tuple(tomllib.loads(path.read_text(encoding="utf-8"))["arms"])


@cache
def _printed() -> Mapping[str, Any]:
    return tomllib.loads(resource_path("trial", "published.toml").read_text(encoding="utf-8"))


@cache
def _survival() -> Mapping[str, Any]:
    path = resource_path("models", "published", "printed.toml")
    told: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["survival"]
    return told


def carries_published(results: TrialResults) -> bool:
    """Tell whether these records have the published trial's numbers of patients and responses."""
    responses = _printed()["response"]
    return len(results.records) == _printed()["n_enrolled"] and all(
        results.counts.counts[Response(kind)] == responses[kind] for kind in ("CR", "PR", "SD", "PD")
    )


def published_exhibits(results: TrialResults) -> Iterator[Exhibit]:
    """Yield the design, other arms, and the publication beside these records."""
    yield _design(results)
    yield _arms(results)
    yield Exhibit(
        "beside_publication",
        _("The publication beside these records"),
        _(
            "What trial ChiCTR2000028857 printed, and what these records give for the same. Where the records have its "
            "patients and responses, each difference is said; otherwise the numbers only stand beside each other."
        ),
        BESIDE_HEADER,
        tuple(one.cells for one in beside(results)),
    )


def beside(results: TrialResults) -> tuple[Beside, ...]:
    """Return every printed number that records can give, in the order of the publication."""
    is_held = carries_published(results)
    return (
        *_responses(results, is_held=is_held),
        *_survivals(results, is_held=is_held),
        *_baseline(results, is_held=is_held),
        *_events(results, is_held=is_held),
    )


def contradictions(results: TrialResults) -> tuple[str, ...]:
    """Return as sentences what the publication contradicts in itself; nothing where records are of other patients."""
    return tuple(
        f"{one.where}, {one.what}: {one.note}" for one in beside(results) if one.note and one.is_of_publication
    )


def _differs(printed: str, found: str, *, is_held: bool) -> str:
    if not is_held or printed == found:
        return ""
    return _("the publication prints {printed}; these records give {found}").format(printed=printed, found=found)


def _share(count: int, n: int) -> str:
    return f"{count} ({100 * count / n:.1f} %)"


def _responses(results: TrialResults, *, is_held: bool) -> Iterator[Beside]:
    told, n = _printed()["response"], results.counts.n_evaluable
    printed_n = sum(told[kind] for kind in ("CR", "PR", "SD", "PD"))
    where = _("Response")
    for kind in ("CR", "PR", "SD", "PD"):
        found = _share(results.counts.counts[Response(kind)], n) if n else "–"
        printed = _share(told[kind], printed_n)
        yield Beside(where, kind, printed, found, _differs(printed, found, is_held=is_held))
    if results.null_test is not None:
        note = ""
        if is_held:
            note = _(
                "The publication never tests its response rate against {rate} %, on which its sample size rests; "
                "{critical} responders were needed."
            ).format(rate=f"{100 * results.null_rate:g}", critical=results.size.critical)
        yield Beside(where, _("One-sided P against the null"), "–", f"{results.null_test.p_greater:.3f}", note, is_held)
    for key, words, count in (
        ("target_lesion_smaller", _("Target lesions smaller"), results.n_smaller),
        ("target_lesion_smaller_by_30", _("Target lesions smaller by 30 % or more"), results.n_smaller_30),
    ):
        yield Beside(where, words, str(told[key]), str(count), _differs(str(told[key]), str(count), is_held=is_held))


def _survivals(results: TrialResults, *, is_held: bool) -> Iterator[Beside]:
    for key, name, found in (("pfs", "PFS", results.pfs), ("os", "OS", results.os)):
        told = _survival()[key]
        at = found.curve.at(told["months"])
        for month, printed, share in zip(told["months"], told["printed"], at.survival, strict=True):
            fits = PrintedNumber(printed).meets(100 * float(share), 100 * float(share))
            note = "" if fits else _differs(f"{printed} %", f"{100 * share:.1f} %", is_held=is_held)
            words = _("{name} at {month} months").format(name=name, month=month)
            yield Beside(_("Survival"), words, f"{printed} %", f"{100 * share:.1f} %", note)
    if is_held:
        n = sum(_printed()["response"][kind] for kind in ("CR", "PR", "SD", "PD"))
        note = _(
            "The printed PFS rates are whole fractions of {n}: patients lost to follow-up were left out, not censored, "
            "though the publication speaks of the full analysis set."
        ).format(n=n)
        yield Beside(_("Survival"), _("Patients in the PFS curve"), str(n), str(results.pfs.endpoint.n), note, True)


def _baseline(results: TrialResults, *, is_held: bool) -> Iterator[Beside]:
    found = {(row.column, row.level): row for row in results.baseline}
    n = _printed()["n_enrolled"]
    for one in _printed()["baseline"]:
        column = "age_group" if one["column"] == "age_years" else one["column"]
        row, printed = found.get((column, one["level"])), _share(one["n"], n)
        given = row.value if row else "–"
        words = f"{quantity(one['column'])}, {one['level']}"
        yield Beside(_("Table 1"), words, printed, given, _differs(printed, given, is_held=is_held))
    for one in _printed()["spread"]:
        row = found.get((one["column"], one["statistic"]))
        given = row.value if row else next((r.value for (c, _l), r in found.items() if c == one["column"]), "–")
        words = f"{quantity(one['column'])}, {one['statistic']}"
        yield Beside(_("Table 1"), words, one["printed"], given, _differs(one["printed"], given, is_held=is_held))
    yield from _sites(results, is_held=is_held)


def _sites(results: TrialResults, *, is_held: bool) -> Iterator[Beside]:
    """Yield the sums that Table 1 leaves unequal: metastatic sites by number and by location."""
    told = {(one["column"], one["level"]): one["n"] for one in _printed()["baseline"]}
    by_number = sum(int(level) * n for (column, level), n in told.items() if column == "n_metastatic_sites")
    by_place = sum(n for (column, _level), n in told.items() if column.startswith("metastasis_"))
    places = [record.baseline for record in results.records]
    number = sum(one.n_metastatic_sites or 0 for one in places)
    place = sum(
        sum(map(bool, (one.metastasis_liver, one.metastasis_lung, one.metastasis_lymph_node)))
        + (one.metastasis_other_sites or 0)
        for one in places
    )
    note = ""
    if is_held and by_number != by_place:
        note = _(
            "Table 1 contradicts itself: {number} sites by number, {place} by location, unless one patient had two "
            "organs under other."
        ).format(number=by_number, place=by_place)
    words = _("Metastatic sites by number and by location")
    yield Beside(_("Table 1"), words, f"{by_number}, {by_place}", f"{number}, {place}", note, bool(note))


def _events(results: TrialResults, *, is_held: bool) -> Iterator[Beside]:
    rows, n = {row.term: row for row in safety_table(results.records)}, len(results.records)
    told_n = _printed()["n_enrolled"]
    for one in _printed()["adverse_events"]:
        row = rows.get(one["term"])
        found = (row.any_grade, *row.by_grade[:4]) if row else (0,) * 5
        printed = _of(" / ".join(map(str, one["n"])), told_n)
        given = _of(" / ".join(map(str, found)), n)
        words = _("{term}: any, I, II, III, IV").format(term=one["term"])
        yield Beside(_("Table 2"), words, printed, given, _differs(printed, given, is_held=is_held))
    severe = sum(one["n"][3] + one["n"][4] for one in _printed()["adverse_events"])
    patients = sum(any(event.grade in {3, 4} for event in record.adverse_events) for record in results.records)
    mine = sum(row.severe for row in rows.values())
    note = ""
    if is_held:
        note = _("{events} events of grade III or IV in {patients} patients: the columns must not be added up.").format(
            events=severe, patients=_printed()["n_severe"]
        )
    words = _("Grade III or IV: sum of the rows, patients")
    yield Beside(_("Table 2"), words, f"{severe}, {_printed()['n_severe']}", f"{mine}, {patients}", note, is_held)


def _of(counts: str, n: int) -> str:
    return _("{counts} of {n}").format(counts=counts, n=n)


def _design(results: TrialResults) -> Exhibit:
    design, size, test = results.design, results.size, results.null_test
    rows: list[Cells] = [
        (_("Endpoint of the sample size"), design.endpoint),
        (_("Response rate to beat"), f"{100 * design.null_rate:g} %"),
        (_("Response rate hoped for"), f"{100 * design.target_rate:g} %"),
        (_("One-sided alpha, attained"), f"{design.alpha:g}, {size.attained_alpha:.4f}"),
        (_("Power, attained"), f"{design.power:g}, {size.attained_power:.4f}"),
        (_("Patients with a response needed"), size.n),
        (_("Responders needed of them"), size.critical),
        (_("Enrolled with {share} % dropouts").format(share=f"{100 * design.dropout:g}"), size.enrolment),
    ]
    if size.note:
        rows.append((_("Saw-tooth"), size.note))
    rows.append((_("Responders of those with a best response"), _responders(results)))
    if test is not None:
        verdict = _("is rejected") if test.p_greater < design.alpha else _("is not rejected")
        words = _("one-sided P = {p}; {rate} % or less {verdict} at {alpha} %").format(
            p=f"{test.p_greater:.3f}", rate=f"{100 * results.null_rate:g}", verdict=verdict,
            alpha=f"{100 * design.alpha:g}",
        )  # fmt: skip
        rows.append((_("Exact test against the rate to beat"), words))
    return Exhibit(
        "design",
        _("Sample size and the test it was planned for"),
        _(
            "Exact one-sided binomial design: the first number of patients whose power is reached, and the responders "
            "that reject the rate to beat. The test is of the patients with a best response."
        ),
        ("what", "value"),
        tuple(rows),
    )


def _responders(results: TrialResults) -> str:
    return _("{x} of {n}").format(x=results.counts.n_objective, n=results.counts.n_evaluable)


def _arms(results: TrialResults) -> Exhibit:
    keys = ("trial", "arm", "design", "n", "orr", "dcr", "pfs", "os", "setting", "source")
    objective, control = results.rates["Objective response rate"], results.rates["Disease control rate"]
    medians = (found.curve.median().value for found in (results.pfs, results.os))
    mine: Cells = (
        _("these records"), "", "", len(results.records), *(100 * (pair[0] or pair[1]).estimate for pair in
        (objective, control)), *map(known, medians), "", "",
    )  # fmt: skip
    return Exhibit(
        "published_arms",
        _("Published second-line arms: not a comparison"),
        _(
            "Figures as their publications print them: other patients, other assessments, other years, some after "
            "a checkpoint inhibitor. They say what is known, not which treatment is better. Rates in per cent, medians "
            "in months."
        ),
        ("trial", "arm", "design", "n", "orr_percent", "dcr_percent", "pfs_months", "os_months", "setting", "source"),
        (mine, *(tuple(arm.get(key) for key in keys) for arm in _second_line())),
    )
