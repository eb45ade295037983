"""What a start of the window was asked for: `escc`, or `escc demo` without --headless."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HEADLESS = ("--headless", "--help")


@dataclass(frozen=True)
class WindowStart:
    """What to open.

    Attributes
    ----------
    is_demo
        Open the synthetic study, building it first where it is not there.
    demo_folder
        Where it lies; None for the default place.
    replay, record
        A script to play on the practice project, after which the program ends; where to record one.
    n_patients, jobs
        Size of a new synthetic study, and how many processes build it; 0 leaves one core to the window.
    """

    is_demo: bool = False
    demo_folder: Path | None = None
    n_patients: int = 59
    jobs: int = 0
    replay: Path | None = None
    record: Path | None = None

    @property
    def is_practice(self) -> bool:
        """Whether only the practice project is wanted."""
        return self.replay is not None or self.record is not None


def opens_window(arguments: Sequence[str]) -> bool:
    """Return whether these arguments of the program ask for a window."""
    return not arguments or (arguments[0] == "demo" and not any(word in arguments for word in _HEADLESS))


def parse_start(arguments: Sequence[str]) -> WindowStart:
    """Read the arguments; wrong ones end the program with exit code 2, as everywhere."""
    if not arguments:
        return WindowStart()
    parser = argparse.ArgumentParser("escc demo", allow_abbrev=False)
    parser.add_argument("--project", type=Path, help="Folder of the demo.")
    parser.add_argument("--patients", type=_bounded(20, 200), default=WindowStart.n_patients)
    parser.add_argument("--jobs", type=_bounded(1, 64), default=WindowStart.jobs)
    parser.add_argument("--replay", type=Path, metavar="FILE", help="Play a script on the practice project, then end.")
    parser.add_argument("--record", type=Path, metavar="FILE", help="Record what is done on the practice project.")
    given = parser.parse_args(arguments[1:])
    return WindowStart(True, given.project, given.patients, given.jobs, given.replay, given.record)


class _bounded:  # noqa: N801  # reads as the function argparse expects
    """Turns a word into a whole number between two bounds."""

    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, word: str) -> int:
        number = int(word) if word.isdecimal() else -1
        if not self._least <= number <= self._most:
            raise argparse.ArgumentTypeError(f"{word} is no whole number from {self._least} to {self._most}")
        return number
