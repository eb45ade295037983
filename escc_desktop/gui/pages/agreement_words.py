"""What the agreement page says about arms, comparisons and what is missing."""

from __future__ import annotations

from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.agreement import AgreementView, Arm, Waiting

_LISTED = 6


def switch_words(arm: Arm, view: AgreementView) -> str:
    """Return the words on the switch of a comparison."""
    title = _("Intra-reader · A first, A repeat") if arm.comparison == "intra" else _("Inter-reader · A first, B first")
    counted = _("{done} of {planned} in").format(done=arm.done, planned=arm.planned)
    found = next((one.share for one in view.compared if one.comparison == arm.comparison), None)
    if found is None:
        return f"{title} · {counted}\n{_('too few to compare')}"
    passing = _("{n} of {of} pass: {share:.0f} % (95 % CI {lower:.0f} to {upper:.0f})").format(
        n=f"{found.n_passed:,}",
        of=f"{found.n_features:,}",
        share=100 * found.n_passed / found.n_features,
        lower=100 * found.lower,
        upper=100 * found.upper,
    )
    return f"{title} · {counted}\n{passing}"


def perturbed_switch_words(view: AgreementView, *, is_working: bool) -> str:
    """Return the words on the switch of perturbed single readings."""
    title, found = _("Perturbation · A first alone"), view.perturbed
    if found is None or is_working:
        return f"{title}\n{_('being computed') if is_working else _('not computed yet')}"
    n, of = found.n_lesions, found.n_lesions + view.n_unperturbed
    words = _("{n} of {of} lesions, {k} times each") if n < of else _("{n} lesions, {k} times each")
    counted = words.format(n=n, of=of, k=found.n_perturbations)
    reaching = _("{n} of {of} reach {threshold:g}").format(
        n=f"{int(found.passed.sum()):,}", of=f"{len(found.names):,}", threshold=found.threshold
    )
    return f"{title} · {counted}\n{reaching}"


def rule_words(form: str, view: AgreementView) -> str:
    """Return how features are judged."""
    shapes = {"icc1": "ICC(1,1)", "icc2": "ICC(2,1)", "icc3": "ICC(3,1)"}
    firm = ", ".join(f"{one.comparison} {one.share.n_firm:,}" for one in view.compared)
    constant = max(one.share.n_constant for one in view.compared)
    return _(
        "{form} above {threshold:g} in both; lower bound above it too: {firm}. {constant} constant. "
        "Exact binomial intervals, as if features were independent."
    ).format(form=shapes.get(form, form), threshold=view.threshold, firm=firm, constant=constant)


def arm_counts(arms: tuple[Arm, ...]) -> str:
    """Return how many of the planned readings are in."""
    parts = {
        "intra": _("{done} of {planned} repeats by reader A are in"),
        "inter": _("{done} of {planned} readings by reader B are in"),
    }
    return ", ".join(parts[arm.comparison].format(done=arm.done, planned=arm.planned) for arm in arms)


def waiting_words(waiting: tuple[Waiting, ...]) -> str:
    """Return whose readings are missing."""
    if not waiting:
        return ""
    listed = ", ".join(
        f"{one.patient_id} ({_('{reader} repeat') if one.is_repeat else _('{reader} first')})".format(reader=one.reader)
        for one in waiting[:_LISTED]
    )
    more = len(waiting) - _LISTED
    end = plural(" and {n} more", " and {n} more", more) if more > 0 else ""
    return _("Still to be signed: {listed}{more}.").format(listed=listed, more=end)


def assisted_words(view: AgreementView) -> str:
    """Return what is left of the agreement without readings that an assisted tool touched; "" where none did."""
    if not view.assisted:
        return ""
    n = len(view.assisted)
    without = plural(
        "Without {n} patient with slices touched by an assisted tool",
        "Without {n} patients with slices touched by an assisted tool",
        n,
    )
    if not view.by_hand:
        return _("{without} too few are left to compare.").format(without=without)
    passing = ", ".join(
        _("{comparison} {n} of {of} on {lesions} lesions").format(
            comparison=one.comparison,
            n=f"{one.share.n_passed:,}",
            of=f"{one.share.n_features:,}",
            lesions=len(one.patients),
        )
        for one in view.by_hand
    )
    return _("{without}: {passing} pass; {stable} stable.").format(
        without=without, passing=passing, stable=f"{view.n_stable_by_hand:,}"
    )
