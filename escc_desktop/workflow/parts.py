"""The work of others this program stands on: which packages, in which version, under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from escc_desktop.progress import Progress

OWN = "escc-desktop"
_EXTRA = 'extra == "reference"'
# What the packages' own metadata leaves out or says too roughly; read in their licence texts.
STATED = {
    "sqlcipher3": "Zlib AND BSD-3-Clause AND Apache-2.0",  # the binding, SQLCipher, OpenSSL
    "pyside6-essentials": "LGPL-3.0-only",  # the choice this program makes among those offered
    "shiboken6": "LGPL-3.0-only",
}
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}


@dataclass(frozen=True)
class Part:
    """Somebody else's work."""

    name: str
    version: str
    licence: str


# What comes in `resources` instead of as a package; the notes beside the files say more.
SHIPPED = (
    Part("Noto Sans CJK SC (typeface)", "", "OFL-1.1"),
    Part("Droid Sans Fallback (typeface)", "", "Apache-2.0"),
    Part("Fluent System Icons", "", "MIT"),
)


def parts(progress: Progress) -> tuple[Part, ...]:
    """Return the parts that are installed here, by name."""
    found: dict[str, Part] = {}
    waiting = [OWN]
    while waiting:
        progress.advance(len(found), len(found) + len(waiting))
        name = waiting.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # for another system, or left out
        key = normalized(package.metadata["Name"])
        if key in found:
            continue
        found[key] = Part(package.metadata["Name"], package.version, licence_of(package))
        waiting += _needed(package)
    del found[OWN]
    return tuple(sorted([*found.values(), *SHIPPED], key=lambda part: part.name.lower()))


def licence_of(package: Distribution) -> str:
    """Return the licence of a package as its metadata states it."""
    stated = STATED.get(normalized(package.metadata["Name"])) or _said(package, "License-Expression")
    if stated:
        return stated
    said = _said(package, "License")
    if said and "\n" not in said and len(said) < 60 and said.lower() not in {"unknown", "dual license"}:
        return said
    classes = [
        entry.split(" :: ")[-1] for entry in package.metadata.get_all("Classifier") or () if "License ::" in entry
    ]
    known = sorted({_CLASSIFIERS.get(entry, entry) for entry in classes if entry != "OSI Approved"})
    return " OR ".join(known) or "see its text"


def _said(package: Distribution, field: str) -> str:
    return next(iter(package.metadata.get_all(field) or ()), "")


def normalized(name: str) -> str:
    """Return a package's name in the one spelling that compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needed(package: Distribution) -> list[str]:
    asked = [entry for entry in package.requires or () if "extra ==" not in entry or _EXTRA in entry]
    return [match[0] for entry in asked if (match := re.match(r"[A-Za-z0-9._-]+", entry))]
