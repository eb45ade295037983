"""The parts of other people in the packed program: which they are, their licences, and the system's libraries."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions
from pathlib import Path

from escc_desktop.workflow.parts import OWN, SHIPPED, licence_of, normalized

_LICENCE_FILE = re.compile(r"(^|/)(licen[cs]es?/|licen[cs]e|copying|notice)", re.IGNORECASE)
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)")


@dataclass(frozen=True)
class Part:
    """Somebody else's work in the program."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...]

    @property
    def is_gpl_only(self) -> bool:
        """Whether it may be used under the GPL alone."""
        choices = [choice for choice in re.split(r"\s+OR\s+", self.licence) if not _is_gpl(choice)]
        return not choices


def _is_gpl(licence: str) -> bool:
    has_exception = re.search(r"exception", licence, re.IGNORECASE)
    return bool(re.search(r"(?<![AL])GPL|GNU General Public", licence)) and not has_exception


def parts_of(taken: Iterable[str], resources: Path) -> list[Part]:
    """Return the parts a list of packed files comes from, by name."""
    files = {str(Path(path).resolve()) for path in taken}
    found: dict[str, Part] = {}
    for package in distributions():
        name = package.metadata["Name"]
        if normalized(name) == OWN or normalized(name) in found:
            continue
        if any(str(Path(str(package.locate_file(file))).resolve()) in files for file in package.files or ()):
            found[normalized(name)] = _part(package)
    found["python"] = _python()
    found["pyinstaller"] = _starter()
    for part in _resources(resources):
        found[part.name.lower()] = part
    return sorted(found.values(), key=lambda part: part.name.lower())


def _part(package: Distribution) -> Part:
    name = package.metadata["Name"]
    texts = []
    for file in package.files or ():
        is_code = file.suffix in {".py", ".pyc", ".so"}
        if not is_code and ".dist-info" in str(file.parts[0]) and _LICENCE_FILE.search(str(file)):
            texts.append(Path(str(package.locate_file(file))).read_text(encoding="utf-8", errors="replace"))
    return Part(name, package.version, licence_of(package), tuple(texts))


def _python() -> Part:
    text = Path(sysconfig.get_paths()["stdlib"]) / "LICENSE.txt"
    version = ".".join(str(number) for number in sys.version_info[:3])
    found = text.read_text(encoding="utf-8") if text.exists() else "See /usr/share/doc/python3/copyright."
    return Part("Python", version, "PSF-2.0", (found,))


def _starter() -> Part:
    try:
        package = distribution("pyinstaller")
    except PackageNotFoundError:
        raise SystemExit("run this with the packing tools' own Python") from None
    made = _part(package)
    return Part("PyInstaller", made.version, "GPL-2.0-or-later WITH Bootloader-exception", made.texts)


def _resources(folder: Path) -> Iterable[Part]:
    """Yield the faces and icons; their notes say whose they are."""
    fonts = (folder / "fonts" / "NOTICE.md").read_text(encoding="utf-8")
    ofl = (folder / "fonts" / "OFL-1.1.txt").read_text(encoding="utf-8")
    icons = (folder / "icons" / "NOTICE.md").read_text(encoding="utf-8")
    for part, texts in zip(SHIPPED, ((fonts, ofl), (fonts,), (icons,)), strict=True):
        yield Part(part.name, part.version, part.licence, texts)


def copyright_text(parts: Iterable[Part], own_licence: str) -> str:
    """Return Debian's copyright file: ours, then every part with its texts."""
    lines = [
        "ESCC Desktop is under the Apache License 2.0; on Debian its text is /usr/share/common-licenses/Apache-2.0.",
        "It contains the parts below, each under its own licence. Qt, PySide6 and Shiboken are used unchanged under",
        "the LGPL-3 (/usr/share/common-licenses/LGPL-3), as libraries of their own in /opt/escc-desktop/_internal that",
        "may be replaced; their source is published by the Qt Project.",
        "",
        *(f"{part.name} {part.version}: {part.licence}" for part in parts),
    ]
    for part in parts:
        for text in part.texts:
            lines += ["", "=" * 100, f"{part.name} {part.version}", "=" * 100, text.strip()]
    lines += ["", "=" * 100, "ESCC Desktop", "=" * 100, own_licence.strip()]
    return "\n".join(lines) + "\n"


def system_packages(program: Path) -> list[str]:
    """Return the packages that own the libraries the program takes from the system, with the least libc.

    Raises
    ------
    SystemExit
        A library is neither packed nor installed here.
    """
    binaries = [path for path in program.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    packed = {path.name for path in program.rglob("*.so*")}
    needed: set[str] = set()
    newest = (0, 0)
    for path in binaries:
        told = _run("readelf", "--wide", "--dynamic", "--version-info", str(path))
        needed |= set(re.findall(r"\(NEEDED\).*\[(.+?)\]", told))
        newest = max([newest, *((int(a), int(b)) for a, b in _GLIBC.findall(told))])
    known = dict(re.findall(r"^\s+(\S+) \(.*?x86-64.*?\) => (\S+)$", _run("/sbin/ldconfig", "-p"), re.MULTILINE))
    missing = sorted(name for name in needed - packed if name not in known)
    if missing:
        raise SystemExit(f"neither packed nor installed: {', '.join(missing)}")
    owners = {_owner(known[name]) for name in needed - packed}
    return [f"{name} (>= {newest[0]}.{newest[1]})" if name == "libc6" else name for name in sorted(owners)]


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _owner(library: str) -> str:
    real = str(Path(library).resolve())
    for path in (library, real, real.removeprefix("/usr"), f"/usr{real}"):
        done = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.split(":")[0].split(",")[0]
    raise SystemExit(f"no package owns {library}")


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
