"""Files read strictly and written whole: the one way numbers enter and leave as text.

Every reader here refuses with `EsccError` or `FaultsError` and names the file, row and column;
every writer leaves either the complete new file or the old one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from escc_desktop.errors import EsccError, Fault, FaultsError

MAX_CELL = 10_000
MAX_JSON_BYTES = 64 * 2**20
MAX_JSON_DEPTH = 60
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data` as hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file completely or not at all (temporary file, fsync, rename).

    Raises
    ------
    EsccError
        The folder does not exist or cannot be written.
    """
    with _written_beside(path, data) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


@contextmanager
def _written_beside(path: Path, data: bytes | str) -> Iterator[Path]:
    """Yield a file beside `path` with the data safely in it, to be renamed; it is gone afterwards if it was not."""
    raw = data.encode("utf-8") if isinstance(data, str) else data
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise EsccError(
            f"Cannot write {path.name} into {path.parent}: {error.strerror}.", "Choose a folder you can write to."
        ) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        yield temporary
    except OSError as error:
        raise EsccError(f"Cannot write {path}: {error.strerror}.", "Free some space or choose another place.") from None
    finally:
        temporary.unlink(missing_ok=True)


def refuse_overwriting(out: Path, *inputs: Path | None) -> None:
    """Raise EsccError if writing `out` or its sidecar would destroy something that is read."""
    targets = {path.resolve() for path in (out, out.with_name(f"{out.name}.json"))}
    for source in inputs:
        if source is not None and source.resolve() in targets:
            raise EsccError(f"{out} is an input and would be overwritten.", "Choose another output.")


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable, where the system knows how."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True)
class CsvTable:
    """A table as text: stripped cells, every row as long as the header.

    Attributes
    ----------
    name
        The file's name, for messages. Row numbers in messages count the header as row 1.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    name: str

    def column(self, name: str) -> tuple[str, ...]:
        """Return the cells of one column."""
        index = self.header.index(name)
        return tuple(row[index] for row in self.rows)

    def place(self, row_index: int, column: str) -> str:
        """Return "file, row N, column C" for a message."""
        return f"{self.name}, row {row_index + 2}, column {column}"


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes or say why not."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise EsccError(f"{path} does not exist.", "Check the path.") from None
    except OSError as error:
        raise EsccError(f"Cannot read {path}: {error.strerror}.", "Check that it is a file you may read.") from None


def decode_text(raw: bytes, name: str) -> str:
    """Decode by byte order mark, then strict UTF-8, then strict GB18030."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise EsccError(f"{name} is in no single known text encoding.", "Save it as CSV UTF-8 and try again.")


def read_csv(path: Path) -> CsvTable:
    """Read a CSV file strictly.

    Raises
    ------
    EsccError
        The file cannot be read, decoded or is empty.
    FaultsError
        Rows of another length than the header, repeated or empty column names, cells too long.
    """
    return parse_csv(decode_text(read_bytes(path), path.name), path.name)


def parse_csv(text: str, name: str) -> CsvTable:
    """Parse CSV text as `read_csv` does."""
    if "\0" in text:
        raise EsccError(f"{name} holds NUL bytes.", "It is no text table; export it again as CSV UTF-8.")
    rows = _parse_rows(text, name)
    if not rows:
        raise EsccError(f"{name} is empty.", "A header and at least one row are needed.")
    header, *body = rows
    faults = [*_header_faults(header, name), *_row_faults(header, body, name)]
    if faults:
        raise FaultsError(f"{name} is not a proper table: {_sentence(faults)}", faults, "Mend it and try again.")
    if not body:
        raise EsccError(f"{name} has a header but no rows.", "At least one row is needed.")
    return CsvTable(tuple(header), tuple(tuple(row) for row in body), name)


def _parse_rows(text: str, name: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return [[cell.strip() for cell in row] for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise EsccError(
            f"{name}, line {reader.line_num}: {error}.", "Check for an unclosed quote near that line."
        ) from None


def _header_faults(header: Sequence[str], name: str) -> list[Fault]:
    repeated = [column for column, count in Counter(header).items() if count > 1 and column]
    faults = [Fault(f"{name}, header", f"column {column} stands more than once") for column in repeated]
    if "" in header:
        faults.append(Fault(f"{name}, header", f"column {header.index('') + 1} has no name"))
    return faults


def _row_faults(header: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> list[Fault]:
    faults = []
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            faults.append(Fault(f"{name}, row {number}", f"{len(row)} cells where the header has {len(header)}"))
        elif any(len(cell) > MAX_CELL for cell in row):
            faults.append(Fault(f"{name}, row {number}", f"a cell of more than {MAX_CELL} characters"))
    return faults


def _sentence(faults: Sequence[Fault]) -> str:
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{faults[0]}{more}."


def format_number(value: float | None) -> str:
    """Return `repr` of a float, integers without a point, and nothing for a missing value."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, int):
        return str(value)
    return repr(float(value))


def _cell(value: object) -> str:
    if value is None or isinstance(value, float | int):
        return format_number(value)
    text = str(value)
    # A spreadsheet would run such a text as a formula; apostrophes that stand there already are told apart by one more.
    guard = "'" if text.lstrip("'").startswith(FORMULA_STARTS) else ""
    # The writer of CSV leaves a bare carriage return without quotes, and its reader ends the row there.
    return guard + text.replace("\r\n", "\n").replace("\r", "\n")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV document; numbers in `repr`, missing values empty, texts safe to open in a spreadsheet."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], provenance: Mapping[str, object]
) -> None:
    """Write ``X.csv`` and its sidecar ``X.csv.json`` with the provenance: both, or where a disk is full neither."""
    text = csv_text(header, rows)
    sidecar = path.with_name(f"{path.name}.json")
    origin = json_bytes({**provenance, "sha256": digest(text.encode("utf-8"))})
    with _written_beside(sidecar, origin) as new_sidecar, _written_beside(path, text) as new_table:
        new_sidecar.replace(sidecar)
        new_table.replace(path)
    sync_folder(path.parent)


def canonical_json(document: object) -> bytes:
    """Return the one byte form of a JSON document: sorted keys, no spaces, NaN refused."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def write_json(path: Path, document: object) -> None:
    """Write a JSON document whole, readable, NaN refused."""
    write_whole(path, json_bytes(document))


def json_bytes(document: object) -> bytes:
    """Return what `write_json` writes."""
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    # A file name may hold bytes that are no text; JSON has an escape for them.
    return text.encode("utf-8", "backslashreplace")


def read_json(path: Path, max_bytes: int = MAX_JSON_BYTES) -> object:
    """Read a JSON document strictly: no NaN, no repeated keys, bounded size and depth."""
    return parse_json(read_bytes(path), path.name, max_bytes)


def parse_json(raw: bytes, name: str, max_bytes: int = MAX_JSON_BYTES) -> object:
    """Parse JSON bytes as `read_json` does."""
    if len(raw) > max_bytes:
        raise EsccError(f"{name} is larger than {max_bytes // 2**20} MiB.", "It is no file of this program.")

    if _depth(raw) > MAX_JSON_DEPTH:
        raise EsccError(f"{name} is nested too deeply.", "It is no file of this program.")
    try:
        return _load_strictly(raw.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise EsccError(f"{name} is not UTF-8 text.", "It is no JSON file.") from None
    except json.JSONDecodeError as error:
        raise EsccError(f"{name}, line {error.lineno}: {error.msg}.", "It is damaged or no JSON file.") from None
    except ValueError as error:
        raise EsccError(f"{name}: {error}.", "It is no file of this program.") from None


def _load_strictly(text: str, name: str) -> object:
    def refuse_constant(constant: str) -> NoReturn:
        raise EsccError(f"{name} holds {constant}, which JSON does not know.", "Missing values are null.")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            repeated = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise EsccError(f"{name} has the key {repeated!r} twice.", "Remove one of them.")
        return found

    return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique)


def _depth(raw: bytes) -> int:
    """Return an upper bound of the nesting: brackets inside strings count too, which only refuses more."""
    depth = deepest = 0
    for byte in raw.translate(None, delete=bytes(set(range(256)) - set(b"[]{}"))):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
