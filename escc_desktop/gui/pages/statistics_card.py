"""A model as published, reconstructed from print: for reading, never for a patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QScrollArea, QVBoxLayout, QWidget

from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.plain_table import ROW_PX, PlainTable
from escc_desktop.gui.widgets.text import label
from escc_desktop.i18n import _, said

_WIDEST_PX = 1080
_TABLE_MARGIN_PX = 8


class PublishedCard(QScrollArea):
    """Name, source, terms with hazard ratios, cut-off, assumptions and warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.name = label(size="heading")
        self.banner = label(_("For reading and comparing only: it judges no patient."), tone="warning")
        self.source = label(tone="secondary", wrap=True)
        header = (_("Term"), _("Contrast"), _("Coefficient"), _("Standard error"), _("Hazard ratio"), _("P"))
        self.terms = PlainTable(header, (2, 3, 4, 5), name=_("Terms"))
        self.terms.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.terms.setSizeAdjustPolicy(QAbstractScrollArea.SizeAdjustPolicy.AdjustIgnored)
        self.cutoff = label(wrap=True)
        self.performance = label(
            _("Its printed performance stands among the printed numbers, beside what noise reaches."),
            tone="secondary",
            wrap=True,
        )
        self._warnings, self._assumptions = QVBoxLayout(), QVBoxLayout()
        self._lay_out()

    def show_card(self, document: Mapping[str, Any]) -> None:
        """Show a card as `paper_document` gives it."""
        self.name.setText(said(document["name"]))
        self.source.setText(said(document["source"]))
        self.terms.show_rows([_cells(term) for term in document["terms"]])
        header = self.terms.horizontalHeader().sizeHint().height()
        self.terms.setFixedHeight(header + ROW_PX * len(document["terms"]) + _TABLE_MARGIN_PX)
        cutoff = document["cutoff"]
        self.cutoff.setVisible(cutoff is not None)
        if cutoff is not None:
            self.cutoff.setText(_("Cut-off {value}; at or below it is low risk.").format(value=f"{cutoff:.5g}"))
        _fill(self._warnings, _("Warnings"), document["warnings"], "warning")
        _fill(self._assumptions, _("Assumptions"), document["assumptions"], "")
        self.verticalScrollBar().setValue(0)

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(_WIDEST_PX)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, GRID, GRID, 2 * GRID)
        column.setSpacing(GRID)
        for widget in (self.name, self.banner, self.source, self.terms, self.cutoff, self.performance):
            column.addWidget(widget)
        for layout in (self._warnings, self._assumptions):
            layout.setSpacing(GRID // 2)
            column.addLayout(layout)
        column.addStretch(1)
        self.setWidget(inner)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)


def _fill(column: QVBoxLayout, title: str, sentences: list[str], tone: str) -> None:
    while (item := column.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.deleteLater()
    if sentences:
        column.addWidget(label(title, size="heading"))
    for sentence in sentences:
        column.addWidget(label(said(sentence), tone=tone, wrap=True))


def _cells(term: Mapping[str, Any]) -> tuple[str, ...]:
    def told(value: float | None, form: str) -> str:
        return _("–") if value is None else format(value, form)

    return (
        term["name"],
        said(term["contrast"]),
        told(term["coefficient"], "+.4g"),
        told(term["std_error"], ".4g"),
        told(term["hazard_ratio"], ".4g"),
        told(term["p"], ".3g"),
    )
