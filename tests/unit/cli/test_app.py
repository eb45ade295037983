"""The commands and where they are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from escc_desktop.cli.app import COMMANDS, build


def _names(arguments: list[str]) -> set[str]:
    app = build(arguments)
    groups = {str(group.typer_instance.info.name) for group in app.registered_groups if group.typer_instance}
    return {str(command.name) for command in app.registered_commands} | groups


def test_that_without_arguments_every_command_is_there_under_the_module_that_has_it() -> None:
    assert _names([]) == {name for names in COMMANDS.values() for name in names}
    for names in COMMANDS.values():
        for name in names:
            assert _names([name]) == set(names)


@pytest.mark.parametrize("heavy", ["sqlalchemy", "matplotlib", "scipy", "PySide6"])
def test_that_the_version_is_told_without_importing_what_it_does_not_need(heavy: str) -> None:
    code = (
        "import sys, runpy\nsys.argv = ['escc', '--version']\n"
        "try:\n    runpy.run_module('escc_desktop', run_name='__main__')\nexcept SystemExit:\n    pass\n"
        f"sys.exit({heavy!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield each command's name and its example."""
    if not hasattr(command, "commands"):
        yield " ".join(path), (command.epilog or "").removeprefix("Example: ")
        return
    for name, inner in command.commands.items():
        yield from _leaves(inner, (*path, name))


def test_that_the_guide_has_every_command_with_its_example() -> None:
    text = (Path(__file__).parents[3] / "docs" / "guide" / "commands.md").read_text(encoding="utf-8")
    missing = [
        f"**`escc {name}`** with {example}"
        for name, example in _leaves(get_command(build(["--help"])))
        if not example.startswith("escc ") or f"**`escc {name}`**" not in text or f"\n{example}\n" not in text
    ]
    assert not missing, "docs/guide/commands.md lacks:\n" + "\n".join(missing)
