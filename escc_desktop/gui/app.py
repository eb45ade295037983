"""Start of the window: painted first with Qt and numpy alone, then the project opened by a job."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from escc_desktop.errors import EsccError
from escc_desktop.gui.arguments import WindowStart, parse_start
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.crash import catch_defects
from escc_desktop.gui.garbage import GarbageCollector
from escc_desktop.gui.icons import icon
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.places import settings_path
from escc_desktop.gui.theme import HouseStyle, apply_theme, load_fonts
from escc_desktop.i18n import set_language
from escc_desktop.settings import load_settings


def run(arguments: Sequence[str]) -> NoReturn:
    """Open the window and stay until it is closed."""
    start = parse_start(arguments)
    if not _has_display():
        sys.stderr.write(
            "There is no display to open a window on. "
            "Start it from a desktop session, or use the commands: escc --help\n"
        )
        raise SystemExit(1)
    application = make_application()
    window = make_window(settings_path(), start)
    catch_defects(window.desktop.notices)
    if start.is_practice:
        _attach_replay(window, start)
    window.closed.connect(application.quit)
    window.show()
    code = application.exec()
    window.desktop.tasks.close()
    raise SystemExit(code)


def _attach_replay(window: MainWindow, start: WindowStart) -> None:
    from escc_desktop.gui.replay.start import attach  # noqa: PLC0415  # the pages' code is not imported otherwise

    try:
        attach(window, start)
    except EsccError as error:
        sys.stderr.write("\n".join(filter(None, (error.what, error.detail, error.hint))) + "\n")
        raise SystemExit(1) from None


def make_application() -> QApplication:
    """Return the Qt application with the program's name and faces."""
    QGuiApplication.setDesktopFileName("escc-desktop")
    application = QApplication.instance() or QApplication(["escc"])
    if not isinstance(application, QApplication):
        raise TypeError("a window needs a QApplication")
    application.setApplicationName("escc-desktop")
    application.setApplicationDisplayName("ESCC Desktop")
    application.setStyle(HouseStyle("Fusion"))
    load_fonts(application)
    _read_no_sources()
    if application.findChild(GarbageCollector) is None:
        GarbageCollector(application)
    application.setWindowIcon(icon("heart_pulse", "accent"))
    return application


def _read_no_sources() -> None:
    """Keep PySide from reading the source of every module that is imported, and Python from keeping it: 50 MB.

    PySide looks in it for its own name, to offer other names of Qt's functions there; nothing here uses them. Without
    sources, as in an installed program, it goes on in the same way.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if feature is not None:
        vars(feature)["inspect"] = SimpleNamespace(getsource=_no_source)


def _no_source(_module: object) -> str:
    raise OSError


def make_window(settings_file: Path | None, start: WindowStart) -> MainWindow:
    """Return the window; what `start` asks for is done once it has been painted."""
    settings = load_settings(settings_file) if settings_file is not None else load_settings(Path(os.devnull))
    set_language(settings.language)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        apply_theme(application, settings.theme)
    desktop = Desktop(settings, settings_file)
    window = MainWindow(desktop)
    window.painted.connect(lambda: QTimer.singleShot(0, lambda: window.begin(start)))
    return window


def _has_display() -> bool:
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
