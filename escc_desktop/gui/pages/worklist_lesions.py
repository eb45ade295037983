"""Marking lesions: the images of one patient, a click that puts the point, the lesions marked so far."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from escc_desktop.gui.pages.worklist_point import PointTool
from escc_desktop.gui.pages.worklist_side import WIDTH_PX, SidePanel, Wrapped
from escc_desktop.gui.pages.worklist_words import phase_text, role_name, series_name
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.panes import LinkedViews
from escc_desktop.gui.viewer.planes import VolumePlanes, Voxel
from escc_desktop.gui.widgets.text import button, card, label
from escc_desktop.i18n import _, plural
from escc_desktop.imaging.volume import Geometry
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.words import capitalised, site_name
from escc_desktop.workflow.views.worklist import PatientLine, SeriesLine
from escc_desktop.workflow.views.worklist_jobs import series_volume


def load_planes(project: Project, series_uid: str, progress: Progress) -> VolumePlanes:
    """Return a series ready to be shown."""
    volume = series_volume(project, series_uid, progress.part(0, 0.5))
    return VolumePlanes.of(volume, progress.part(0.5, 1))


class LesionView(QWidget):
    """The images of a patient with a form to mark lesions; without the form where that is not to be done.

    Attributes
    ----------
    series_wanted
        The `SeriesLine` to load; answer with `show_planes`.
    marked
        The `Lesion` to save.
    left
        Back to the table.
    """

    series_wanted = Signal(object)
    marked = Signal(object)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.patient: PatientLine | None = None
        self.point_mm: tuple[float, float, float] | None = None
        self._geometry: Geometry | None = None
        self.views = LinkedViews()
        self.tool = PointTool(self._place)
        self.views.set_tool(self.tool)
        self.panel = SidePanel("", self.left.emit)
        self.panel.setFixedWidth(WIDTH_PX)
        self.series = QComboBox()
        self.series.setAccessibleName(_("Series"))
        self.series.currentIndexChanged.connect(self._choose_series)
        self._list = QWidget()
        self._lesions = QVBoxLayout(self._list)
        self._lesions.setContentsMargins(0, 0, 0, 0)
        self._lesions.setSpacing(GRID)
        self._make_form()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.views, 1)
        line.addWidget(self.panel)

    def show_patient(self, patient: PatientLine, why_not: str) -> None:
        """Show a patient; `why_not` says why nothing can be marked now, "" if it can."""
        before, self.patient = self.patient, patient
        is_other = before is None or before.patient_id != patient.patient_id
        if before is not None and before.lesions != patient.lesions:
            self._forget_point()  # it has been saved
        self.panel.title.setText(patient.patient_id)
        self.form.setVisible(not why_not)
        self.save.setVisible(not why_not)
        self.tool.is_armed = not why_not
        self._why_not.setText(why_not)
        self._why_not.setVisible(bool(why_not))
        self._show_lesions()
        self.lesion_id.setText(_free_id(patient))
        if is_other:
            self._fill_series(patient)

    def show_planes(self, planes: VolumePlanes) -> None:
        """Show a series that was loaded, at the first lesion marked on it."""
        self._geometry = planes.geometry
        self.views.set_volume(planes)
        self._forget_point()
        here = self._marked_here()
        if here:
            self.views.set_point(_voxel(planes.geometry, here[0].point_mm))
        self._show_marks()

    def let_go(self) -> None:
        """Hold no images any more."""
        self.patient = None
        self._geometry = None
        self.views.set_volume(None)

    @property
    def shown_series(self) -> SeriesLine | None:
        """The series on screen."""
        found = self.series.currentData()
        return found if isinstance(found, SeriesLine) else None

    def _make_form(self) -> None:
        self.panel.add(label(_("Series"), tone="secondary", size="caption"))
        self.panel.add(self.series)
        self.panel.add(self._list)
        self._why_not = Wrapped("", tone="secondary")
        self.panel.add(self._why_not)
        self.form, column = card(margins=12, spacing=6)
        column.addWidget(label(_("New lesion"), size="heading"))
        self.where = Wrapped("")
        column.addWidget(self.where)
        self.lesion_id, self.site, self.role = QLineEdit(), QComboBox(), QComboBox()
        for site in LesionSite:
            self.site.addItem(capitalised(site_name(site)), site)
        for role in LesionRole:
            self.role.addItem(role_name(role), role)
        self.irradiated = QCheckBox(_("Lies in an earlier radiation field"))
        named = ((_("Name"), self.lesion_id), (_("Site"), self.site), (_("Counts as"), self.role))
        for name, field in named:
            field.setAccessibleName(name)
            column.addWidget(label(name, tone="secondary", size="caption"))
            column.addWidget(field)
        column.addWidget(self.irradiated)
        self.panel.add(self.form)
        self.save = button(_("Mark this lesion"), "location", weight="primary")
        self.save.clicked.connect(self._mark)
        self.panel.foot.addWidget(self.save)
        self.panel.foot.addStretch(1)
        self.lesion_id.textChanged.connect(lambda _text: self._show_save())
        self._forget_point()

    def _fill_series(self, patient: PatientLine) -> None:
        self.series.blockSignals(True)
        self.series.clear()
        for series in patient.series:
            self.series.addItem(f"{series_name(series)} · {phase_text(series)}", series)
        self.series.blockSignals(False)
        self.views.set_volume(None)
        self._geometry = None
        self._forget_point()
        if patient.series:
            self._choose_series(0)

    def _choose_series(self, _index: int) -> None:
        series = self.shown_series
        if series is not None:
            self.views.set_empty_text(_("Loading images"))
            self.series_wanted.emit(series)

    def _place(self, voxel: Voxel) -> None:
        if self._geometry is None:
            return
        x, y, z = (float(number) for number in self._geometry.to_mm(np.array([voxel]))[0])
        self.point_mm = x, y, z
        self.views.set_point(voxel)
        self.where.setText(_("Point at {x:.1f}, {y:.1f}, {z:.1f} mm (LPS)").format(x=x, y=y, z=z))
        self._show_marks()
        self._show_save()

    def _forget_point(self) -> None:
        self.point_mm = None
        self.where.setText(_("Click into the lesion to put its point."))
        self._show_save()

    def _show_save(self) -> None:
        taken = {lesion.lesion_id for lesion in self.patient.lesions} if self.patient else set()
        name = self.lesion_id.text().strip()
        why = _("Click into the lesion first.") if self.point_mm is None else ""
        if not name or "/" in name:
            why = _("Give the lesion a name without a slash.")
        elif name in taken:
            why = _("This patient has a lesion of that name.")
        self.save.setEnabled(not why)
        self.save.setToolTip(why)

    def _mark(self) -> None:
        series = self.shown_series
        if self.patient is None or self.point_mm is None or series is None:
            return
        self.marked.emit(
            Lesion(
                self.lesion_id.text().strip(),
                self.patient.patient_id,
                LesionSite(self.site.currentData()),
                LesionRole(self.role.currentData()),
                self.irradiated.isChecked(),
                self.point_mm,
                series.series_uid,
            )
        )

    def _show_lesions(self) -> None:
        while (item := self._lesions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        lesions = self.patient.lesions if self.patient else ()
        text = plural("{n} lesion marked", "{n} lesions marked", len(lesions)) if lesions else _("No lesion marked yet")
        self._lesions.addWidget(label(text, tone="secondary", size="caption"))
        for lesion in lesions:
            self._lesions.addWidget(self._lesion_line(lesion))
        self._show_marks()

    def _lesion_line(self, lesion: Lesion) -> QWidget:
        words = [lesion.lesion_id, capitalised(site_name(lesion.site)), role_name(lesion.role)]
        if lesion.irradiated:
            words.append(_("irradiated"))
        made = button(" · ".join(words), "location", weight="quiet", tip=_("Show this lesion"))
        made.setStyleSheet("text-align: left;")
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.clicked.connect(lambda: self._go_to(lesion))
        is_here = self.shown_series is not None and lesion.series_uid == self.shown_series.series_uid
        return made if is_here or self.patient is None else _elsewhere(made)

    def _go_to(self, lesion: Lesion) -> None:
        for index in range(self.series.count()):
            if self.series.itemData(index).series_uid == lesion.series_uid and index != self.series.currentIndex():
                self.series.setCurrentIndex(index)
                return
        if self._geometry is not None:
            self.views.set_point(_voxel(self._geometry, lesion.point_mm))

    def _marked_here(self) -> list[Lesion]:
        series = self.shown_series
        lesions = self.patient.lesions if self.patient else ()
        return [lesion for lesion in lesions if series is not None and lesion.series_uid == series.series_uid]

    def _show_marks(self) -> None:
        if self._geometry is None:
            return
        marks = [(lesion.lesion_id, _voxel(self._geometry, lesion.point_mm)) for lesion in self._marked_here()]
        new = None if self.point_mm is None else _voxel(self._geometry, self.point_mm)
        self.tool.show_marks(marks, new)
        for view in self.views.views:
            view.update()


def _elsewhere(line: QWidget) -> QWidget:
    line.setToolTip(_("Marked on another series; click to show it"))
    return line


def _voxel(geometry: Geometry, point_mm: tuple[float, float, float]) -> Voxel:
    index = np.rint(geometry.to_index(np.array([point_mm]))[0]).astype(int)
    x, y, z = (int(number) for number in np.clip(index, 0, np.array(geometry.size) - 1))
    return x, y, z


def _free_id(patient: PatientLine) -> str:
    taken = {lesion.lesion_id for lesion in patient.lesions}
    return next(name for number in range(1, len(taken) + 2) if (name := f"L{number}") not in taken)
