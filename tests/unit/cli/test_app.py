"""The commands and where they are."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
