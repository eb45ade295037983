"""The demo in the window: opened at once where it is built; built aside, with something to try meanwhile, where not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.desktop import Desktop
from escc_desktop.gui.notices import Notice, Tone
from escc_desktop.gui.tasks import Answers
from escc_desktop.i18n import _

if TYPE_CHECKING:  # imported by the jobs, after the first window is painted
    from pathlib import Path

    from escc_desktop.progress import Progress
    from escc_desktop.workflow.demo.folder import DemoChoice, DemoFolder
    from escc_desktop.workflow.demo.opening import DemoState
    from escc_desktop.workflow.project import Project

_FIRST_ROLE, _PRACTICE_ROLE, _RISK_ROLE = "coordinator", "reader-a", "oncologist"
_TOPIC = "demo"


class DemoStart(QObject):
    """Brings the synthetic study on screen.

    The first time, a practice project of three unread patients is there within seconds, while the study of 59 is
    built and then analysed by jobs in the tray.

    Attributes
    ----------
    opened
        A `Project` to show.
    preparing
        The job (`Running`) that looks for the study or prepares these three; None once something can be opened.
    """

    opened = Signal(object)
    preparing = Signal(object)

    def __init__(self, desktop: Desktop) -> None:
        super().__init__(desktop)
        self._desktop = desktop
        self._start = WindowStart(is_demo=True)

    def begin(self, start: WindowStart) -> None:
        """Look what is there and go on from it."""
        self._start = start
        answers: Answers[DemoState] = Answers(self._go_on, self._not_prepared, lambda: self.preparing.emit(None))
        self.preparing.emit(self._desktop.tasks.run(_("Looking for the demo"), _look, start, answers=answers))

    def _go_on(self, state: DemoState) -> None:
        if state.is_built and not self._start.is_practice:
            self.preparing.emit(None)
            self._open(state.folder.project, _FIRST_ROLE)
            if not state.is_analysed:
                self._analyse(state.folder)
            return
        practice: Answers[Path] = Answers(
            lambda folder: self._practise(folder, state.folder),
            self._not_prepared,
            lambda: self.preparing.emit(None),
            self.preparing.emit,
        )
        self.preparing.emit(
            self._desktop.tasks.run(
                _("Preparing three patients to practise on"),
                _practice,
                state.folder.root,
                self._start,
                answers=practice,
            )
        )

    def _not_prepared(self, error: Exception) -> None:
        self.preparing.emit(None)
        self._desktop.notices.trouble(error)

    def _practise(self, practice: Path, study: DemoFolder) -> None:
        self.preparing.emit(None)
        if self._start.is_practice:
            self._open(practice, _PRACTICE_ROLE)
            return
        built: Answers[DemoFolder] = Answers(then=self._built)
        name = _("Building the demo study of {n} patients").format(n=self._start.n_patients)
        self._desktop.tasks.run(name, _build, study.root, self._start, answers=built)
        if self._desktop.project is not None:  # somebody opened his own meanwhile
            self._offer(
                _("Three synthetic patients to practise on are ready."),
                _("Open them"),
                lambda: self._open(practice, _PRACTICE_ROLE),
            )
            return
        self._open(practice, _PRACTICE_ROLE)
        self._desktop.notices.say(
            _("These three synthetic patients are yours to practise on."),
            _("The demo study is being built meanwhile; see the jobs at the top right."),
        )

    def _built(self, folder: DemoFolder) -> None:
        self._offer(
            _("The demo study is built; its analysis has begun."),
            _("Open it"),
            lambda: self._open(folder.project, _FIRST_ROLE),
            Tone.SUCCESS,
        )
        self._analyse(folder)

    def _analyse(self, folder: DemoFolder) -> None:
        answers: Answers[None] = Answers(then=lambda _nothing: self._analysed(folder))
        self._desktop.tasks.run(_("Analysing the demo study"), _analyse, folder, self._start, answers=answers)

    def _analysed(self, folder: DemoFolder) -> None:
        project = self._desktop.project
        if project is not None and project.folder == folder.project:
            self._desktop.refresh_all()
            said = _("The demo study is analysed.")
            hint = _("Go on as its statistician or oncologist, at the top right, to see models and risks.")
            self._desktop.notices.show(Notice(said, hint, Tone.SUCCESS, can_wait=True))
        else:
            self._offer(
                _("The demo study is analysed: its models and risks are there."),
                _("Open it as its oncologist"),
                lambda: self._open(folder.project, _RISK_ROLE),
                Tone.SUCCESS,
            )

    def _offer(self, text: str, action: str, call: Callable[[], object], tone: Tone = Tone.INFO) -> None:
        """Offer to open what is ready; whoever is reading hears of it afterwards."""
        self._desktop.notices.show(Notice(text, tone=tone, action=action, call=call, topic=_TOPIC, can_wait=True))

    def _open(self, folder: Path, name: str) -> None:
        answers: Answers[Project] = Answers(then=self.opened.emit)
        self._desktop.tasks.run(_("Opening the project"), _open_as, folder, name, answers=answers)


def _choice(start: WindowStart) -> DemoChoice:
    from escc_desktop.workflow.demo.folder import DemoChoice  # noqa: PLC0415  # not before the first window

    return DemoChoice(start.n_patients, start.jobs or max(1, (os.cpu_count() or 2) - 1))


def _look(start: WindowStart, progress: Progress) -> DemoState:
    from escc_desktop.workflow.demo.opening import look_at_demo  # noqa: PLC0415

    return look_at_demo(start.demo_folder, _choice(start), progress)


def _practice(root: Path, start: WindowStart, progress: Progress) -> Path:
    from escc_desktop.workflow.demo.opening import build_practice_aside  # noqa: PLC0415

    return build_practice_aside(root, _choice(start), progress)


def _build(root: Path, start: WindowStart, progress: Progress) -> DemoFolder:
    from escc_desktop.workflow.demo.opening import build_demo_aside  # noqa: PLC0415

    return build_demo_aside(root, _choice(start), progress)


def _analyse(folder: DemoFolder, start: WindowStart, progress: Progress) -> None:
    from escc_desktop.workflow.demo.opening import analyse_demo_aside  # noqa: PLC0415

    analyse_demo_aside(folder, _choice(start), progress)


def _open_as(folder: Path, name: str, progress: Progress) -> Project:
    from escc_desktop.workflow.demo.opening import open_demo_project  # noqa: PLC0415

    return open_demo_project(folder, name, progress)
