"""The synthetic study opened in the window, as any of its staff."""

from __future__ import annotations

from pathlib import Path

from escc_desktop.files import read_json
from escc_desktop.progress import Progress
from escc_desktop.workflow.demo.people import ACCOUNTS_FILE, COST, STAFF, read_keys
from escc_desktop.workflow.demo.run import BUILT
from escc_desktop.workflow.project import Project

STAFF_NAMES = tuple(STAFF)


def is_built(root: Path) -> bool:
    """Return whether a synthetic study was finished in this folder."""
    return (root / BUILT).exists() and isinstance(read_json(root / BUILT), dict)


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
