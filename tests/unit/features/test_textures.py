"""Texture counts and features against PyRadiomics' own classes, on shapes that are hard to get right."""

from __future__ import annotations

import logging
import math
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from radiomics import glcm, gldm, glrlm, glszm, ngtdm
from scipy.ndimage import gaussian_filter

from escc_desktop.features import _mcc, _textures
from escc_desktop.features.texture_features import texture_features, texture_names
from escc_desktop.features.textures import TEXTURE_FAMILIES, count

Box = NDArray[np.int32]
CLASSES = {
    "glcm": glcm.RadiomicsGLCM,
    "gldm": gldm.RadiomicsGLDM,
    "glrlm": glrlm.RadiomicsGLRLM,
    "glszm": glszm.RadiomicsGLSZM,
    "ngtdm": ngtdm.RadiomicsNGTDM,
}
RTOL = 1e-11
# ClusterShade of a symmetric distribution is the rounding error of 0.
SHADE_FLOOR = 1e-12


@contextmanager
def quiet() -> Iterator[None]:
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def pyradiomics(box: Box, families: frozenset[str] = TEXTURE_FAMILIES) -> dict[str, float]:
    image = sitk.GetImageFromArray(box.astype(np.float64))
    region = sitk.GetImageFromArray((box > 0).astype(np.uint8))
    values = {}
    with warnings.catch_warnings(), quiet():
        warnings.simplefilter("ignore")
        for family in sorted(families):
            features = CLASSES[family](image, region, binWidth=1, label=1).execute()
            values.update({f"{family}_{name}": float(np.real(value)) for name, value in features.items()})
    return values


def tight(box: NDArray[np.integer]) -> Box:
    """The box of the region alone, its lowest level made 1, as discretisation leaves it."""
    inside = np.argwhere(box > 0)
    around = tuple(slice(low, high + 1) for low, high in zip(inside.min(axis=0), inside.max(axis=0), strict=True))
    cut = box[around]
    return np.where(cut > 0, cut - cut[cut > 0].min() + 1, 0).astype(np.int32)


def differing(box: Box, families: frozenset[str] = TEXTURE_FAMILIES) -> list[str]:
    ours, theirs = texture_features(count(box, families)), pyradiomics(box, families)
    assert set(ours) == set(theirs) == set(texture_names(families))
    floor = SHADE_FLOOR * int(box.max()) ** 3
    return [
        f"{name}: {ours[name]!r} where PyRadiomics has {value!r}"
        for name, value in theirs.items()
        if not (math.isnan(value) and math.isnan(ours[name]))
        and not math.isclose(
            ours[name], value, rel_tol=RTOL, abs_tol=floor if name == "glcm_ClusterShade" else SHADE_FLOOR
        )
    ]


def noise(shape: tuple[int, ...], levels: int, seed: int = 1, missing: float = 0.0) -> Box:
    rng = np.random.default_rng(seed)
    box = rng.integers(1, levels + 1, shape)
    box[rng.random(shape) < missing] = 0
    return tight(box)


def smooth(shape: tuple[int, ...], levels: int, seed: int = 1) -> Box:
    field = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5)
    field = (field - field.min()) / np.ptp(field)
    return tight(1 + (field * (levels - 0.01)).astype(np.int32))


def pieces() -> Box:
    box = np.zeros((7, 9, 11), dtype=np.int32)
    box[:2, :3, :2] = noise((2, 3, 2), 5)
    box[-2:, -3:, -4:] = noise((2, 3, 4), 5, seed=2) + 2
    return box


def far_apart() -> Box:
    box = np.zeros((5, 5, 5), dtype=np.int32)
    box[0, 0, 0], box[2, 4, 1], box[4, 1, 4] = 1, 2, 4
    return box


def in_line_but_not_touching() -> Box:
    box = np.zeros((3, 5, 5), dtype=np.int32)
    box[0, 0, 0], box[0, 0, 2], box[2, 4, 4] = 1, 1, 3
    return box


def levels_without_common_neighbours() -> Box:
    """Three slabs of their own levels, not touching: the second eigenvalue of each GLCM is 1."""
    box = np.zeros((11, 6, 6), dtype=np.int32)
    for slab in range(3):
        box[4 * slab : 4 * slab + 3] = noise((3, 6, 6), 6, seed=slab) + 6 * slab
    return box


def checkerboard_of_many() -> Box:
    parity = np.indices((6, 6, 6)).sum(axis=0) % 2
    return tight(noise((6, 6, 6), 9, seed=3) + 9 * parity)


SHAPES: dict[str, Callable[[], Box]] = {
    "flat": lambda: np.ones((3, 4, 5), dtype=np.int32),
    "flat with a hole": lambda: (np.arange(60).reshape(3, 4, 5) != 27).astype(np.int32),
    "2 x 2 x 2": lambda: noise((2, 2, 2), 3),
    "2 x 2 x 2 with two levels in balance": lambda: (np.indices((2, 2, 2)).sum(axis=0) % 2 + 1).astype(np.int32),
    "slice": lambda: noise((1, 9, 8), 6),
    "one voxel high": lambda: noise((9, 1, 8), 6),
    "one voxel wide": lambda: noise((9, 8, 1), 6),
    "long": lambda: noise((2, 3, 60), 8, missing=0.1),
    "sparse": lambda: noise((8, 8, 8), 6, missing=0.9),
    "pieces": pieces,
    "far apart": far_apart,
    "in line but not touching": in_line_but_not_touching,
    "levels without common neighbours": levels_without_common_neighbours,
    "checkerboard of many levels": checkerboard_of_many,
    "ramp": lambda: (np.indices((8, 8, 8)).sum(axis=0) % 16 + 1).astype(np.int32),
    "gaps between levels": lambda: tight(noise((6, 6, 6), 7) ** 3),
    "one level missing": lambda: tight(np.where(noise((5, 6, 7), 6) == 3, 5, noise((5, 6, 7), 6))),
    "smooth": lambda: smooth((12, 14, 16), 60),
    "more than 207 levels": lambda: noise((8, 9, 9), 240),
    "levels up to 1,000": lambda: tight(1 + 111 * (noise((5, 5, 5), 10) - 1)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_that_odd_regions_have_pyradiomics_values(shape: str) -> None:
    assert differing(SHAPES[shape]()) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    shape=st.tuples(*[st.integers(1, 9)] * 3).filter(lambda shape: sum(n > 1 for n in shape) > 1),
    levels=st.integers(1, 40),
    missing=st.sampled_from((0.0, 0.1, 0.5)),
    seed=st.integers(0, 2**32 - 1),
    make_smooth=st.booleans(),
)
def test_that_random_regions_have_pyradiomics_values(
    shape: tuple[int, int, int], levels: int, missing: float, seed: int, make_smooth: bool
) -> None:
    box = smooth(shape, levels, seed) if make_smooth else noise(shape, levels, seed, missing)
    if sum(n > 1 for n in box.shape) > 1:
        assert differing(box) == []


def test_that_a_margin_around_the_region_changes_nothing() -> None:
    box = noise((4, 6, 5), 7, missing=0.2)
    wide = np.pad(box, ((2, 1), (3, 4), (1, 2)))
    assert texture_features(count(wide)) == texture_features(count(box))


def test_that_two_thousand_levels_have_pyradiomics_values_where_it_still_has_any() -> None:
    box = noise((13, 13, 13), 2000)
    assert differing(box, frozenset({"gldm", "glrlm", "glszm", "ngtdm"})) == []


def test_that_two_thousand_levels_take_no_more_than_their_neighbours() -> None:
    counts = count(noise((13, 13, 13), 2000))
    voxels = int(counts.voxels.sum())
    assert len(counts.levels) > 1000
    assert len(counts.pairs.row) <= 26 * voxels
    values = texture_features(counts)
    assert all(math.isfinite(value) for value in values.values())
    assert values["glcm_JointAverage"] * 2 == pytest.approx(values["glcm_SumAverage"], rel=1e-12)


def test_that_ten_million_levels_have_pyradiomics_values_and_cost_no_more_than_those_present() -> None:
    levels = np.random.default_rng(3).integers(1, 5, (5, 6, 7)).astype(np.int32)
    spread = np.array([0, 1, 2, 4, 9])[levels].astype(np.int32)
    far = spread * 1_111_111
    names = frozenset({"glcm_Contrast", "glcm_ClusterShade", "glcm_SumAverage", "glcm_DifferenceVariance"})
    powers = {"glcm_Contrast": 2, "glcm_ClusterShade": 3, "glcm_SumAverage": 1, "glcm_DifferenceVariance": 2}
    theirs = pyradiomics(spread, frozenset({"glcm"}))
    tracemalloc.start()
    ours = texture_features(count(far), names | {"glcm_SumEntropy", "glcm_DifferenceEntropy"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000
    for name in names:
        assert ours[name] == pytest.approx(theirs[name] * 1_111_111.0 ** powers[name], rel=1e-9)
    for name in ("glcm_SumEntropy", "glcm_DifferenceEntropy"):
        assert ours[name] == pytest.approx(theirs[name], rel=1e-12)


def test_that_mcc_of_many_levels_is_the_second_eigenvalue() -> None:
    counts = count(noise((10, 10, 10), 400))
    of_directions = []
    for start, stop in zip(counts.pairs.starts[:-1], counts.pairs.starts[1:], strict=True):
        joint = np.zeros((len(counts.levels),) * 2)
        joint[counts.pairs.row[start:stop], counts.pairs.column[start:stop]] = counts.pairs.count[start:stop]
        root = np.sqrt(np.maximum(joint.sum(axis=1), 1))
        found = np.abs(np.linalg.eigvalsh(joint / np.multiply.outer(root, root)))
        of_directions.append(np.sort(found)[-2])
    mcc = texture_features(counts, frozenset({"glcm_MCC"}))["glcm_MCC"]
    assert mcc == pytest.approx(np.mean(of_directions), rel=1e-9)


def test_that_only_what_is_wanted_is_computed_and_is_the_same() -> None:
    box = noise((5, 6, 7), 9)
    wanted = frozenset({"glszm_ZoneEntropy", "glcm_Idm", "glrlm_RunEntropy"})
    few = texture_features(count(box, frozenset({"glcm", "glrlm", "glszm"})), wanted)
    everything = texture_features(count(box))
    assert list(few) == ["glcm_Idm", "glrlm_RunEntropy", "glszm_ZoneEntropy"]
    assert few == {name: everything[name] for name in few}
    assert tuple(everything) == texture_names()


def test_that_what_was_not_counted_cannot_be_computed() -> None:
    counts = count(noise((3, 3, 3), 3), frozenset({"gldm"}))
    with pytest.raises(ValueError, match="glcm was not counted"):
        texture_features(counts, frozenset({"glcm_Idm"}))


def test_that_counting_in_threads_gives_the_same() -> None:
    boxes = [smooth((14, 15, 16), 40, seed) for seed in range(8)]
    alone = [texture_features(count(box)) for box in boxes]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda box: texture_features(count(box)), boxes)) == alone


def test_that_a_part_of_a_larger_array_can_be_counted() -> None:
    box = noise((6, 8, 10), 5)
    assert texture_features(count(box[1:5, ::2, 3:9])) == texture_features(count(box[1:5, ::2, 3:9].copy()))


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (np.zeros((2, 3, 4), dtype=np.int32), "some inside"),
        (np.full((2, 3, 4), -1, dtype=np.int32), "positive"),
        (np.zeros((0, 3, 4), dtype=np.int32), "must have voxels"),
        (np.ones((2, 3, 4), dtype=np.int64), "int32"),
        (np.ones((3, 4), dtype=np.int32), "int32"),
        (np.arange(1, 70001, dtype=np.int32).reshape(7, 100, 100), "65535"),
    ],
)
def test_that_a_wrong_box_is_refused(box: NDArray[np.integer], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        count(box)


def test_that_the_extensions_refuse_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="given shape"):
        _textures.count((2, 2, 2), np.ones((2, 2, 3), dtype=np.int32), 31)
    with pytest.raises(ValueError, match="float64"):
        _textures.add_in_order(np.ones(3, dtype=np.float32))
    pairs = count(noise((4, 4, 4), 20)).pairs
    for fault in (20, -1):
        row = pairs.row.copy()
        row[5] = fault
        with pytest.raises(ValueError, match="indices of levels"):
            _mcc.second_eigenvalues(20, pairs.starts, row, pairs.column, pairs.count, np.empty(13))
