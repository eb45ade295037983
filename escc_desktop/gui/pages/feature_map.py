"""Where in the lesion a feature comes from: its map over the CT, with the scale and the choice of features."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import shiboken6
from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QProgressBar, QSlider, QWidget

from escc_desktop.errors import EsccError
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.tasks import Answers, Running
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.canvas import Hover
from escc_desktop.gui.viewer.look import Look
from escc_desktop.gui.viewer.map_view import OPACITIES, USUAL_OPACITY, MapSliceView
from escc_desktop.gui.viewer.planes import VolumePlanes
from escc_desktop.gui.widgets.map_legend import MapLegend, scale_words, with_unit
from escc_desktop.gui.widgets.text import button, card, icon_button, label, row, set_tone
from escc_desktop.i18n import _, said
from escc_desktop.workflow.views.feature_map import MapSource, MapView, feature_words, mappable, open_maps
from escc_desktop.workflow.views.lesion import LesionView

if TYPE_CHECKING:
    from escc_desktop.workflow.project import Project

_USUAL: Final = "original_firstorder_Mean"
_SIDE_PX: Final = 312
_LESION_SHARE: Final = 0.45
_LIST_ROWS: Final = 4
_ROW_PX: Final = 26
_WORD_ENDS: Final = re.compile("(?<=[a-z])(?=[A-Z])")


class FeatureMapPanel(QWidget):
    """A CT slice with a map over it, and beside it what it shows.

    Signals
    -------
    closed
        The user has seen enough.
    chose
        The map of another feature was asked for; its name.
    """

    closed = Signal()
    chose = Signal(str)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__()
        self._desktop = desktop
        self._running: Running | None = None
        self._source: MapSource | None = None
        self._names: tuple[str, ...] = ()
        self.shown: MapView | None = None
        self.view = MapSliceView()
        self.view.set_look(Look(strength=USUAL_OPACITY, has_crosshair=False))
        self.legend = MapLegend()
        self.title, self.family = label(size="heading", wrap=True), label(tone="secondary", size="caption", wrap=True)
        self.region_words, self.here_words = label(wrap=True), label()
        self.notes = label(tone="secondary", size="caption", wrap=True)
        self.signature = QListWidget()
        self.signature.setAccessibleName(_("Features of the model"))
        self.signature.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.image, self.of_family, self.feature = QComboBox(), QComboBox(), QComboBox()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, len(OPACITIES) - 1)
        self.opacity.setPageStep(1)
        self.opacity.setValue(USUAL_OPACITY)
        self.opacity.setAccessibleName(_("Opacity"))
        self.opacity.setToolTip(_("Opacity (A fainter, D stronger)"))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel_button = button(_("Cancel"), weight="quiet")
        self._lay_out()
        self._connect()

    # What is asked of it

    def open_lesion(
        self, project: Project, lesion: LesionView, planes: VolumePlanes, names: Sequence[str], name: str = ""
    ) -> None:
        """Show a lesion with the map of a feature.

        Parameters
        ----------
        names
            The features of the model.
        name
            Which one first; the first of the model without.
        """
        self.clear()
        self._names = mappable(names)
        self._list_signature()
        self.view.set_volume(planes)
        self.view.set_region(lesion.voxels, lesion.box)
        self.view.set_point(lesion.centre)
        QTimer.singleShot(0, lambda: self._bring_near(lesion))
        wanted = name or (self._names[0] if self._names else _USUAL)
        self._run(_("Settings"), open_maps, project, lesion, then=lambda source: self._take_source(source, wanted))

    def choose(self, name: str) -> None:
        """Show the map of another feature, named with or without phase."""
        if self._source is None:
            return
        self._show(None)
        self.chose.emit(name)
        self._tell_choice(name)
        words = _("Mapping {feature}").format(feature=feature_words(name)[0])
        self._run(words, self._source.view, name, then=self._show)

    def clear(self) -> None:
        """Let go of the pictures."""
        self._stop()
        self._source = None
        self._show(None)
        self.title.setText("")
        self.family.setText("")
        self.view.set_volume(None)
        self.view.set_region(None)

    # Work

    def _run(self, words: str, job: Callable[..., Any], *arguments: object, then: Callable[[Any], object]) -> None:
        self._stop()
        answers: Answers[Any] = Answers()
        running = self._desktop.tasks.run(words, job, *arguments, answers=answers, quiet=True)

        def mine() -> bool:
            return shiboken6.isValid(self) and self._running is running

        def finish(result: object) -> None:
            self._end()
            then(result)

        answers.then = lambda result: finish(result) if mine() else None
        answers.failed = lambda error: self._fail(error) if mine() else None
        answers.stopped = lambda: self._end() if mine() else None
        answers.advanced = lambda now: self._advance(now) if mine() else None
        self._running = running
        self._say(words)
        self.bar.setRange(0, 0)
        for part in (self.bar, self.cancel_button):
            part.show()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
        self._end()

    def _end(self) -> None:
        self._running = None
        self._say("")
        for part in (self.bar, self.cancel_button):
            part.hide()

    def _advance(self, running: Running) -> None:
        if running.fraction is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(running.fraction * 1000))

    def _fail(self, error: Exception) -> None:
        self._end()
        is_expected = isinstance(error, EsccError)
        self._say(said(error.what) if isinstance(error, EsccError) else _("There is no map."), "warning")
        if not is_expected:
            self._desktop.notices.trouble(error)

    def _say(self, words: str, tone: str = "secondary") -> None:
        self.notes.setText(words)
        set_tone(self.notes, tone)

    # What is shown

    def _take_source(self, source: MapSource, wanted: str) -> None:
        self._source = source
        for box, names in ((self.image, source.images), (self.of_family, source.families)):
            box.clear()
            box.addItems(list(names))
        self.choose(wanted)

    def _list_signature(self) -> None:
        self.signature.clear()
        for name in self._names:
            words = "   ".join(feature_words(name))
            item = QListWidgetItem(words)
            item.setToolTip(words)
            self.signature.addItem(item)
        rows = min(max(len(self._names), 1), _LIST_ROWS)
        self.signature.setFixedHeight(
            rows * max(self.signature.sizeHintForRow(0), _ROW_PX) + 2 * self.signature.frameWidth() + 2
        )

    def _tell_choice(self, name: str) -> None:
        """Mark a feature in the list and in the boxes."""
        title, family = feature_words(name)
        self.title.setText(_WORD_ENDS.sub("\N{ZERO WIDTH SPACE}", title))
        self.family.setText(family)
        image, group, feature = name.removeprefix("A_").split("_")
        self.image.setCurrentText(image)
        self.of_family.setCurrentText(group)
        self._fill_features(feature)
        plain = [one.removeprefix("A_") for one in self._names]
        self.signature.setCurrentRow(
            plain.index(f"{image}_{group}_{feature}") if name.removeprefix("A_") in plain else -1
        )

    def _fill_features(self, chosen: str = "") -> None:
        if self._source is not None:
            self.feature.clear()
            self.feature.addItems(list(self._source.families[self.of_family.currentText()]))
            self.feature.setCurrentText(chosen)

    def _choose_family(self) -> None:
        self._fill_features()
        self._choose_any()

    def _choose_any(self) -> None:
        self.choose("_".join(box.currentText() for box in (self.image, self.of_family, self.feature)))

    def _show(self, shown: MapView | None) -> None:
        self.shown = shown
        self.view.set_map(shown)
        self.legend.show_map(shown)
        self.here_words.setText("")
        if shown is None:
            self.region_words.setText("")
            return
        is_on_scale = shown.lowest <= shown.region_value <= shown.highest
        words = _("◆ whole lesion {value}") if is_on_scale else _("whole lesion {value}, not on this scale")
        self.region_words.setText(words.format(value=with_unit(shown.region_value, shown)))
        self._say(" ".join(part for part in (scale_words(shown), shown.note) if part))
        self._tell_hover(self.view.hover)

    def _tell_hover(self, hover: Hover | None) -> None:
        value = math.nan if hover is None or self.shown is None else self.shown.value_at(hover.voxel)
        self.legend.show_hovered(value)
        if self.shown is None or math.isnan(value):
            self.here_words.setText("")
        else:
            self.here_words.setText(_("▼ here {value}").format(value=with_unit(value, self.shown)))

    def _bring_near(self, lesion: LesionView) -> None:
        """Show the lesion in the middle, about half as large as the view."""
        self.view.fit()
        filled = self.view.voxels_to_widget(lesion.box[1], lesion.box[2])
        room = QRectF(self.view.rect())
        if filled.isEmpty() or room.isEmpty():
            return
        factor = _LESION_SHARE / max(filled.width() / room.width(), filled.height() / room.height())
        self.view.zoom(max(factor, 1.0), filled.center())
        now = self.view.voxels_to_widget(lesion.box[1], lesion.box[2])
        self.view.pan(room.center() - now.center())

    # Frame

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _connect(self) -> None:
        self.cancel_button.clicked.connect(self._stop)
        self.signature.itemActivated.connect(lambda _item: self._choose_listed(self.signature.currentRow()))
        self.signature.itemClicked.connect(lambda _item: self._choose_listed(self.signature.currentRow()))
        self.image.activated.connect(self._choose_any)
        self.of_family.activated.connect(self._choose_family)
        self.feature.activated.connect(self._choose_any)
        self.view.hovered.connect(self._tell_hover)
        self.view.look_changed.connect(lambda look: self.opacity.setValue(look.strength))
        self.opacity.valueChanged.connect(self._choose_opacity)

    def _choose_listed(self, place: int) -> None:
        if 0 <= place < len(self._names):
            self.choose(self._names[place])

    def _choose_opacity(self, strength: int) -> None:
        look = self.view.look
        while look.strength != strength:
            look = look.stronger() if strength > look.strength else look.fainter()
        self.view.choose_look(look)

    def _lay_out(self) -> None:
        leave = icon_button("dismiss", _("Back to the patient (Esc)"))
        leave.clicked.connect(self.closed)
        side, column = card(margins=12, spacing=GRID)
        side.setFixedWidth(_SIDE_PX)
        column.addWidget(row(label(_("Where it comes from"), size="heading"), None, leave))
        column.addWidget(label(_("Features of the model"), tone="secondary", size="caption"))
        column.addWidget(self.signature)
        column.addWidget(label(_("Any other"), tone="secondary", size="caption"))
        for box, name in ((self.image, _("Image")), (self.of_family, _("Family")), (self.feature, _("Feature"))):
            box.setAccessibleName(name)
            box.setToolTip(name)
        first = QHBoxLayout()
        first.addWidget(self.image, 17)
        first.addWidget(self.of_family, 10)
        column.addLayout(first)
        column.addWidget(self.feature)
        for part in (self.title, self.family, self.legend, self.region_words, self.here_words):
            column.addWidget(part)
        column.addWidget(self.notes)
        column.addWidget(self.bar)
        column.addWidget(self.cancel_button)
        column.addStretch(1)
        column.addWidget(row(label(_("Opacity"), tone="secondary", size="caption"), self.opacity))
        words = _("Each voxel shows the feature of its 3 x 3 x 3 neighbourhood. S shows or hides the map.")
        column.addWidget(label(words, tone="secondary", size="caption", wrap=True))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self.view, 1)
        line.addWidget(side)
