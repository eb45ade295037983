"""Lesions: what a coordinator marks before anyone reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError


class LesionSite(StrEnum):
    """Where a lesion sits."""

    PRIMARY = "primary"
    ANASTOMOTIC = "anastomotic"
    REGIONAL_NODE = "regional_node"
    DISTANT_NODE = "distant_node"
    LIVER = "liver"
    LUNG = "lung"
    OTHER = "other"


class LesionRole(StrEnum):
    """What a lesion counts as under RECIST 1.1."""

    TARGET = "target"
    NON_TARGET = "non_target"
    NEW = "new"


@dataclass(frozen=True)
class Lesion:
    """One lesion of a patient, marked by a point on one series before either reader opens it.

    Attributes
    ----------
    lesion_id
        Unique within the patient.
    irradiated
        Whether it lay in an earlier radiation field.
    point_mm
        A point inside it, (x, y, z) in mm, LPS.
    """

    lesion_id: str
    patient_id: str
    site: LesionSite
    role: LesionRole
    irradiated: bool
    point_mm: tuple[float, float, float]
    series_uid: str

    def __post_init__(self) -> None:
        if not self.lesion_id or not self.patient_id or not self.series_uid:
            raise EsccError(
                f"Lesion {self.lesion_id!r} of patient {self.patient_id!r} is incomplete.",
                "Give it an id, a patient and a series.",
            )
        if "/" in self.lesion_id:  # sessions are named patient/lesion/reader/occasion
            raise EsccError(f"Lesion id {self.lesion_id!r} contains a slash.", "Use another character.")
        if len(self.point_mm) != 3 or not np.all(np.isfinite(self.point_mm)):
            raise EsccError(
                f"The point of lesion {self.lesion_id} of patient {self.patient_id} is not three finite numbers.",
                "Mark the lesion with a point (x, y, z) in mm.",
            )


class LesionRule(StrEnum):
    """How several lesions become one value per patient; a named field of the plan and of every card."""

    LARGEST = "largest"
    MEAN = "mean"
    VOLUME_WEIGHTED_MEAN = "volume_weighted_mean"


def patient_value(
    rule: LesionRule, values: NDArray[np.float64], volumes_mm3: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Combine the values of one patient's lesions.

    Parameters
    ----------
    values
        Shape (lesions, features).
    volumes_mm3
        Shape (lesions,), positive.

    Returns
    -------
    Shape (features,). With `LARGEST`, the first of equally large lesions.
    """
    if values.ndim != 2 or volumes_mm3.shape != values.shape[:1] or not len(values):
        raise ValueError("values must be (lesions, features) with one volume a lesion")
    if rule is LesionRule.LARGEST:
        return np.array(values[int(np.argmax(volumes_mm3))], dtype=np.float64)
    weights = volumes_mm3 if rule is LesionRule.VOLUME_WEIGHTED_MEAN else np.ones(len(values))
    return np.asarray(weights @ values / weights.sum(), dtype=np.float64)
