"""The right column after trial records came in or features were extracted: faults, questions, failures, all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped, sign_line
from escc_desktop.gui.widgets.text import button, card, label
from escc_desktop.i18n import _, plural, said
from escc_desktop.workflow.views.worklist_jobs import ExtractionReport, Question, RecordsReport

_A_CARD = 50


class RecordsPanel(SidePanel):
    """Says what an import of trial records gave.

    Attributes
    ----------
    ordered
        (folder, confirmed codes): import again.
    """

    ordered = Signal(object, object)

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__(_("Trial records"), close)
        self._folder = Path()
        self.questions: dict[str, QCheckBox] = {}
        self.again = button(_("Import with what is confirmed"), "arrow_download", weight="primary")
        self.again.clicked.connect(lambda: self.ordered.emit(self._folder, frozenset(self.questions)))
        self.foot.addWidget(self.again)
        self.foot.addStretch(1)

    def show_report(self, report: RecordsReport) -> None:
        """Show the count, or all that stands in the way."""
        self.clear()
        self._folder, self.questions = report.folder, {}
        if report.faults:
            text = plural("{n} fault, nothing imported", "{n} faults, nothing imported", len(report.faults))
            self.add(sign_line("error_circle", "danger", text))
            hint = _("Mend all of them in the files, then import the folder again.")
            self.add(Wrapped(hint, tone="secondary"))
            _add_lines(self, report.faults)
        elif report.questions:
            self._ask(report.questions)
        else:
            text = plural("Records of {n} patient imported", "Records of {n} patients imported", report.n_imported)
            self.add(sign_line("checkmark_circle", "success", text))
        self.again.setVisible(bool(self.questions))
        self._show_again()

    def _ask(self, asked: Sequence[Question]) -> None:
        text = plural("{n} question, nothing imported yet", "{n} questions, nothing imported yet", len(asked))
        self.add(sign_line("warning", "warning", text))
        hint = _("Mend them in the files, or look at each and confirm. Values are kept as they stand in the file.")
        self.add(Wrapped(hint, tone="secondary"))
        for code in dict.fromkeys(one.code for one in asked):
            about = [one for one in asked if one.code == code]
            frame, column = card(margins=12, spacing=6)
            for one in about:
                column.addWidget(Wrapped(one.where, size="caption", tone="secondary"))
                column.addWidget(Wrapped(one.what))
            box = QCheckBox(plural("Import this as it stands", "Import these {n} as they stand", len(about)))
            box.setAccessibleName(f"{box.text()}: {code.replace('_', ' ')}")
            box.toggled.connect(lambda _checked: self._show_again())
            column.addWidget(box)
            self.questions[code] = box
            self.add(frame)

    def _show_again(self) -> None:
        self.again.setEnabled(all(box.isChecked() for box in self.questions.values()))


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
