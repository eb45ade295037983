"""How well the readings agree: the arm's progress, the wall of features, the outlines."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.page import FirstStep, Page
from escc_desktop.gui.pages.agreement_feature import FeatureCard
from escc_desktop.gui.pages.agreement_pairs import PairsCard
from escc_desktop.gui.pages.agreement_words import (
    arm_counts,
    assisted_words,
    perturbed_switch_words,
    rule_words,
    switch_words,
    waiting_words,
)
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.icc_legend import IccLegend
from escc_desktop.gui.widgets.icc_wall import IccWall, WallValues
from escc_desktop.gui.widgets.text import icon_button, label
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.access import Operation
from escc_desktop.workflow.analysis import Extraction
from escc_desktop.workflow.perturbation import Perturbations
from escc_desktop.workflow.views.agreement import (
    AgreementView,
    Compared,
    Comparison,
    agreement_view,
    extract_features,
    feature_detail,
)
from escc_desktop.workflow.views.perturbed import Perturbed, perturb_readings, perturbed_detail

_COMPARISONS: tuple[Comparison, ...] = ("intra", "inter")


class AgreementPage(Page):
    """The readings that were made twice, and what their features say."""

    watches: ClassVar[frozenset[str]] = frozenset({"features", "perturbed", "roi", "session", "plan"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.view: AgreementView | None = None
        self.comparison: Comparison = "intra"
        self.shows_perturbed = False
        self._working: Running | None = None
        self.switches: dict[Comparison, QPushButton] = {}
        self.perturbed_switch = QPushButton()
        self.perturb_button = icon_button("play", _("Perturb single readings: how robust are features? Takes minutes"))
        self._group = QButtonGroup(self)
        self.stable = label(size="heading")
        self.stable_words = label(tone="secondary", size="caption", wrap=True)
        self.note = label(tone="warning", wrap=True)
        self.by_hand = label(wrap=True)
        self.wall, self.legend = IccWall(), IccLegend()
        self.feature_card, self.pairs_card = FeatureCard(), PairsCard()
        self._lay_out()
        self.wall.chosen.connect(self._on_feature)
        self.feature_card.patient_chosen.connect(self._on_patient_of_feature)
        self.pairs_card.patient_chosen.connect(self.feature_card.select_patient)
        self.pairs_card.compare_wanted.connect(lambda pair: desktop.go("compare", pair))

    def refresh(self) -> None:
        """Fetch the readings and their agreement."""
        if self._working is None:
            self.load(agreement_view, self._show, busy="" if self.view is not None else _("Comparing the readings"))

    def actions_now(self) -> tuple[Action, ...]:
        """Return switching the comparison and extraction."""
        extract = Action(
            "agreement.extract", _("Extract features"), self.extract, "beaker", why_not=self._why_not_extract
        )
        return (
            Action(
                "agreement.intra",
                _("Agreement of reader A with himself"),
                partial(self.show_comparison, "intra"),
                keys=("1",),
            ),
            Action(
                "agreement.inter",
                _("Agreement of reader A with B"),
                partial(self.show_comparison, "inter"),
                keys=("2",),
            ),
            Action(
                "agreement.perturbed",
                _("Robustness of single readings, perturbed"),
                self.show_perturbed,
                keys=("3",),
                why_not=self._why_not_perturbed,
            ),
            extract,
            Action("agreement.compare", _("Compare the two outlines"), self.pairs_card.compare, "split_vertical"),
            Action(
                "agreement.perturb",
                _("Perturb single readings"),
                self.perturb,
                "shape_intersect",
                why_not=self._why_not_perturb,
            ),
        )

    def show_comparison(self, comparison: Comparison) -> None:
        """Switch between intra and inter; the chosen feature stays."""
        self.comparison, self.shows_perturbed = comparison, False
        self.switches[comparison].setChecked(True)
        compared = self.compared
        if self.view is None or compared is None:
            return
        self.legend.set_threshold(self.view.threshold)
        self.stable.setText(_("{n} of {of} stable").format(n=f"{self.view.n_stable:,}", of=f"{len(self.view.names):,}"))
        self.stable_words.setText(rule_words(compared.form, self.view))
        self.pairs_card.show_pairs(self.view.pairs, comparison)
        self.pairs_card.show()
        self._colour(compared)

    def show_perturbed(self) -> None:
        """Show what perturbed single readings say; the chosen feature stays."""
        found = self.view.perturbed if self.view is not None else None
        if found is None:
            return
        self.shows_perturbed = True
        self.perturbed_switch.setChecked(True)
        self.legend.set_threshold(found.threshold, is_reached=True)
        reaching = _("{n} of {of} reach {threshold:g}")
        self.stable.setText(
            reaching.format(n=f"{int(found.passed.sum()):,}", of=f"{len(found.names):,}", threshold=found.threshold)
        )
        self.stable_words.setText(
            _(
                "ICC(1,1) of A's first readings, each perturbed {k} times ({chain}): what small changes of image and"
                " outline do, not what a second reader would."
            ).format(k=found.n_perturbations, chain=found.chain)
        )
        self.pairs_card.hide()
        self._colour(found)

    def _colour(self, shown: Compared | Perturbed) -> None:
        self.wall.set_values(WallValues(shown.icc, shown.lower, shown.upper, shown.passed, shown.is_constant))
        if self.wall.selected < 0:
            self.wall.select(self.wall.weakest)
        if self.wall.selected >= 0:
            self._on_feature(self.wall.selected)

    @property
    def compared(self) -> Compared | None:
        """The comparison on screen."""
        found = self.view.compared if self.view is not None else ()
        return next((one for one in found if one.comparison == self.comparison), None)

    def extract(self) -> None:
        """Extract the features that are missing, as a job with progress and Cancel."""
        name = _("Extracting features")
        answers: Answers[Extraction] = Answers(self._done, self._failed, self._stopped, self._advanced)
        self._working = self.desktop.tasks.run(name, extract_features, self.project, answers=answers)
        self.show_busy(name)

    def perturb(self) -> None:
        """Perturb single readings by the standard recipe, as a job with progress and Cancel."""
        name = _("Perturbing single readings")
        answers: Answers[Perturbations] = Answers(self._done, self._failed, self._stopped, self._advanced)
        self._working = self.desktop.tasks.run(name, perturb_readings, self.project, answers=answers)
        if self.wall.isVisible() and self.view is not None:  # the readers' agreement can be looked at meanwhile
            self._say_perturbed(self.view)
        else:
            self.show_busy(name)

    # Layout

    def _lay_out(self) -> None:
        left = QWidget()
        wall = QVBoxLayout(left)
        wall.setContentsMargins(0, 0, GRID, 0)
        wall.addWidget(self.wall, 1)
        wall.addWidget(self.legend)
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.feature_card)
        right.addWidget(self.pairs_card)
        right.setSizes([400, 290])
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(left)
        across.addWidget(right)
        across.setSizes([900, 560])
        for splitter in (right, across):
            splitter.setChildrenCollapsible(False)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(self._top())
        column.addWidget(self.by_hand)
        column.addWidget(self.note)
        column.addWidget(across, 1)

    def _top(self) -> QHBoxLayout:
        """Return the two comparisons as switches, and what is stable in both."""
        top = QHBoxLayout()
        top.setSpacing(GRID)
        for comparison in _COMPARISONS:
            made = QPushButton()
            made.setCheckable(True)
            made.setMinimumHeight(52)
            made.clicked.connect(partial(self.show_comparison, comparison))
            self._group.addButton(made)
            self.switches[comparison] = made
            top.addWidget(made)
        self.switches["intra"].setChecked(True)
        self.perturbed_switch.setCheckable(True)
        self.perturbed_switch.setMinimumHeight(52)
        self.perturbed_switch.clicked.connect(self.show_perturbed)
        self._group.addButton(self.perturbed_switch)
        top.addWidget(self.perturbed_switch)
        self.perturb_button.clicked.connect(self.perturb)
        top.addWidget(self.perturb_button)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.stable)
        words.addWidget(self.stable_words)
        top.addSpacing(GRID)
        top.addLayout(words, 1)
        return top

    # Answers

    def _show(self, view: AgreementView) -> None:
        names_before = self.view.names if self.view is not None else ()
        self.view = view
        if not view.compared and view.perturbed is None:
            self._show_why_empty(view)
            return
        if view.names != names_before:
            self.wall.set_names([(name.filter, name.family, name.feature) for name in view.names])
            self.feature_card.clear()
        known = [compared.comparison for compared in view.compared]
        for arm in view.arms:
            self.switches[arm.comparison].setText(switch_words(arm, view))
            self.switches[arm.comparison].setEnabled(arm.comparison in known)
        self._say_perturbed(view)
        self.by_hand.setText(assisted_words(view))
        self.by_hand.setVisible(bool(view.assisted))
        self.note.setText(waiting_words(view.waiting))
        self.note.setVisible(bool(view.waiting))
        if view.perturbed is not None and (self.shows_perturbed or not known):
            self.show_perturbed()
        else:
            self.show_comparison(self.comparison if self.comparison in known else known[0])
        self.show_body()

    def _say_perturbed(self, view: AgreementView) -> None:
        self.perturbed_switch.setText(perturbed_switch_words(view, is_working=self._working is not None))
        self.perturbed_switch.setEnabled(view.perturbed is not None)
        self.perturb_button.setVisible(not self._why_not_perturb())

    def _show_why_empty(self, view: AgreementView) -> None:
        title = _("How well do the readings agree?")
        if not view.arms:
            text = _("The readings are not planned yet. The coordinator plans them on the worklist.")
            self.show_empty("shape_intersect", title, text)
            return
        counts = arm_counts(view.arms)
        missing = view.n_without_features
        if missing or view.trouble:
            text = plural(
                "{n} signed reading has no features yet.", "{n} signed readings have no features yet.", missing
            )
            steps = [FirstStep(_("Extract features"), self.extract)] if self.project.may(Operation.EXTRACT) else []
            self.show_empty("beaker", counts, view.trouble or text, *steps)
            return
        may_perturb = view.n_unperturbed > 0 and self.project.may(Operation.EXTRACT)
        first = [FirstStep(_("Perturb single readings"), self.perturb)] if may_perturb else []
        self.show_empty("shape_intersect", counts, waiting_words(view.waiting), *first)

    def _on_feature(self, feature: int) -> None:
        compared = self.compared
        if self.shows_perturbed and self.view is not None and self.view.perturbed is not None:
            self.feature_card.show_perturbed(perturbed_detail(self.view.perturbed, feature))
        elif self.view is not None and compared is not None:
            self.feature_card.show_detail(feature_detail(self.view, compared, feature), self.comparison)

    def _on_patient_of_feature(self, patient_id: str) -> None:
        self.pairs_card.select_patient(patient_id)
        self.feature_card.select_patient(patient_id)

    def _why_not_extract(self) -> str:
        if not self.project.may(Operation.EXTRACT):
            return _("Your role does not extract features.")
        if self._working is not None:
            return _("Features are being extracted.")
        return "" if self.view is None or self.view.n_without_features else _("Every signed reading has its features.")

    # The extraction

    def _why_not_perturbed(self) -> str:
        has_any = self.view is not None and self.view.perturbed is not None
        return "" if has_any else _("Single readings were not perturbed yet.")

    def _why_not_perturb(self) -> str:
        if not self.project.may(Operation.EXTRACT):
            return _("Your role does not extract features.")
        if self._working is not None:
            return _("Features are being extracted.")
        if self.view is not None and not self.view.n_unperturbed:
            return _("Every first reading of reader A was perturbed.")
        return ""

    def _done(self, made: Extraction | Perturbations) -> None:
        self._working = None
        if not shiboken6.isValid(self):
            return
        if made.failures:
            key, failure = made.failures[0]
            text = _("{n} readings gave no features, first {patient}: {why}").format(
                n=len(made.failures), patient=key.patient_id, why=failure.what
            )
            self.desktop.notices.say(text, failure.hint, Tone.WARNING)
        self.reload()

    def _failed(self, error: Exception) -> None:
        self._working = None
        if shiboken6.isValid(self):
            self.show_error(error)

    def _stopped(self) -> None:
        self._working = None
        if shiboken6.isValid(self):
            self.reload()

    def _advanced(self, running: Running) -> None:
        if shiboken6.isValid(self):
            self._busy.advance(running)

    def _cancel_loading(self) -> None:
        if self._working is not None:
            self._working.cancel()
        else:
            super()._cancel_loading()
