"""Compare: two series of a patient, or two readings of a lesion, side by side and over each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.latest import Latest
from escc_desktop.gui.page import Page
from escc_desktop.gui.pages.compare_board import CompareBoard
from escc_desktop.gui.pages.compare_opening import Ready, find_ready_motion, lay_ready_over, open_ready
from escc_desktop.gui.pages.worklist_words import day, phase_name
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.look import STRENGTHS, Look
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.gui.widgets.text import button, icon_button, label, row, set_tone
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.compare import (
    STILL,
    Comparable,
    ComparedSeries,
    ReadingPair,
    RigidMotion,
    Side,
    SideChoice,
    comparable,
)

_LEAST_PX = 96
_USUAL_STRENGTH, _STRONGEST = Look().strength, len(STRENGTHS) - 1
_SERIES_SHARE, _READING_SHARE = 5, 4


class ComparePage(Page):
    """Where phases, earlier scans and readings are held against each other."""

    watches: ClassVar[frozenset[str]] = frozenset({"series", "session", "roi", "plan"})

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self.known: Comparable | None = None
        self._wanted: ReadingPair | None = None
        self._shown: tuple[SideChoice, SideChoice] | None = None
        self._motion_job: Running | None = None
        self.board = CompareBoard()
        self.patient = QComboBox()
        self.series, self.readings = (QComboBox(), QComboBox()), (QComboBox(), QComboBox())
        self.swap_button = icon_button("arrow_sync", _("Swap the sides"))
        self.link_words = label(tone="secondary")
        self.register_button = button(_("Register by the images"), weight="quiet")
        self.cancel_button = button(_("Cancel"), weight="quiet")
        self._opening: Latest[Ready] = Latest(desktop.tasks, _("Opening the comparison"), self._opened, self._failed)
        self._laying: Latest[VolumePlanes] = Latest(
            desktop.tasks, _("Laying the series over each other"), self._laid_over, self._failed
        )
        self._lay_out()
        self._connect()

    # As a page

    def refresh(self) -> None:
        """Fetch what of the patient can be compared."""
        patient_id = self._wanted.patient_id if self._wanted is not None else self.desktop.patient_id
        self.load(comparable, self._take, patient_id, busy="" if self.known is not None else _("Series and readings"))

    def go(self, where: object) -> None:
        """Show two readings another page asks for."""
        if isinstance(where, ReadingPair):
            self._wanted = where
            self.reload()

    def on_patient(self, patient_id: str) -> None:
        """Show another patient, when the page is looked at."""
        if self.known is not None and patient_id != self.known.patient_id:
            self._go_stale()

    @property
    def is_absorbed(self) -> bool:
        """Whether two sides are on screen."""
        return self.board.ready is not None

    def notice_area(self) -> QWidget | None:
        """Return the board: what stands below it belongs to it."""
        return self.board

    def close_page(self) -> None:
        """Let go of the pictures."""
        self._opening.stop()
        self._laying.stop()
        self._stop_motion()
        self.board.set_ready(None)

    def actions_now(self) -> tuple[Action, ...]:
        """Return what can be done with two sides."""
        swap = Action("compare.swap", _("Swap the sides"), self.swap, "arrow_sync", why_not=self._why_not)
        register = Action(
            "compare.register",
            _("Register the two series by their images"),
            self.register,
            why_not=self._why_not_register,
        )
        return swap, register, *self.board.actions_now()

    # What the user does

    def swap(self) -> None:
        """Show what is on the left on the right, and the other way round."""
        first, second = self.choices()
        self._choose(second, first)

    def register(self) -> None:
        """Find how the second series lies to the first, by its image, as a job with progress and Cancel."""
        ready = self.board.ready
        if ready is None or self._why_not_register():
            return
        self._stop_motion()
        answers: Answers[RigidMotion] = Answers()
        running = self.desktop.tasks.run(
            _("Registering the series"), find_ready_motion, ready, answers=answers, quiet=True
        )

        def mine(call: Callable[..., object]) -> Callable[..., None]:
            def guarded(*results: object) -> None:
                if shiboken6.isValid(self) and self._motion_job is running:
                    call(*results)

            return guarded

        answers.then, answers.failed = mine(self._found), mine(self._not_found)
        answers.stopped, answers.advanced = mine(self._stop_motion), mine(self._advance_motion)
        self._motion_job = running
        self._advance_motion(running)

    def choices(self) -> tuple[SideChoice, SideChoice]:
        """Return what is chosen for both sides."""
        first, second = (
            SideChoice(series.currentData() or "", reading.currentData() or "")
            for series, reading in zip(self.series, self.readings, strict=True)
        )
        return first, second

    # Answers

    def _take(self, known: Comparable) -> None:
        self.known = known
        wanted, self._wanted = self._wanted, None
        if not known.patients or (not known.has_images and len(known.readings) < 2):
            self._say_nothing(known)
            return
        _fill(self.patient, [(one, one) for one in known.patients], known.patient_id)
        for box in self.series:
            _fill(box, [(_series_words(one), one.series_uid) for one in known.series], box.currentData())
            box.setVisible(known.has_images)
        self.board.lock_window(known.window)
        self.board.set_strength(_USUAL_STRENGTH if known.has_images else _STRONGEST)
        self.desktop.choose_patient(known.patient_id)
        self._choose(*_first_choices(known, wanted, self._shown))
        self.show_body()

    def _choose(self, first: SideChoice, second: SideChoice) -> None:
        """Show these choices in the boxes, and open them."""
        for box, choice in zip(self.series, (first, second), strict=True):
            box.setCurrentIndex(max(0, box.findData(choice.series_uid)))
        for place, choice in enumerate((first, second)):
            self._fill_readings(place, choice.session_id)
        self._open()

    def _fill_readings(self, place: int, session_id: str) -> None:
        """List the readings on the series of a side."""
        known = self.known
        if known is None:
            return
        uid = self.series[place].currentData()
        own = [one for one in known.readings if one.series_uid == uid or not known.has_images]
        lines = [] if not known.has_images else [(_("No outline"), "")]
        _fill(self.readings[place], [*lines, *((one.words, one.session_id) for one in own)], session_id)
        self.readings[place].setEnabled(bool(own))
        self.readings[place].setToolTip(known.why_no_readings if not own else "")

    def _open(self) -> None:
        choices = self.choices()
        if self.known is None or (choices == self._shown and self.board.ready is not None):
            return
        self._shown = choices
        self._stop_motion()
        self._laying.stop()
        self.link_words.setText(_("Opening …"))
        self._opening.ask(open_ready, self.project, self.known, *choices)

    def _opened(self, ready: Ready) -> None:
        if not shiboken6.isValid(self):
            return
        sides, known = (ready.opened.first, ready.opened.second), self.known
        marks = () if known is None else tuple(known.marks.get(side.choice.series_uid) for side in sides)
        self.board.set_ready(ready, (self._caption(0, sides[0]), self._caption(1, sides[1])), marks)
        self._say_link()
        if ready.opened.motion is None:
            self.register()
        self.actions_changed.emit()

    def _failed(self, error: Exception) -> None:
        if not shiboken6.isValid(self):
            return
        self._shown = None
        if isinstance(error, EsccError):
            self._say(f"{said(error.what)} {said(error.hint)}", "warning")
        else:
            self.show_error(error)

    def _found(self, motion: RigidMotion) -> None:
        self._stop_motion()
        self.board.set_motion(motion)
        self._say_link()
        self.actions_changed.emit()

    def _not_found(self, error: Exception) -> None:
        self._stop_motion()
        self._failed(error)

    def _lay_over(self) -> None:
        ready, motion = self.board.ready, self.board.link.motion
        if ready is not None and motion is not None:
            self._say(_("Laying the series over each other …"))
            self._laying.ask(lay_ready_over, ready, motion)

    def _laid_over(self, planes: VolumePlanes) -> None:
        if shiboken6.isValid(self):
            self.board.set_laid_over(planes)
            self._say_link()

    # Words

    def _say_link(self) -> None:
        """Say how the two sides are linked, and whether the second reaches where the first looks."""
        ready, motion = self.board.ready, self.board.link.motion
        self._show(self.register_button, is_shown=not self._why_not_register() and self._motion_job is None)
        if ready is None:
            return
        if ready.first is ready.second:
            self._say(_("The same series on both sides."))
        elif motion is None:
            self._say(_("Not linked: the two series have different frames of reference."), "warning")
        elif self.board.link.is_beyond():
            self._say(_("The second series does not reach here."), "warning")
        elif motion == STILL:
            self._say(_("Linked by the position in the patient."))
        else:
            words = _("Registered by the images: moved {mm} mm, turned {angle}°. Check it with the checkerboard.")
            x, y, z = motion.shift_of(ready.first.geometry)
            self._say(words.format(mm=f"{(x * x + y * y + z * z) ** 0.5:.1f}", angle=f"{motion.angle_deg:.1f}"))

    def _say(self, words: str, tone: str = "secondary") -> None:
        self.link_words.setText(words)
        set_tone(self.link_words, tone)

    def _caption(self, place: int, side: Side) -> str:
        parts = [self.series[place].currentText(), self.readings[place].currentText()]
        known = self.known
        if known is not None and not known.has_images:
            last = side.first_slice + len(side.volume.hu)
            around = _("slices {first} to {last}").format(first=side.first_slice + 1, last=last)
            parts = [self.readings[place].currentText(), around, _("outline only: your role sees no images")]
        elif not self.choices()[place].session_id:
            parts = parts[:1]
        return " · ".join(parts)

    def _say_nothing(self, known: Comparable) -> None:
        self.board.set_ready(None)
        self._shown = None
        text = _("Two series of a patient, or two readings of a lesion, are held against each other here.")
        why = known.why_no_readings or _("There are no images yet.")
        self.show_empty("split_vertical", _("Nothing to compare"), f"{text} {why}")

    def _why_not(self) -> str:
        return "" if self.board.ready is not None else _("Nothing is open.")

    def _why_not_register(self) -> str:
        ready = self.board.ready
        if ready is None:
            return _("Nothing is open.")
        return _("Both sides show the same series.") if ready.first is ready.second else ""

    # The registration

    def _advance_motion(self, running: Running) -> None:
        share = f" {100 * running.fraction:.0f} %" if running.fraction is not None else ""
        self._say(_("Registering by the images …{share}").format(share=share))
        self._show(self.cancel_button, is_shown=True)
        self._show(self.register_button, is_shown=False)

    def _stop_motion(self) -> None:
        running, self._motion_job = self._motion_job, None
        if running is not None:
            running.cancel()
        self._show(self.cancel_button, is_shown=False)
        self._say_link()

    def _show(self, made: QWidget, *, is_shown: bool) -> None:
        """Show or hide a button; the keyboard goes from one that leaves to the picture, not to the next button."""
        if made.hasFocus() and not is_shown:
            self.board.active.setFocus(Qt.FocusReason.OtherFocusReason)
        made.setVisible(is_shown)

    # Layout

    def _connect(self) -> None:
        self.patient.activated.connect(lambda _index: self.desktop.choose_patient(self.patient.currentData()))
        for place in (0, 1):
            self.series[place].activated.connect(lambda _index, place=place: self._choose_series(place))
            self.readings[place].activated.connect(lambda _index: self._open())
        self.swap_button.clicked.connect(self.swap)
        self.register_button.clicked.connect(self.register)
        self.cancel_button.clicked.connect(self._stop_motion)
        self.board.laid_over_wanted.connect(self._lay_over)
        self.board.mode_changed.connect(self.actions_changed)
        self.board.said.connect(self.desktop.notices.say)
        self.board.link.moved.connect(self._say_link)

    def _choose_series(self, place: int) -> None:
        self._fill_readings(place, "")
        self._open()

    def _lay_out(self) -> None:
        names = (_("Left series"), _("Right series")), (_("Outline on the left"), _("Outline on the right"))
        for boxes, own in ((self.series, names[0]), (self.readings, names[1])):
            for box, name in zip(boxes, own, strict=True):
                box.setAccessibleName(name)
                box.setMinimumWidth(_LEAST_PX)
                box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.patient.setAccessibleName(_("Patient"))
        top = QWidget()
        line = QHBoxLayout(top)
        line.setSpacing(GRID)
        # Each side's boxes over its own view.
        for place, lead in enumerate((self.patient, self.swap_button)):
            side = QHBoxLayout()
            side.setSpacing(GRID)
            side.addWidget(lead)
            side.addWidget(self.series[place], _SERIES_SHARE)
            side.addWidget(self.readings[place], _READING_SHARE)
            line.addLayout(side, 1)
        foot = row(self.link_words, self.register_button, self.cancel_button, None)
        column = QVBoxLayout(self.body)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        for part in (top, foot):
            part.setContentsMargins(GRID, 0, GRID, 0)
        for widget in (top, self.board, foot):
            column.addWidget(widget, 1 if widget is self.board else 0)
        self.cancel_button.hide()
        self.register_button.hide()


def _fill(box: QComboBox, lines: Sequence[tuple[str, str]], chosen: object) -> None:
    box.clear()
    for words, data in lines:
        box.addItem(words, data)
    box.setCurrentIndex(max(0, box.findData(chosen)))


def _series_words(series: ComparedSeries) -> str:
    name = series.description or _("Without description")
    return " · ".join(part for part in (day(series.study_date), phase_name(series.phase), name) if part)


def _first_choices(
    known: Comparable, wanted: ReadingPair | None, before: tuple[SideChoice, SideChoice] | None
) -> tuple[SideChoice, SideChoice]:
    """Return what is shown first: what was asked for, what was shown, two series, or two readings."""
    series_of = {one.session_id: one.series_uid for one in known.readings}
    if wanted is not None and {wanted.first_id, wanted.second_id} <= series_of.keys():
        one, other = wanted.first_id, wanted.second_id
        return SideChoice(series_of[one], one), SideChoice(series_of[other], other)
    uids = [one.series_uid for one in known.series]
    if before is not None and all(_is_known(known, choice) for choice in before):
        return before
    if len(uids) > 1:
        return SideChoice(uids[0]), SideChoice(uids[1])
    ids = [one.session_id for one in known.readings]
    both = ids[:2] if len(ids) > 1 else (ids * 2 or ["", ""])
    first, second = (SideChoice(series_of.get(one, uids[0] if uids else ""), one) for one in both)
    return first, second


def _is_known(known: Comparable, choice: SideChoice) -> bool:
    is_reading = choice.session_id in {"", *(one.session_id for one in known.readings)}
    is_series = not known.has_images or choice.series_uid in {one.series_uid for one in known.series}
    return is_reading and is_series and bool(choice.session_id or known.has_images)
