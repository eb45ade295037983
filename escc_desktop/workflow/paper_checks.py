"""Paper mode: every printed number beside what it recomputes to, and each contradiction in a sentence."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from escc_desktop import version
from escc_desktop.files import write_csv
from escc_desktop.resources import resource_path
from escc_desktop.stats.design import binomial_test, proportion, sample_size
from escc_desktop.stats.printed import PrintedNumber, Reconstruction, reconstruct, whole_counts

Verdict = Literal["fits", "contradicts", "note"]

COLUMNS = ("where", "what", "printed", "recomputed", "verdict", "sentence")
_SEPARATED_SE = 3.0
_NORMAL = 1.959963984540054


@dataclass(frozen=True)
class Check:
    """One printed number.

    Attributes
    ----------
    recomputed
        Empty where nothing can be recomputed, only read.
    verdict
        Whether print and recomputation fit each other; a note is no contradiction of numbers.
    sentence
        What contradicts, or what to know; empty where all is well.
    """

    where: str
    what: str
    printed: str
    recomputed: str
    verdict: Verdict
    sentence: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells of `COLUMNS`."""
        return self.where, self.what, self.printed, self.recomputed, self.verdict, self.sentence


def paper_checks() -> tuple[Check, ...]:
    """Recompute what the paper prints."""
    printed = tomllib.loads(resource_path("models", "published", "printed.toml").read_text(encoding="utf-8"))
    return (
        *_design(printed),
        *(_proportion(one) for one in printed["proportion"]),
        _test(printed),
        *_survival(printed),
        *_medians(printed["median"]),
        *(_term(one, printed["deaths"]) for one in printed["hazard_ratio"]),
        *_performance(printed),
        *(Check(one["where"], one["where"], one["printed"], "", "note", one["sentence"]) for one in printed["reading"]),
    )


def write_checks(checks: Sequence[Check], out: Path) -> None:
    """Write the table and its sidecar."""
    provenance = {"program": f"escc-desktop {version()}", "source": "published numbers of trial ChiCTR2000028857"}
    write_csv(out, COLUMNS, [check.cells for check in checks], provenance)


def checks_text(checks: Sequence[Check]) -> str:
    """Return them as text for people: what fits in a line each, what does not with its sentence."""
    lines = []
    for check in checks:
        found = f"; recomputed {check.recomputed}" if check.recomputed else ""
        lines.append(f"{check.verdict:12s} {check.what}: printed {check.printed}{found}")
        if check.sentence:
            lines.append(f"             {check.sentence}")
    counts = Counter(check.verdict for check in checks)
    return "\n".join([*lines, f"{counts['fits']} fit, {counts['contradicts']} contradict, {counts['note']} notes."])


def _fits(does: bool) -> Verdict:
    return "fits" if does else "contradicts"


def _design(printed: Mapping[str, Any]) -> Iterator[Check]:
    asked = printed["sample_size"]
    found = sample_size(asked["p0"], asked["p1"], asked["alpha"], asked["power"], asked["dropout"])
    yield Check(
        "Sample size",
        "Patients for the response rate",
        f"{asked['n']}, {asked['enrolment']} with dropouts",
        f"{found.n}, {found.enrolment} with dropouts (power {found.attained_power:.4f}, {found.critical} responders)",
        _fits((found.n, found.enrolment) == (asked["n"], asked["enrolment"])),
        found.note,
    )
    part = printed["features"]
    each = part["first_order"] + part["texture"]
    total = each * (part["filters"] + 1) + part["shape"]
    yield Check(
        "Features",
        "Number of features",
        str(part["total"]),
        f"{each} x {part['filters']} filtered images + {each} + {part['shape']} shape = {total}",
        _fits(total == part["total"]),
        f"{part['named_filters']} filtered images are named, {part['filters']} are needed: there were two LoG sigmas.",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _proportion(one: Mapping[str, Any]) -> Check:
    found = proportion(one["x"], one["n"])
    share = 100 * found.estimate
    limits = f"{_percent(found.exact_lower)} to {_percent(found.exact_upper)}"
    return Check(
        "Proportions",
        one["name"],
        f"{one['printed']} %",
        f"{one['x']}/{one['n']} = {share:.1f} % (exact 95 % {limits})",
        _fits(PrintedNumber(one["printed"]).meets(share, share)),
    )


def _test(printed: Mapping[str, Any]) -> Check:
    asked = printed["sample_size"]
    responders = next(one["x"] for one in printed["proportion"] if one["name"] == "Objective response")
    n, critical = printed["n_response"], sample_size(asked["p0"], asked["p1"], asked["alpha"], asked["power"]).critical
    p = binomial_test(responders, n, asked["p0"]).p_greater
    p_all = binomial_test(responders, printed["n_enrolled"], asked["p0"]).p_greater
    return Check(
        "The trial's own test",
        "Response rate against its null",
        "not reported",
        f"one-sided P {p:.3f} ({n} patients), {p_all:.3f} (all {printed['n_enrolled']})",
        "note",
        f"{responders} responders, {critical} were needed: the trial does not reject {100 * asked['p0']:g} %.",
    )


def _survival(printed: Mapping[str, Any]) -> Iterator[Check]:
    n = printed["n_response"]
    for endpoint, told in printed["survival"].items():
        for month, text in zip(told["months"], told["printed"], strict=True):
            counts = whole_counts(text, n)
            is_fraction = bool(counts)
            sentence = ""
            if is_fraction:
                sentence = (
                    f"It is exactly {counts[0]} of {n}: nobody was censored before, so the patients lost were left out "
                    "and not censored."
                )
            yield Check(
                f"{endpoint.upper()} rates",
                f"{endpoint.upper()} at {month} months",
                f"{text} %",
                f"{counts[0]}/{n}" if is_fraction else f"no fraction of {n}: a Kaplan-Meier estimate with censoring",
                "note" if endpoint == "pfs" and is_fraction else "fits",
                sentence,
            )


def _medians(printed: Mapping[str, Any]) -> Iterator[Check]:
    for endpoint in ("pfs", "os"):
        told = printed[endpoint]
        value, lower, upper = (PrintedNumber(told[name]).value for name in ("value", "lower", "upper"))
        is_symmetric = abs((upper - value) - (value - lower)) < 0.11
        yield Check(
            "Medians",
            f"Median {endpoint.upper()}",
            f"{told['value']} ({told['lower']} to {told['upper']}) months",
            f"-{value - lower:.1f} and +{upper - value:.1f}: standard error {(upper - lower) / 2 / _NORMAL:.3f}",
            "fits",
            "A symmetric interval is value and 1.96 standard errors, as SPSS makes it; the usual limits of a "
            "Kaplan-Meier median are not symmetric."
            if is_symmetric
            else "",
        )


def _term(one: Mapping[str, str], deaths: int) -> Check:
    found = reconstruct(one["hr"], one["lower"], one["upper"], one["p"])
    return Check(
        f"Cox, {one['model']}",
        f"{one['term']} ({one['model']})",
        f"HR {one['hr']} ({one['lower']} to {one['upper']}), P {one['p']}",
        f"HR {found.hazard_ratio:.4g}, coefficient {found.coefficient:.3f}, se {found.std_error:.3f}, P {found.p:.3g} "
        f"(from {found.basis})",
        _fits(found.hr_fits and found.p_fits and (one["model"] != "univariable" or found.least_events <= deaths)),
        " ".join(_about(one, found, deaths)),
    )


def _about(one: Mapping[str, str], found: Reconstruction, deaths: int) -> Iterator[str]:
    if not found.hr_fits:
        low, middle, high = (PrintedNumber(one[name]).value for name in ("lower", "hr", "upper"))
        where = "is not the middle, on the log scale, of" if low <= middle <= high else "lies outside"
        yield f"The printed ratio {where} its own interval: {found.hazard_ratio:.4g} would fit."
    if not found.p_fits:
        yield f"The printed P does not follow from the interval: {found.p:.3g} does."
    if one["model"] == "univariable" and found.least_events > deaths:
        yield (
            f"So small an error needs {found.least_events:.0f} events of a covariate with two levels, and there were "
            f"{deaths} deaths: it was not coded as its label says."
        )
    if found.std_error > _SEPARATED_SE:
        yield "Near separation: the ratio rests on very few patients; Firth's penalty with profile limits is needed."


def _performance(printed: Mapping[str, Any]) -> Iterator[Check]:
    for model, told in printed["performance"].items():
        if model != "clinical":  # the noise is that of a search among 1,874 features
            yield from (_against_noise(printed, model, measure) for measure in ("c", "auc"))
        mirrored = 2 * PrintedNumber(told["auc"]).value - PrintedNumber(told["lower"]).value
        yield Check(
            "Performance",
            f"Limits of the AUC, {model} model",
            f"{told['lower']} to {told['upper']}",
            f"{told['lower']} to {mirrored:.3f}{' before it was cut at 1' if mirrored > 1 else ''}",
            _fits(PrintedNumber(told["upper"]).meets(min(mirrored, 1.0), min(mirrored, 1.0))),
        )
    radiomics, combined = printed["performance"]["radiomics"], printed["performance"]["combined"]
    yield Check(
        "Performance",
        "Combined against radiomics model",
        "the combined model is best",
        f"AUC {combined['auc']} and {radiomics['auc']}",
        "contradicts",
        "The two AUC are the same to the last digit, and the C-indices were not compared: no difference is shown.",
    )


def _against_noise(printed: Mapping[str, Any], model: str, measure: str) -> Check:
    mean, low, high = printed["noise"][measure]
    text = printed["performance"][model][measure]
    is_noise = PrintedNumber(text).value <= high
    return Check(
        "Performance",
        f"{'C-index' if measure == 'c' else 'AUC at 12 months'}, {model} model",
        text,
        f"pure noise: {mean:.3f} ({low:.3f} to {high:.3f})",
        "note",
        "Apparent, and "
        + ("no more than" if is_noise else "just beyond what")
        + " noise reaches with as many features, patients and events.",
    )
