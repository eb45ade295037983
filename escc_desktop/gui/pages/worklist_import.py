"""The right column while images come in: what is about to be imported, and afterwards all that was left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QFrame, QRadioButton, QVBoxLayout

from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped, sign_line
from escc_desktop.gui.pages.worklist_strip import SliceStrip
from escc_desktop.gui.widgets.text import button, card, label
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.images import LeftOut
from escc_desktop.workflow.views.worklist_jobs import ImagesOrder, ImagesReport

_SHOWN = 200


class OrderPanel(SidePanel):
    """Says what will be imported and asks where trial codes come from.

    Attributes
    ----------
    ordered
        The `ImagesOrder` to carry out.
    codes_wanted
        A list of trial codes is to be chosen.
    """

    ordered = Signal(object)
    codes_wanted = Signal()

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__(_("Import images"), close)
        self._paths: tuple[Path, ...] = ()
        self._codes: Path | None = None
        self._names = Wrapped("")
        self.add(self._names)
        self.add(label(_("Who are the patients?"), tone="secondary", size="caption"))
        self.as_they_are = QRadioButton(_("The PatientID in the images is the trial code"))
        self.from_list = QRadioButton(_("Take trial codes from a list (CSV)"))
        self.as_they_are.setChecked(True)
        self._group = QButtonGroup(self)
        for choice in (self.as_they_are, self.from_list):
            self._group.addButton(choice)
            self.add(choice)
        self._list = Wrapped("", tone="secondary", size="caption")
        self.add(self._list)
        self.choose_list = button(_("Choose a list"), "document_table")
        self.choose_list.clicked.connect(self.codes_wanted)
        self.content.addWidget(self.choose_list, alignment=Qt.AlignmentFlag.AlignLeft)
        note = _("The list has the columns patient_id and trial_code. Patients it does not name are left out.")
        self._note = Wrapped(note, tone="secondary", size="caption")
        self.add(self._note)
        self.start = button(_("Import"), "arrow_download", weight="primary")
        self.start.clicked.connect(self._order)
        self.foot.addWidget(self.start)
        self.foot.addStretch(1)
        self._group.buttonToggled.connect(lambda *_args: self._show())

    def show_paths(self, paths: Sequence[Path]) -> None:
        """Offer to import these."""
        self._paths = tuple(paths)
        self._names.setText("\n".join(path.name for path in paths))
        self._names.setToolTip("\n".join(map(str, paths)))
        self._show()

    def show_codes(self, codes: Path) -> None:
        """Take trial codes from this list."""
        self._codes = codes
        self.from_list.setChecked(True)
        self._show()

    def _show(self) -> None:
        is_listed = self.from_list.isChecked()
        self.choose_list.setVisible(is_listed)
        self._note.setVisible(is_listed)
        self._list.setVisible(is_listed)
        self._list.setText(self._codes.name if self._codes else _("No list chosen yet."))
        self.start.setEnabled(bool(self._paths) and (not is_listed or self._codes is not None))

    def _order(self) -> None:
        codes = self._codes if self.from_list.isChecked() else None
        self.ordered.emit(ImagesOrder(self._paths, codes))


class ImagesReportPanel(SidePanel):
    """Says what an import gave; what may be confirmed is confirmed here and imported again.

    Attributes
    ----------
    ordered
        The `ImagesOrder` that imports what was confirmed.
    """

    ordered = Signal(object)

    def __init__(self, close: Callable[[], object]) -> None:
        super().__init__(_("Import finished"), close)
        self._report: ImagesReport | None = None
        self.questions: dict[str, QCheckBox] = {}
        self.again = button(_("Import what is confirmed"), "arrow_download", weight="primary")
        self.again.clicked.connect(self._order)
        self.foot.addWidget(self.again)
        self.foot.addStretch(1)

    def show_report(self, report: ImagesReport) -> None:
        """Show counts, questions and everything left out."""
        self.clear()
        report = self._report = _continued(self._report, report)
        self.questions = {}
        self.add(sign_line("checkmark_circle", "success", _counts(report)))
        open_to = [one for one in report.left_out if one.questions]
        self._show_questions(open_to)
        refused = [one for one in report.left_out if not one.questions and not one.is_expected]
        if refused:
            self.add(label(plural("{n} refused", "{n} refused", len(refused)), size="heading"))
        for one in refused[:_SHOWN]:
            self.add(_left_out(one))
        if len(refused) > _SHOWN:
            self.add(_plain(refused[_SHOWN:]))
        beside = [one for one in report.left_out if one.is_expected]
        if beside:
            self.add(label(plural("{n} not needed", "{n} not needed", len(beside)), size="heading"))
            self.add(_plain(beside))
        self.again.setVisible(bool(self.questions))
        self._show_again()

    def _show_questions(self, asked: Sequence[LeftOut]) -> None:
        if not asked:
            return
        self.add(label(_("To be confirmed"), size="heading"))
        self.add(Wrapped(_("Tick what is as it should be; it is then imported."), tone="secondary"))
        for code in dict.fromkeys(code for one in asked for code in one.questions):
            about = [one for one in asked if code in one.questions]
            frame, column = card(margins=12, spacing=6)
            box = QCheckBox(plural("Confirm for {n} series", "Confirm for {n} series", len(about)))
            message = next(f.message for f in about[0].findings if f.code == code)
            box.setAccessibleName(f"{box.text()}: {message}")
            box.toggled.connect(lambda _checked: self._show_again())
            column.addWidget(sign_line("warning", "warning", message))
            for one in about:
                column.addWidget(sign_line("image", "secondary", f"{one.where} · {one.path}"))
                if len(one.positions_mm) > 1:
                    _add_strip(column, one)
            column.addWidget(box)
            self.questions[code] = box
            self.add(frame)

    def _confirmed(self) -> frozenset[str]:
        return frozenset(code for code, box in self.questions.items() if box.isChecked())

    def _again(self) -> ImagesOrder | None:
        """Return the order for all series whose every question is confirmed now."""
        if self._report is None:
            return None
        accept = self._report.order.accept | self._confirmed()
        only = frozenset(
            one.series_uid for one in self._report.left_out if one.questions and accept >= set(one.questions)
        )
        return replace(self._report.order, accept=accept, only=only) if only else None

    def _show_again(self) -> None:
        self.again.setEnabled(self._again() is not None)

    def _order(self) -> None:
        order = self._again()
        if order is not None:
            self.ordered.emit(order)


def _continued(before: ImagesReport | None, report: ImagesReport) -> ImagesReport:
    """Return the report of an import and of what was confirmed after it as one: what is still out stays listed."""
    only = report.order.only
    if before is None or not only:
        return report
    still = tuple(one for one in before.left_out if one.series_uid not in only)
    n_imported, n_known = before.n_imported + report.n_imported, before.n_known + report.n_known
    return ImagesReport(report.order, n_imported, n_known, (*report.left_out, *still))


def _counts(report: ImagesReport) -> str:
    parts = [plural("{n} series imported", "{n} series imported", report.n_imported)]
    if report.n_known:
        parts.append(plural("{n} known before", "{n} known before", report.n_known))
    parts.append(plural("{n} left out", "{n} left out", len(report.left_out)))
    return " · ".join(parts)


def _left_out(one: LeftOut) -> QFrame:
    """Return what was left out, why, and what to do."""
    frame, column = card(margins=12, spacing=4)
    column.addWidget(sign_line("error_circle", "danger", one.where))
    if one.path != one.where:
        column.addWidget(Wrapped(one.path, tone="secondary", size="caption"))
    column.addWidget(Wrapped(one.what))
    column.addWidget(Wrapped(one.hint, tone="secondary"))
    if len(one.positions_mm) > 1:
        _add_strip(column, one)
    return frame


def _add_strip(column: QVBoxLayout, one: LeftOut) -> None:
    strip = SliceStrip(one.positions_mm)
    column.addWidget(strip)
    column.addWidget(Wrapped(strip.strip.words(), tone="secondary", size="caption"))


def _plain(rest: Sequence[LeftOut]) -> QFrame:
    """Return many as plain lines: all of them, without a card each."""
    frame, column = card(margins=12, spacing=6)
    for one in rest:
        place = "" if one.path == one.where else f" ({one.path})"
        column.addWidget(sign_line("info", "secondary", f"{one.where}{place}: {one.what}", size="caption"))
    return frame
