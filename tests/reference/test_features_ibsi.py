"""The unfiltered features against what the Image Biomarker Standardisation Initiative published."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from radiomics import featureextractor, imageoperations

from escc_desktop.features.engine import Computed, Engine
from escc_desktop.features.extract import DEFAULT_ENGINE, make_engine
from escc_desktop.features.ibsi import (
    Comparison,
    Phantom,
    Published,
    digital_phantom,
    measure_configuration_c,
    measure_digital_phantom,
    n_matching,
    standards,
)
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.itk import from_itk, to_itk
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

pytestmark = pytest.mark.reference


class PyRadiomicsClasses:
    """PyRadiomics' own feature classes on a scene: shape of the region, unfiltered values of what is inside."""

    name = "pyradiomics"
    version = "3.0.1"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.libraries: dict[str, str] = {}
        self._monkeypatch = monkeypatch

    def compute(
        self, scene: Scene, params: ExtractionParams, progress: Progress, only: frozenset[str] | None = None
    ) -> Computed:
        return Computed({name: float(value) for name, value in self._values(scene, params)}, {})

    def _values(self, scene: Scene, params: ExtractionParams) -> Iterator[tuple[str, float]]:
        width, first = params.bin_width_hu, scene.first_edge_hu
        if first is not None:
            # IBSI counts levels from the bound of the resegmentation; PyRadiomics from the lowest value it meets.
            self._monkeypatch.setattr(
                imageoperations,
                "getBinEdges",
                lambda values, **_settings: np.arange(first, values.max() + 2 * width, width),
            )
        extractor = featureextractor.RadiomicsFeatureExtractor(binWidth=width, additionalInfo=False)
        image = to_itk(scene.volume)
        region, inside = (sitk.Cast(to_itk(mask), sitk.sitkUInt32) for mask in (scene.region, scene.inside))
        extractor.enabledFeatures = {"shape": []}
        yield from extractor.computeShape(image, region, imageoperations.checkMask(image, region)[0]).items()
        extractor.enabledFeatures = {name: [] for name in ("firstorder", "glcm", "gldm", "glrlm", "glszm", "ngtdm")}
        box = imageoperations.checkMask(image, inside)[0]
        cropped = imageoperations.cropToTumorMask(image, inside, box)
        yield from extractor.computeFeatures(*cropped, "original", binWidth=width).items()


@pytest.fixture(params=["PyRadiomics' classes", DEFAULT_ENGINE])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    if request.param == DEFAULT_ENGINE:
        yield make_engine(DEFAULT_ENGINE)
        return
    logger = logging.getLogger("radiomics")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield PyRadiomicsClasses(monkeypatch)
    logger.setLevel(before)


def ct_phantom(reference_dir: Path) -> tuple[Volume, Mask]:
    folder = reference_dir / "data" / "ibsi1_ct_phantom" / "nifti"
    volume = from_itk(sitk.ReadImage(str(folder / "image" / "phantom.nii.gz")))
    labels = from_itk(sitk.ReadImage(str(folder / "mask" / "mask.nii.gz")))
    return volume, Mask(labels.hu == 1, labels.geometry)


def names(comparisons: tuple[Comparison, ...], *, matching: bool) -> set[str]:
    return {each.standard.name for each in comparisons if each.is_match == matching}


def test_that_the_shipped_references_are_those_of_ibsi(reference_dir: Path) -> None:
    with (reference_dir / "reference" / "features" / "ibsi_reference.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(standards()) == 107
    for row, standard in zip(rows, standards(), strict=True):
        assert standard.name == f"original_{row['class']}_{row['pyradiomics_name']}"
        assert standard.code == row["ibsi_code"].strip("-")
        for phantom, column in ((Phantom.DIGITAL, "digital"), (Phantom.CONFIGURATION_C, "configC")):
            published = standard.published.get(phantom)
            assert ("" if published is None else published.value) == (
                row[f"{column}_ref"] and float(row[f"{column}_ref"])
            )
            if published is not None:
                assert published.tolerance == float(row[f"{column}_tol"])


def test_that_the_digital_phantom_is_the_published_one(reference_dir: Path) -> None:
    folder = reference_dir / "data" / "ibsi1_digital_phantom" / "nifti"
    image = from_itk(sitk.ReadImage(str(folder / "image" / "phantom.nii.gz")))
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask" / "mask.nii.gz")))
    scene = digital_phantom()
    middle = tuple(slice(4, 4 + length) for length in image.hu.shape)
    np.testing.assert_array_equal(scene.volume.hu[middle], image.hu)
    np.testing.assert_array_equal(scene.region.voxels[middle], labels == 1)
    assert scene.region.n_voxels == 74
    assert scene.volume.geometry.spacing_mm == image.geometry.spacing_mm


def test_that_100_of_102_values_of_the_digital_phantom_match_and_the_others_as_documented(engine: Engine) -> None:
    comparisons = measure_digital_phantom(engine, Progress())
    assert len(comparisons) == 102
    assert n_matching(comparisons) == 100
    assert names(comparisons, matching=False) == {"original_shape_MinorAxisLength", "original_shape_LeastAxisLength"}
    assert all(each.is_as_documented for each in comparisons)


@pytest.mark.slow
def test_that_all_102_values_of_the_ct_phantom_match_in_configuration_c(engine: Engine, reference_dir: Path) -> None:
    comparisons = measure_configuration_c(*ct_phantom(reference_dir), engine, Progress())
    assert len(comparisons) == 102
    assert names(comparisons, matching=False) == set()
    # Within the published tolerances themselves; rounding of the published digits is not needed.
    assert all(abs(each.value - each.published.value) <= each.published.tolerance for each in comparisons)


def test_that_the_guide_prints_what_is_published_and_what_we_compute(reference_dir: Path) -> None:
    computing = make_engine(DEFAULT_ENGINE)
    digital = measure_digital_phantom(computing, Progress())
    configuration_c = measure_configuration_c(*ct_phantom(reference_dir), computing, Progress())
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "ibsi.md").read_text(encoding="utf-8")
    for one, other in zip(digital, configuration_c, strict=True):
        name = one.standard.name.removeprefix("original_")
        cells = [printed(one.published), f"{one.value:.4g}{'' if one.is_match else ' *'}"]
        cells += [printed(other.published), f"{other.value:.4g}"]
        assert f"| {name} | {one.standard.code} | {' | '.join(cells)} |" in guide


def printed(published: Published) -> str:
    return f"{published.value:g} ± {published.tolerance:g}" if published.tolerance else f"{published.value:g}"
