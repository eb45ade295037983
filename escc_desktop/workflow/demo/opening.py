"""The synthetic study opened in the window, as any of its staff."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from escc_desktop.progress import Progress
from escc_desktop.workflow.child_jobs import run_in_child
from escc_desktop.workflow.demo.folder import (
    BUILT,
    SUMMARY,
    DemoChoice,
    DemoFolder,
    default_folder,
    practice_folder,
    refuse_other_demo,
)
from escc_desktop.workflow.demo.people import ACCOUNTS_FILE, COST, STAFF, read_keys
from escc_desktop.workflow.later import later
from escc_desktop.workflow.project import Project

if TYPE_CHECKING:
    from escc_desktop.workflow.demo import practice, run
else:
    practice = later("escc_desktop.workflow.demo.practice")
    run = later("escc_desktop.workflow.demo.run")

STAFF_NAMES = tuple(STAFF)


@dataclass(frozen=True)
class DemoState:
    """How far the synthetic study in a folder is.

    Attributes
    ----------
    is_built
        Its project can be opened: every reading is signed.
    is_analysed
        Features, models and reports are there too.
    """

    folder: DemoFolder
    is_built: bool
    is_analysed: bool


def look_at_demo(root: Path | None, choice: DemoChoice, progress: Progress) -> DemoState:
    """Return how far a synthetic study is; without a folder the default one.

    Raises
    ------
    EsccError
        The folder holds a demo of another size or version.
    """
    folder = DemoFolder(root or default_folder())
    progress.advance(0, 1, folder.root.name)
    is_built = (folder.root / BUILT).exists()
    if is_built:
        refuse_other_demo(folder.root, choice)
    return DemoState(folder, is_built, (folder.results / SUMMARY).exists())


def build_practice_aside(root: Path, choice: DemoChoice, progress: Progress) -> Path:
    """Build the practice project of a demo in a process of its own and return its folder."""
    return run_in_child(practice.build_practice, practice_folder(root), choice.jobs, progress=progress)


def build_demo_aside(root: Path, choice: DemoChoice, progress: Progress) -> DemoFolder:
    """Build the synthetic study in a process of its own; see `run.build_demo`."""
    return run_in_child(run.build_demo, root, choice, progress=progress)


def analyse_demo_aside(folder: DemoFolder, choice: DemoChoice, progress: Progress) -> None:
    """Extract, develop, assess and report in a process of its own; see `run.run_demo`."""
    run_in_child(run.run_demo, folder, choice, progress=progress)


def is_demo_project(folder: Path) -> bool:
    """Return whether a project folder belongs to a synthetic study, whose passwords lie beside it."""
    return (folder.parent / ACCOUNTS_FILE).exists()


def open_demo_project(folder: Path, name: str, progress: Progress) -> Project:
    """Open a synthetic study's project folder as one of its staff.

    Raises
    ------
    EsccError
        It cannot be opened, or its accounts file is damaged.
    """
    progress.advance(0, 1, folder.name)
    keys = read_keys(folder.parent)
    return Project.open(folder, keys.lock, keys.login(name), cost=COST)


def switch_staff(project: Project, name: str, progress: Progress) -> Project:
    """Return an open synthetic project as another of its staff sees it."""
    progress.advance(0, 1, name)
    return project.log_in(read_keys(project.folder.parent).login(name))


def staff_password(project: Project, progress: Progress) -> str:
    """Return the signed-in person's password in a synthetic project, to sign readings with."""
    progress.advance(0, 1)
    return read_keys(project.folder.parent).passwords[project.principal.name]
