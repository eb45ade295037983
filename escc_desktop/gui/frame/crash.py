"""Defects of the program: caught wherever they happen, told once in words, written down without a patient's data."""

from __future__ import annotations

import logging
import platform
import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import PySide6
from PySide6.QtCore import QMessageLogContext, QStandardPaths, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from escc_desktop import version
from escc_desktop.files import write_whole
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.frame.sheet import Sheet
from escc_desktop.gui.notices import Notices
from escc_desktop.gui.tasks import Answers
from escc_desktop.gui.widgets.text import button, label, row
from escc_desktop.i18n import _, plural

_LOG = logging.getLogger("escc_desktop.qt")
_LOG_BYTES = 512 * 1024
_PLACES = re.compile(r"(?:file:/{1,3}|[A-Za-z]:\\|~?/)\S+|\"[^\"]*\"|'[^']*'")


class CrashSheet(Sheet):
    """Says that the program ran into a defect of its own, and shows the report; the program goes on."""

    def __init__(self, parent: QWidget, desktop: Desktop) -> None:
        super().__init__(parent, _("The program ran into a defect"), width=640)
        self._desktop = desktop
        self._reports: list[str] = []
        self.said = label(wrap=True)
        self.column.addWidget(self.said)
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setMinimumHeight(180)
        self.report.setAccessibleName(_("Report"))
        self.column.addWidget(self.report)
        self.kept = label(tone="secondary", size="caption", wrap=True)
        self.column.addWidget(self.kept)
        self.copy = button(_("Copy report"), "copy", weight="primary")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report.toPlainText()))
        go_on = button(_("Go on"))
        go_on.clicked.connect(self.close_sheet)
        self.column.addWidget(row(None, go_on, self.copy))
        self.closed.connect(self._reports.clear)

    def say(self, report: str) -> None:
        """Show a report; further ones are added to the sheet that is on screen."""
        if report in self._reports:
            return
        self._reports.append(report)
        self.said.setText(
            plural(
                "What you did last may not have worked; everything saved before is safe. "
                "Please send this report to whoever looks after the program. It names no patient.",
                "This happened {n} times. Everything saved before is safe. "
                "Please send these reports to whoever looks after the program. They name no patient.",
                len(self._reports),
            )
        )
        text = f"{surroundings()}\n\n" + "\n\n".join(self._reports) + "\n"
        self.report.setPlainText(text)
        self.open_sheet()
        answers: Answers[Path] = Answers(then=self._keep, failed=lambda _error: self.kept.clear())
        self._desktop.tasks.run("report", save_report, log_folder(), text, answers=answers, quiet=True)

    def first_focus(self) -> QWidget:
        """Return the button that copies the report."""
        return self.copy

    def _keep(self, path: Path) -> None:
        self.kept.setText(_("Saved as {path}").format(path=path))


def surroundings() -> str:
    """Return versions of program, Python, Qt and system."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"escc-desktop {version()}, Python {platform.python_version()}, Qt {PySide6.__version__}, {system}"


def log_folder() -> Path:
    """Return where this person's logs and crash reports lie."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(place) / "escc-desktop" / "log"


def save_report(folder: Path, text: str, progress: object) -> Path:
    """Write a crash report and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}.txt"
    write_whole(path, text)
    return path


def catch_defects(notices: Notices) -> None:
    """Tell of every defect no one caught, in any thread, and write what Qt warns of into the log; for good."""

    def tell(error: BaseException | None) -> None:
        if isinstance(error, Exception):
            notices.trouble(error)

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            tell(error)
        else:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = uncaught
    threading.excepthook = lambda found: tell(found.exc_value)
    sys.unraisablehook = lambda found: tell(found.exc_value)
    _write_log(log_folder())
    qInstallMessageHandler(log_qt)


def log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Write a message of Qt into the log, without paths and quoted texts, which may name people."""
    levels: dict[QtMsgType, Callable[[str], None]] = {
        QtMsgType.QtWarningMsg: _LOG.warning,
        QtMsgType.QtCriticalMsg: _LOG.error,
        QtMsgType.QtFatalMsg: _LOG.critical,
    }
    write = levels.get(kind, _LOG.debug)
    write(_PLACES.sub("…", message))


def _write_log(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "escc-desktop.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:  # a machine without a place for logs still runs the program
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger("escc_desktop").addHandler(handler)
