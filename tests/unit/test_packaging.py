"""What users are given: a wheel with everything in it, for every Python of the range."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What pydicom loads by itself to read compressed pixels.
PLUGINS = {"pyjpegls", "pylibjpeg-openjpeg", "pylibjpeg-rle"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_that_what_is_declared_is_imported_and_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    always, extra = (
        {canonical(re.split(r"[<>=]", one)[0]) for one in some}
        for some in (project["dependencies"], chain(*project["optional-dependencies"].values()))
    )
    modules: set[str] = set()
    for path in (ROOT / "escc_desktop").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules.add(node.module.split(".")[0])
    makers = packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - {"escc_desktop"}
    imported = [{canonical(one) for one in makers[module]} for module in foreign]
    assert [names for names in imported if not names & (always | extra | {"pyside6-essentials", "shiboken6"})] == []
    assert (always | extra) - PLUGINS - set().union(*imported) == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in filter(None, files.split("\0")):
        if name.startswith(("escc_desktop/", "resources/")) or "/" not in name:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), str(tree)]
    subprocess.run(build, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_that_one_wheel_serves_python_3_11_and_later(wheel: Path) -> None:
    assert "-cp311-abi3-" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("escc_desktop/stats/_coxnet") and name.endswith(".so") for name in names)


@pytest.mark.slow
def test_that_every_resource_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "-z", "resources"], cwd=ROOT, check=True, capture_output=True)
    missing = [
        name
        for name in filter(None, listed.stdout.decode().split("\0"))
        if name.replace("resources/", "escc_desktop/_resources/", 1) not in names
    ]
    assert missing == []


@pytest.mark.slow
def test_that_the_program_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); "
        "import escc_desktop, escc_desktop.__main__ as program; "
        f"assert escc_desktop.__file__.startswith({str(tmp_path)!r}); "
        "sys.argv = ['escc', 'sample-size', '--p0', '0.346', '--p1', '0.55', '--alpha', '0.05', '--power', '0.9']; "
        "program.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "n = 53 patients" in ran.stdout
