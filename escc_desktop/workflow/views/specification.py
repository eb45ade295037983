"""The specification curve as the window shows it: every combination of open choices, sorted by its honest C-index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from escc_desktop.i18n import _, said
from escc_desktop.prognosis.specification import Curve, Specification, spread
from escc_desktop.progress import Progress
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.specification import specify_in_child, summary
from escc_desktop.workflow.stored import feature_table
from escc_desktop.workflow.views.model import DevelopChoice, config_of

_READING = 0.02


@dataclass(frozen=True)
class Column:
    """One specification.

    Attributes
    ----------
    apparent, corrected
        C-index on the patients it was fitted on, and in test folds; both None where the honest one is not known, so
        that no apparent figure stands alone.
    flips
        Share of patients in another group than under the reference; None without groups.
    options
        By choice of the view, the place of the option taken.
    fault
        Why it could not be fitted.
    """

    apparent: float | None
    corrected: float | None
    flips: float | None
    n_selected: int
    options: tuple[int, ...]
    is_reference: bool
    fault: str


@dataclass(frozen=True, eq=False)
class SpecificationView:
    """The curve.

    Attributes
    ----------
    choices
        Words and options of each choice that has more than one.
    columns
        By honest C-index, those that could not be fitted last.
    sentences
        The spread, in words.
    """

    choices: tuple[tuple[str, tuple[str, ...]], ...]
    columns: tuple[Column, ...]
    sentences: tuple[str, ...]


def vary_choices(project: Project, choice: DevelopChoice, progress: Progress) -> SpecificationView:
    """Fit the Rad-score of the project's features under every combination of open choices, in a child process.

    Raises
    ------
    AccessDeniedError
        The principal may not develop.
    EsccError
        Features or records are missing or too few.
    Cancelled
        From `progress`.
    """
    require(project.principal, Operation.DEVELOP)
    progress.advance(0, 1, _("Reading features"))
    table, clinical = feature_table(list(project.features())), project.clinical()
    return view_of(specify_in_child({"features": table}, clinical, config_of(choice), progress.part(_READING, 1)))


def view_of(curve: Curve) -> SpecificationView:
    """Return a curve ready to be shown."""
    options: dict[str, list[str]] = {}
    for one in curve.specifications:
        for choice, label in one.labels.items():
            known = options.setdefault(choice, [])
            if label not in known:
                known.append(label)
    varied = {choice: known for choice, known in options.items() if len(known) > 1}
    columns = [_column(curve, one, varied) for one in curve.specifications]
    columns.sort(key=lambda one: (one.corrected is None, one.corrected or 0.0, one.apparent or 0.0, one.options))
    words = {"table": _("table"), "scale": _("scale"), "ICC rule": _("ICC rule"), "correlation": _("correlation"),
             "cut": _("cut")}  # fmt: skip
    choices = tuple((words.get(choice, choice), tuple(said(one) for one in known)) for choice, known in varied.items())
    return SpecificationView(choices, tuple(columns), _sentences(curve))


def _column(curve: Curve, one: Specification, varied: dict[str, list[str]]) -> Column:
    corrected = _known(one.corrected)
    return Column(
        apparent=None if corrected is None else _known(one.apparent),
        corrected=corrected,
        flips=_known(curve.flips(one)),
        n_selected=one.n_selected,
        options=tuple(known.index(one.labels[choice]) for choice, known in varied.items()),
        is_reference=one is curve.reference,
        fault=said(one.fault),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _sentences(curve: Curve) -> tuple[str, ...]:
    found = curve.specifications
    document = summary(curve)
    fitted = [one for one in found if math.isfinite(one.corrected)]
    said_of = [
        _("{n} specifications on {patients} patients; {failed} could not be fitted, {empty} select no feature.").format(
            n=len(found), patients=len(curve.patients), failed=document["n_failed"],
            empty=document["n_without_signature"],
        ),
    ]  # fmt: skip
    if fitted:
        said_of += [
            _("C-index in test folds: {spread}; apparent, on the patients it was fitted on: {apparent}.").format(
                spread=_range([one.corrected for one in fitted], "{:.2f}"),
                apparent=_range([one.apparent for one in fitted], "{:.2f}"),
            ),
            _("In another risk group than under the first option of every choice: {spread} of the patients.").format(
                spread=_range([100 * curve.flips(one) for one in fitted], "{:.0f} %")
            ),
            _("Always low {low}, always high {high}, now one, now the other {changing}.").format(
                low=document["n_always_low"], high=document["n_always_high"], changing=document["n_changing"]
            ),
        ]
    return tuple(said_of)


def _range(values: Sequence[float], form: str) -> str:
    low, middle, high = (form.format(value) if math.isfinite(value) else _("–") for value in spread(values))
    return _("{low} to {high} (median {middle})").format(low=low, high=high, middle=middle)
