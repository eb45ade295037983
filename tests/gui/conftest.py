"""Fixtures of the window's tests: offscreen, watched, and with a small project to open as anybody."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from escc_desktop.gui.app import make_application, make_window
from escc_desktop.gui.arguments import WindowStart
from escc_desktop.gui.main_window import MainWindow
from escc_desktop.workflow.project import Project

HERE = Path(__file__).parent
TESTS_A_CLEARING = 20


def load_module(name: str) -> ModuleType:
    """Import a helper module that lies beside the tests."""
    spec = spec_from_file_location(name, HERE / f"{name}.py")
    assert spec
    assert spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


watchdog = load_module("watchdog")
studied = load_module("studied")
load_module("reader_hand")
load_module("worklist_case")


@pytest.fixture(scope="session")
def watchdog_module() -> ModuleType:
    return watchdog


@pytest.fixture(scope="session")
def viewing() -> ModuleType:
    """Phantoms, and hands for mouse and wheel."""
    return load_module("viewing")


@pytest.fixture
def framing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """Put plain pages behind the rail, and logs into the test's own folder."""
    module = load_module("framing")
    monkeypatch.setattr("escc_desktop.gui.main_window.PAGES", module.plain_pages())
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return module


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


_tests_since_clearing = 0


@pytest.fixture(autouse=True)
def _nothing_is_left(qapp: QApplication) -> None:
    """Nothing of earlier tests is on screen, where it would get this test's mouse, nor in this test's collections."""
    for widget in qapp.topLevelWidgets():
        widget.hide()
    clear_garbage(every=TESTS_A_CLEARING)


def clear_garbage(every: int = 1) -> None:
    """Collect what earlier tests left, at every so many calls, and set what lives on aside.

    The collections of the program would otherwise walk over the heap of the whole run, which no user has.
    """
    global _tests_since_clearing  # noqa: PLW0603  # the run's own count
    _tests_since_clearing += 1
    if _tests_since_clearing >= every:
        _tests_since_clearing = 0
        gc.unfreeze()
        gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _main_thread_is_free(request: pytest.FixtureRequest, _nothing_is_left: None) -> Iterator[None]:
    """No call on the main thread takes over 100 ms; where one does, the test fails and says where."""
    with watchdog.watched() as dog:
        yield
    if request.node.get_closest_marker("unwatched") or not dog.stalls:
        return
    limit_ms = watchdog.LIMIT_MS * watchdog.slowness()
    stalls = [one for one in dog.stalls if one.cpu_ms >= limit_ms or one.wall_ms >= watchdog.BLOCKED_MS]
    assert not stalls, "the main thread was held up:\n" + "\n".join(map(str, stalls))


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    """The window before a project is open, 1600 x 960, on screen; closed at the end, and with it the project."""
    clear_garbage()  # what earlier tests left: its destruction would count as this window's
    made = make_window(tmp_path / "settings.json", WindowStart())
    qtbot.addWidget(made)
    made.setWindowState(Qt.WindowState.WindowNoState)  # the screen here is smaller: it would fill that instead
    made.resize(1600, 960)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
    made.desktop.tasks.close()


@pytest.fixture
def small_project(small_study: ModuleType, tmp_path: Path) -> Iterator[Callable[[str], Project]]:
    """A project of three small patients, planned and not yet read; called with a name, as that person sees it.

    Names: admin, coordinator, A, B, statistician, oncologist; the password is `small_study.PASSWORD`.
    """
    study = small_study.build(tmp_path / "project")

    def as_person(name: str) -> Project:
        return Project(study.store, study.people[name])

    yield as_person
    study.store.close()


@pytest.fixture(scope="session")
def studied_module() -> ModuleType:
    return studied


@pytest.fixture
def studied_project(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Project]]:
    """A finished study of 30 small patients (see `studied`), this test's own; called as `small_project`."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    store, people = studied.open_copy(shared, tmp_path / "studied")
    yield lambda name: Project(store, people[name])
    store.close()


@pytest.fixture
def show_as(window: MainWindow, qtbot: QtBot) -> Callable[..., MainWindow]:
    """Show a project in the window and wait until a page is there."""

    def show(project: Project, page_id: str = "") -> MainWindow:
        window.desktop.take_project(project)
        if page_id:
            window.go(page_id)
        qtbot.waitUntil(lambda: window.current_page is not None, timeout=20_000)
        return window

    return show
