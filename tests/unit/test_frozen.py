"""How the packed program starts itself again; try_deb.sh does it for real."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from escc_desktop import frozen


def test_that_from_source_a_part_is_a_module_of_python() -> None:
    assert frozen.part_command("a.b", "1") == [sys.executable, "-m", "a.b", "1"]
    assert not frozen.run_asked_part()


@pytest.mark.parametrize("part", ["escc_desktop.imaging.child", "escc_desktop.gui.viewer.surface_view"])
def test_that_the_packed_program_runs_the_part_it_asked_itself_for(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    seen: list[list[str]] = []
    monkeypatch.setitem(sys.modules, part, SimpleNamespace(main=lambda: seen.append(sys.argv[1:])))
    monkeypatch.setattr(sys, "argv", frozen.part_command(part, "4096"))
    assert frozen.run_asked_part()
    assert seen == [["4096"]]


@pytest.mark.parametrize(
    "arguments", [[], ["scan"], ["--run-part"], ["--run-part", "os"], ["--run-part", "escc_desktop.cli.app", "1"]]
)
def test_that_the_packed_program_runs_no_other_module(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "argv", ["escc", *arguments])
    assert not frozen.run_asked_part()
