"""Features of files: one region."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.features.batch import BatchOptions, extract_many
from escc_desktop.features.cost import cost, too_large
from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.extract import extract, make_engine
from escc_desktop.features.memory import available_bytes
from escc_desktop.features.params import DEFAULT_PARAMS, ExtractionParams, load_params
from escc_desktop.features.roi_files import FileLoader, RoiFiles, file_task
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.features.worker import Task
from escc_desktop.files import csv_text, refuse_overwriting, write_csv
from escc_desktop.progress import Progress

__all__ = ["ExtractionChoice", "FileLoader", "RoiFiles", "check_output", "extract_files", "file_task", "vector_text"]


@dataclass(frozen=True)
class ExtractionChoice:
    """What is to be computed and by what.

    Attributes
    ----------
    params
        Name of shipped settings, or a YAML file.
    engine
        Name of the engine.
    accept
        Codes of questions about the files and of the preflight that were answered with yes.
    """

    params: str = DEFAULT_PARAMS
    engine: str = DEFAULT_ENGINE
    accept: frozenset[str] = frozenset()


def extract_files(files: RoiFiles, choice: ExtractionChoice, out: Path | None, progress: Progress) -> FeatureVector:
    """Compute the features of one region, and write them as ``feature,value`` if `out` is given.

    PyRadiomics works in a child process, which can be ended where it hears nothing for minutes; the fast engine looks
    up often enough to work in this one.

    Raises
    ------
    EsccError
        The input is at fault, or memory does not suffice.
    UsageError
        There is no such engine.
    Cancelled
        From `progress`.
    """
    params = load_params(choice.params)
    make_engine(choice.engine)
    if out is not None:
        check_output(out, files.image, files.mask)
    work = _in_a_child if choice.engine == "pyradiomics" else _here
    vector = work(file_task(RoiKey("", "", "", "", ""), files), choice, params, progress)
    if out is not None:
        write_csv(out, ("feature", "value"), _pairs(vector), vector.provenance)
    return vector


def _here(task: Task, choice: ExtractionChoice, params: ExtractionParams, progress: Progress) -> FeatureVector:
    progress.advance(0, 1, "Reading")
    volume, mask = FileLoader(choice.accept)(task)
    need, _ = cost(choice.engine, volume, mask, params)
    # What the volume takes is taken already.
    free = available_bytes() + volume.hu.nbytes
    if need > free:
        raise too_large(volume.hu.size, need, free)
    return extract(volume, mask, params, progress, choice.engine, choice.accept)


def _in_a_child(task: Task, choice: ExtractionChoice, params: ExtractionParams, progress: Progress) -> FeatureVector:
    options = BatchOptions(engine=choice.engine, accept=choice.accept)
    outcome = extract_many([task], FileLoader(choice.accept), params, options, lambda _outcome: None, progress)[0]
    if outcome.vector is not None:
        return outcome.vector
    failure = outcome.failure
    if failure is None or failure.is_defect:
        raise RuntimeError(failure.what if failure else "neither values nor a failure")
    raise EsccError(failure.what, failure.hint)


def check_output(out: Path, *inputs: Path) -> None:
    """Refuse before hours of work what could not be written after it."""
    if not out.absolute().parent.is_dir():
        raise EsccError(f"The folder {out.absolute().parent} does not exist.", "Make it or choose another.")
    if out.is_dir() or out.suffix.lower() != ".csv":
        raise EsccError(f"{out} cannot be the output.", "Name a file that ends in .csv.")
    refuse_overwriting(out, *inputs)


def vector_text(vector: FeatureVector) -> str:
    """Return ``feature,value`` as CSV text."""
    return csv_text(("feature", "value"), _pairs(vector))


def _pairs(vector: FeatureVector) -> Iterator[tuple[str, float]]:
    return ((name, float(value)) for name, value in zip(vector.names, vector.values, strict=True))
