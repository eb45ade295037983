"""Themes, languages, small and sharp screens, and what helps those who do not use a mouse or do not see well."""

from __future__ import annotations

import gc
import gettext
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QIcon
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QStyle, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from escc_desktop import i18n
from escc_desktop.gui import theme
from escc_desktop.gui.app import make_window
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.frame.fields import HiddenEdit
from escc_desktop.gui.frame.sheet import Sheet
from escc_desktop.gui.icons import icon
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.page import FirstStep
from escc_desktop.gui.theme import current_tokens, load_tokens, shown_theme
from escc_desktop.gui.widgets import text
from escc_desktop.settings import Settings, load_settings, save_settings
from escc_desktop.workflow.project import Project

LEFT = Qt.MouseButton.LeftButton
WORD = re.compile(r"[^\W\d_]{2,}")
BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")


@pytest.fixture(autouse=True)
def _as_before(qapp: QApplication) -> Iterator[None]:
    yield
    i18n.use(gettext.NullTranslations())
    theme.apply_theme(qapp, "dark")


class Bracketed(gettext.NullTranslations):
    """A language in which every text of the catalogue stands in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


def contrast(one: str, other: str) -> float:
    """Contrast of two colours by WCAG 2.2."""

    def luminance(name: str) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in QColor(name).getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def shade(window: MainWindow, widget: QWidget, at: QPoint) -> str:
    picture = window.grab().toImage()
    place = widget.mapTo(window, at) * picture.devicePixelRatio()
    return picture.pixelColor(place).name()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_that_text_can_be_read_on_every_ground(name: str) -> None:
    tokens = load_tokens(name)
    inks = ("text", "secondary", "accent", "warning", "danger", "success")
    pairs = [(ink, ground) for ink in inks for ground in ("background", "panel", "raised")]
    pairs += [("text", "hover"), ("text", "selection")]
    found = {pair: contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("name", ["dark", "light"])
def test_that_what_is_written_on_the_accent_and_on_keys_can_be_read(name: str) -> None:
    tokens = load_tokens(name)
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.secondary, tokens.hover) >= 4.5
    assert contrast(tokens.accent, tokens.raised) >= 3  # the ring of the focus


@pytest.mark.unwatched
def test_that_a_theme_is_applied_at_once_everywhere_and_kept(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window.desktop.notices.say("Something")
    assert shade(window, window.foot, QPoint(400, 10)) == load_tokens("dark").panel
    window.settings_sheet.open_sheet()
    qtbot.mouseClick(window.settings_sheet.themes["light"], LEFT)
    window.settings_sheet.close_sheet()
    light = load_tokens("light")
    assert current_tokens() == light
    assert shade(window, window.foot, QPoint(400, 10)) == light.panel
    assert shade(window, window.start_page, QPoint(4, 4)) == light.background
    qtbot.waitUntil(lambda: load_settings(tmp_path / "settings.json").theme == "light")


@pytest.mark.unwatched
def test_that_a_theme_styles_what_lies_deep_no_oftener_than_what_lies_on_top(
    window: MainWindow, qtbot: QtBot, qapp: QApplication
) -> None:
    class Styled(QWidget):
        n_styled = 0

        def changeEvent(self, event: QEvent) -> None:  # noqa: N802
            self.n_styled += event.type() == QEvent.Type.StyleChange
            super().changeEvent(event)

    top = inner = Styled(window)
    for _depth in range(6):
        inner = Styled(inner)
    top.show()
    qtbot.waitUntil(inner.isVisible)
    top.n_styled = inner.n_styled = 0

    theme.apply_theme(qapp, "light")

    assert 1 <= inner.n_styled <= top.n_styled + 1


@pytest.mark.unwatched
def test_that_as_the_system_follows_the_desktop(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hints:
        scheme = Qt.ColorScheme.Light

        def colorScheme(self) -> Qt.ColorScheme:  # noqa: N802
            return self.scheme

    hints = Hints()
    monkeypatch.setattr(theme.QGuiApplication, "styleHints", lambda: hints)
    qtbot.mouseClick(window.rail.settings, LEFT)
    qtbot.mouseClick(window.settings_sheet.themes["system"], LEFT)
    assert current_tokens() == load_tokens("light")
    hints.scheme = Qt.ColorScheme.Dark
    QTimer.singleShot(0, window._on_scheme)  # in a turn of its own: two changes take longer than one may
    qtbot.waitUntil(lambda: current_tokens() == load_tokens("dark"))
    hints.scheme = Qt.ColorScheme.Unknown
    assert shown_theme("system") == "dark"


@pytest.mark.unwatched
def test_that_another_language_is_spoken_at_once_and_the_project_stays(
    framing: ModuleType,
    window: MainWindow,
    qtbot: QtBot,
    small_project: Callable[[str], Project],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("escc_desktop.gui.main_window.set_language", lambda _language: i18n.use(Bracketed()))
    window.settings_sheet.language.addItem("⟦⟧", "xx")
    project = small_project("coordinator")
    window.desktop.take_project(project)
    qtbot.waitUntil(lambda: window.current_page is not None)
    before, old_rail = window.current_page, window.rail
    window.settings_sheet.language.setCurrentIndex(1)
    window.settings_sheet.language.activated.emit(1)
    qtbot.waitUntil(lambda: window.rail is not old_rail)
    qtbot.waitUntil(lambda: window.current_page is not None)
    assert before.is_closed
    assert window.desktop.project is project
    assert window.rail.button("worklist").text() == "⟦Worklist⟧"
    window.desktop.notices.say("Once")
    assert len(window.notices.cards) == 1


def unbracketed(root: QWidget) -> list[str]:
    """Return every text in a widget that did not go through the catalogue; names and keys are the same everywhere."""
    same = re.compile(r"ESCC Desktop|Ctrl\+.|Alt\+\d|English|简体中文|Esc|F1")
    texts: list[str] = []
    for widget in [root, *root.findChildren(QWidget)]:
        texts += [widget.toolTip(), widget.accessibleName(), widget.windowTitle()]
        if isinstance(widget, QLabel | QAbstractButton):
            texts.append(widget.text())
        if isinstance(widget, QLineEdit):
            texts.append(widget.placeholderText())
        if isinstance(widget, QComboBox):
            texts += [widget.itemText(k) for k in range(widget.count())]
        texts += [action.text() for action in widget.actions()]
    return [text for text in texts if WORD.search(same.sub("", BRACKETS.sub("", text)))]


def test_that_no_word_of_the_frame_misses_the_catalogue(
    framing: ModuleType, qtbot: QtBot, tmp_path: Path, small_project: Callable[[str], Project]
) -> None:
    i18n.use(Bracketed())
    # Making the window sets the language of the settings; this test speaks its own.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("escc_desktop.gui.app.set_language", lambda _language: None)
        window = make_window(tmp_path / "settings.json", WindowStart())
    qtbot.addWidget(window)
    window.show()
    window.show_keys()
    window.commands.open_palette()
    window.desktop.tasks.run("12345", framing.slow([]))
    window.start_page.new.passphrase.edit.setText("abc")
    assert unbracketed(window) == []
    titles = [entry.text for entry in window.palette_panel._entries]
    assert [text for text in titles if not BRACKETS.fullmatch(text)] == []
    window.close()
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)
    window.desktop.tasks.close()


def test_that_the_menu_of_the_person_is_translated(window: MainWindow) -> None:
    i18n.use(Bracketed())
    window.head.fill_menu()
    texts = [action.text() for action in window.head.menu.actions() if isinstance(action, QAction) and action.text()]
    assert [text for text in texts if not BRACKETS.fullmatch(text)] == []


def test_that_icons_have_names_and_targets_are_large_enough(window: MainWindow, qtbot: QtBot) -> None:
    window.desktop.notices.say("Something")
    window.settings_sheet.open_sheet()
    for button in window.findChildren(QAbstractButton):
        if isinstance(button, QToolButton) and button.objectName().startswith("qt_"):
            continue
        if button.isVisible():
            assert button.accessibleName() or button.text(), f"{button} has no name"
            assert min(button.width(), button.height()) >= 24, f"{button.accessibleName() or button.text()} is small"
    for edit in window.findChildren(QLineEdit):
        assert edit.accessibleName() or edit.objectName().startswith("qt_")


def test_that_the_buttons_inside_an_entry_are_as_large_as_others(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply_theme(qapp, "dark")
    edit = HiddenEdit()
    qtbot.addWidget(edit)
    edit.setClearButtonEnabled(True)
    edit.resize(300, edit.sizeHint().height())
    edit.show()
    inner = [one.geometry() for one in edit.findChildren(QToolButton)]
    assert len(inner) == 2
    assert all(min(one.width(), one.height()) >= 24 and edit.rect().contains(one) for one in inner)
    assert not inner[0].intersects(inner[1])


def test_that_tips_come_after_half_a_second(qapp: QApplication) -> None:
    assert qapp.style().styleHint(QStyle.StyleHint.SH_ToolTip_WakeUpDelay) == 500


def test_that_every_icon_button_of_the_frame_tells_its_key(window: MainWindow) -> None:
    assert window.rail.settings.toolTip() == "Settings (Ctrl+,)"
    assert window.rail.help.toolTip() == "Keys (?)"
    assert window.head.jobs.toolTip() == "No jobs running (Ctrl+J)"
    assert "(Ctrl+K)" in window.head.search.toolTip()
    keys = {key for action in window.actions_now() for key in action.keys}
    assert {"Ctrl+,", "?", "Ctrl+J", "Ctrl+K"} <= keys


def test_that_tab_goes_through_the_start_page_in_reading_order(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    page = window.start_page
    page.new_project()
    new = page.new
    order = [new.folder.edit, new.choose, new.passphrase.edit, new.repeated.edit, new.name.edit, new.password.edit]
    order[0].setFocus()
    for widget in order[1:]:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget


def test_that_tab_stays_inside_a_sheet(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    sheet: Sheet = window.settings_sheet
    sheet.open_sheet()
    seen = set()
    for _ in range(12):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert sheet.isAncestorOf(QApplication.focusWidget())
        seen.add(QApplication.focusWidget())
    assert len(seen) == 4  # theme, language, keys, close: the three themes are one stop
    qtbot.mouseClick(sheet, LEFT, pos=QPoint(10, 10))
    assert not sheet.isVisible()


def test_that_the_focus_is_seen(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    button = window.start_page.open_button
    edge = QPoint(button.width() // 2, 0)
    assert shade(window, button, edge) != current_tokens().accent
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert shade(window, button, edge) == current_tokens().accent


def test_that_the_window_fits_the_smallest_screen(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project]
) -> None:
    window.desktop.take_project(small_project("oncologist"))
    qtbot.waitUntil(lambda: window.current_page is not None)
    window.resize(1366, 700)
    assert (window.width(), window.height()) == (1366, 700)
    lowest = window.rail.help.mapTo(window, window.rail.help.rect().bottomLeft()).y()
    assert lowest <= 700
    right = window.head.person.mapTo(window, window.head.person.rect().topRight()).x()
    assert right <= 1366
    assert window.minimumSizeHint().width() <= 1366
    for sheet in (window.settings_sheet, window.keys_sheet, window.crash_sheet):
        sheet.open_sheet()
        assert window.rect().contains(sheet.card.geometry())
        sheet.close_sheet()


def test_that_regular_text_is_not_darkened() -> None:
    """The stem of an l in 13 px is 1.2 px wide by the face's design; antialiased 1.5, darkened 1.65."""
    measure = (
        "from PySide6.QtGui import QImage, QPainter, QColor\n"
        "from escc_desktop.gui.app import make_application\n"
        "from escc_desktop.gui.theme import face\n"
        "app = make_application()\n"
        "picture = QImage(60, 60, QImage.Format.Format_Grayscale8)\n"
        "picture.fill(0)\n"
        "painter = QPainter(picture); painter.setFont(face(13)); painter.setPen(QColor('white'))\n"
        "painter.drawText(10, 40, 'l'); painter.end()\n"
        "rows = [sum(picture.pixelColor(x, y).red() for x in range(60)) / 255 for y in range(60)]\n"
        "print(sorted(row for row in rows if row)[5])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "FREETYPE_PROPERTIES"}
    environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [sys.executable, "-c", measure], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert 1.0 <= float(done.stdout) <= 1.55


@pytest.mark.unwatched
def test_that_states_of_a_page_follow_the_theme(
    framing: ModuleType, window: MainWindow, qtbot: QtBot, small_project: Callable[[str], Project], qapp: QApplication
) -> None:
    window.desktop.take_project(small_project("coordinator"))
    qtbot.waitUntil(lambda: window.current_page is not None)
    page = window.current_page
    done: list[str] = []
    page.show_empty("image", "No patients yet", "Import a folder.", FirstStep("Import", lambda: done.append("import")))
    before = page._empty._picture.pixmap().toImage()
    theme.apply_theme(qapp, "light")
    qtbot.waitUntil(lambda: page._empty._picture.pixmap().toImage() != before)
    steps = [one for one in page._empty.findChildren(QAbstractButton) if one.isVisible()]
    qtbot.mouseClick(steps[0], LEFT)
    assert done == ["import"]


@pytest.mark.parametrize("kept", [None, [1300, 690, False], ["wide"], [90000, 90000, False]])
def test_that_the_window_is_as_large_as_last_time_and_never_larger_than_the_screen(
    kept: list[object] | None, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = QRect(0, 0, 1920, 1040)
    monkeypatch.setattr(MainWindow, "screen", lambda _self: SimpleNamespace(availableGeometry=lambda: room))
    layout = {} if kept is None else {"window": kept}
    save_settings(tmp_path / "settings.json", Settings(layout=layout))
    window = make_window(tmp_path / "settings.json", WindowStart())
    qtbot.addWidget(window)
    expected = {None: (1600, 960), 1300: (1300, 690), "wide": (1600, 960), 90000: (1920, 992)}
    assert (window.width(), window.height()) == expected[kept[0] if kept else None]
    window.resize(1400, 800)
    window.close()
    qtbot.waitUntil(lambda: not window.desktop.tasks.running)
    window.desktop.tasks.close()
    assert load_settings(tmp_path / "settings.json").layout["window"][:2] == [1400, 800]


@pytest.mark.parametrize(
    ("width", "height", "is_maximized"), [(1600, 960, True), (1366, 768, True), (1920, 1080, False)]
)
def test_that_the_first_window_leaves_room_for_its_title_bar(
    width: int, height: int, is_maximized: bool, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, width, height))
    monkeypatch.setattr(MainWindow, "screen", lambda _self: screen)
    window = make_window(None, WindowStart())
    qtbot.addWidget(window)
    assert window.isMaximized() == is_maximized
    assert window.normalGeometry().height() < height
    window.desktop.tasks.close()


def test_that_return_presses_the_button_that_has_the_keyboard(qtbot: QtBot) -> None:
    made, pressed = text.button("Read T02"), []
    qtbot.addWidget(made)
    made.clicked.connect(lambda: pressed.append(True))
    qtbot.keyClick(made, Qt.Key.Key_Return)
    assert pressed == [True]


def test_that_an_icon_changed_after_it_was_copied_is_painted_still() -> None:
    """Qt then asks for an engine of its own, and keeps it as long as the icon lives."""
    changed = QIcon(icon("add"))
    changed.setIsMask(True)
    gc.collect()
    pictures = [changed.pixmap(QSize(side, side)).toImage() for side in range(20, 40)]
    assert all(np.any(np.frombuffer(picture.constBits(), dtype=np.uint8)) for picture in pictures)
