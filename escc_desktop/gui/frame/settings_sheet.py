"""Settings: theme, language, and where to find the keys; applied at once."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QWidget

from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.sheet import Sheet
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, languages
from escc_desktop.settings import THEMES


class SettingsSheet(Sheet):
    """The few things a person may choose on this machine."""

    def __init__(self, parent: QWidget, desktop: Desktop) -> None:
        super().__init__(parent, _("Settings"), width=520)
        self._desktop = desktop
        self.themes: dict[str, QPushButton] = {}
        self.column.addWidget(_line(_("Look"), self._theme_buttons()))
        self.language = QComboBox()
        self.language.setAccessibleName(_("Language"))
        self.language.setMinimumWidth(200)
        for code, name in languages():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(self.language.findData(desktop.settings.language))
        self.language.activated.connect(self._choose_language)
        self.column.addWidget(_line(_("Language"), self.language))
        self.keys = button(_("Show the keys of this page"), "keyboard", tip=_("Show the keys of this page (?)"))
        self.column.addWidget(_line(_("Keys"), self.keys))
        self.column.addWidget(
            label(_("Kept for you on this machine; nothing of a patient is among it."), tone="secondary", wrap=True)
        )
        desktop.settings_changed.connect(self._tell)
        self._tell()

    def first_focus(self) -> QWidget:
        """Return the button of the theme in force."""
        return self.themes[self._desktop.settings.theme]

    def _theme_buttons(self) -> QWidget:
        words = {"dark": _("Dark"), "light": _("Light"), "system": _("As the system")}
        icons = {"dark": "weather_moon", "light": "weather_sunny", "system": "brightness_high"}
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(self)
        for theme in THEMES:
            made = button(words[theme], icons[theme])
            made.setCheckable(True)
            made.clicked.connect(lambda _checked=False, theme=theme: self._choose_theme(theme))
            self._group.addButton(made)
            self.themes[theme] = made
            line.addWidget(made)
        line.addStretch(1)
        return holder

    def _choose_theme(self, theme: str) -> None:
        self._desktop.set_settings(replace(self._desktop.settings, theme=theme))

    def _choose_language(self, place: int) -> None:
        self._desktop.set_settings(replace(self._desktop.settings, language=self.language.itemData(place)))

    def _tell(self) -> None:
        self.themes[self._desktop.settings.theme].setChecked(True)


def _line(title: str, widget: QWidget) -> QWidget:
    name = label(title, tone="secondary")
    name.setFixedWidth(96)
    name.setAlignment(Qt.AlignmentFlag.AlignVCenter)
    name.setBuddy(widget)
    return row(name, widget, None)
