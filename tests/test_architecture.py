"""The house rules that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "escc_desktop").rglob("*.py"))


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_that_no_module_evaluates_text_or_forces_a_reader(path: Path) -> None:
    for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        name = ast.unparse(call.func)
        assert name not in {"eval", "exec", "yaml.load", "yaml.unsafe_load", "joblib.load", "pickle.loads"}
        forced = [k for k in call.keywords if k.arg == "force" and getattr(k.value, "value", None) is True]
        assert not forced, f"{name}(force=True), line {call.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_that_no_file_outgrows_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_that_locks_carry_no_address() -> None:
    locks = sorted((ROOT / "installer" / "requirements").glob("*.txt"))
    assert len(locks) == 4
    for lock in locks:
        assert "://" not in lock.read_text(encoding="utf-8")


def test_that_every_pin_is_hashed() -> None:
    for lock in (ROOT / "installer" / "requirements").glob("*.txt"):
        entries = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries if "==" in entry)
