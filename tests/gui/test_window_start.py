"""The first second of the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from escc_desktop.gui.arguments import parse_start
from escc_desktop.gui.page import Page
from escc_desktop.gui.page_table import PAGES, PageEntry
from escc_desktop.workflow.access import Operation

FIRST_PAINT = """
import sys
from escc_desktop.gui.app import make_application, make_window
from escc_desktop.gui.arguments import WindowStart
application = make_application()
window = make_window(None, WindowStart())
def told():
    import json
    modules = {name.split('.')[0] for name, module in sys.modules.items()
               if 'site-packages' in str(getattr(module, '__file__', ''))}
    ours = sorted(name for name in sys.modules if name.startswith('escc_desktop.'))
    print(json.dumps({'foreign': sorted(modules), 'ours': ours}))
    application.quit()
window.painted.connect(told)
window.show()
application.exec()
"""


def test_that_only_qt_and_numpy_are_imported_at_first_paint() -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    told = json.loads(done.stdout)
    plumbing = {name for name in told["foreign"] if name.startswith(("__editable__", "_distutils", "_virtualenv"))}
    assert set(told["foreign"]) - plumbing <= {"PySide6", "shiboken6", "numpy"}
    heavy = ("escc_desktop.store", "escc_desktop.imaging", "escc_desktop.features", "escc_desktop.workflow.project")
    assert not [name for name in told["ours"] if name.startswith(heavy)]


def test_that_a_readers_window_holds_no_library_that_readers_do_not_use() -> None:
    ask = "import json, sys; import escc_desktop.gui.pages.reading; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60)
    heavy = {"SimpleITK", "alembic", "highdicom", "matplotlib", "pydicom", "reportlab", "scipy.stats", "vtkmodules"}
    assert not heavy & set(json.loads(done.stdout))


def test_that_a_start_without_a_display_says_so_in_one_sentence(tmp_path: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}
    }
    done = subprocess.run(
        [sys.executable, "-m", "escc_desktop"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("There is no display")
    assert "Traceback" not in done.stderr


@pytest.mark.unwatched  # the window imports pages in jobs
@pytest.mark.parametrize("entry", PAGES, ids=[entry.page_id for entry in PAGES])
def test_that_every_page_of_the_rail_is_there_and_asks_for_known_rights(entry: PageEntry) -> None:
    assert issubclass(entry.import_page(), Page)
    assert all(name in Operation.__members__ for name in entry.needs)


@pytest.mark.parametrize("words", ["--patients x", "--patients 19", "--patients -30", "--jobs 0", "--nonsense"])
def test_that_wrong_arguments_of_the_window_are_refused_by_name(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        parse_start(["demo", *words.split()])
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert words.split(maxsplit=1)[0] in said
    assert "object at" not in said
