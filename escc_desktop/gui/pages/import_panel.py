"""The right column of the import of trial records: faults, questions to answer, what to do with the rest, Import."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QLineEdit, QRadioButton

from escc_desktop.errors import Fault
from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped, sign_line
from escc_desktop.gui.widgets.text import button, card
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.record_import import Ask, ChangeKind, ImportView, Question

WIDTH_PX = 360
_CARDS = 40
_LINES = 6


class ImportPanel(SidePanel):
    """Shows what stands in the way and what must be answered.

    Attributes
    ----------
    answered
        (key, answer) of a question that has several answers: read again.
    removes_changed
        Whether rows go that the source leaves out: read again.
    committed
        (confirmed codes, reason): import.
    save_wanted
        Write faults and questions as a table.
    """

    answered = Signal(str, str)
    removes_changed = Signal(bool)
    committed = Signal(object, str)
    save_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(_("What to look at"))
        self.setFixedWidth(WIDTH_PX)
        self._view: ImportView | None = None
        self.boxes: dict[str, QCheckBox] = {}
        self.options: dict[tuple[str, str], QRadioButton] = {}
        self.removes = QCheckBox()
        self.reason = QLineEdit()
        self.start = button(_("Import"), "arrow_download", weight="primary")
        self.save = button(_("Save as a table"), "save", tip=_("Write all faults and questions as CSV"))
        self.foot.addWidget(self.start)
        self.foot.addWidget(self.save)
        self.foot.addStretch(1)
        self.start.clicked.connect(self._commit)
        self.save.clicked.connect(self.save_wanted)

    def show_view(self, view: ImportView) -> None:
        """Show what a preview asks and what is wrong with its source."""
        self._view = view
        self.clear()
        self.boxes, self.options = {}, {}
        preview = view.preview
        self._show_state(view)
        for ask in preview.asks:
            self._ask(ask)
        if preview.faults:
            self._show_faults(preview.faults)
        if preview.questions:
            self.add(Wrapped(_("Confirm what is as it should be, or mend it in the files."), tone="secondary"))
        for code in dict.fromkeys(one.code for one in preview.questions):
            self._question(code, [one for one in preview.questions if one.code == code])
        self._offer_removal(view)
        self._ask_reason(view)
        self.save.setVisible(bool(preview.faults or preview.questions or preview.asks))
        self._show_start()

    def _show_state(self, view: ImportView) -> None:
        preview = view.preview
        if preview.faults:
            text = plural(
                "{n} fault, nothing can be imported", "{n} faults, nothing can be imported", len(preview.faults)
            )
            self.add(sign_line("error_circle", "danger", text))
        elif preview.asks:
            self.add(sign_line("question_circle", "warning", _("Answer this first; then the changes show.")))
        elif not preview.is_changing:
            self.add(sign_line("checkmark_circle", "success", _("Everything is in the project already.")))
        elif not preview.questions:
            self.add(sign_line("checkmark_circle", "success", _("No faults and no questions.")))
        if preview.left_out:
            names = ", ".join(preview.left_out[:_LINES])
            more = _(" and {n} more").format(n=len(preview.left_out) - _LINES) if len(preview.left_out) > _LINES else ""
            text = _("Not in the source, stay as they are: {names}").format(names=names + more)
            self.add(Wrapped(text, tone="secondary", size="caption"))

    def _ask(self, ask: Ask) -> None:
        frame, column = card(margins=12, spacing=6)
        column.addWidget(Wrapped(ask.where, tone="secondary", size="caption"))
        column.addWidget(Wrapped(ask.what))
        group = QButtonGroup(frame)
        for option in ask.options:
            choice = QRadioButton(option.label)
            choice.setAccessibleName(f"{ask.where}: {option.label}")
            choice.clicked.connect(
                lambda _checked=False, key=ask.key, value=option.value: self.answered.emit(key, value)
            )
            group.addButton(choice)
            column.addWidget(choice)
            self.options[ask.key, option.value] = choice
        self.add(frame)

    def _show_faults(self, faults: Sequence[Fault]) -> None:
        for fault in faults[:_CARDS]:
            frame, column = card(margins=12, spacing=4)
            column.addWidget(Wrapped(fault.where, tone="secondary", size="caption"))
            column.addWidget(Wrapped(fault.what))
            self.add(frame)
        if len(faults) > _CARDS:
            text = plural(
                "{n} more; save the table to see all", "{n} more; save the table to see all", len(faults) - _CARDS
            )
            self.add(Wrapped(text, tone="secondary"))

    def _question(self, code: str, about: Sequence[Question]) -> None:
        frame, column = card(margins=12, spacing=6)
        for one in about[:_LINES]:
            column.addWidget(Wrapped(one.where, size="caption", tone="secondary"))
            column.addWidget(Wrapped(one.what))
        if len(about) > _LINES:
            rest = plural("and {n} more like these", "and {n} more like these", len(about) - _LINES)
            column.addWidget(Wrapped(rest, tone="secondary", size="caption"))
        box = QCheckBox(plural("Yes, take this so", "Yes, take these {n} so", len(about)))
        box.setAccessibleName(f"{box.text()}: {code.replace('_', ' ')}")
        box.toggled.connect(lambda _checked: self._show_start())
        column.addWidget(box)
        self.boxes[code] = box
        self.add(frame)

    def _offer_removal(self, view: ImportView) -> None:
        counts = view.preview.counts
        count = counts[ChangeKind.LEFT_OUT] + (counts[ChangeKind.REMOVED] if view.order.removes else 0)
        if not count:
            return
        text = plural("Remove {n} row the source leaves out", "Remove {n} rows the source leaves out", count)
        self.removes = QCheckBox(text)
        self.removes.setChecked(view.order.removes)
        self.removes.toggled.connect(self.removes_changed)
        self.add(self.removes)

    def _ask_reason(self, view: ImportView) -> None:
        if not view.preview.needs_reason:
            return
        before = self.reason.text()
        self.reason = QLineEdit(before)
        self.reason.setPlaceholderText(_("Reason of the change; stays on record"))
        self.reason.setAccessibleName(_("Reason of the change"))
        self.reason.textChanged.connect(lambda _text: self._show_start())
        self.add(self.reason)

    def _why_not(self) -> str:
        """Say why nothing can be imported now; "" if it can."""
        if self._view is None or not self._view.preview.is_changing:
            return _("There is nothing to import.")
        preview = self._view.preview
        if preview.faults:
            return _("Mend the faults in the files, then read them again.")
        if preview.asks or not all(box.isChecked() for box in self.boxes.values()):
            return _("Answer the questions first.")
        if preview.needs_reason and not self.reason.text().strip():
            return _("Values that stand would change: give a reason.")
        return ""

    def _show_start(self) -> None:
        why_not = self._why_not()
        self.start.setEnabled(not why_not)
        self.start.setToolTip(why_not)

    def _commit(self) -> None:
        if self._view is not None and not self._why_not():
            needs = self._view.preview.needs_reason
            self.committed.emit(frozenset(self.boxes), self.reason.text() if needs else "")
