"""The part of the panel that says how the pictures are shown: window, slab, cine, windows of their own."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QLineEdit, QMenu, QSpinBox, QToolButton, QVBoxLayout

from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.viewer.cine import RATES
from escc_desktop.gui.viewer.keeping import keep_window, own_windows
from escc_desktop.gui.viewer.look import OWN_KEYS
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.slab import MOST_MM, SlabKind
from escc_desktop.gui.widgets.text import icon_button, label, row
from escc_desktop.i18n import _

_HU: Final = (-1024, 3071)
_WIDTHS: Final = (2, 4096)
_NAME_MOST: Final = 24
_NUMBER_PX: Final = 84


class ViewingSection(Section):
    """How the pictures are shown, in numbers."""

    def __init__(self, place: ReadingPlace) -> None:
        super().__init__()
        self._desktop, self._views = place.desktop, place.views
        self.width_box, self.level_box = _number(_("Width of the window"), *_WIDTHS), _number(_("Level"), *_HU)
        self.name = QLineEdit()
        self.name.setPlaceholderText(_("Name of a window of your own"))
        self.name.setMaxLength(_NAME_MOST)
        self.keep = QToolButton()
        self.keep.setText(_("Keep on"))
        self.keep.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.kind = QComboBox()
        self.kind.setAccessibleName(_("Thick slab"))
        for kind, words in _kinds():
            self.kind.addItem(words, kind)
        self.thickness = _number(_("Thickness"), 1, int(MOST_MM))
        self.thickness.setSuffix(_(" mm"))
        self.play = icon_button("play", _("Play the slices, and stop (K)"), checkable=True)
        self.kind.setMinimumWidth(96)
        self.rate = QComboBox()
        self.rate.setAccessibleName(_("Slices a second"))
        for rate in RATES:
            self.rate.addItem(_("{n} a second").format(n=rate), rate)
        self.own_window = icon_button("open", "", checkable=True)
        self.full_screen = icon_button("full_screen_maximize", _("Full screen, and back (Ctrl+Shift+F)"))
        self._lay_out()
        self._connect()
        self._follow()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        across = label(_("W"), tone="secondary"), self.width_box, label(_("L"), tone="secondary"), self.level_box
        column.addWidget(row(*across, None, spacing=GRID // 2))
        column.addWidget(row(self.name, self.keep, spacing=GRID // 2))
        column.addWidget(row(self.kind, None, self.thickness))
        column.addWidget(row(self.play, self.rate, None, self.own_window, self.full_screen, spacing=GRID // 2))

    def _connect(self) -> None:
        views = self._views
        for box in (self.width_box, self.level_box):
            box.valueChanged.connect(self._choose_window)
        self.kind.activated.connect(self._choose_slab)
        self.thickness.valueChanged.connect(self._choose_slab)
        self.play.clicked.connect(views.toggle_cine)
        self.rate.activated.connect(lambda _index: views.cine.set_rate(self.rate.currentData()))
        self.own_window.clicked.connect(views.toggle_detached)
        self.full_screen.clicked.connect(views.toggle_full_screen)
        views.look_changed.connect(self._follow)
        views.cine.changed.connect(self._follow)
        views.layout_changed.connect(self._follow)
        self._desktop.settings_changed.connect(self._follow)

    def keep_on(self, key: str) -> None:
        """Keep the window shown on a digit, under the name typed."""
        look = self._views.look
        name = self.name.text().strip() or f"{look.width:.0f}/{look.level:.0f}"
        keep_window(self._desktop, WindowPreset(key, name, look.width, look.level))
        self.name.clear()
        self._desktop.notices.say(_("The window {name} is on {key} from now on.").format(name=name, key=key))

    def _choose_window(self) -> None:
        self._views.axial.choose_window(self.width_box.value(), self.level_box.value())

    def _choose_slab(self) -> None:
        look = self._views.look
        kind = SlabKind(self.kind.currentData())
        slabbed = look if look.slab.kind is kind else look.slab_toggled(kind)
        self._views.axial.choose_look(slabbed.slab_thick(self.thickness.value()))

    def _follow(self) -> None:
        """Show what is in force, whoever chose it."""
        views, look = self._views, self._views.look
        with (
            QSignalBlocker(self.width_box),
            QSignalBlocker(self.level_box),
            QSignalBlocker(self.kind),
            QSignalBlocker(self.thickness),
        ):
            self.width_box.setValue(round(look.width))
            self.level_box.setValue(round(look.level))
            self.kind.setCurrentIndex(self.kind.findData(look.slab.kind))
            self.thickness.setValue(round(look.slab.mm))
        why_not = views.axial.why_not_window()
        for widget in (self.width_box, self.level_box, self.name, self.keep):
            widget.setEnabled(not why_not)
            widget.setToolTip(why_not or widget.accessibleName())
        is_slab = look.slab.kind is not SlabKind.NONE
        self.thickness.setEnabled(is_slab)
        self.thickness.setToolTip(_("Thickness (Alt+Wheel)") if is_slab else _("Choose mean, MIP or MinIP first."))
        self.play.setChecked(views.cine.is_playing)
        self.rate.setCurrentIndex(self.rate.findData(views.cine.rate))
        is_apart = bool(views.detached)
        self.own_window.setChecked(is_apart)
        apart = _("The active view in a window of its own, for another monitor")
        self.own_window.setToolTip(_("Take the view back") if is_apart else apart)
        self._fill_menu()

    def _fill_menu(self) -> None:
        known = {preset.key: preset.name for preset in own_windows(self._desktop)}
        menu = self.keep.menu() or QMenu(self.keep)
        menu.clear()
        for key in OWN_KEYS:
            item = QAction(f"{key}  {known.get(key, '')}".rstrip(), menu)
            item.triggered.connect(partial(self._keep_on_click, key))
            menu.addAction(item)
        self.keep.setMenu(menu)

    def _keep_on_click(self, key: str, _checked: bool = False) -> None:
        self.keep_on(key)


def _kinds() -> tuple[tuple[SlabKind, str], ...]:
    return (
        (SlabKind.NONE, _("Single slices")),
        (SlabKind.MEAN, _("Slab: mean")),
        (SlabKind.MAXIMUM, _("Slab: MIP")),
        (SlabKind.MINIMUM, _("Slab: MinIP")),
    )


def _number(name: str, least: int, most: int) -> QSpinBox:
    made = QSpinBox()
    made.setRange(least, most)
    made.setAccessibleName(name)
    made.setKeyboardTracking(False)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setFixedWidth(_NUMBER_PX)
    return made
