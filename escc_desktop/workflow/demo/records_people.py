"""Who the synthetic patients are: baseline, blood, the outlined lesion, and how they were scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from escc_desktop.trial.records import Baseline
from escc_desktop.workflow.demo.records_numbers import (
    Floats,
    from_mean,
    from_quantiles,
    normal_scores,
    numbers,
    random_scores,
    related_scores,
    shuffled,
    uniforms,
)

NODES = ("regional_node", "distant_node")
ESOPHAGEAL = ("primary", "anastomotic")
_SHOWCASE_THICKNESS_MM = 16.0
_SHOWCASE_PIXEL_MM = 0.74
_SHOWCASE = {
    "lumen": "air",
    "artefact": "none",
    "slice_thickness_mm": "1.0",
    "kvp": "120",
    "tumor_location": "thoracic",
}


@dataclass(frozen=True)
class Person:
    """One synthetic patient before treatment: what the CT is made from and what the outcome depends on.

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
    axial_diameter_mm, short_axis_mm
        Longest diameter in the axial plane, and the one across it.
    lumen
        "air", "fluid" or "collapsed".
    artefact
        "", "stent", "dental" or "padding" (one patient each).
    tumor_location
        "cervical", "thoracic" or "abdominal" esophagus.
    labs
        True baseline values by analyte code, in the unit of `resources/trial/analytes.toml`.
    linear_predictor
        LP of the true hazard of death.
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
    baseline: Baseline


Columns = dict[str, list[Any]]


def draw_people(n: int, rng: np.random.Generator) -> tuple[Person, ...]:
    """Draw `n` patients; counts are those of the study's tables, scaled."""
    columns = _categories(n, rng)
    columns |= _sizes(columns["site"], rng)
    columns |= _bodies(columns["sex"], rng)
    columns |= _scans(n, rng)
    columns |= _latents(n, rng)
    columns["labs"] = _labs(n, rng)
    showcase = min(int(numbers()["study"]["showcase"]), n) - 1
    _make_showcase(columns, showcase)
    _move_stent(columns, showcase)
    return tuple(_person(columns, index, is_showcase=index == showcase) for index in range(n))


def _categories(n: int, rng: np.random.Generator) -> Columns:
    columns = {
        name: shuffled(list(counts), list(counts.values()), n, rng) for name, counts in numbers()["counts"].items()
    }
    rows = numbers()["joint"]["rows"]
    joint = shuffled(rows, [row[-1] for row in rows], n, rng)
    names = ("liver", "lung", "lymph_node", "other_sites", "distant", "site")
    return columns | {name: [row[index] for row in joint] for index, name in enumerate(names)}


def _sizes(sites: list[str], rng: np.random.Generator) -> Columns:
    """Nodes get diameters whose short axis can be a target's; the rest go to the others at random."""
    n, lesion, quantiles = len(sites), numbers()["lesion"], numbers()["quantiles"]
    pool = list(from_quantiles(rng.standard_normal(n), quantiles["axial_diameter_mm"]))
    diameter = np.zeros(n)
    for index in sorted(range(n), key=lambda index: sites[index] not in NODES):
        fits = [value for value in pool if sites[index] not in NODES or value >= lesion["node_smallest_mm"]]
        diameter[index] = (fits or pool)[int(rng.integers(len(fits or pool)))]
        pool.remove(diameter[index])
    diameter = diameter.round(1)
    is_node, is_wall = np.isin(sites, NODES), np.isin(sites, ESOPHAGEAL)
    short = diameter * uniforms(lesion["axis_ratio"], n, rng)
    short = np.where(is_node, np.clip(short, lesion["node_short_mm"] + 0.2, diameter), short).round(1)
    thickness, length = short.copy(), diameter * uniforms(lesion["depth_ratio"], n, rng)
    if is_wall.any():
        scores, related = normal_scores(diameter[is_wall]), lesion["size_correlation"]
        wall = from_quantiles(related_scores(scores, related["thickness"], rng), quantiles["thickness_mm"])
        thickness[is_wall] = np.minimum(wall, lesion["thickness_of_diameter"] * diameter[is_wall])
        length[is_wall] = from_quantiles(related_scores(scores, related["length"], rng), quantiles["length_mm"])
    return {
        "axial_diameter_mm": diameter.tolist(),
        "short_axis_mm": short.tolist(),
        "thickness_mm": thickness.round(1).tolist(),
        "length_mm": length.round(1).tolist(),
    }


def _bodies(sexes: list[str], rng: np.random.Generator) -> Columns:
    body, n = numbers()["body"], len(sexes)
    height = np.array([rng.normal(body["height_cm"][sex]["mean"], body["height_cm"][sex]["sd"]) for sex in sexes])
    height = height.round()
    bmi = from_mean(random_scores(n, rng), body["bmi_kg_per_m2"])
    age = from_quantiles(rng.standard_normal(n), numbers()["quantiles"]["age_years"])
    return {
        "height_cm": height.tolist(),
        "weight_kg": (bmi * (height / 100.0) ** 2).round(1).tolist(),
        "age_years": [int(years) for years in np.floor(age + 0.5)],
    }


def _scans(n: int, rng: np.random.Generator) -> Columns:
    ct = numbers()["ct"]
    names = ("aorta_hu", "marrow_hu", "enhancement_hu")
    columns: Columns = {name: from_mean(random_scores(n, rng), ct[name]).round(1).tolist() for name in names}
    for name, decimals in (("svc_hu", 0), ("pixel_mm", 2), ("delay_s", 1)):
        columns[name] = uniforms(ct[name], n, rng).round(decimals).tolist()
    return columns


def _latents(n: int, rng: np.random.Generator) -> Columns:
    texture, z1, z2 = numbers()["texture"], random_scores(n, rng), random_scores(n, rng)
    logit = texture["necrosis_logit"] + texture["necrosis_logit_sd"] * z2
    fraction = np.minimum(1.0 / (1.0 + np.exp(-logit)), texture["largest_necrotic_fraction"])
    return {
        "z_texture": z1.tolist(),
        "z_necrosis": z2.tolist(),
        "texture_amplitude_hu": (texture["amplitude_hu"] * np.exp(texture["log_sd"] * z1)).round(3).tolist(),
        "necrotic_fraction": fraction.round(4).tolist(),
    }


def _labs(n: int, rng: np.random.Generator) -> list[dict[str, float]]:
    entries = numbers()["labs"]
    scores = {code: random_scores(n, rng) for code in entries}
    for first, second, correlation in numbers()["lab_correlation"]["pairs"]:
        scores[second] = related_scores(scores[first], correlation, rng)
    values = {code: _lab(scores[code], entry) for code, entry in entries.items()}
    for code, entry in numbers()["lab_sums"].items():
        total = entry["plus"] + sum(values[part] for part in entry["of"])
        values[code] = np.asarray(total).round(entry["decimals"])
    return [{code: float(values[code][index]) for code in values} for index in range(n)]


def _lab(scores: Floats, entry: Mapping[str, Any]) -> Floats:
    """Values (n,) as reported; no higher than the eligibility criteria allow."""
    values = from_mean(scores, entry) if "mean" in entry else entry["median"] * np.exp(entry["log_sd"] * scores)
    code = next(code for code, other in numbers()["labs"].items() if other is entry)
    multiple = numbers()["eligibility"]["of_uln"].get(code, np.inf)
    return np.clip(values, entry.get("low", 0.0), multiple * entry.get("uln", np.inf)).round(entry["decimals"])


def linear_predictor(person: Mapping[str, float], labs: Mapping[str, float]) -> float:
    """Return the true LP from the latent values and the reported blood values."""
    truth = numbers()["truth"]
    total = truth["texture"] * person["z_texture"] + truth["necrosis"] * person["z_necrosis"]
    for code, (coefficient, reference) in truth["log2_of"].items():
        total += coefficient * np.log2(labs[code] / reference)
    return float(total)


def _make_showcase(columns: Columns, index: int) -> None:
    """Let one patient have what is shown first: a primary of middling thickness, an air lumen, thin slices."""
    sites, thickness = columns["site"], columns["thickness_mm"]
    primaries = [place for place, site in enumerate(sites) if site == "primary"] or [index]
    chosen = min(primaries, key=lambda place: abs(thickness[place] - _SHOWCASE_THICKNESS_MM))
    for values in columns.values():
        _swap(values, index, chosen)
    for name, wanted in _SHOWCASE.items():
        values = columns[name]
        if wanted in values and values[index] != wanted:
            _swap(values, index, values.index(wanted))
    columns["pixel_mm"][index] = _SHOWCASE_PIXEL_MM


def _move_stent(columns: Columns, showcase: int) -> None:
    """Let the stent stand in an open primary tumour."""
    artefacts = columns["artefact"]
    open_primaries = [
        place
        for place, (site, lumen) in enumerate(zip(columns["site"], columns["lumen"], strict=True))
        if site == "primary" and lumen != "collapsed" and place != showcase
    ]
    if "stent" in artefacts and open_primaries:
        _swap(artefacts, artefacts.index("stent"), open_primaries[0])


def _swap(values: list[Any], first: int, second: int) -> None:
    values[first], values[second] = values[second], values[first]


def _person(columns: Columns, index: int, *, is_showcase: bool) -> Person:
    row = {name: values[index] for name, values in columns.items()}
    taken = {name: row[name] for name in Person.__dataclass_fields__ if name in row}
    taken |= {
        "fat_plane_lost": row["fat_plane_lost"] == "yes",
        "artefact": "" if row["artefact"] == "none" else row["artefact"],
        "kvp": int(row["kvp"]),
        "slice_thickness_mm": float(row["slice_thickness_mm"]),
    }
    return Person(
        patient_id=f"P{index + 1:03d}",
        is_showcase=is_showcase,
        linear_predictor=linear_predictor(row, row["labs"]),
        baseline=_baseline(row),
        **taken,
    )


def _baseline(row: Mapping[str, Any]) -> Baseline:
    return Baseline(
        sex=row["sex"],
        age_years=row["age_years"],
        ecog=int(row["ecog"]),
        height_cm=row["height_cm"],
        weight_kg=row["weight_kg"],
        tumor_location=row["tumor_location"],
        tumor_size_mm=row["axial_diameter_mm"],
        differentiation=row["differentiation"],
        stage="IV",
        n_metastatic_sites=row["liver"] + row["lung"] + row["lymph_node"] + row["other_sites"],
        metastasis_liver=row["liver"],
        metastasis_lung=row["lung"],
        metastasis_lymph_node=row["lymph_node"],
        metastasis_other_sites=row["other_sites"],
        distant_metastasis=row["distant"],
        prior_surgery=row["site"] != "primary",
        prior_radiotherapy=row["prior_radiotherapy"] == "yes",
        prior_chemotherapy=True,
        prior_targeted_therapy=row["prior_targeted_therapy"] == "yes",
        prior_immunotherapy=False,
    )
