"""The reference cases of a folder, each as a check that is ready to run."""

from __future__ import annotations

import csv
import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from pydantic import ValidationError

from escc_desktop.errors import EsccError, plain_words
from escc_desktop.features.engine import DEFAULT_ENGINE
from escc_desktop.features.extract import make_engine
from escc_desktop.features.ibsi import Comparison, measure_configuration_c, measure_digital_phantom
from escc_desktop.features.params import ExtractionParams, load_params
from escc_desktop.files import decode_text, read_bytes, read_json
from escc_desktop.imaging.exchange import read_mask, read_volume, write_volume
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.workflow.casebook import run_case
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles, extract_files
from escc_desktop.workflow.verify_values import Deviation, Tolerances, compare_features, compare_results

FEATURES_FILE: Final = "cases.json"
STATISTICS_FILE: Final = "index.json"
_CT_PHANTOM: Final = "ibsi1_ct_phantom/nifti/image/phantom.nii.gz"
_PIXEL_TYPES: Final = frozenset({"int16", "uint8", "uint16", "int32", "float32", "float64"})
_CHUNK: Final = 2**20


@dataclass(frozen=True)
class Planned:
    """A check to run.

    Attributes
    ----------
    source
        Where the reference comes from.
    step, case
        What is computed, and on what.
    run
        Computes and compares every value.
    """

    source: str
    step: str
    case: str
    run: Callable[[Progress], Iterable[Deviation]]


def planned_cases(folder: Path, source: str = "") -> tuple[Planned, ...]:
    """Return the checks of a folder: every `cases.json`, `index.json` and IBSI CT phantom at any depth.

    Parameters
    ----------
    folder
        Searched through.
    source
        Shown as their origin instead of the path of the file that lists them.
    """
    found: list[Planned] = []
    for path in sorted(folder.rglob(FEATURES_FILE)):
        found += _planned(_feature_cases, path, folder, source)
    for path in sorted(folder.rglob(STATISTICS_FILE)):
        found += _planned(_statistical_cases, path, folder, source)
    for image in sorted(folder.rglob(_CT_PHANTOM)):
        mask = image.parents[1] / "mask" / "mask.nii.gz"
        found.append(
            Planned(source or _shown(image, folder), "ibsi", "CT phantom, configuration C", _phantom(image, mask))
        )
    return tuple(found)


_Finder = Callable[[Path, Path, str], Iterator[Planned]]


def _planned(find: _Finder, path: Path, folder: Path, source: str) -> list[Planned]:
    """Return the checks of one list; where it cannot be read, a check that says so."""
    name = source or _shown(path, folder)
    try:
        found = list(find(path, folder, name))
    except (EsccError, KeyError, TypeError, AttributeError) as error:
        what = error.what if isinstance(error, EsccError) else f"{path.name} is no list of reference cases ({error})."
        return [Planned(name, "reading", path.name, _failing(what))]
    return found or [Planned(name, "reading", path.name, _failing(f"{path.name} lists no case."))]


def _shown(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _failing(what: str) -> Callable[[Progress], Iterable[Deviation]]:
    def run(_progress: Progress) -> Iterable[Deviation]:
        raise EsccError(what)

    return run


def digital_phantom_check() -> Planned:
    """Return the check against IBSI's digital phantom."""

    def run(progress: Progress) -> Iterable[Deviation]:
        return _of_ibsi(measure_digital_phantom(make_engine(DEFAULT_ENGINE), progress))

    return Planned("built in", "ibsi", "digital phantom", run)


def _phantom(image: Path, mask: Path) -> Callable[[Progress], Iterable[Deviation]]:
    def run(progress: Progress) -> Iterable[Deviation]:
        volume = read_volume(image)
        region = read_mask(mask, volume.geometry)
        return _of_ibsi(measure_configuration_c(volume, region, make_engine(DEFAULT_ENGINE), progress))

    return run


def _of_ibsi(comparisons: Iterable[Comparison]) -> Iterator[Deviation]:
    for each in comparisons:
        unit = abs(each.published.value) or 1.0
        yield Deviation(each.standard.name, each.deviation / unit, each.published.allowed / unit)


def _statistical_cases(path: Path, _folder: Path, source: str) -> Iterator[Planned]:
    listed = {path.parent / item["path"] for item in _object(path)["items"]}
    # A case that is not in the list would never be looked at.
    present = {expected.parent for expected in path.parent.glob("*/*/expected.json")}
    for case in sorted(listed | present):
        yield Planned(source, case.parent.name, case.name, _statistical(case, path.with_name("tolerances.json")))


def _statistical(case: Path, tolerances: Path) -> Callable[[Progress], Iterable[Deviation]]:
    def run(_progress: Progress) -> Iterable[Deviation]:
        rules = Tolerances.read(tolerances)
        expected = _object(case / "expected.json")
        step = str(expected.get("step", case.parent.name))
        return compare_results(step, expected, run_case(step, case), rules)

    return run


def _object(path: Path) -> Mapping[str, Any]:
    document = read_json(path)
    if not isinstance(document, dict):
        raise EsccError(f"{path} holds no JSON object.")
    return document


def _feature_cases(path: Path, folder: Path, source: str) -> Iterator[Planned]:
    document = _object(path)
    settings = document.get("settings", {})
    for name, case in document["cases"].items():
        missing = [key for key in ("csv", "image", "mask") if not isinstance(case.get(key), str)]
        if missing:
            raise EsccError(f"{path.name}: the case {name} does not name its {missing[0]}.")
        files = _CaseFiles(path, _root(path, folder, case["image"]), case, settings)
        yield Planned(source, "features", name, files.from_image)
        if "dicom" in case and "rtstruct" in case:
            yield Planned(source, "features", f"{name}, DICOM", files.from_dicom)


def _root(path: Path, folder: Path, image: str) -> Path:
    """Return the folder the paths of a list are relative to: the nearest above it where the image lies."""
    above = [parent for parent in path.parents if parent.is_relative_to(folder)]
    return next((parent for parent in above if (parent / image).exists()), folder)


@dataclass(frozen=True)
class _CaseFiles:
    """One entry of a list of feature cases."""

    path: Path
    root: Path
    case: Mapping[str, Any]
    settings: Mapping[str, Any]

    def from_image(self, progress: Progress) -> Iterator[Deviation]:
        image, mask = self.root / self.case["image"], self.root / self.case["mask"]
        for kind, file in (("image", image), ("mask", mask)):
            _check_hash(file, self.case.get(f"{kind}_sha256"))
        with tempfile.TemporaryDirectory() as folder:
            cast = self.case.get("cast")
            source = image if cast is None else _cast(image, str(cast), Path(folder))
            yield from self._compare(source, mask, Path(folder), progress)

    def from_dicom(self, progress: Progress) -> Iterator[Deviation]:
        image, mask = self.root / self.case["dicom"], self.root / self.case["rtstruct"]
        with tempfile.TemporaryDirectory() as folder:
            yield from self._compare(image, mask, Path(folder), progress)

    def _compare(self, image: Path, mask: Path, folder: Path, progress: Progress) -> Iterator[Deviation]:
        expected = _read_values(self.path.parent / str(self.case["csv"]))
        choice = ExtractionChoice(_params_file(self.settings, folder))
        vector = extract_files(RoiFiles(image, mask), choice, None, progress)
        return compare_features(expected, dict(zip(vector.names, vector.values.tolist(), strict=True)))


def _check_hash(path: Path, expected: str | None) -> None:
    if expected is None:
        return
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise EsccError(f"{path} cannot be read: {error.strerror}.", "Keep reference/ and data/ together.") from None
    if digest.hexdigest() != expected:
        raise EsccError(f"{path.name} is not the file the reference values belong to.", "Get it again.")


def _cast(image: Path, pixel_type: str, folder: Path) -> Path:
    if pixel_type not in _PIXEL_TYPES:
        raise EsccError(f"The case asks for the pixel type {pixel_type}, which is none of ours.")
    volume = read_volume(image)
    target = folder / "cast.nii.gz"
    write_volume(target, Volume(volume.hu.astype(np.dtype(pixel_type)), volume.geometry))
    return target


def _params_file(settings: Mapping[str, Any], folder: Path) -> str:
    """Return the shipped settings, or a file of them with the bin width and LoG widths of the cases."""
    preset = load_params("ct_arterial")
    chosen = {"bin_width_hu": settings.get("binWidth"), "log_sigma_mm": settings.get("sigma")}
    known = {key: value for key, value in chosen.items() if value is not None}
    try:
        changed = ExtractionParams.model_validate(preset.model_dump() | known)
    except ValidationError as error:
        why = plain_words(error.errors()[0]["msg"])
        raise EsccError(f"The cases ask for settings that cannot be had: {why}.") from None
    if changed.digest == preset.digest:
        return preset.name
    path = folder / "settings.yaml"
    path.write_text(yaml.safe_dump(changed.model_dump()), encoding="utf-8")
    return str(path)


def _read_values(path: Path) -> dict[str, float]:
    lines = decode_text(read_bytes(path), path.name).splitlines()
    rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    try:
        values = {name: float(value) for name, value in rows[1:]}
    except ValueError:
        raise EsccError(f"{path} holds something other than feature and value.") from None
    if not values or len(values) != len(rows) - 1:
        raise EsccError(f"{path} holds no values, or a feature twice.")
    return values
