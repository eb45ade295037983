"""What a batch has finished so far, kept beside its output for an interrupted run to go on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from escc_desktop.errors import EsccError
from escc_desktop.features.extract import PROVENANCE_KEYS
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.table import FeatureVector, read_feature_table
from escc_desktop.files import canonical_json, digest, parse_json, read_bytes, read_json


def partial_path(out: Path) -> Path:
    """Return where the finished regions of an unfinished table are kept."""
    return out.with_name(f"{out.name}.partial")


class PartialResults:
    """One JSON line for each finished region, each on disk before the next begins.

    Parameters
    ----------
    out
        The table the batch will write.
    keep
        Whether lines of an earlier run stay.
    """

    def __init__(self, out: Path, keep: bool) -> None:
        self._path = partial_path(out)
        try:
            # Unbuffered: what a full disk did not take must not be tried again on closing.
            self._stream = self._path.open("ab" if keep else "wb", buffering=0)
        except OSError as error:
            raise EsccError(
                f"Cannot write beside {out}: {error.strerror}.", "Choose a folder you can write to."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()
        if self._path.exists() and self._path.stat().st_size == 0:
            self._path.unlink()

    def add(self, outcome: Outcome) -> None:
        """Keep a vector; failures are tried again by the next run, those in quarantine too.

        Raises
        ------
        EsccError
            It cannot be written; what was kept before stays.
        """
        if outcome.vector is None or outcome.is_reused:
            return
        line = {"values": outcome.vector.values.tolist(), "provenance": dict(outcome.vector.provenance)}
        # A line that was torn by a power cut must not swallow this one.
        content = b"\n" + canonical_json(line) + b"\n"
        try:
            while content:
                content = content[self._stream.write(content) :]
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise EsccError(
                f"Cannot write {self._path.name}: {error.strerror}.",
                "Free some space; the same command with --resume goes on from what was kept.",
            ) from None

    def discard(self) -> None:
        """Remove the file: the table itself holds everything now."""
        self._stream.close()
        self._path.unlink()


def finished_vectors(out: Path, params: ExtractionParams) -> dict[str, FeatureVector]:
    """Return by `identity` what an earlier run with these settings finished.

    Rows of its table and of its partial results count. A table that does not agree with its sidecar was changed by
    hand and is not used.
    """
    lines = [*_lines_of_table(out), *_lines_of_partial(out)]
    found = [_vector(line, params) for line in lines]
    return {vector.provenance["identity"]: vector for vector in found if vector is not None}


def _lines_of_partial(out: Path) -> Iterator[object]:
    path = partial_path(out)
    for line in read_bytes(path).splitlines() if path.exists() else ():
        # The last line may be torn.
        with contextlib.suppress(EsccError):
            yield parse_json(line, path.name)


def _lines_of_table(out: Path) -> Iterator[object]:
    sidecar = out.with_name(f"{out.name}.json")
    if not (out.exists() and sidecar.exists()):
        return
    try:
        table, shared = read_feature_table(out), read_json(sidecar)
    except EsccError:
        return
    if not isinstance(shared, dict) or shared.get("sha256") != digest(read_bytes(out)):
        return
    rows = shared.pop("rows", None)
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        for values, row in zip(table.values, rows, strict=False):
            yield {"values": values, "provenance": {**shared, **row}}


def _vector(line: Any, params: ExtractionParams) -> FeatureVector | None:
    try:
        provenance = line["provenance"]
        if provenance["params_digest"] != params.digest:
            return None
        kept = {key: provenance[key] for key in PROVENANCE_KEYS}
        return FeatureVector(np.array(line["values"], dtype=np.float64), params.feature_names, kept)
    except (KeyError, TypeError, ValueError):
        return None
