"""Features of one region: the fast engine against plain PyRadiomics, in the same run, one thread each.

Usage: python benchmarks/extraction.py [CASE ...]

Cases: thorax, fine, and where ESCC_REFERENCE_DIR lies: STS_019, phantom. CPU seconds and peak memory of processes of
their own, by turns; "whole" counts from the start of Python to its end: imports, reading the files, writing the table.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from thorax import thorax, write

REFERENCE = Path(os.environ.get("ESCC_REFERENCE_DIR", Path(__file__).parents[2] / "shared"))
FILTERS = (
    "Original", "LoG", "Wavelet", "Square", "SquareRoot", "Logarithm", "Exponential", "Gradient", "LBP2D", "LBP3D",
)  # fmt: skip
SYNTHETIC = {
    "thorax": ((512, 512, 300), (0.75, 0.75, 1.0), 30.0),
    "fine": ((320, 320, 320), (0.5, 0.5, 0.5), 40.0),
}
STORED = {
    "STS_019": ("data/sts/STS_019/CT_image.nii.gz", "data/sts/STS_019/CT_mask.nii.gz"),
    "phantom": ("data/ibsi1_ct_phantom/nifti/image/phantom.nii.gz", "data/ibsi1_ct_phantom/nifti/mask/mask.nii.gz"),
}
LIMITS = dict.fromkeys(
    ("ESCC_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1"
)


@dataclass(frozen=True)
class Cost:
    """CPU seconds of the extraction alone and of the whole process, and the largest resident memory in MiB."""

    extraction: float
    whole: float
    peak: float


def plain(image: Path, mask: Path, out: Path) -> float:
    """Extract as PyRadiomics' own documentation says; return the CPU seconds of `execute`."""
    import logging  # noqa: PLC0415  # each process imports what it needs, and is charged for it
    import warnings  # noqa: PLC0415

    import SimpleITK as sitk  # noqa: N813, PLC0415
    from radiomics import featureextractor  # noqa: PLC0415

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25, additionalInfo=False)
    for name in FILTERS:
        extractor.enableImageTypeByName(name, customArgs={"sigma": [3.0, 5.0]} if name == "LoG" else None)
    volume, region = sitk.ReadImage(str(image)), sitk.ReadImage(str(mask))
    start = time.process_time()
    values = extractor.execute(volume, region)
    spent = time.process_time() - start
    with out.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [("feature", "value"), *((name, repr(float(v.real))) for name, v in values.items())]
        )
    return spent


def ours(image: Path, mask: Path, _out: Path) -> float:
    """Extract within Python; return the CPU seconds of `extract`, preflight and provenance included."""
    from escc_desktop.features.extract import extract  # noqa: PLC0415
    from escc_desktop.features.params import load_params  # noqa: PLC0415
    from escc_desktop.imaging.exchange import read_mask, read_volume  # noqa: PLC0415
    from escc_desktop.progress import Progress  # noqa: PLC0415

    volume = read_volume(image)
    region = read_mask(mask, volume.geometry)
    params = load_params("ct_arterial")
    start = time.process_time()
    extract(volume, region, params, Progress())
    return time.process_time() - start


def cost_of(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return its CPU seconds with all its children's, its peak in MiB and what it printed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(command, env=os.environ | LIMITS, stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[-4:])}: {err.read().strip()[-400:]}")
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read()


def one(engine: str, image: Path, mask: Path, out: Path) -> tuple[float, float, float]:
    """Return CPU seconds of the extraction and of its process, and the peak."""
    whole, peak, printed = cost_of([sys.executable, __file__, "--one", engine, str(image), str(mask), str(out)])
    return float(json.loads(printed)), whole, peak


def measure(image: Path, mask: Path, folder: Path) -> tuple[Cost, Cost, str]:
    """Return our cost, PyRadiomics' cost and how the values agree."""
    escc = shutil.which("escc", path=Path(sys.executable).parent)
    whole, peak, _ = cost_of([str(escc), "extract", str(image), str(mask), "-o", str(folder / "ours.csv")])
    inside, _, _ = one("ours", image, mask, folder)
    theirs = Cost(*one("plain", image, mask, folder / "plain.csv"))
    return Cost(inside, whole, peak), theirs, agreement(folder / "ours.csv", folder / "plain.csv")


def agreement(a: Path, b: Path) -> str:
    """Say in how many values two tables agree to 1e-6 and by how much the worst differs."""
    first, second = (dict(csv.reader(path.open(encoding="utf-8", newline=""))) for path in (a, b))
    names = [name for name in second if name != "feature"]
    off = [abs(float(first[name]) - float(second[name])) / max(abs(float(second[name])), 1e-12) for name in names]
    return f"{sum(x <= 1e-6 for x in off)} of {len(names)} within 1e-6, worst {max(off):.1e}"


def files_of(case: str, folder: Path) -> tuple[Path, Path]:
    """Return image and mask of a case; synthetic ones are written first."""
    if case in STORED:
        return REFERENCE / STORED[case][0], REFERENCE / STORED[case][1]
    size, spacing, lesion_mm = SYNTHETIC[case]
    return write(folder, *thorax(size, spacing, lesion_mm), spacing)


def main() -> None:
    """Print a table."""
    stored = [case for case, (image, _) in STORED.items() if (REFERENCE / image).exists()]
    cases = sys.argv[1:] or [*stored, "fine", "thorax"]
    print(f"{'case':8} {'CPU s ours':>18} {'CPU s PyRadiomics':>18} {'ratio':>11} {'MiB ours, theirs':>17}  values")
    for case in cases:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            mine, theirs, agree = measure(*files_of(case, folder), folder)
        ratios = f"{theirs.extraction / mine.extraction:.0f} {theirs.whole / mine.whole:.0f}"
        print(
            f"{case:8} {mine.extraction:9.2f} {mine.whole:8.2f} {theirs.extraction:9.1f} {theirs.whole:8.1f}", end=" "
        )
        print(f"{ratios:>11} {mine.peak:8.0f} {theirs.peak:8.0f}  {agree}", flush=True)
    print("Two figures each: the extraction alone, then the whole process.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run = {"plain": plain, "ours": ours}[sys.argv[2]]
        print(json.dumps(run(*(Path(word) for word in sys.argv[3:6]))))
    else:
        main()
