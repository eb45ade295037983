"""One region of one volume to its 1,874 features, with what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import numpy as np

from escc_desktop import version
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.engine import DEFAULT_ENGINE, Engine
from escc_desktop.features.fast import Fast
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight import Preflight, check_scene, inspect
from escc_desktop.features.reference import PyRadiomics
from escc_desktop.features.resample import prepare
from escc_desktop.features.scene import Scene
from escc_desktop.features.table import FeatureVector
from escc_desktop.files import canonical_json, digest
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume
from escc_desktop.progress import Progress

ENGINES: Final = ("fast", "pyradiomics")
PROVENANCE_KEYS: Final = (
    "identity",
    "program",
    "engine",
    "libraries",
    "params",
    "params_digest",
    "settings",
    "volume_digest",
    "mask_digest",
    "pixel_type",
    "rasterisation",
    "size",
    "spacing_mm",
    "mask_voxels",
    "mask_volume_mm3",
    "extreme_hu",
    "extreme_index_xyz",
    "findings",
    "warnings",
    "images",
    "measured_on",
)
RASTERISATION: Final = "a voxel belongs to the region when its centre does; overlapping contours by exclusive or"


def make_engine(name: str) -> Engine:
    """Return an engine by name.

    Raises
    ------
    UsageError
        There is no such engine.
    EsccError
        It is not installed.
    """
    if name == "fast":
        return Fast()
    if name == "pyradiomics":
        return PyRadiomics()
    raise UsageError(f"There is no engine {name!r} in this version; choose {' or '.join(ENGINES)}.")


def identity(volume_digest: str, mask_digest: str, params_digest: str, engine: str) -> str:
    """Return the digest that two extractions share exactly when they must give the same values.

    Parameters
    ----------
    volume_digest, mask_digest, params_digest
        As `Volume.digest`, `Mask.digest`, `ExtractionParams.digest`; the first holds the pixel type.
    engine
        Name and version of the engine, such as ``pyradiomics 3.0.1``.
    """
    parts = {"volume": volume_digest, "mask": mask_digest, "params": params_digest, "engine": engine}
    return digest(canonical_json({**parts, "rasterisation": RASTERISATION}))


def extract(
    volume: Volume,
    mask: Mask,
    params: ExtractionParams,
    progress: Progress,
    engine: str = DEFAULT_ENGINE,
    accept: frozenset[str] = frozenset(),
) -> FeatureVector:
    """Compute the features of a region.

    Parameters
    ----------
    volume
        HU in the pixel type they are to be computed in: the type changes up to 119 features.
    mask
        The region, on the volume's grid.
    params
        The settings.
    progress
        Advanced between images and families; may cancel there.
    engine
        Name of the engine.
    accept
        Codes of questions of the preflight that were answered with yes.

    Returns
    -------
    FeatureVector
        Exactly as many finite values as `params.feature_names`, in that order.

    Raises
    ------
    EsccError
        The input cannot give valid values.
    UsageError
        There is no such engine.
    Cancelled
        From `progress`.
    """
    computing = make_engine(engine)
    check = partial(progress.advance, 0, 1, "Preparing")
    check()
    preflight = inspect(volume, mask, params, engine)
    preflight.check(accept)
    try:
        scene = prepare(volume, mask, params, check)
        check()
        check_scene(scene, params)
        computed = computing.compute(scene, params, progress)
    except MemoryError:
        raise EsccError(
            "There is not enough memory for this image.", "Close other programs or crop the image."
        ) from None
    _check_complete(computed.values, params, computing)
    array = np.array([computed.values[name] for name in params.feature_names], dtype=np.float64)
    rests_on = _provenance(volume, mask, params, computing, preflight)
    taken_from = {"images": computed.images, "measured_on": _measured_on(scene)}
    return FeatureVector(array, params.feature_names, {**rests_on, **taken_from})


def _measured_on(scene: Scene) -> dict[str, Any]:
    """Return the image and region the values were taken from: with resampling or a range not those given."""
    return {
        "volume_digest": scene.volume.digest,
        "pixel_type": scene.volume.hu.dtype.name,
        "size": list(scene.volume.geometry.size),
        "spacing_mm": list(scene.volume.geometry.spacing_mm),
        "region_voxels": scene.region.n_voxels,
        "inside_voxels": scene.inside.n_voxels,
    }


def _check_complete(values: Mapping[str, float], params: ExtractionParams, engine: Engine) -> None:
    wanted = params.feature_names
    missing = [name for name in wanted if name not in values]
    if missing or len(values) != len(wanted):
        raise EsccError(
            f"{engine.name} gave {len(values)} features instead of {len(wanted)}"
            + (f"; {missing[0]} and {len(missing) - 1} others are missing." if missing else "."),
            "Check the installed versions with `escc verify`.",
            detail=str(engine.libraries),
        )
    bad = [name for name in wanted if not math.isfinite(values[name])]
    if bad:
        raise EsccError(
            f"{len(bad)} features have no finite value, the first is {bad[0]}.",
            "Look at image and mask: metal, padding or a region without contrast are the usual reasons.",
        )


def _provenance(
    volume: Volume, mask: Mask, params: ExtractionParams, engine: Engine, preflight: Preflight
) -> dict[str, Any]:
    extreme = preflight.extreme
    return {
        "identity": identity(volume.digest, mask.digest, params.digest, f"{engine.name} {engine.version}"),
        "program": f"escc-desktop {version()}",
        "engine": f"{engine.name} {engine.version}",
        "libraries": engine.libraries,
        "params": params.name,
        "params_digest": params.digest,
        "settings": params.model_dump(),
        "volume_digest": volume.digest,
        "mask_digest": mask.digest,
        "pixel_type": volume.hu.dtype.name,
        "rasterisation": RASTERISATION,
        "size": list(volume.geometry.size),
        "spacing_mm": list(volume.geometry.spacing_mm),
        "mask_voxels": mask.n_voxels,
        "mask_volume_mm3": mask.volume_mm3,
        "extreme_hu": extreme.hu if extreme else None,
        "extreme_index_xyz": list(extreme.index_xyz) if extreme else None,
        "findings": list(preflight.codes),
        "warnings": list(preflight.warnings),
    }
