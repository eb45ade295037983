"""One feature: its two readings, their limits of agreement, and the patients who drive it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from escc_desktop.gui.pages.origin_words import origin_words
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.points_plot import Level, PlotContent, Point, PointsPlot
from escc_desktop.gui.widgets.text import button, label, set_tone
from escc_desktop.i18n import _
from escc_desktop.workflow.views.agreement import DRIVERS, Comparison, FeatureDetail
from escc_desktop.workflow.views.perturbed import PerturbedDetail


def reading_names(comparison: Comparison) -> tuple[str, str]:
    """Return what the two readings of a comparison are called."""
    return (_("A first"), _("A repeat")) if comparison == "intra" else (_("A first"), _("B first"))


class FeatureCard(QFrame):
    """What a click on a cell shows.

    Attributes
    ----------
    patient_chosen
        A point or a driver was clicked.
    """

    patient_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.detail: FeatureDetail | None = None
        self.perturbed: PerturbedDetail | None = None
        self.name = label(_("Choose a cell of the wall"), size="heading", wrap=True)
        self.facts = label(tone="secondary", wrap=True)
        self.single = label(tone="secondary", size="caption", wrap=True)
        self.origin = label(tone="secondary", size="caption", wrap=True)
        self.scatter, self.differences = PointsPlot(_("Both readings")), PointsPlot(_("Bland-Altman"))
        plots = QHBoxLayout()
        plots.setSpacing(GRID)
        for plot in (self.scatter, self.differences):
            plot.chosen.connect(self.patient_chosen)
            plots.addWidget(plot, 1)
        self._drivers_line = QHBoxLayout()
        self._drivers_line.setSpacing(GRID)
        self._drivers_words = label(_("Largest differences"), tone="secondary", size="caption")
        self._drivers_line.addWidget(self._drivers_words)
        self.drivers: list[QPushButton] = []
        for _number in range(DRIVERS):
            made = button("", weight="quiet")
            made.clicked.connect(lambda _checked=False, made=made: self.patient_chosen.emit(made.property("patient")))
            self._drivers_line.addWidget(made)
            self.drivers.append(made)
        self._drivers_line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addWidget(self.name)
        column.addWidget(self.facts)
        column.addWidget(self.single)
        column.addWidget(self.origin)
        column.addLayout(plots, 1)
        column.addLayout(self._drivers_line)
        self._show_drivers(None)

    def show_detail(self, detail: FeatureDetail, comparison: Comparison) -> None:
        """Show a feature."""
        self.detail, self.perturbed = detail, detail.perturbed
        self.name.setText(_title(detail.name))
        self.facts.setText(_facts(detail))
        self.single.setText("" if detail.perturbed is None else perturbed_words(detail.perturbed))
        self.single.setVisible(detail.perturbed is not None)
        self.origin.setText(origin_words(detail))
        set_tone(self.facts, "secondary" if detail.has_passed or detail.is_constant else "warning")
        marked = frozenset(driver.patient_id for driver in detail.drivers)
        first, second = reading_names(comparison)
        self.scatter.show_content(_scatter(detail, first, second), marked)
        self.differences.show_content(_bland_altman(detail, first, second), marked)
        self._show_drivers(detail)

    def show_perturbed(self, detail: PerturbedDetail) -> None:
        """Show a feature over the perturbations of single readings."""
        self.detail, self.perturbed = None, detail
        self.name.setText(_title(detail.name))
        self.facts.setText(perturbed_words(detail))
        set_tone(self.facts, "secondary" if detail.has_passed or detail.is_constant else "warning")
        self.single.setText("")
        self.single.setVisible(False)
        self.origin.setText("")
        self.scatter.show_content(_perturbed_scatter(detail))
        self.differences.show_content(_perturbed_differences(detail))
        self._show_drivers(None)

    def clear(self) -> None:
        """Show none."""
        self.detail = self.perturbed = None
        self.name.setText(_("Choose a cell of the wall"))
        self.facts.setText("")
        self.single.setText("")
        self.origin.setText("")
        self.scatter.show_content(None)
        self.differences.show_content(None)
        self._show_drivers(None)

    def select_patient(self, patient_id: str) -> None:
        """Ring a patient's points."""
        self.scatter.select(patient_id)
        self.differences.select(patient_id)

    def _show_drivers(self, detail: FeatureDetail | None) -> None:
        found = detail.drivers if detail is not None else ()
        self._drivers_words.setVisible(bool(found))
        for k, made in enumerate(self.drivers):
            made.setVisible(k < len(found))
            if k < len(found):
                driver = found[k]
                made.setProperty("patient", driver.patient_id)
                made.setText(driver.patient_id)
                made.setToolTip(
                    _("Difference {difference:.4g}; without this patient the ICC would be {icc:.3f}").format(
                        difference=driver.difference, icc=driver.icc_without
                    )
                )


def _title(name: str) -> str:
    return name.removeprefix("A_").replace("_", " · ")


def perturbed_words(detail: PerturbedDetail) -> str:
    """Return what the perturbations say of a feature, and that nobody read twice for it."""
    n_lesions, n_perturbations = detail.values.shape
    if detail.is_constant:
        return _("Perturbation, single reading, no second reader: constant, so there is nothing to measure.")
    words = _(
        "Perturbation, single reading, no second reader: ICC(1,1) {icc:.3f} (95 % CI {lower:.3f} to {upper:.3f}),"
        " {n} lesions, each {k} times {chain}"
    ).format(icc=detail.icc, lower=detail.lower, upper=detail.upper, n=n_lesions, k=n_perturbations, chain=detail.chain)
    reaches = _("reaches {threshold:g}") if detail.has_passed else _("below {threshold:g}")
    return f"{words} · {reaches.format(threshold=detail.threshold)}"


def _perturbed_points(detail: PerturbedDetail, *, is_difference: bool) -> tuple[Point, ...]:
    means = detail.values.mean(axis=1)
    return tuple(
        Point(patient, float(mean), float(value - mean if is_difference else value))
        for patient, mean, values in zip(detail.patients, means, detail.values, strict=True)
        for value in values
    )


def _perturbed_scatter(detail: PerturbedDetail) -> PlotContent:
    points = _perturbed_points(detail, is_difference=False)
    return PlotContent(points, _("lesion mean"), _("each perturbation"), is_square=True)


def _perturbed_differences(detail: PerturbedDetail) -> PlotContent | None:
    if detail.is_constant:
        return None
    limit = 1.96 * detail.within_sd
    levels = (
        Level(0.0, "0"),
        Level(-limit, f"{-limit:.3g}", is_limit=True),
        Level(limit, f"{limit:.3g}", is_limit=True),
    )
    points = _perturbed_points(detail, is_difference=True)
    return PlotContent(points, _("lesion mean · 95 % limits"), _("perturbation minus mean"), levels)


def _facts(detail: FeatureDetail) -> str:
    if detail.is_constant:
        return _("Constant: the same value in every reading, so there is no agreement to measure.")
    words = _("ICC {icc:.3f} (95 % CI {lower:.3f} to {upper:.3f}), {n} lesions").format(
        icc=detail.icc, lower=detail.lower, upper=detail.upper, n=len(detail.first)
    )
    return f"{words} · {_('passes') if detail.has_passed else _('does not pass')}"


def _scatter(detail: FeatureDetail, first: str, second: str) -> PlotContent:
    points = tuple(
        Point(patient, float(x), float(y))
        for patient, x, y in zip(detail.patients, detail.first, detail.second, strict=True)
    )
    return PlotContent(points, first, second, is_square=True)


def _bland_altman(detail: FeatureDetail, first: str, second: str) -> PlotContent | None:
    limits = detail.limits
    if limits is None:
        return None
    points = tuple(
        Point(patient, float(x), float(y))
        for patient, x, y in zip(detail.patients, limits.mean, limits.difference, strict=True)
    )
    levels = (
        Level(limits.bias, f"{limits.bias:.3g}"),
        Level(limits.loa_lower, f"{limits.loa_lower:.3g}", is_limit=True),
        Level(limits.loa_upper, f"{limits.loa_upper:.3g}", is_limit=True),
    )
    title = _("{second} minus {first}").format(first=first, second=second)
    return PlotContent(points, _("mean of both · bias, 95 % limits"), title, levels)
