"""One lesion in a chest CT: our drive of PyRadiomics against PyRadiomics' own extractor, in the same run.

Usage: python benchmarks/extraction.py [COLUMNS ROWS SLICES]
"""

from __future__ import annotations

import logging
import sys
import time
import warnings

import numpy as np
import SimpleITK as sitk  # noqa: N813
from radiomics import featureextractor

from escc_desktop.features.params import load_params
from escc_desktop.features.reference import PyRadiomics
from escc_desktop.imaging.itk import to_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

FILTERS = (
    "Original",
    "LoG",
    "Wavelet",
    "Square",
    "SquareRoot",
    "Logarithm",
    "Exponential",
    "Gradient",
    "LBP2D",
    "LBP3D",
)


def scene(size: tuple[int, int, int]) -> tuple[Volume, Mask]:
    """Return noise of a chest CT's range with a ball of 30 mm in the middle."""
    spacing = 360 / size[0], 360 / size[1], 320 / size[2]
    geometry = Geometry(size, spacing, (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    rng = np.random.default_rng(1)
    hu = np.clip(rng.normal(-200, 400, geometry.shape), -1024, 1500).astype(np.int16)
    axes = [(np.arange(n) - n / 2) * step for n, step in zip(geometry.shape, reversed(spacing), strict=True)]
    z, y, x = np.ix_(*axes)
    return Volume(hu, geometry), Mask(x**2 + y**2 + z**2 <= 15.0**2, geometry)


def plain(volume: Volume, mask: Mask) -> dict[str, float]:
    """Return what PyRadiomics' own extractor gives."""
    extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=25, additionalInfo=False)
    for name in FILTERS:
        extractor.enableImageTypeByName(name, customArgs={"sigma": [3.0, 5.0]} if name == "LoG" else None)
    region = sitk.Cast(to_itk(mask), sitk.sitkUInt8)
    return {name: float(np.real(value)) for name, value in extractor.execute(to_itk(volume), region).items()}


def main() -> None:
    """Print CPU seconds of both and their ratio."""
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    size = tuple(int(word) for word in sys.argv[1:4]) or (256, 256, 64)
    volume, mask = scene((size[0], size[1], size[2]))
    engine, params = PyRadiomics(), load_params("ct_arterial")
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    start = time.process_time()
    ours = engine.compute(volume, mask, params, Progress())
    middle = time.process_time()
    theirs = plain(volume, mask)
    end = time.process_time()
    same = sum(ours[name] == theirs[name] for name in ours)
    print(f"{size}: ours {middle - start:.1f} s, PyRadiomics {end - middle:.1f} s CPU, ratio", end=" ")
    print(f"{(end - middle) / (middle - start):.1f}; {same} of {len(ours)} values identical")


if __name__ == "__main__":
    main()
