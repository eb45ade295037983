"""From a series as `scan` gave it to its volume in HU.

Uncompressed pixels are read here, straight to where they belong, once the disk or a child has confirmed that the
file is the one that was scanned; whatever has to be decoded is decoded in the children.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.native import BeyondInt16Error, lies_in_file, read_native
from escc_desktop.imaging.sandbox import Refused, SandboxError, borrowed_sandbox
from escc_desktop.imaging.series import Header, Series, Slice, Stamp, Verdict
from escc_desktop.imaging.stack import slice_places
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

_CHILDREN: Final = 2
_CHUNK: Final = 16  # slices a child is asked for at once


def load(series: Series, progress: Progress, accept: frozenset[str] = frozenset()) -> Volume:
    """Return the voxels of a series as int16 HU, each slice rescaled by its own tags; padding keeps its value.

    Parameters
    ----------
    series
        As `scan` gave it.
    progress
        Advanced once a slice.
    accept
        Codes of the WARN findings the user confirmed.

    Raises
    ------
    EsccError
        The series is refused, has an unconfirmed warning, or a file changed since the scan.
    """
    _admit(series, accept)
    assert series.geometry is not None
    hu = np.zeros(series.geometry.shape, dtype=np.int16)
    places = slice_places(series.slices)
    wanted = list(zip(series.slices, places, strict=True))
    chunks = [wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK)]
    done = 0
    with ThreadPoolExecutor(_CHILDREN) as pool:
        try:
            for count in pool.map(lambda chunk: _read_into(hu, chunk), chunks):
                for _ in range(count):
                    progress.advance(done, len(places), f"slice {done + 1} of {len(places)}")
                    done += 1
        finally:
            pool.shutdown(cancel_futures=True)
    _fill_holes(hu, places)
    progress.advance(1, 1, series.description)
    return Volume(hu, series.geometry)


def _admit(series: Series, accept: frozenset[str]) -> None:
    for finding in series.findings:
        if finding.severity is Verdict.REFUSE:
            what = f"{series.path}: {series.label} is refused: {finding.message}"
            raise EsccError(what, "", ", ".join(finding.files))
    for finding in series.findings:
        if finding.severity is Verdict.WARN and finding.code not in accept:
            hint = f"Check it, then confirm it: --accept {finding.code}."
            what = f"{series.path}: {series.label} needs confirmation: {finding.message}"
            raise EsccError(what, hint, ", ".join(finding.files))


def _read_into(hu: NDArray[np.int16], chunk: Sequence[tuple[Slice, int]]) -> int:
    """Read some slices to their places, and return how many."""
    _require_unchanged([part for part, _ in chunk if lies_in_file(part.header) and not _is_untouched(part)])
    for part, place in chunk:
        if lies_in_file(part.header):
            _read_plain(part, hu[place])
        else:
            hu[place] = _decoded(part)
    return len(chunk)


def _is_untouched(part: Slice) -> bool:
    return part.stamp is not None and Stamp.of(part.path) == part.stamp


def _require_unchanged(parts: Sequence[Slice]) -> None:
    if not parts:
        return
    with borrowed_sandbox() as sandbox:
        answers = sandbox.call_each("header", [{"path": str(part.path.absolute())} for part in parts])
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, Refused | SandboxError):
            raise EsccError(f"{part.name}: {answer.what}", answer.hint) from answer
        if Header.from_json(answer) != part.header:
            raise _changed(part)


def _read_plain(part: Slice, hu: NDArray[np.int16]) -> None:
    try:
        read_native(part.path, part.header, hu)
    except (EOFError, OSError) as error:
        raise _changed(part) from error
    except BeyondInt16Error as error:
        what = f"{part.name}: Values lie beyond what CT numbers can be."
        raise EsccError(what, "Check rescale and pixel format.") from error


def _decoded(part: Slice) -> NDArray[np.int16]:
    with borrowed_sandbox() as sandbox:
        try:
            record, raw = sandbox.call("pixels", {"path": str(part.path.absolute())})
        except (Refused, SandboxError) as error:
            raise EsccError(f"{part.name}: {error.what}", error.hint) from error
    if Header.from_json(record["header"]) != part.header:
        raise _changed(part)
    return np.frombuffer(raw, dtype="<i2").reshape(part.header.rows or 0, part.header.columns or 0)


def _changed(part: Slice) -> EsccError:
    return EsccError(f"{part.name} changed since it was scanned.", "Scan the folder again.")


def _fill_holes(hu: NDArray[np.int16], places: Sequence[int]) -> None:
    """Interpolate each missing slice between its neighbours, as the user confirmed."""
    for below, above in pairwise(places):
        for place in range(below + 1, above):
            share = (place - below) / (above - below)
            hu[place] = np.rint((1 - share) * hu[below].astype(np.float64) + share * hu[above])
