"""The feature map of a region in files, as an image to lay over the CT."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.maps import FeatureMap, map_of, mappable_feature
from escc_desktop.features.params import load_params
from escc_desktop.features.preflight import inspect
from escc_desktop.features.resample import prepare
from escc_desktop.features.scene import Scene
from escc_desktop.files import refuse_overwriting, write_json
from escc_desktop.imaging.exchange import IMAGE_SUFFIXES, read_mask, read_volume, write_volume
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles


@dataclass(frozen=True, eq=False)
class MappedFile:
    """A map of files.

    Attributes
    ----------
    facts
        What it is, what it rests on and between what its values lie; JSON types only.
    warnings
        What the preflight found.
    """

    facts: dict[str, Any]
    warnings: tuple[str, ...]


def map_file(
    files: RoiFiles, choice: ExtractionChoice, feature: str, out: Path | None, progress: Progress
) -> MappedFile:
    """Compute the map of a feature, and write it if `out` is given, with its facts beside it as JSON.

    The image is float32 on the grid the features are computed on (the image's own, unless the settings resample it),
    0 outside the region as PyRadiomics has it; NaN in the region where a voxel has no neighbours.

    Parameters
    ----------
    feature
        Its name, such as ``wavelet-LLH_glcm_Idm``.
    out
        ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``.

    Raises
    ------
    EsccError
        The input is at fault, or nothing can be written there.
    UsageError
        The feature has no map.
    Cancelled
        From `progress`.
    """
    params = load_params(choice.params)
    mappable_feature(feature, params)
    if out is not None:
        _check_output(out, files)
    progress.advance(0, 1, "Reading")
    volume = read_volume(files.image, choice.accept)
    mask = read_mask(files.mask, volume.geometry, files.label, choice.accept)
    preflight = inspect(volume, mask, params)
    preflight.check(choice.accept)
    scene = prepare(volume, mask, params)
    found = map_of(scene, params, feature, progress.part(0.1, 0.9))
    facts = _facts(found, scene) | {
        "params": params.name,
        "params_digest": params.digest,
        "volume_digest": volume.digest,
        "mask_digest": mask.digest,
        "pixel_type": volume.hu.dtype.name,
        "findings": list(preflight.codes),
    }
    if out is not None:
        progress.advance(0.9, 1, "Writing")
        write_volume(out, _image(found, scene))
        write_json(out.with_name(f"{out.name}.json"), facts)
    return MappedFile(facts, tuple(preflight.warnings))


def _check_output(out: Path, files: RoiFiles) -> None:
    if not out.absolute().parent.is_dir():
        raise EsccError(f"The folder {out.absolute().parent} does not exist.", "Make it or choose another.")
    if out.is_dir() or not out.name.lower().endswith(IMAGE_SUFFIXES):
        raise EsccError(f"{out} cannot be the output.", f"Name a file that ends in {', '.join(IMAGE_SUFFIXES)}.")
    refuse_overwriting(out, files.image, files.mask)


def _facts(found: FeatureMap, scene: Scene) -> dict[str, Any]:
    n_known = int(np.isfinite(found.values).sum())
    return {
        "feature": found.name,
        "lowest": _known(found.lowest),
        "highest": _known(found.highest),
        "region_value": _known(found.region_value),
        "voxels": scene.inside.n_voxels,
        "voxels_without_value": scene.inside.n_voxels - n_known,
        "neighbourhood": "3 x 3 x 3 voxels of the region, grey levels of the whole region",
        "outside": 0,
        "program": f"escc-desktop {version()}",
    }


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _image(found: FeatureMap, scene: Scene) -> Volume:
    whole = np.zeros(scene.volume.geometry.shape, dtype=np.float32)
    inside = scene.inside.voxels[found.box]
    whole[found.box][inside] = found.values[inside]
    return Volume(whole, scene.volume.geometry)
