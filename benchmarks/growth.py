"""How the fast engine's cost grows with the region and with the image; a plot and the exponents.

Usage: python benchmarks/growth.py [PICTURE.svg]

CPU seconds of one thread, the least of three runs. An exponent of 1 is linear growth, below 1 better.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from thorax import thorax

from escc_desktop.features.fast import Fast
from escc_desktop.features.params import load_params
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

LESIONS_MM = (10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 80.0)
IMAGES = (
    (64, 64, 40),
    (96, 96, 60),
    (128, 128, 75),
    (192, 192, 110),
    (256, 256, 150),
    (384, 384, 225),
    (512, 512, 300),
)
SPACING = (0.75, 0.75, 1.0)
RUNS = 3


def seconds(size: tuple[int, int, int], lesion_mm: float) -> tuple[int, float]:
    """Return the voxels of the region and the CPU seconds of its extraction."""
    hu, region = thorax(size, SPACING, lesion_mm)
    geometry = Geometry(size, SPACING, (0.0, 0.0, 0.0))
    scene, params = Scene.of(Volume(hu, geometry), Mask(region > 0, geometry)), load_params("ct_arterial")
    spent = []
    for _ in range(RUNS):
        start = time.process_time()
        Fast(threads=1).compute(scene, params, Progress())
        spent.append(time.process_time() - start)
    return int(region.sum()), min(spent)


def exponent(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the slope between the last half of the points in doubly logarithmic scale."""
    half = len(x) // 2
    return float(np.polyfit(np.log(x[half:]), np.log(y[half:]), 1)[0])


def main() -> None:
    """Measure, print and plot."""
    by_region = np.array([seconds((256, 256, 150), lesion) for lesion in LESIONS_MM])
    by_image = np.array([(np.prod(size), seconds(size, 30.0)[1]) for size in IMAGES], dtype=np.float64)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, points, what in zip(figure.subplots(1, 2), (by_region, by_image), ("region", "image"), strict=True):
        power = exponent(points[:, 0], points[:, 1])
        print(
            f"voxels of the {what}, CPU s:",
            ", ".join(f"{n:.0f}: {s:.2f}" for n, s in points),
            f"(exponent {power:.2f})",
        )
        axes.loglog(points[:, 0], points[:, 1], "o-", color="#0072B2", label=f"measured, exponent {power:.2f}")
        linear = points[-1, 1] * points[:, 0] / points[-1, 0]
        axes.loglog(points[:, 0], linear, "--", color="#555555", label="linear")
        axes.set(xlabel=f"Voxels of the {what}", ylabel="CPU seconds")
        axes.legend(frameon=False)
    figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "growth.svg")


if __name__ == "__main__":
    main()
