"""How the domain's own objects are stored: one kind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionRule, LesionSite
from escc_desktop.reading.plan import ReadingPlan
from escc_desktop.reading.protocol import Protocol
from escc_desktop.reading.session import Occasion, Reader, ReadingSession, Roi, SessionState, Signature
from escc_desktop.store.records import BlobPort, Json, Kind, document_kind

PATIENT = document_kind("patient")
SERIES = document_kind("series")
TRIAL_RECORD = document_kind("trial_record")
SCREENING = document_kind("screening")
TRIAL_PROTOCOL = document_kind("trial_protocol")
RECORD_STATE = document_kind("record_state")
RECORD_QUERIES = document_kind("record_queries")
SECOND_ENTRY = document_kind("second_entry")
RECORD_DRAFT = document_kind("record_draft")
CARD = document_kind("card")
ASSESSMENT = document_kind("assessment")
SETTINGS = document_kind("settings")
RESULT = document_kind("result")
CONFIGURATION = document_kind("configuration")
THUMBNAIL = document_kind("thumbnail")

PLAN_ID = "plan"


@dataclass(frozen=True)
class RoiFeatures:
    """The features of one signed reading; extracted again, they are a new revision."""

    session_id: str
    key: RoiKey
    vector: FeatureVector


def _geometry_to_json(geometry: Geometry) -> Json:
    return {
        "size": list(geometry.size),
        "spacing_mm": [float(number) for number in geometry.spacing_mm],
        "origin_mm": [float(number) for number in geometry.origin_mm],
        "direction": [float(number) for number in geometry.direction],
    }


def _geometry_from_json(content: Json) -> Geometry:
    return Geometry(
        tuple(content["size"]), tuple(content["spacing_mm"]), tuple(content["origin_mm"]), tuple(content["direction"])
    )


def _volume_to_json(volume: Volume, blobs: BlobPort) -> Json:
    little = volume.hu.astype(volume.hu.dtype.newbyteorder("<"), copy=False)
    return {
        "geometry": _geometry_to_json(volume.geometry),
        "dtype": little.dtype.str,
        "digest": volume.digest,
        "hu": blobs.put(little.tobytes()),
    }


def _volume_from_json(content: Json, blobs: BlobPort) -> Volume:
    geometry = _geometry_from_json(content["geometry"])
    hu = np.frombuffer(blobs.get(content["hu"]), dtype=np.dtype(content["dtype"])).reshape(geometry.shape)
    return Volume(hu, geometry)


def volume_geometry(content: Json) -> Geometry:
    """Return the grid of a stored volume from its document alone, without reading voxels."""
    return _geometry_from_json(content["geometry"])


VOLUME: Kind[Volume] = Kind("volume", lambda volume: volume.digest, _volume_to_json, _volume_from_json)


def _mask_to_json(mask: Mask, blobs: BlobPort) -> Json:
    return {
        "geometry": _geometry_to_json(mask.geometry),
        "digest": mask.digest,
        "voxels": blobs.put(np.packbits(mask.voxels).tobytes()),
    }


def _mask_from_json(content: Json, blobs: BlobPort) -> Mask:
    geometry = _geometry_from_json(content["geometry"])
    bits = np.frombuffer(blobs.get(content["voxels"]), dtype=np.uint8)
    count = geometry.size[0] * geometry.size[1] * geometry.size[2]
    mask = Mask(np.unpackbits(bits, count=count).view(np.bool_).reshape(geometry.shape), geometry)
    if mask.digest != content["digest"]:
        raise EsccError("A mask of the project was altered.", "Restore the project from a backup.")
    return mask


def lesion_key(patient_id: str, lesion_id: str) -> str:
    """Return the id a lesion is stored under."""
    return f"{patient_id}/{lesion_id}"


def _lesion_to_json(lesion: Lesion, _blobs: BlobPort) -> Json:
    return {
        "lesion_id": lesion.lesion_id,
        "patient_id": lesion.patient_id,
        "site": lesion.site,
        "role": lesion.role,
        "irradiated": lesion.irradiated,
        "point_mm": [float(number) for number in lesion.point_mm],
        "series_uid": lesion.series_uid,
    }


def _lesion_from_json(content: Json, _blobs: BlobPort) -> Lesion:
    return Lesion(
        content["lesion_id"],
        content["patient_id"],
        LesionSite(content["site"]),
        LesionRole(content["role"]),
        content["irradiated"],
        tuple(content["point_mm"]),
        content["series_uid"],
    )


LESION: Kind[Lesion] = Kind(
    "lesion", lambda lesion: lesion_key(lesion.patient_id, lesion.lesion_id), _lesion_to_json, _lesion_from_json
)


def _session_to_json(session: ReadingSession, _blobs: BlobPort | None = None) -> Json:
    return {
        "session_id": session.session_id,
        "patient_id": session.patient_id,
        "lesion_id": session.lesion_id,
        "series_uid": session.series_uid,
        "reader": session.reader,
        "occasion": session.occasion,
        "state": session.state,
        "signed_at": session.signed_at.isoformat() if session.signed_at else None,
    }


def _session_from_json(content: Json, _blobs: BlobPort | None = None) -> ReadingSession:
    return ReadingSession(
        content["session_id"],
        content["patient_id"],
        content["lesion_id"],
        content["series_uid"],
        Reader(content["reader"]),
        Occasion(content["occasion"]),
        SessionState(content["state"]),
        datetime.fromisoformat(content["signed_at"]) if content["signed_at"] else None,
    )


SESSION: Kind[ReadingSession] = Kind(
    "session", lambda session: session.session_id, _session_to_json, _session_from_json
)


def _plan_to_json(plan: ReadingPlan, _blobs: BlobPort) -> Json:
    return {
        "seed": plan.seed,
        "apart_s": plan.apart.total_seconds(),
        "within_s": plan.within.total_seconds(),
        "rule": plan.rule,
        "repeat_patients": list(plan.repeat_patients),
        "sessions": [_session_to_json(session) for session in plan.sessions],
        "protocol": _protocol_to_json(plan.protocol),
    }


def _protocol_to_json(protocol: Protocol) -> Json:
    return {
        "forbidden": sorted(protocol.forbidden),
        "window": None if protocol.window is None else [float(number) for number in protocol.window],
        "series": sorted(protocol.series),
    }


def _protocol_from_json(content: Json) -> Protocol:
    window = content.get("window")
    return Protocol(
        frozenset(content.get("forbidden", ())),
        None if window is None else (window[0], window[1]),
        frozenset(content.get("series", ())),
    )


def _plan_from_json(content: Json, _blobs: BlobPort) -> ReadingPlan:
    return ReadingPlan(
        content["seed"],
        timedelta(seconds=content["apart_s"]),
        timedelta(seconds=content["within_s"]),
        LesionRule(content["rule"]),
        tuple(content["repeat_patients"]),
        tuple(_session_from_json(session) for session in content["sessions"]),
        _protocol_from_json(content.get("protocol", {})),
    )


PLAN: Kind[ReadingPlan] = Kind("plan", lambda _plan: PLAN_ID, _plan_to_json, _plan_from_json)


def _signature_to_json(signature: Signature) -> Json:
    return {**signature.statement(), "value": signature.value}


def _signature_from_json(content: Json) -> Signature:
    return Signature(
        content["account_id"],
        content["name"],
        datetime.fromisoformat(content["at"]),
        content["meaning"],
        tuple(sorted(content["content"].items())),
        content["value"],
    )


def _roi_to_json(roi: Roi, blobs: BlobPort) -> Json:
    return {
        "mask": _mask_to_json(roi.mask, blobs),
        "patient_id": roi.patient_id,
        "lesion_id": roi.lesion_id,
        "site": roi.site,
        "reader": roi.reader,
        "occasion": roi.occasion,
        "session_id": roi.session_id,
        "series_uid": roi.series_uid,
        "volume_digest": roi.volume_digest,
        "tools": list(roi.tools),
        "slice_tools": [[index, list(labels)] for index, labels in roi.slice_tools],
        "notes": roi.notes,
        "signature": _signature_to_json(roi.signature) if roi.signature else None,
    }


def _roi_from_json(content: Json, blobs: BlobPort) -> Roi:
    names: dict[str, Any] = {
        name: content[name] for name in ("patient_id", "lesion_id", "session_id", "series_uid", "volume_digest")
    }
    return Roi(
        mask=_mask_from_json(content["mask"], blobs),
        site=LesionSite(content["site"]),
        reader=Reader(content["reader"]),
        occasion=Occasion(content["occasion"]),
        tools=tuple(content["tools"]),
        slice_tools=tuple((index, tuple(labels)) for index, labels in content.get("slice_tools", [])),
        notes=content.get("notes", "{}"),
        signature=_signature_from_json(content["signature"]) if content["signature"] else None,
        **names,
    )


ROI: Kind[Roi] = Kind(
    "roi", lambda roi: roi.session_id, _roi_to_json, _roi_from_json, session_of=lambda roi: roi.session_id
)


def _features_to_json(features: RoiFeatures, blobs: BlobPort) -> Json:
    vector = features.vector
    return {
        "session_id": features.session_id,
        "key": asdict(features.key),
        "names": blobs.put("\n".join(vector.names).encode()),
        "values": blobs.put(vector.values.astype("<f8").tobytes()),
        "provenance": dict(vector.provenance),
    }


def _features_from_json(content: Json, blobs: BlobPort) -> RoiFeatures:
    names = tuple(blobs.get(content["names"]).decode().split("\n"))
    values = np.frombuffer(blobs.get(content["values"]), dtype="<f8")
    vector = FeatureVector(values, names, content["provenance"])
    return RoiFeatures(content["session_id"], RoiKey(**content["key"]), vector)


FEATURES: Kind[RoiFeatures] = Kind(
    "features",
    lambda features: features.session_id,
    _features_to_json,
    _features_from_json,
    session_of=lambda features: features.session_id,
)


@dataclass(frozen=True, eq=False)
class PerturbedFeatures:
    """The features of one signed reading perturbed n times; perturbed otherwise, they are a new revision.

    Attributes
    ----------
    values
        (n, p), one row a perturbation.
    provenance
        Recipe, seed, settings, engine and the digests of scan and outline.
    """

    session_id: str
    key: RoiKey
    names: tuple[str, ...]
    values: NDArray[np.float64]
    provenance: Mapping[str, Any]


def _perturbed_to_json(item: PerturbedFeatures, blobs: BlobPort) -> Json:
    return {
        "session_id": item.session_id,
        "key": asdict(item.key),
        "names": blobs.put("\n".join(item.names).encode()),
        "values": blobs.put(item.values.astype("<f8").tobytes()),
        "n": len(item.values),
        "provenance": dict(item.provenance),
    }


def _perturbed_from_json(content: Json, blobs: BlobPort) -> PerturbedFeatures:
    names = tuple(blobs.get(content["names"]).decode().split("\n"))
    values = np.frombuffer(blobs.get(content["values"]), dtype="<f8").reshape(content["n"], len(names))
    return PerturbedFeatures(content["session_id"], RoiKey(**content["key"]), names, values, content["provenance"])


PERTURBED: Kind[PerturbedFeatures] = Kind(
    "perturbed",
    lambda item: item.session_id,
    _perturbed_to_json,
    _perturbed_from_json,
    session_of=lambda item: item.session_id,
)


@dataclass(frozen=True, eq=False)
class KeptFigure:
    """A figure of a development as it is printed.

    Attributes
    ----------
    development
        Digest of the development's combined card.
    width_mm, height_mm
        Printed size.
    pdf
        Empty where the development was to make none.
    """

    development: str
    name: str
    width_mm: float
    height_mm: float
    svg: bytes
    png: bytes
    pdf: bytes = b""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The figure's files by suffix."""
        found = {".svg": self.svg, ".png": self.png, ".pdf": self.pdf}
        return {suffix: data for suffix, data in found.items() if data}


def figure_key(development: str, name: str) -> str:
    """Return the id a figure is stored under."""
    return f"{development}/{name}"


def _figure_to_json(figure: KeptFigure, blobs: BlobPort) -> Json:
    return {
        "development": figure.development,
        "name": figure.name,
        "size_mm": [figure.width_mm, figure.height_mm],
        **{suffix.removeprefix("."): blobs.put(data) for suffix, data in figure.files.items()},
    }


def _figure_from_json(content: Json, blobs: BlobPort) -> KeptFigure:
    width_mm, height_mm = content["size_mm"]
    files = {name: blobs.get(content[name]) for name in ("svg", "png", "pdf") if name in content}
    return KeptFigure(content["development"], content["name"], width_mm, height_mm, **files)


FIGURE: Kind[KeptFigure] = Kind(
    "figure", lambda figure: figure_key(figure.development, figure.name), _figure_to_json, _figure_from_json
)
