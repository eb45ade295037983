"""What is true of each patient of the synthetic study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from escc_desktop.trial.records import TrialRecord


@dataclass(frozen=True)
class PatientTruth:
    """One synthetic patient: what the CT is made from, what the outcome was drawn from, and the record.

    Attributes
    ----------
    site
        Site of the outlined lesion, a value of `reading.plan.LesionSite`.
    z_texture, z_necrosis
        Standard normal latent values z1 (texture amplitude) and z2 (logit of the necrotic fraction).
    texture_amplitude_hu
        Standard deviation of the tumour's own texture, before noise.
    necrotic_fraction
        Share of the tumour volume that is necrotic (25 to 40 HU), 0 to 1.
    enhancement_hu
        Tumour minus normal wall in the arterial phase.
    length_mm
        Craniocaudal extent; of nodes and metastases their extent along z.
    axial_diameter_mm
        Longest diameter in the axial plane.
    short_axis_mm
        Axial diameter perpendicular to the longest one.
    lumen
        "air", "fluid" or "collapsed".
    artefact
        "", "stent", "dental" or "padding" (one patient each).
    tumor_location
        "cervical", "thoracic" or "abdominal" esophagus.
    labs
        True baseline values by analyte code, in the unit of `resources/trial/analytes.toml`.
    linear_predictor, survival_12
        LP and the true S(12 months).
    os_months, pfs_months
        Uncensored times; progression as it happens, before a visit detects it.
    record
        What the trial recorded: visits, doses, events, censoring, missing values and traps included.
    """

    patient_id: str
    is_showcase: bool
    site: str
    sex: str
    age_years: int
    weight_kg: float
    z_texture: float
    z_necrosis: float
    texture_amplitude_hu: float
    necrotic_fraction: float
    enhancement_hu: float
    thickness_mm: float
    length_mm: float
    axial_diameter_mm: float
    short_axis_mm: float
    lumen: str
    fat_plane_lost: bool
    tumor_location: str
    artefact: str
    aorta_hu: float
    svc_hu: float
    marrow_hu: float
    kvp: int
    slice_thickness_mm: float
    pixel_mm: float
    delay_s: float
    labs: Mapping[str, float]
    linear_predictor: float
    survival_12: float
    os_months: float
    pfs_months: float
    record: TrialRecord
