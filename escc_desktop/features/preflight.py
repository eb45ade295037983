"""What would make the values wrong or the extraction endless, said before it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError, Fault, FaultsError
from escc_desktop.features import preflight_image, preflight_region
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.preflight_findings import Finding, Severity
from escc_desktop.features.preflight_image import Extreme, extent_of
from escc_desktop.features.preflight_levels import grey_levels, level_findings
from escc_desktop.features.scene import Scene
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Volume

__all__ = ["Extreme", "Finding", "Preflight", "Severity", "check_scene", "inspect"]

_ORDER: Final = tuple(Severity)


@dataclass(frozen=True)
class Preflight:
    """The findings, gravest first, and the facts they rest on.

    Attributes
    ----------
    levels
        Predicted number of grey levels by image, for the images whose range follows from the voxels of the region.
    """

    findings: tuple[Finding, ...]
    extreme: Extreme | None
    levels: dict[str, int]

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings."""
        return tuple(finding.code for finding in self.findings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences to keep with the values."""
        return tuple(str(finding) for finding in self.findings)

    def check(self, accept: frozenset[str] = frozenset()) -> None:
        """Refuse what must be refused.

        Parameters
        ----------
        accept
            Codes of findings that ask and were answered with yes.

        Raises
        ------
        FaultsError
            The input cannot give valid values, or a question was not answered.
        """
        refused = [f for f in self.findings if f.severity is Severity.REFUSE]
        asked = [f for f in self.findings if f.severity is Severity.ASK and f.code not in accept]
        if refused:
            raise _fault(refused, "")
        if asked:
            codes = ", ".join(finding.code for finding in asked)
            raise _fault(asked, f"Or accept it explicitly ({codes}) to go on.")


def _fault(findings: list[Finding], more: str) -> EsccError:
    faults = [Fault(finding.code, finding.message) for finding in findings]
    hints = [*dict.fromkeys(finding.hint for finding in findings), more]
    return FaultsError(
        " ".join(finding.message for finding in findings), faults, " ".join(hint for hint in hints if hint)
    )


def inspect(volume: Volume, mask: Mask, params: ExtractionParams, engine: str = "") -> Preflight:
    """Look at an image and a region before features are computed; under a second for the largest CT.

    Where something refuses, all that refuses is said; where the grids differ or the region is empty nothing else can
    be said.

    Parameters
    ----------
    engine
        Name of the engine that is to compute them: PyRadiomics may take hours where the other does not.
    """
    notes = list(preflight_region.grid_findings(volume.geometry, mask.geometry))
    if any(finding.severity is Severity.REFUSE for finding in notes):
        return Preflight(tuple(notes), None, {})
    blocking = [
        *preflight_region.blocking_findings(mask, params),
        *preflight_image.blocking_findings(volume),
    ]
    if blocking:
        return Preflight(tuple(blocking), None, {})
    extent = extent_of(volume)
    box = mask.bounding_box
    inside = volume.hu[box][mask.voxels[box]].astype(np.float64)
    levels = grey_levels(_counted(inside, params), abs(extent.extreme.hu), params)
    found = (
        *level_findings(levels, is_slow=engine == "pyradiomics"),
        *preflight_region.region_findings(volume, mask, inside),
        *preflight_image.image_findings(
            volume, extent, float(np.median(inside)), is_resampled=params.resampled_spacing_mm is not None
        ),
        *notes,
    )
    return Preflight(_gravest_first(found), extent.extreme, levels)


def check_scene(scene: Scene, params: ExtractionParams) -> None:
    """Refuse what resampling or leaving out values has made too small, or cut apart.

    Raises
    ------
    FaultsError
        No valid value is possible.
    """
    found = dict.fromkeys((
        *preflight_region.image_size_findings(scene.volume.geometry, params),
        *preflight_region.size_findings(scene.region),
        *preflight_region.size_findings(scene.inside),
    ))  # fmt: skip
    Preflight(tuple(found), None, {}).check()


def _counted(inside: NDArray[np.float64], params: ExtractionParams) -> NDArray[np.float64]:
    """Return the values that count, all of them where none would."""
    if params.resegmentation_hu is None:
        return inside
    lowest, highest = params.resegmentation_hu
    kept = inside[(inside >= lowest) & (inside <= highest)]
    return kept if kept.size else inside


def _gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.severity)))
