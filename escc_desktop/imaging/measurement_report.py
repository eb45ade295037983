"""A region's measurements as a DICOM Comprehensive 3D SR (TID 1500), pseudonymised; the same region, the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import highdicom as hd
import numpy as np
from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, generate_uid

from escc_desktop.imaging.contours import trace
from escc_desktop.imaging.mask import Mask

# Codes of this program: DICOM has none for a radiomic score.
SCHEME: Final = "99ESCC"
RAD_SCORE: Final = Code("RADSCORE", SCHEME, "Rad-score of a radiomic model card")
RISK_GROUP: Final = Code("RISKGROUP", SCHEME, "Risk group by the cut-off of a radiomic model card")
RESEARCH: Final = Code("RESEARCHONLY", SCHEME, "Research use only, not for the record")
_LEVELS: Final = {
    "LOW": Code("LOW", SCHEME, "Low risk"),
    "HIGH": Code("HIGH", SCHEME, "High risk"),
}
_SITES: Final = {
    "primary": codes.SCT.Esophagus,
    "anastomotic": codes.SCT.Esophagus,
    "regional_node": codes.SCT.LymphNode,
    "distant_node": codes.SCT.LymphNode,
    "liver": codes.SCT.Liver,
    "lung": codes.SCT.Lung,
}


@dataclass(frozen=True, eq=False)
class MeasuredRegion:
    """A region with what was measured of it.

    Attributes
    ----------
    patient
        Trial code; it becomes PatientID, and there is no name.
    study_uid, series_uid, frame_uid
        Of the series the region was drawn on.
    site
        Where the lesion sits, as a `LesionSite`; one without a code is left out.
    tracking
        Name of the lesion or reading.
    rad_score, risk_group, card
        What a card says, and its name with its digest; None and "" without.
    at
        When the reading was signed; it becomes the date of the report.
    """

    mask: Mask
    patient: str
    study_uid: str
    series_uid: str
    frame_uid: str
    site: str
    tracking: str
    long_mm: float
    short_mm: float
    at: datetime
    version: str
    rad_score: float | None = None
    risk_group: str = ""
    card: str = ""


def measurement_report(region: MeasuredRegion) -> bytes:
    """Return the SR: outline by slice in patient coordinates, diameters, volume, Rad-score, and the series by UID."""
    seed = [region.mask.digest, region.series_uid, region.card, f"{region.rad_score!r}", region.version]
    document = sr.Comprehensive3DSR(
        evidence=[_source(region)],
        content=_content(region, seed)[0],
        series_instance_uid=generate_uid(entropy_srcs=["sr series", *seed]),
        series_number=901,
        sop_instance_uid=generate_uid(entropy_srcs=["sr", *seed]),
        instance_number=1,
        manufacturer="ESCC Desktop",
        record_evidence=False,
    )
    document.SeriesDescription = RESEARCH.meaning
    document.PatientIdentityRemoved = "YES"
    document.DeidentificationMethod = "trial code in place of identity"
    document.ContentDate, document.ContentTime = f"{region.at:%Y%m%d}", f"{region.at:%H%M%S}"
    document.InstanceCreationDate, document.InstanceCreationTime = document.ContentDate, document.ContentTime
    for equipment in document.ContributingEquipmentSequence:
        equipment.ContributionDateTime = document.ContentDate + document.ContentTime
    stream = io.BytesIO()
    document.save_as(stream)
    return stream.getvalue()


def _source(region: MeasuredRegion) -> Dataset:
    """Return the patient and study the report belongs to, as far as the project knows them."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, generate_uid(entropy_srcs=["source", region.series_uid])
    image.Modality = "CT"
    image.PatientID = region.patient
    image.StudyInstanceUID, image.SeriesInstanceUID = region.study_uid, region.series_uid
    image.FrameOfReferenceUID = region.frame_uid
    for keyword in ("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
        setattr(image, keyword, None)
    image.AccessionNumber = image.ReferringPhysicianName = None
    return image


def _content(region: MeasuredRegion, seed: Sequence[str]) -> sr.MeasurementReport:
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=["device", region.version]),
        name="ESCC Desktop",
        manufacturer_name="ESCC Desktop",
        model_name=region.version,
    )
    observer = sr.ObserverContext(codes.DCM.Device, device)
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=generate_uid(entropy_srcs=["tracking", *seed]), identifier=region.tracking
        ),
        referenced_volume_surface=_surface(region),
        finding_type=codes.SCT.Neoplasm,
        finding_sites=[sr.FindingSite(_SITES[region.site])] if region.site in _SITES else None,
        measurements=_measurements(region),
        qualitative_evaluations=_evaluations(region),
    )
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[group],
    )


def _surface(region: MeasuredRegion) -> sr.VolumeSurface:
    polygons = [np.vstack([outline, outline[:1]]) for outline in trace(region.mask)]
    return sr.VolumeSurface(
        graphic_type=sr.GraphicTypeValues3D.POLYGON,
        graphic_data=polygons,
        frame_of_reference_uid=region.frame_uid,
        source_series=sr.SourceSeriesForSegmentation(region.series_uid),
    )


def _measurements(region: MeasuredRegion) -> list[sr.Measurement]:
    found = [
        sr.Measurement(codes.SCT.LongAxis, region.long_mm, codes.UCUM.Millimeter),
        sr.Measurement(codes.SCT.ShortAxis, region.short_mm, codes.UCUM.Millimeter),
        sr.Measurement(codes.SCT.Volume, region.mask.volume_mm3, codes.UCUM.CubicMillimeter),
    ]
    if region.rad_score is not None:
        name, _, digest = region.card.rpartition(" ")
        algorithm = sr.AlgorithmIdentification(name=name, version=digest)
        found.append(sr.Measurement(RAD_SCORE, region.rad_score, codes.UCUM.NoUnits, algorithm_id=algorithm))
    return found


def _evaluations(region: MeasuredRegion) -> list[sr.QualitativeEvaluation]:
    level = _LEVELS.get(region.risk_group)
    group = [] if level is None else [sr.QualitativeEvaluation(_concept(RISK_GROUP), _concept(level))]
    return [*group, sr.QualitativeEvaluation(_concept(RESEARCH), codes.SCT.Yes)]


def _concept(code: Code) -> hd.sr.CodedConcept:
    return hd.sr.CodedConcept(code.value, code.scheme_designator, code.meaning)
