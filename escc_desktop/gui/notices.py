"""What the program has to say: notices that leave by themselves, troubles with their hint, one crash dialog."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.i18n import said
from escc_desktop.progress import Cancelled


class Tone(StrEnum):
    """What a notice is about; its icon and colour follow."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


@dataclass(frozen=True)
class Notice:
    """One thing said.

    Attributes
    ----------
    details
        Lines a person may open, such as all faults of a file.
    action, call
        A button on the notice and what it does.
    topic
        Something one should not miss: a notice with a topic stays, and the next on the same topic takes its place.
    can_wait
        Whether it is said only once nobody is absorbed in a reading.
    """

    text: str
    hint: str = ""
    tone: Tone = Tone.INFO
    details: tuple[str, ...] = ()
    action: str = ""
    call: Callable[[], object] | None = None
    topic: str = ""
    can_wait: bool = False


class Notices(QObject):
    """Takes notices from anywhere on the main thread; the frame shows them.

    Attributes
    ----------
    said
        A `Notice`.
    crashed
        A scrubbed report of a defect of the program.
    """

    said = Signal(object)
    crashed = Signal(str)

    def say(self, text: str, hint: str = "", tone: Tone = Tone.INFO) -> None:
        """Show a sentence."""
        self.show(Notice(text, hint, tone))

    def offer(
        self, text: str, action: str, call: Callable[[], object], tone: Tone = Tone.INFO, *, topic: str = ""
    ) -> None:
        """Show a sentence with a button; for what `topic` does see `Notice`."""
        self.show(Notice(text, tone=tone, action=action, call=call, topic=topic))

    def show(self, notice: Notice) -> None:
        """Show a notice."""
        self.said.emit(notice)

    def trouble(self, error: BaseException) -> None:
        """Show what went wrong: expected trouble as a notice with its hint, a defect as the crash dialog."""
        if isinstance(error, Cancelled):
            return
        if isinstance(error, EsccError):
            self.said.emit(notice_of(error))
        else:
            self.crashed.emit(crash_report(error))


def notice_of(error: EsccError) -> Notice:
    """Return expected trouble as a notice."""
    details = tuple(str(fault) for fault in error.faults) if isinstance(error, FaultsError) else ()
    return Notice(said(error.what), said(error.hint), Tone.DANGER, details)


def crash_report(error: BaseException) -> str:
    """Return where a defect happened: places in the program and the kind of error, no values, no names of people."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
    return "\n".join([type(error).__name__, *places])


def _module(filename: str) -> str:
    parts = filename.replace("\\", "/").split("/")
    start = next((k for k, part in enumerate(parts) if part == "escc_desktop"), len(parts) - 1)
    return "/".join(parts[start:])
