"""The right column after a list was handed over or features were extracted: faults and failures, all of them."""

from __future__ import annotations

from collections.abc import Sequence

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped, sign_line
from escc_desktop.gui.widgets.text import card, label
from escc_desktop.i18n import plural, said
from escc_desktop.workflow.views.worklist_jobs import ExtractionReport

_A_CARD = 50


class FaultsPanel(SidePanel):
    """Shows all faults of something that was handed over."""

    def show_faults(self, error: FaultsError) -> None:
        """Show them."""
        self.clear()
        self.add(sign_line("error_circle", "danger", said(error.what)))
        self.add(Wrapped(said(error.hint), tone="secondary"))
        _add_lines(self, error.faults)


class ExtractionPanel(SidePanel):
    """Says what an extraction gave."""

    def show_report(self, report: ExtractionReport) -> None:
        """Show counts and every reading without features."""
        self.clear()
        words = plural("{n} reading has features", "{n} readings have features", report.n_readings)
        each = plural("{n} feature each", "{n} features each", report.n_features)
        self.add(sign_line("checkmark_circle", "success", f"{words} · {each}"))
        if report.n_reused:
            text = plural("{n} was there already", "{n} were there already", report.n_reused)
            self.add(label(text, tone="secondary"))
        if report.failures:
            text = plural("{n} reading gave none", "{n} readings gave none", len(report.failures))
            self.add(sign_line("error_circle", "danger", text))
            _add_lines(self, report.failures)


def _add_lines(panel: SidePanel, faults: Sequence[Fault]) -> None:
    """Add all faults: the first ones a card each, many more as plain lines."""
    for fault in faults[:_A_CARD]:
        frame, column = card(margins=12, spacing=4)
        column.addWidget(Wrapped(fault.where, tone="secondary", size="caption"))
        column.addWidget(Wrapped(fault.what))
        panel.add(frame)
    if len(faults) > _A_CARD:
        panel.add(Wrapped("\n".join(map(str, faults[_A_CARD:])), size="caption"))
