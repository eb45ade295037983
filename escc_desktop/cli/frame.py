"""What every command shares: exit codes, errors in one sentence, progress on stderr, one JSON document on stdout."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn, TextIO

import typer
from typer.exceptions import Abort, Exit, TyperException

from escc_desktop.errors import EsccError, FaultsError, UsageError
from escc_desktop.progress import Cancelled, Pace, Progress

REFUSED, WRONG_USE, DEFECT, STOPPED, UNREAD = 1, 2, 3, 130, 141
SHOWN_FAULTS = 50
# What is over sooner needs no word of the time left.
_SOON_S = 2.0


class OutputClosed(Exception):  # noqa: N818  # an outcome, not an error
    """Nobody reads what is printed any more, as behind `| head`."""


def say(message: str) -> None:
    """Print a line to stderr."""
    _print(f"{message}\n", sys.stderr)


def show(document: object, as_json: bool, text: Callable[[], str]) -> None:
    """Print the result: exactly one JSON document, or text for people."""
    shown = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) if as_json else text()
    _print(f"{shown}\n", sys.stdout)


def report_faults(message: str, faults: Sequence[object]) -> None:
    """Print an error with what it consists of, one indented line each."""
    say(f"error: {message}")
    for fault in faults[:SHOWN_FAULTS]:
        say(f"  {fault}")
    if len(faults) > SHOWN_FAULTS:
        say(f"  and {len(faults) - SHOWN_FAULTS} more")


def _print(text: str, stream: TextIO) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise OutputClosed from None


@contextmanager
def progress_on_stderr(quiet: bool = False) -> Iterator[Progress]:
    """Yield a Progress that Ctrl+C and SIGTERM cancel and that draws a bar on a terminal, lines elsewhere."""
    stopped = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    line = _ProgressLine(quiet)
    try:
        yield Progress(line.update, lambda: stopped)
    finally:
        line.close()
        for number, handler in before.items():
            signal.signal(number, handler)


def time_left(seconds: float) -> str:
    """Return the time a job still needs, in words."""
    if seconds < 60:
        return "less than a minute left"
    minutes = round(seconds / 60)
    return f"about {minutes} min left" if minutes < 120 else f"about {round(minutes / 60)} h left"


class _ProgressLine:
    """A bar that redraws itself on a terminal; elsewhere a line for each new note, one a second at most."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._tty = sys.stderr.isatty()
        self._note = ""
        self._last = 0.0
        self._began = time.monotonic()
        self._pace = Pace()

    def update(self, fraction: float, note: str) -> None:
        now = time.monotonic()
        left_seconds = self._pace.left_seconds(fraction, now)
        if self._quiet or (now - self._last < (0.1 if self._tty else 1.0)) or (not self._tty and note == self._note):
            return
        self._note, self._last = note, now
        if left_seconds is not None and now - self._began > _SOON_S and fraction < 1:
            note = f"{note}, {time_left(left_seconds)}" if note else time_left(left_seconds)
        if self._tty:
            bar = "#" * round(24 * fraction)
            _print(f"\r\x1b[K[{bar:<24}] {fraction:4.0%} {note}", sys.stderr)
        else:
            say(f"{fraction:4.0%} {note}")

    def close(self) -> None:
        if self._tty and self._last:
            _print("\r\x1b[K", sys.stderr)


def run_app(app: typer.Typer, arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and leave with the exit code of CONTRACT: 0, 1 refused, 2 wrong usage, 3 our defect."""
    _speak_utf8()
    try:
        code = _run(app, arguments)
    except OutputClosed:
        code = _leave_unread()
    sys.exit(code)


def _run(app: typer.Typer, arguments: list[str] | None) -> int:
    try:
        code: int = app(arguments, standalone_mode=False) or 0
    except (UsageError, TyperException) as error:
        return _report_usage(error)
    except Exit as leaving:
        code = leaving.exit_code
    except EsccError as error:
        return _report_refused(error)
    except (Cancelled, KeyboardInterrupt, Abort):
        code = STOPPED
    except OutputClosed:
        raise
    except Exception as error:  # noqa: BLE001  # the last resort: a defect is reported, never shown raw
        return _report_defect(error)
    if code == STOPPED:
        say("Stopped. Nothing half-done was left behind.")
    return code


def _speak_utf8() -> None:
    """Print UTF-8 whatever the locale; what is no text, as in odd file names, is escaped rather than an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _leave_unread() -> int:
    """Keep the interpreter from complaining about the closed pipe on its way out."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return UNREAD


def _report_refused(error: EsccError) -> int:
    report_faults(str(error), error.faults if isinstance(error, FaultsError) else ())
    return REFUSED


def _report_usage(error: UsageError | TyperException) -> int:
    words = str(error)
    if isinstance(error, TyperException):  # its check of a value puts the kind of error in the middle of the sentence
        words = error.format_message().replace(": Value error, ", ": ")
    say(f"error: {words} See escc COMMAND --help.")
    return WRONG_USE


def _report_defect(error: Exception) -> int:
    """Write where it happened, without values (they may name a patient), and say where the report lies."""
    frames = "\n".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    )
    with tempfile.NamedTemporaryFile(
        "w", prefix="escc-crash-", suffix=".txt", delete=False, encoding="utf-8"
    ) as report:
        report.write(f"{type(error).__name__}\n{frames}\n")
    say(f"error: a defect of this program ({type(error).__name__}); the report is {report.name}")
    return DEFECT
