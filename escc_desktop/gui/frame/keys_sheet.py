"""The keys of this page, made from its actions; a click on a key changes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QToolButton, QWidget

from escc_desktop.gui.actions import Action
from escc_desktop.gui.frame.key_entry import KeyEntry
from escc_desktop.gui.frame.sheet import Sheet
from escc_desktop.gui.key_map import HOUSE, READY_MADE
from escc_desktop.gui.theme import GRID
from escc_desktop.gui.widgets.text import button, icon_button, label, set_tone
from escc_desktop.i18n import _


def key_text(keys: Sequence[str]) -> str:
    """Return shortcuts as this system writes them."""
    return "   ".join(QKeySequence(one).toString(QKeySequence.SequenceFormat.NativeText) for one in keys)


def key_cap(text: str) -> QLabel:
    """Return keys or a button of the mouse as a small label that looks like a key."""
    made = label(text, size="caption")
    made.setProperty("key", True)
    made.setSizePolicy(made.sizePolicy().horizontalPolicy(), made.sizePolicy().verticalPolicy())
    return made


class KeysSheet(Sheet):
    """Shows the keys of the page and those that work everywhere, and lets a person choose others.

    Signals
    -------
    map_chosen
        The name of a ready-made map.
    key_chosen
        (action_id, key): a person pressed another key for an action; "" leaves it without one.
    key_reset
        An action is to have its usual keys again.
    read_wanted, write_wanted
        The path of a file of keys.
    """

    map_chosen = Signal(str)
    key_chosen = Signal(str, str)
    key_reset = Signal(str)
    read_wanted = Signal(str)
    write_wanted = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, _("Keys"), width=680, can_scroll=True)
        self._parts: list[QWidget] = []
        self.caps: dict[str, QToolButton] = {}
        self.maps = QComboBox()
        self.maps.setAccessibleName(_("Keys of"))
        for name, title in zip((HOUSE, *READY_MADE), (_("ESCC Desktop"), _("ITK-SNAP"), _("3D Slicer")), strict=True):
            self.maps.addItem(title, name)
        self.maps.activated.connect(lambda place: self.map_chosen.emit(self.maps.itemData(place)))
        self.read = button(_("Import"), "arrow_upload", weight="quiet", tip=_("Take the keys of a file"))
        self.write = button(_("Export"), "arrow_download", weight="quiet", tip=_("Write the keys in use into a file"))
        self.read.clicked.connect(self._ask_to_read)
        self.write.clicked.connect(self._ask_to_write)
        top = QWidget()
        line = QHBoxLayout(top)
        line.setContentsMargins(0, 0, 0, 0)
        for widget in (label(_("Keys of"), tone="secondary"), self.maps):
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.read)
        line.addWidget(self.write)
        self.said = label(_("Click a key to press another."), tone="secondary", size="caption", wrap=True)
        self.column.addWidget(top)
        self.column.addWidget(self.said)

    def say(
        self,
        page_title: str,
        own: Sequence[Action],
        everywhere: Sequence[Action],
        mouse: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Show these actions, and what the mouse does: (what, how)."""
        for old in self._parts:
            self.column.removeWidget(old)
            old.deleteLater()
        self._parts, self.caps = [], {}
        for title, actions in ((page_title, own), (_("Everywhere"), everywhere)):
            if actions:
                self._add(self._table_of(title, actions))
            if mouse and actions is own:
                self._add(_mouse_table(mouse))

    def tell(self, sentence: str, tone: str = "secondary") -> None:
        """Say what came of a change."""
        self.said.setText(sentence)
        set_tone(self.said, tone)

    def show_map(self, name: str) -> None:
        """Show which ready-made map is in use."""
        self.maps.setCurrentIndex(max(self.maps.findData(name), 0))

    def _add(self, part: QWidget) -> None:
        self._parts.append(part)
        self.column.addWidget(part)

    def _table_of(self, title: str, actions: Sequence[Action]) -> QWidget:
        holder, grid = _table(title)
        for row, action in enumerate(actions, start=1):
            grid.addWidget(label(action.text), row, 0)
            grid.addWidget(self._cap(action, grid, row), row, 1, Qt.AlignmentFlag.AlignRight)
            if action.keys_now != action.keys:
                again = icon_button("arrow_reset", _("The usual key again: {key}").format(key=key_text(action.keys)))
                again.clicked.connect(partial(self.key_reset.emit, action.action_id))
                grid.addWidget(again, row, 2)
            grid.setRowMinimumHeight(row, 3 * GRID)
        return holder

    def _cap(self, action: Action, grid: QGridLayout, row: int) -> QToolButton:
        cap = QToolButton()
        cap.setText(key_text(action.keys_now) or _("none"))
        cap.setProperty("key", bool(action.keys_now))
        cap.setMinimumHeight(24)
        cap.setToolTip(_("Press another key"))
        cap.setAccessibleName(action.text)
        cap.clicked.connect(lambda: self._ask(action, cap, grid, row))
        self.caps[action.action_id] = cap
        return cap

    def _ask(self, action: Action, cap: QToolButton, grid: QGridLayout, row: int) -> None:
        """Put a field in place of a key that takes the next one pressed."""
        entry = KeyEntry()
        cap.hide()
        grid.addWidget(entry, row, 1, Qt.AlignmentFlag.AlignRight)
        entry.setFocus(Qt.FocusReason.OtherFocusReason)

        def done(key: str | None) -> None:
            grid.removeWidget(entry)
            entry.deleteLater()
            cap.show()
            cap.setFocus(Qt.FocusReason.OtherFocusReason)
            if key is not None:
                self.key_chosen.emit(action.action_id, key)

        entry.ended.connect(done)
        self.tell(
            _("Press the key for “{action}”. Backspace leaves it without one, Esc as it is.").format(action=action.text)
        )

    def _ask_to_read(self) -> None:
        dialog = QFileDialog(self, _("Take the keys of a file"), "", _("Keys (*.json)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.read_wanted)
        dialog.open()

    def _ask_to_write(self) -> None:
        dialog = QFileDialog(self, _("Write the keys in use into a file"), "keys.json", _("Keys (*.json)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.fileSelected.connect(self.write_wanted)
        dialog.open()


def _mouse_table(rows: Sequence[tuple[str, str]]) -> QWidget:
    holder, grid = _table(_("Mouse"))
    for row, (what, how) in enumerate(rows, start=1):
        grid.addWidget(label(what), row, 0)
        grid.addWidget(key_cap(how), row, 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowMinimumHeight(row, 3 * GRID)
    return holder


def _table(title: str) -> tuple[QWidget, QGridLayout]:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    grid.setColumnStretch(0, 1)
    grid.addWidget(label(title, tone="secondary", size="caption"), 0, 0, 1, 3)
    return holder, grid
