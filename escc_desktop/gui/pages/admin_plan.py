"""How far the readings are, and more time for the repeats."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QProgressBar, QSpinBox, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.fields import Field, Trouble
from escc_desktop.gui.notices import Tone
from escc_desktop.gui.pages.admin_section import Section, days, moment, narrow
from escc_desktop.gui.pages.protocol_words import protocol_words
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, card, label, row
from escc_desktop.i18n import _, plural
from escc_desktop.workflow.views.admin import AdminView, PlanView, ReadingCount, prolong_plan


class PlanSection(Section):
    """Counts, the interval, what the repeats wait for, and how to allow more time."""

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.empty = label(_("The readings are not planned yet."), size="heading")
        self.hint = label(
            _("Mark the lesions and draw the plan on the worklist; the state of the readings shows up here."),
            tone="secondary",
            wrap=True,
        )
        self.worklist = button(_("Go to the worklist"), "clipboard_task_list_ltr", weight="primary")
        self.counts = QGridLayout()
        self.counts.setHorizontalSpacing(2 * GRID)
        self.counts.setVerticalSpacing(GRID)
        self.counts.setColumnStretch(1, 1)
        self.interval = label(wrap=True)
        self.repeats = label(wrap=True)
        self.rules = label(wrap=True)
        self.within = QSpinBox()
        self.within.setMaximum(365)
        self.within.setSuffix(_(" days"))
        self.within.setAccessibleName(_("Most time between first reading and repeat"))
        self.reason = Field(_("Reason; it stays on record with the earlier plan"))
        self.trouble = Trouble()
        self.prolong = button(_("Allow more time"), "timer")
        self._planned = self._lay_out()
        self.column.addWidget(self.empty)
        self.column.addWidget(self.hint)
        self.column.addWidget(self.worklist, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._planned, 99)
        self.column.addStretch(1)
        self.worklist.clicked.connect(lambda: desktop.go("worklist"))
        self.prolong.clicked.connect(self._send)
        self.reason.edit.textChanged.connect(self._fit)
        self.reason.edit.returnPressed.connect(self._send)
        self._fit()

    def show_view(self, view: AdminView) -> None:  # noqa: D102
        plan = view.plan
        self._planned.setVisible(plan is not None)
        self.empty.setVisible(plan is None)
        self.hint.setVisible(plan is None)
        self.worklist.setVisible(plan is None)
        if plan is None:
            return
        self._show_counts(plan.counts)
        self.interval.setText(
            _("{n} of {all} patients are read again, {least} to {most} days after the first reading.").format(
                n=plan.n_repeat_patients, all=plan.n_patients, least=days(plan.apart_days), most=days(plan.within_days)
            )
        )
        self.repeats.setText(_repeats_words(plan))
        self.rules.setText("\n".join(protocol_words(plan.protocol)))
        self.within.setMinimum(int(plan.within_days) + 1)
        self._prolonging.setVisible(plan.may_prolong)

    def forget(self) -> None:  # noqa: D102
        self.reason.edit.clear()
        self.trouble.say("")

    def _lay_out(self) -> QWidget:
        signed, signed_column = card(spacing=2 * GRID)
        signed_column.addWidget(label(_("Signed readings"), size="heading"))
        signed_column.addLayout(self.counts)
        signed_column.addWidget(self.interval)
        signed_column.addWidget(self.repeats)
        rules, rules_column = card(spacing=GRID)
        rules_column.addWidget(label(_("What readers may do and see"), size="heading"))
        rules_column.addWidget(self.rules)
        same = _("The same in every reading, so that none tells what it is for. Fixed with the plan.")
        rules_column.addWidget(label(same, tone="secondary", wrap=True))
        self._prolonging: QFrame
        self._prolonging, more = card(spacing=GRID + GRID // 2)
        more.addWidget(label(_("More time for the repeats"), size="heading"))
        more.addWidget(
            label(
                _("An interval is only ever made longer. What was planned and why it was changed stay on record."),
                tone="secondary",
                wrap=True,
            )
        )
        caption = label(_("Most time after the first reading"), tone="secondary")
        caption.setBuddy(self.within)
        more.addWidget(row(caption, self.within, None))
        for widget in (self.reason, self.trouble, row(None, self.prolong)):
            more.addWidget(widget)
        return narrow(signed, rules, self._prolonging)

    def _show_counts(self, counts: tuple[ReadingCount, ...]) -> None:
        while (item := self.counts.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.deleteLater()
        for place, count in enumerate(counts):
            bar = QProgressBar()
            bar.setTextVisible(False)
            bar.setRange(0, max(1, count.total))
            bar.setValue(count.signed)
            name = _first_words(count)
            number = label(_("{signed} of {total}").format(signed=count.signed, total=count.total))
            bar.setAccessibleName(f"{name}: {number.text()}")
            self.counts.addWidget(label(name), place, 0)
            self.counts.addWidget(bar, place, 1)
            self.counts.addWidget(number, place, 2, Qt.AlignmentFlag.AlignRight)

    def _fit(self) -> None:
        self.prolong.setEnabled(bool(self.reason.text.strip()))
        self.prolong.setToolTip("" if self.prolong.isEnabled() else _("Say the reason first."))

    def _send(self) -> None:
        if not self.prolong.isEnabled():
            return
        within = self.within.value()

        def done(_result: object) -> None:
            self.forget()
            self.desktop.notices.say(
                plural("Repeats may now follow within {n} day.", "Repeats may now follow within {n} days.", within),
                tone=Tone.SUCCESS,
            )

        self.run(
            _("Changing the plan"), prolong_plan, within, self.reason.text,
            then=done, trouble=self.trouble, ends=self._fit,
        )  # fmt: skip


def _first_words(count: ReadingCount) -> str:
    if count.occasion == "repeat":
        return _("Reader {letter}, repeat").format(letter=count.reader)
    return _("Reader {letter}, first reading").format(letter=count.reader)


def _repeats_words(plan: PlanView) -> str:
    words = {
        "unread": plural(
            "{n} repeat waits for its first reading", "{n} repeats wait for their first reading", _n(plan, "unread")
        ),
        "early": plural("{n} is not due yet", "{n} are not due yet", _n(plan, "early")),
        "due": plural("{n} is due now", "{n} are due now", _n(plan, "due")),
        "late": plural("{n} is too late", "{n} are too late", _n(plan, "late")),
    }
    said = [words[state] for state in words if _n(plan, state)]
    if not said:
        return _("All repeats are signed.") if _n(plan, "signed") else ""
    text = _("Repeats: {states}.").format(states=", ".join(said))
    if plan.earliest_close is not None:
        text += " " + _("The next one becomes too late on {time} UTC.").format(time=moment(plan.earliest_close))
    return text


def _n(plan: PlanView, state: str) -> int:
    return plan.repeats.get(state, 0)
