"""The fast engine against PyRadiomics itself, on images and regions nobody would choose.

`make faults` tries 1,000 random scenes each; CI the first 40.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from escc_desktop.errors import EsccError
from escc_desktop.features.extract import extract
from escc_desktop.features.fast import Fast
from escc_desktop.features.params import load_params
from escc_desktop.features.reference import PyRadiomics
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Progress

pytestmark = pytest.mark.slow
EXAMPLES = int(os.environ.get("ESCC_EXAMPLES", "40"))
# A scene's plan says all there is to say of it: making it smaller would only take minutes.
RANDOM = settings(
    max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate), suppress_health_check=[HealthCheck.too_slow]
)
PARAMS = load_params("ct_arterial")
RTOL, FLOOR = 1e-6, 1e-12
# A percentile cut through tied values of rounding noise: 1e-4 between exact implementations.
ILL_CONDITIONED = {"lbp-3D-m2_firstorder_RobustMeanAbsoluteDeviation": 1e-3}
Shape = tuple[int, int, int]
PIXEL_TYPES = ("int16", "uint8", "uint16", "int32", "uint32", "int64", "float32", "float64")


@dataclass(frozen=True)
class Plan:
    """How a random scene is made."""

    seed: int
    shape: Shape
    spacing_mm: tuple[float, float, float]
    pixel_type: str
    texture: str
    region: str
    turn_degrees: float
    is_flat: bool = False

    def scene(self) -> tuple[Volume, Mask]:
        rng = np.random.default_rng(self.seed)
        hu, voxels = TEXTURES[self.texture](rng, self.shape), REGIONS[self.region](rng, self.shape)
        if self.is_flat:
            hu[voxels] = 40
        nz, ny, nx = self.shape
        geometry = Geometry((nx, ny, nz), self.spacing_mm, (-7.5, 3.25, 100.0), oblique(self.turn_degrees))
        return Volume(as_type(hu, self.pixel_type), geometry), Mask(voxels, geometry)


def as_type(hu: NDArray[np.float64], pixel_type: str) -> NDArray[np.generic]:
    if pixel_type == "uint8":
        hu = np.clip((hu + 1024) / 16, 0, 255)
    elif pixel_type.startswith("uint"):
        hu = np.clip(hu + 1024, 0, 65535)
    return hu.astype(pixel_type) if pixel_type.startswith("float") else np.rint(hu).astype(pixel_type)


def oblique(degrees: float) -> tuple[float, ...]:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return tuple(turned.ravel().tolist())


def noise(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    return rng.normal(40, 120, shape)


def smooth(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    return 50 + 2000 * ndimage.gaussian_filter(rng.normal(0, 1, shape), 1.5)


def wide(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    return rng.uniform(-1024, 3071, shape)


def air_block(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    """Clipped air: neighbourhoods without any difference have no kurtosis."""
    hu = noise(rng, shape)
    hu[:, shape[1] // 2 :, :] = -1024
    return hu


def few_values(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    return rng.integers(-2, 3, shape) * 25.0


def mostly_flat(rng: np.random.Generator, shape: Shape) -> NDArray[np.float64]:
    hu = np.full(shape, 40.0)
    hu[0, 0, 0] = -1000 + rng.integers(0, 5)
    return hu


TEXTURES: dict[str, Callable[[np.random.Generator, Shape], NDArray[np.float64]]] = {
    function.__name__: function for function in (noise, smooth, wide, air_block, few_values, mostly_flat)
}


def block(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    starts = [int(rng.integers(0, n - 2)) for n in shape]
    ends = [int(rng.integers(start + 2, n + 1)) for start, n in zip(starts, shape, strict=True)]
    return boxed(shape, starts, ends)


def boxed(shape: Shape, starts: list[int], ends: list[int]) -> NDArray[np.bool_]:
    voxels = np.zeros(shape, dtype=bool)
    voxels[tuple(slice(start, end) for start, end in zip(starts, ends, strict=True))] = True
    return voxels


def ball(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    centre = [rng.uniform(2, n - 2) for n in shape]
    distance = sum((axis - c) ** 2 for axis, c in zip(np.ogrid[tuple(slice(n) for n in shape)], centre, strict=True))
    return distance <= rng.uniform(1.8, min(shape) / 2) ** 2


def scattered(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    return rng.random(shape) < rng.uniform(0.05, 0.9)


def single_slice(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    axis = int(rng.integers(3))
    voxels = scattered(rng, shape)
    keep = np.zeros_like(voxels)
    place = [slice(None)] * 3
    place[axis] = slice(int(rng.integers(shape[axis])), None)
    place[axis] = slice(place[axis].start, place[axis].start + 1)
    keep[tuple(place)] = voxels[tuple(place)]
    return keep


def eight(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    starts = [int(rng.integers(0, n - 2)) for n in shape]
    return boxed(shape, starts, [start + 2 for start in starts])


def two_pieces(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    return boxed(shape, [0, 0, 0], [2, 3, 2]) | boxed(shape, [n - 2 for n in shape], list(shape))


def three_borders(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    return boxed(shape, [0, 0, 0], [n - int(rng.integers(1, 4)) for n in shape])


def cross(rng: np.random.Generator, shape: Shape) -> NDArray[np.bool_]:
    voxels = np.zeros(shape, dtype=bool)
    voxels[shape[0] // 2, shape[1] // 2, :] = voxels[:, shape[1] // 2, shape[2] // 2] = True
    return voxels


REGIONS: dict[str, Callable[[np.random.Generator, Shape], NDArray[np.bool_]]] = {
    function.__name__: function
    for function in (block, ball, scattered, single_slice, eight, two_pieces, three_borders, cross)
}
SPACINGS = ((1.0, 1.0, 3.0), (0.7, 0.7, 5.0), (2.0, 1.5, 1.0), (0.9765625, 0.9765625, 3.27))
NAMED = {
    "single slice": Plan(1, (9, 12, 11), (1.0, 1.0, 3.0), "int16", "noise", "single_slice", 0),
    "flat": Plan(2, (9, 12, 11), (1.0, 1.0, 3.0), "int16", "noise", "ball", 0, is_flat=True),
    "oblique": Plan(3, (9, 12, 11), (1.0, 1.0, 3.0), "int16", "noise", "ball", 27.0),
    "uint8": Plan(4, (9, 12, 11), (1.0, 1.0, 3.0), "uint8", "wide", "ball", 0),
    "uint16": Plan(5, (9, 12, 11), (1.0, 1.0, 3.0), "uint16", "smooth", "ball", 0),
    "many grey levels": Plan(6, (11, 16, 15), (1.0, 1.0, 3.0), "int16", "wide", "block", 0),
    "odd sizes": Plan(7, (7, 13, 11), (1.0, 1.0, 3.0), "int16", "smooth", "block", 0),
    "mask on three borders": Plan(8, (9, 12, 11), (1.0, 1.0, 3.0), "float32", "noise", "three_borders", 0),
    "anisotropic": Plan(9, (7, 20, 20), (0.7, 0.7, 5.0), "int16", "smooth", "ball", 0),
    "undefined kurtosis": Plan(10, (9, 12, 11), (1.0, 1.0, 3.0), "int16", "air_block", "ball", 0),
    "two pieces": Plan(11, (9, 12, 11), (1.0, 1.0, 3.0), "float64", "noise", "two_pieces", 0),
    "2 x 2 x 2": Plan(12, (9, 12, 11), (1.0, 1.0, 3.0), "int16", "noise", "eight", 0),
}
PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(*[st.integers(6, 24)] * 3),
    spacing_mm=st.sampled_from(SPACINGS),
    pixel_type=st.sampled_from(PIXEL_TYPES),
    texture=st.sampled_from(sorted(TEXTURES)),
    region=st.sampled_from(sorted(REGIONS)),
    turn_degrees=st.sampled_from((0.0, 0.0, 12.5)),
    is_flat=st.sampled_from((False,) * 9 + (True,)),
)


def compare(volume: Volume, mask: Mask) -> bool:
    """Hold both engines to the same values; return whether PyRadiomics had any."""
    scene = Scene.of(volume, mask)
    ours = Fast(threads=1).compute(scene, PARAMS, Progress())
    try:
        theirs = PyRadiomics().compute(scene, PARAMS, Progress())
    except EsccError:
        return False
    assert list(ours.values) == list(theirs.values)
    wrong = []
    for name, value in theirs.values.items():
        rtol = ILL_CONDITIONED.get(name, RTOL)
        if not np.isclose(ours.values[name], value, rtol=rtol, atol=FLOOR, equal_nan=True):
            wrong.append(f"{name}: {ours.values[name]!r} where PyRadiomics has {value!r}")
    assert not wrong, f"{len(wrong)} values differ: " + "; ".join(wrong[:6])
    levels = {image: facts["grey_levels"] for image, facts in ours.images.items()}
    assert levels == {image: facts["grey_levels"] for image, facts in theirs.images.items()}
    return True


@pytest.mark.parametrize("name", NAMED)
def test_that_odd_shapes_have_pyradiomics_values(name: str) -> None:
    assert compare(*NAMED[name].scene())


def test_that_more_grey_levels_than_the_real_cases_have_are_met() -> None:
    volume, mask = NAMED["many grey levels"].scene()
    facts = Fast(threads=1).compute(Scene.of(volume, mask), PARAMS, Progress()).images
    assert max(image["grey_levels"] for image in facts.values()) > 207


@RANDOM
@given(plan=PLANS)
def test_that_random_scenes_have_pyradiomics_values(plan: Plan) -> None:
    volume, mask = plan.scene()
    needed = np.ceil(PARAMS.log_sigma_mm[-1] / np.array(plan.spacing_mm)) + 1
    extents = [part.stop - part.start for part in mask.bounding_box] if not mask.is_empty else [0]
    if mask.n_voxels in {0, mask.voxels.size} or sum(extent > 1 for extent in extents) < 2:
        event("no region")
        return
    if (np.array(volume.geometry.size) < needed).any() or volume.hu.min() == volume.hu.max():
        event("too small")
        return
    event("compared" if compare(volume, mask) else "beyond PyRadiomics")


@RANDOM
@given(plan=PLANS)
def test_that_random_scenes_give_values_or_a_sentence(plan: Plan) -> None:
    volume, mask = plan.scene()
    try:
        values = extract(volume, mask, PARAMS, Progress(), "fast").values
        said = ""
    except EsccError as error:
        values, said = np.empty(0), error.what
    assert said.endswith(".") or (len(values) == 1874 and np.isfinite(values).all())
