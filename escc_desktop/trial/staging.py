"""AJCC 8 clinical stage groups of esophageal squamous cell carcinoma, and what does not fit a recorded stage.

Source: AJCC Cancer Staging Manual, 8th edition (2017), chapter 16, clinical prognostic groups (cTNM) of squamous cell
carcinoma; also Rice et al., J Thorac Oncol 2017;12:36.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from escc_desktop.i18n import _
from escc_desktop.trial.records import Baseline, TrialRecord

REGIONAL = "regional_node"
DISTANT = frozenset({"distant_node", "liver", "lung"})


@dataclass(frozen=True)
class StageQuestion:
    """Something about the stage that does not fit: a stable word and a sentence."""

    code: str
    what: str


def stage_group(t: str, n: str, m: str) -> str | None:
    """Return the clinical stage group of T, N and M, such as ("T3", "N1", "M0") -> "III".

    None where the table has no group: a category missing, TX, T0 or NX without M1 or N3, Tis with nodes.
    """
    if m == "M1":
        return "IVB"
    if m != "M0":
        return None
    if n == "N3":
        return "IVA"
    tumour = t.rstrip("ab")
    if tumour == "Tis":
        return "0" if n == "N0" else None
    if n not in {"N0", "N1", "N2"} or tumour not in {"T1", "T2", "T3", "T4"}:
        return None
    return _GROUPS[tumour][int(n[1])]


# By T, the groups of N0, N1 and N2; M0.
_GROUPS = {
    "T1": ("I", "I", "III"),
    "T2": ("II", "II", "III"),
    "T3": ("II", "III", "III"),
    "T4": ("IVA", "IVA", "IVA"),
}


def computed_stage(baseline: Baseline) -> str | None:
    """Return the stage group of a patient's T, N and M; None where they do not give one."""
    return stage_group(baseline.t_stage, baseline.n_stage, baseline.m_stage)


def agrees(recorded: str, computed: str) -> bool:
    """Tell whether a recorded stage is the computed one, or its whole: IV stands for IVA and IVB."""
    return recorded == computed or (recorded == "IV" and computed in {"IVA", "IVB"})


def stage_questions(record: TrialRecord) -> tuple[StageQuestion, ...]:
    """Return what does not fit together: T, N, M and stage, and these with the lesions and sites of the baseline."""
    return (*_of_stage(record.baseline), *_of_nodes(record), *_of_metastases(record))


def _of_stage(baseline: Baseline) -> Iterator[StageQuestion]:
    computed = computed_stage(baseline)
    if baseline.stage and computed and not agrees(baseline.stage, computed):
        tnm = " ".join((baseline.t_stage, baseline.n_stage, baseline.m_stage)).strip()
        yield StageQuestion(
            "stage",
            _("Recorded as stage {recorded}, but {tnm} is stage {computed} (AJCC 8).").format(
                recorded=baseline.stage, tnm=tnm, computed=computed
            ),
        )
    has_m = {"M0": False, "M1": True}.get(baseline.m_stage)
    if has_m is not None and baseline.distant_metastasis not in {None, has_m}:
        with_m, without_m = (
            _("Recorded as {m} with distant metastasis."),
            _("Recorded as {m} without distant metastasis."),
        )
        yield StageQuestion("m_flag", (with_m if baseline.distant_metastasis else without_m).format(m=baseline.m_stage))


def _of_nodes(record: TrialRecord) -> Iterator[StageQuestion]:
    sites = baseline_sites(record)
    if REGIONAL in sites and record.baseline.n_stage == "N0":
        yield StageQuestion("regional_node", _("Recorded as N0, but a regional node is among the lesions."))
    if "distant_node" in sites and record.baseline.m_stage == "M0":
        yield StageQuestion(
            "distant_node", _("Recorded as M0, but a node beyond the regional ones is among the lesions: that is M1.")
        )


def _of_metastases(record: TrialRecord) -> Iterator[StageQuestion]:
    baseline, sites = record.baseline, baseline_sites(record)
    organs = [name for name, flag in _flags(baseline) if flag or name in sites]
    if baseline.m_stage == "M0" and organs:
        yield StageQuestion(
            "m0_organ", _("Recorded as M0, but with metastases in {organs}.").format(organs=", ".join(organs))
        )
    for name, flag in _flags(baseline):
        if flag is False and name in sites:
            yield StageQuestion(
                "organ", _("A {site} lesion is measured, but metastases there are denied.").format(site=name)
            )
    if baseline.m_stage == "M1" and not _has_distant(record):
        yield StageQuestion("m1_without", _("Recorded as M1, but no distant site is recorded."))


def _has_distant(record: TrialRecord) -> bool:
    """Tell whether anything distant is recorded, or where is not recorded; nodes may be distant ones."""
    baseline = record.baseline
    known = (baseline.metastasis_liver, baseline.metastasis_lung, baseline.metastasis_lymph_node)
    if None in known or baseline.metastasis_other_sites is None:
        return True
    return any(known) or baseline.metastasis_other_sites > 0 or bool(baseline_sites(record) & DISTANT)


def _flags(baseline: Baseline) -> tuple[tuple[str, bool | None], ...]:
    return ("liver", baseline.metastasis_liver), ("lung", baseline.metastasis_lung)


def baseline_sites(record: TrialRecord) -> frozenset[str]:
    """Return the sites of the lesions measured up to day 1."""
    return frozenset(lesion.site for lesion in record.lesions if lesion.date <= record.start_date)
