"""The right column for one patient: series with their slice positions, lesions, readings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from escc_desktop.gui.pages.worklist_side import SidePanel, Wrapped, facts, sign_line
from escc_desktop.gui.pages.worklist_strip import SliceStrip
from escc_desktop.gui.pages.worklist_words import (
    day,
    phase_text,
    problem_text,
    reading_name,
    role_name,
    series_name,
    state_name,
)
from escc_desktop.gui.widgets.text import button, card, label
from escc_desktop.i18n import _, plural
from escc_desktop.reading.lesion import Lesion
from escc_desktop.reading.session import Occasion
from escc_desktop.workflow.views.words import capitalised, site_name
from escc_desktop.workflow.views.worklist import FindingLine, PatientLine, PatientState, ReadingLine, SeriesLine

Step = tuple[str, str, Callable[[], object]]
"""Text, icon and what it does."""


class PatientPanel(SidePanel):
    """Shows the patient under the cursor."""

    def __init__(self) -> None:
        super().__init__(_("No patient chosen"))
        self.patient: PatientLine | None = None
        self._steps: list[QPushButton] = []

    def show_patient(self, patient: PatientLine | None, steps: Sequence[Step] = ()) -> None:
        """Show a patient and what can be done for him; None for nobody."""
        is_same = self.patient is not None and patient is not None and self.patient.patient_id == patient.patient_id
        place = self.scroller.verticalScrollBar().value() if is_same else 0
        self.patient = patient
        self.clear()
        self._show_steps(steps if patient else ())
        if patient is None:
            self.title.setText(_("No patient chosen"))
            self.add(Wrapped(_("Choose a patient to see the series."), tone="secondary"))
            return
        self.title.setText(patient.patient_id)
        if patient.state is not PatientState.NONE:
            self.add(label(state_name(patient.state), tone="secondary"))
        for problem in patient.problems:
            self.add(sign_line("warning", "warning", problem_text(problem)))
        if patient.lesions:
            self.add(_lesions(patient.lesions))
        if patient.readings:
            self.add(_readings(patient.readings))
        for number, series in enumerate(patient.series):
            self.add(_series(series, is_chosen=number == 0 and len(patient.series) > 1))
        self.scroller.verticalScrollBar().setValue(place)

    def _show_steps(self, steps: Sequence[Step]) -> None:
        for made in self._steps:
            self.foot.removeWidget(made)
            made.hide()
            made.deleteLater()
        self._steps = []
        for number, (text, icon_name, call) in enumerate(steps):
            made = button(text, icon_name, weight="" if number else "primary")
            made.clicked.connect(lambda _checked=False, call=call: call())
            self.foot.addWidget(made)
            self._steps.append(made)


def _lesions(lesions: Sequence[Lesion]) -> QFrame:
    frame, column = card(margins=12, spacing=4)
    column.addWidget(label(plural("{n} lesion", "{n} lesions", len(lesions)), tone="secondary", size="caption"))
    for lesion in lesions:
        words = [lesion.lesion_id, capitalised(site_name(lesion.site)), role_name(lesion.role)]
        if lesion.irradiated:
            words.append(_("irradiated"))
        column.addWidget(Wrapped(" · ".join(words)))
    return frame


def _readings(readings: Sequence[ReadingLine]) -> QFrame:
    frame, column = card(margins=12, spacing=4)
    column.addWidget(label(_("Readings"), tone="secondary", size="caption"))
    for reading in readings:
        name = _("Reader {letter}").format(letter=reading.reader.value)
        if reading.occasion is Occasion.REPEAT:
            name = _("Reader {letter}, repeat").format(letter=reading.reader.value)
        state = reading_name(reading.state)
        if reading.signed_at is not None:
            state = f"{state} {reading.signed_at.astimezone():%Y-%m-%d}"
        column.addWidget(Wrapped(" · ".join([reading.lesion_id, name, state])))
        if reading.why_not:
            column.addWidget(Wrapped(reading.why_not, tone="secondary", size="caption"))
    return frame


def _series(series: SeriesLine, *, is_chosen: bool) -> QFrame:
    frame, column = card(margins=12, spacing=6)
    title = Wrapped(series_name(series))
    font = title.font()
    font.setBold(True)
    title.setFont(font)
    column.addWidget(title)
    if is_chosen:
        column.addWidget(sign_line("checkmark", "accent", _("Stands for the patient"), size="caption"))
    column.addWidget(
        facts(
            [
                (_("Phase"), phase_text(series)),
                (_("Because"), "; ".join(series.evidence)),
                (_("Slices"), _slices(series)),
                (_("Voxel"), _voxel(series)),
                (_("Kernel"), series.kernel),
                (_("Date"), day(series.study_date)),
            ]
        )
    )
    if series.positions_mm:
        strip = SliceStrip(series.positions_mm)
        column.addWidget(strip)
        column.addWidget(Wrapped(strip.strip.words(), tone="secondary", size="caption"))
    else:
        text = _("The slice positions were not kept when this series was imported.")
        column.addWidget(Wrapped(text, tone="secondary", size="caption"))
    for finding in series.findings:
        column.addWidget(_finding(finding))
    if not series.findings:
        column.addWidget(sign_line("checkmark_circle", "success", _("Nothing found at fault"), size="caption"))
    return frame


def _finding(finding: FindingLine) -> QWidget:
    if finding.severity == "WARN":
        return sign_line("warning", "warning", finding.message, tip=finding.code)
    return sign_line("info", "secondary", finding.message, tip=finding.code)


def _slices(series: SeriesLine) -> str:
    if series.size is None:
        return str(series.n_files or "")
    columns, rows, slices = series.size
    return _("{slices} of {columns} × {rows} pixels").format(slices=slices, columns=columns, rows=rows)


def _voxel(series: SeriesLine) -> str:
    if series.spacing_mm is None:
        return ""
    x, y, z = series.spacing_mm
    return f"{x:.2f} × {y:.2f} × {z:.2f} mm"
