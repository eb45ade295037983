"""The files under a folder, archive or DICOMDIR, found without following links or waiting for pipes."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from escc_desktop.errors import EsccError
from escc_desktop.imaging.series import Finding, Rejected, Verdict

_MAX_ENTRIES: Final = 50_000
_MAX_RATIO: Final = 100
_SMALL: Final = 1 << 20
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_SYMLINK: Final = 0o120000


class _Archive:
    """The folder an archive was unpacked into; removed when nothing refers to it any more."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="escc-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


@dataclass
class Sources:
    """Files to parse (path and name in reports), what is none, and findings that concern every series."""

    root: Path
    files: list[tuple[Path, str]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    archive: object = None


def find_sources(path: Path) -> Sources:
    """List what lies under a folder, a zip archive, a DICOMDIR (its folder) or one file.

    Raises
    ------
    EsccError
        There is nothing at the path.
    """
    if not path.exists():
        raise EsccError(f"{path}: there is no such file or folder.", "Check the path.")
    if path.is_dir():
        return _folder(path)
    if path.name.upper() == "DICOMDIR":
        return _folder(path.parent)
    if not path.is_file():
        raise EsccError(f"{path} is neither a file nor a folder.", "Name a folder, an archive or a DICOMDIR.")
    if zipfile.is_zipfile(path):
        return _unpack(path)
    return Sources(path.parent, files=[(path, path.name)])


def _folder(root: Path) -> Sources:
    sources = Sources(root)
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            sources.rejected.append(Rejected(_name(folder, root), "no_access", "The folder may not be opened."))
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                _sort_in(sources, entry)
    return sources


def _sort_in(sources: Sources, entry: os.DirEntry[str]) -> None:
    path = Path(entry.path)
    name = _name(path, sources.root)
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except OSError:
        sources.rejected.append(Rejected(name, "no_access", "The file vanished while it was read."))
        return
    if stat.S_ISLNK(mode):
        sources.rejected.append(Rejected(name, "link", "Links are not followed; copy the file itself."))
    elif not stat.S_ISREG(mode):
        sources.rejected.append(Rejected(name, "special", "This is a pipe or device, not a file."))
    elif not os.access(path, os.R_OK):
        sources.rejected.append(Rejected(name, "no_access", "The file may not be read; check its permissions."))
    elif path.name.upper() != "DICOMDIR":
        sources.files.append((path, name))


def _name(path: Path, root: Path) -> str:
    # Bytes that are no UTF-8 must not break a report.
    name = "/".join(path.parts[len(root.parts) :])
    return name.encode("utf-8", "backslashreplace").decode() or "."


def _unpack(path: Path) -> Sources:
    sources = Sources(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            problem = next(_archive_problems(entries, path.stat().st_size), None)
            if problem:
                sources.rejected.append(Rejected(path.name, *problem))
                return sources
            sources.findings += _collisions(entries)
            target = _Archive()
            sources.archive = target
            for number, entry in enumerate(entries):
                if not entry.is_dir():
                    _unpack_entry(archive, entry, target.folder / f"{number:06d}")
                    sources.files.append((target.folder / f"{number:06d}", entry.filename))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        what = f"The archive cannot be unpacked ({type(error).__name__}); it is damaged, encrypted or hostile."
        return Sources(path, rejected=[Rejected(path.name, "archive_damaged", what)])
    return sources


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """Copy one entry, never more than its directory said: the header may lie."""
    left = entry.file_size
    with archive.open(entry) as source, target.open("xb") as sink:
        while chunk := source.read(_SMALL):
            left -= len(chunk)
            if left < 0:
                raise ValueError("entry larger than declared")
            sink.write(chunk)


def _archive_problems(entries: list[zipfile.ZipInfo], packed: int) -> Iterator[tuple[str, str]]:
    """Yield (code, message) for whatever makes an archive of `packed` bytes unfit to be unpacked."""
    if len(entries) > _MAX_ENTRIES:
        yield "zip_entries", f"The archive has {len(entries)} entries; more than {_MAX_ENTRIES} are refused."
    # Entries may overlap, so the size of the archive counts and not the sum of what they claim to be packed to.
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > max(_MAX_RATIO * packed, _SMALL):
        yield "zip_bomb", f"The archive would grow from {packed >> 10} kB to {unpacked >> 20} MB."
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if unpacked > free // 2:
        yield "zip_space", f"Unpacking needs {unpacked >> 20} MB; {free >> 20} MB are free. Unpack it elsewhere first."
    for entry in entries:
        yield from _entry_problems(entry)


def _entry_problems(entry: zipfile.ZipInfo) -> Iterator[tuple[str, str]]:
    name = entry.orig_filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if entry.file_size > max(_MAX_RATIO * entry.compress_size, _SMALL):
        yield "zip_bomb", f"The entry {name[:80]!r} is compressed beyond measure."
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        yield "zip_absolute", f"The entry {name[:80]!r} has an absolute path."
    if ".." in parts:
        yield "zip_path_traversal", f"The entry {name[:80]!r} points outside the archive."
    if (entry.external_attr >> 16) & 0o170000 == _SYMLINK:
        yield "zip_symlink", f"The entry {name[:80]!r} is a link."
    if "\0" in name or any(_RESERVED.fullmatch(part) or part.endswith((".", " ")) for part in parts if part != "."):
        yield "zip_reserved_name", f"The entry {name[:80]!r} has a name that systems reserve."


def _collisions(entries: list[zipfile.ZipInfo]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for entry in entries:
        other = seen.setdefault(entry.filename.casefold(), entry.filename)
        if other != entry.filename:
            message = "Two names in the archive differ only in case; some systems keep only one of them."
            yield Finding("case_collision", Verdict.WARN, message, (other, entry.filename))
