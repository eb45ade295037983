"""Overlap and distance of both outlines of each patient, and the outlines themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout

from escc_desktop.gui.pages.agreement_feature import reading_names
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.outline_pair import OutlineContent, OutlinePair
from escc_desktop.gui.widgets.text import button, label
from escc_desktop.i18n import _
from escc_desktop.workflow.views.agreement import Comparison
from escc_desktop.workflow.views.agreement_pairs import Pair
from escc_desktop.workflow.views.compare import ReadingPair

_VALUE = Qt.ItemDataRole.UserRole
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ROW_PX = 28


class PairsCard(QFrame):
    """Table of pairs above the two outlines of the chosen one.

    Attributes
    ----------
    patient_chosen
        A row was chosen.
    compare_wanted
        `ReadingPair` to be seen in full.
    """

    patient_chosen = Signal(str)
    compare_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self._pairs: tuple[Pair, ...] = ()
        self.shown: Pair | None = None
        self._model = QStandardItemModel()
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(_VALUE)
        self.table = self._make_table()
        self.outlines = OutlinePair()
        self.outlines.slice_changed.connect(self._tell_slice)
        self.caption = label(tone="secondary", size="caption", wrap=True)
        self.compare_button = button(_("Compare"), "split_vertical", tip=_("See both outlines and where they differ"))
        self.compare_button.clicked.connect(self.compare)
        self.table.doubleClicked.connect(lambda _index: self.compare())
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addWidget(self.table, 3)
        column.addWidget(self.outlines, 2)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addWidget(self.caption, 1)
        foot.addWidget(self.compare_button)
        column.addLayout(foot)

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._sorted)
        table.setSortingEnabled(True)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setAccessibleName(_("Outlines of each patient"))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(self._on_row)
        return table

    def show_pairs(self, pairs: Sequence[Pair], comparison: Comparison) -> None:
        """List the pairs of a comparison, the worst overlap first, and show the same patient as before."""
        before = self.shown.patient_id if self.shown is not None else ""
        self._pairs = tuple(pair for pair in pairs if pair.comparison == comparison)
        first, second = reading_names(comparison)
        self.shown = None
        self._model.clear()
        is_assisted = any(max(pair.assisted) > 0 for pair in self._pairs)
        headers = [
            _("Patient"),
            _("Dice"),
            _("HD95\nmm"),
            _("ASSD\nmm"),
            _("{reading}\nmL").format(reading=first),
            _("{reading}\nmL").format(reading=second),
        ]
        if is_assisted:
            headers += [_("Assisted\n%"), _("Dice\nby hand")]
        self._model.setHorizontalHeaderLabels(headers)
        for k, pair in enumerate(self._pairs):
            self._model.appendRow([*_row(k, pair), *(_assisted_cells(pair) if is_assisted else ())])
        for k in range(len(headers)):
            side = Qt.AlignmentFlag.AlignLeft if k == 0 else Qt.AlignmentFlag.AlignRight
            self._model.setHeaderData(
                k, Qt.Orientation.Horizontal, side | Qt.AlignmentFlag.AlignVCenter, Qt.ItemDataRole.TextAlignmentRole
            )
        self.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
        if before not in {pair.patient_id for pair in self._pairs}:
            before = self._sorted.index(0, 0).data() if self._pairs else ""
        self.select_patient(before)

    def compare(self) -> None:
        """Ask for the chosen pair to be seen in full."""
        if self.shown is not None:
            self.compare_wanted.emit(ReadingPair(self.shown.patient_id, *self.shown.ids))

    def select_patient(self, patient_id: str) -> None:
        """Show a patient's outlines."""
        for number in range(self._sorted.rowCount()):
            if self._sorted.index(number, 0).data() == patient_id:
                self.table.selectRow(number)
                self.table.scrollTo(self._sorted.index(number, 0))
                return

    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        place = self._sorted.index(current.row(), 0).data(_VALUE + 1)
        if not current.isValid() or place is None:
            return
        pair = self._pairs[place]
        self.shown = pair
        first, second = reading_names(pair.comparison)
        content = OutlineContent(
            pair.first, pair.second, pair.first_slice, (pair.spacing_mm[0], pair.spacing_mm[1]), (first, second)
        )
        self.outlines.show_content(content, pair.widest_slice)
        self.patient_chosen.emit(pair.patient_id)

    def _tell_slice(self, index: int) -> None:
        if self.shown is None:
            return
        self.caption.setText(
            _(
                "{patient}, slice {slice}: filled its own outline, dotted the other one's. "
                "Outlines only: your role does not see the images."
            ).format(patient=self.shown.patient_id, slice=self.shown.first_slice + index + 1)
        )


def _row(place: int, pair: Pair) -> list[QStandardItem]:
    numbers = (pair.dice, pair.hd95_mm, pair.assd_mm, pair.first_mm3 / 1000, pair.second_mm3 / 1000)
    digits = (3, 1, 2, 1, 1)
    patient = QStandardItem(pair.patient_id)
    patient.setData(pair.patient_id, _VALUE)
    patient.setData(place, _VALUE + 1)
    return [patient, *(_cell(f"{number:.{digit}f}", number) for number, digit in zip(numbers, digits, strict=True))]


def _assisted_cells(pair: Pair) -> list[QStandardItem]:
    """Return how much of both readings an assisted tool touched, and the overlap of the rest."""
    shares = " / ".join(f"{100 * share:.0f}" for share in pair.assisted)
    is_known = math.isfinite(pair.dice_by_hand)
    by_hand = _cell(f"{pair.dice_by_hand:.3f}" if is_known else "–", pair.dice_by_hand if is_known else -1.0)
    by_hand.setToolTip(
        _("Of the slices that no assisted tool touched in either reading.")
        if is_known
        else _("An assisted tool touched every slice.")
    )
    return [_cell(shares, max(pair.assisted)), by_hand]


def _cell(text: str, value: float) -> QStandardItem:
    cell = QStandardItem(text)
    cell.setData(value, _VALUE)
    cell.setTextAlignment(_RIGHT)
    return cell
