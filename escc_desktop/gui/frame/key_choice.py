"""What a person does with the keys: another map, another key, a file; kept in the settings and in force at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject

from escc_desktop.errors import EsccError
from escc_desktop.gui.actions import Action
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.keys_sheet import KeysSheet, key_text
from escc_desktop.gui.key_map import (
    HOUSE,
    KeyMap,
    keys_of,
    read_key_map,
    ready_made,
    standard_key,
    use_keys,
    write_key_map,
)
from escc_desktop.i18n import _, said
from escc_desktop.settings import Settings


class Described(NamedTuple):
    """What a page's keys are shown from: its title, actions of its own and of the window, what the mouse does."""

    title: str
    own: Sequence[Action]
    everywhere: Sequence[Action]
    mouse: Sequence[tuple[str, str]]


class KeyChoice(QObject):
    """Answers the sheet of keys, and has the keys of the settings in force.

    Parameters
    ----------
    describe
        Returns what is on screen.
    rebind
        Called when keys have changed.
    """

    def __init__(
        self, desktop: Desktop, sheet: KeysSheet, describe: Callable[[], Described], rebind: Callable[[], object]
    ) -> None:
        super().__init__(sheet)
        self._desktop, self._sheet, self._describe, self._rebind = desktop, sheet, describe, rebind
        self._used: tuple[object, object] = HOUSE, {}
        sheet.map_chosen.connect(self._choose_map)
        sheet.key_chosen.connect(self._choose_key)
        sheet.key_reset.connect(self._reset)
        sheet.read_wanted.connect(self._read)
        sheet.write_wanted.connect(self._write)
        desktop.settings_changed.connect(self._follow)
        self._use(desktop.settings)

    def show_keys(self) -> None:
        """Show the keys of the page on screen."""
        self._fill()
        self._sheet.open_sheet()

    def _fill(self) -> None:
        self._sheet.say(*self._describe())

    def _follow(self) -> None:
        settings = self._desktop.settings
        if (settings.key_map, settings.own_keys) == self._used:
            return
        self._use(settings)
        self._rebind()
        if self._sheet.isVisible():
            self._fill()

    def _use(self, settings: Settings) -> None:
        self._used = settings.key_map, settings.own_keys
        use_keys(self._in_force())
        self._sheet.show_map(settings.key_map)

    def _actions(self) -> list[Action]:
        shown = self._describe()
        return [*shown.own, *shown.everywhere]

    def _choose_map(self, name: str) -> None:
        self._keep(key_map=name, own_keys={})
        self._sheet.tell(_("These keys are in use now; own changes were taken back."))

    def _choose_key(self, action_id: str, key: str) -> None:
        own = dict(self._desktop.settings.own_keys)
        lost = [
            action
            for action in self._actions()
            if action.action_id != action_id and key and standard_key(key) in map(standard_key, action.keys_now)
        ]
        for action in lost:
            own[action.action_id] = tuple(one for one in action.keys_now if standard_key(one) != standard_key(key))
        own[action_id] = (key,) if key else ()
        self._keep(own_keys=own)
        if lost:
            names = ", ".join(f"“{action.text}”" for action in lost)
            sentence = _("{key} was the key of {names}, which has lost it.")
            self._sheet.tell(sentence.format(key=key_text([key]), names=names), "warning")
        else:
            self._sheet.tell(_("Kept."))

    def _reset(self, action_id: str) -> None:
        own = {action: keys for action, keys in self._desktop.settings.own_keys.items() if action != action_id}
        if action_id in ready_made(self._desktop.settings.key_map).keys:
            usual = next((action.keys for action in self._actions() if action.action_id == action_id), ())
            own[action_id] = usual
        self._keep(own_keys=own)
        self._sheet.tell(_("Kept."))

    def _read(self, path: str) -> None:
        try:
            taken = read_key_map(Path(path))
        except EsccError as error:
            self._sheet.tell(" ".join(filter(None, (said(error.what), error.detail, said(error.hint)))), "danger")
            return
        self._keep(key_map=HOUSE, own_keys=dict(taken.keys))
        self._sheet.tell(_("These keys are in use now."))

    def _write(self, path: str) -> None:
        keys = {action.action_id: keys_of(action.action_id, action.keys) for action in self._actions()}
        try:
            write_key_map(Path(path), KeyMap("", {**keys, **self._in_force()}))
        except (EsccError, OSError) as error:
            self._sheet.tell(said(error.what) if isinstance(error, EsccError) else str(error), "danger")
            return
        self._sheet.tell(_("Written."))

    def _in_force(self) -> dict[str, tuple[str, ...]]:
        settings = self._desktop.settings
        return {**ready_made(settings.key_map).keys, **settings.own_keys}

    def _keep(self, *, own_keys: dict[str, tuple[str, ...]], key_map: str | None = None) -> None:
        settings = self._desktop.settings
        self._desktop.set_settings(replace(settings, own_keys=own_keys, key_map=key_map or settings.key_map))
