"""Make the .deb out of the packed program: folders, menu entry, icon, licences, list of parts."""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from parts import OWN, Part, copyright_text, parts_of, system_packages  # noqa: E402  # beside this file

CONTROL = """\
Package: {name}
Version: {version}
Section: science
Priority: optional
Architecture: {architecture}
Maintainer: ESCC Desktop developers <escc-desktop@example.invalid>
Installed-Size: {size}
Depends: {depends}
Description: imaging workstation for radiomics in esophageal cancer
 Two blind readers, 1,874 radiomic features, agreement, survival models and
 nomograms for advanced esophageal squamous cell carcinoma, in one encrypted
 study folder. Works without a network. Research use only: it is no medical
 device.
"""


def main() -> None:
    """Do it all and say how large it became."""
    asked = _arguments()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = parts_of(json.loads(asked.taken.read_text(encoding="utf-8")), ROOT / "resources")
    refused = [part.name for part in parts if part.is_gpl_only]
    if refused:
        raise SystemExit(f"under the GPL alone, so it cannot be shipped: {', '.join(refused)}")
    depends = system_packages(asked.program)
    if asked.tree.exists():
        shutil.rmtree(asked.tree)
    _lay_out(asked.tree, asked.program, parts)
    architecture = _run("dpkg", "--print-architecture").strip()
    control = CONTROL.format(
        name=OWN,
        version=project["version"],
        architecture=architecture,
        size=sum(path.lstat().st_size for path in asked.tree.rglob("*") if path.is_file()) // 1024,
        depends=", ".join(depends),
    )
    _write(asked.tree / "DEBIAN" / "control", control)
    _settle(asked.tree)
    package = asked.out / f"{OWN}_{project['version']}_{architecture}.deb"
    began = time.monotonic()
    _run("dpkg-deb", "--root-owner-group", "-Zzstd", "-z6", "--build", str(asked.tree), str(package))
    listed = _write_parts(asked.out / f"{package.stem}.parts.csv", parts)
    print(f"{len(parts)} parts, none under the GPL alone: {listed}")
    print(f"Depends: {', '.join(depends)}")
    print(f"{package}: {package.stat().st_size / 1e6:.0f} MB, compressed in {time.monotonic() - began:.0f} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("program", "taken", "tree", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    return parser.parse_args()


def _lay_out(tree: Path, program: Path, parts: list[Part]) -> None:
    shutil.copytree(program, tree / "opt" / OWN, symlinks=True)
    share = tree / "usr" / "share"
    link = tree / "usr" / "bin" / "escc"
    link.parent.mkdir(parents=True)
    link.symlink_to(f"../../opt/{OWN}/escc")
    _write(share / "applications" / f"{OWN}.desktop", (HERE / f"{OWN}.desktop").read_text(encoding="utf-8"))
    icon = share / "icons" / "hicolor" / "scalable" / "apps" / f"{OWN}.svg"
    _write(icon, (HERE / f"{OWN}.svg").read_text(encoding="utf-8"))
    documents = share / "doc" / OWN
    _write(documents / "copyright", copyright_text(parts, (ROOT / "LICENSE").read_text(encoding="utf-8")))
    _write_parts(documents / "parts.csv", parts)
    changes = gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), 9, mtime=0)
    (documents / "changelog.gz").write_bytes(changes)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_parts(path: Path, parts: list[Part]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "version", "licence"])
        rows.writerows([part.name, part.version, part.licence] for part in parts)
    return path


def _settle(tree: Path) -> None:
    """Give every file plain rights and the time of the source, so that the package depends on nothing else."""
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            is_program = path.is_dir() or path.name == "escc"
            path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (moment, moment), follow_symlinks=False)


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
