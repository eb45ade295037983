"""What the scans of a synthetic course show: responses and lesion diameters that agree with each other (RECIST 1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from escc_desktop.trial.records import LesionMeasurement, Response, Visit
from escc_desktop.workflow.demo.records_course import Course, workday
from escc_desktop.workflow.demo.records_numbers import numbers, uniform, whole
from escc_desktop.workflow.demo.records_people import ESOPHAGEAL, NODES, Person

Target = tuple[str, str, float]  # lesion_id, site, diameter in mm
_FURTHER_MM = {"distant_node": (16.0, 28.0), "liver": (12.0, 40.0), "lung": (11.0, 30.0)}
_NORMAL_NODE_MM = 6.0
_LEAST_NODE_MM = 10.1  # below 10 mm a node is normal, and with nothing else left the response complete
_NEW_LESION_MM = (10.0, 20.0)
_SMALLEST_GROWTH_MM = 6.0
_LARGEST_CREEP = 1.12  # a fifth over the smallest sum is progression


def draw_scans(
    person: Person, course: Course, rng: np.random.Generator
) -> tuple[tuple[Visit, ...], tuple[LesionMeasurement, ...]]:
    """Return the visits of a course and the lesions measured at each, the baseline first."""
    earlier = course.on(-whole(numbers()["visits"]["baseline_days"], rng))
    baseline = (workday(earlier, -1) - course.start).days
    targets = _targets(person, rng)
    by_new_lesion = float(rng.uniform()) < numbers()["response"]["new_lesion_share"] or course.best is Response.CR
    factors = _factors(course, targets, by_new_lesion=by_new_lesion)
    visits = [Visit(0, course.on(baseline), None)]
    had_radiotherapy = person.baseline.prior_radiotherapy is True
    irradiated = {lesion_id for lesion_id, site, _ in targets if site in ESOPHAGEAL and had_radiotherapy}
    lesions = [_measured(target, course, baseline, 1.0) for target in targets]
    for index, day in enumerate(course.scans):
        response = _response(course, index)
        visits.append(Visit(index + 1, course.on(day), response))
        if response is Response.NE:
            continue
        lesions += [_measured(target, course, day, factors[index]) for target in targets]
        if index == course.shown_by and by_new_lesion:
            size = round(uniform(_NEW_LESION_MM, rng), 1)
            lesions.append(LesionMeasurement("N1", course.on(day), "lung", "new", "long", size))
    return tuple(visits), tuple(replace(lesion, irradiated=lesion.lesion_id in irradiated) for lesion in lesions)


def _targets(person: Person, rng: np.random.Generator) -> list[Target]:
    """Return the outlined lesion and at most one of each further organ, all measurable."""
    size = person.short_axis_mm if person.site in NODES else person.axial_diameter_mm
    found = [("L1", person.site, size)]
    has = person.baseline
    for site, is_there in (
        ("distant_node", has.metastasis_lymph_node and has.distant_metastasis and person.site not in NODES),
        ("liver", has.metastasis_liver and person.site != "liver"),
        ("lung", has.metastasis_lung and person.site != "lung"),
    ):
        if is_there:
            found.append((f"L{len(found) + 1}", site, round(uniform(_FURTHER_MM[site], rng), 1)))
    return found


def _measured(target: Target, course: Course, day: int, factor: float) -> LesionMeasurement:
    lesion_id, site, size = target
    is_node = site in NODES
    diameter = round(size * factor, 1)
    if factor == 0.0 and is_node:
        diameter = _NORMAL_NODE_MM
    axis = "short" if is_node else "long"
    return LesionMeasurement(lesion_id, course.on(day), site, "target", axis, diameter)


def _response(course: Course, index: int) -> Response:
    if index == course.shown_by:
        return Response.PD
    if course.best is Response.NE:
        return Response.NE
    if course.best is Response.CR and course.scans[index] >= numbers()["response"]["complete_day"]:
        return Response.CR
    return Response.PR if course.first_response and index >= course.first_response - 1 else Response.SD


def _factors(course: Course, targets: Sequence[Target], *, by_new_lesion: bool) -> Sequence[float]:
    """Return the size of the targets at each scan as a fraction of the baseline."""
    total_mm, least = sum(size for _, _, size in targets), _least_factor(targets)
    drawn = [_stable_factor(course, index) for index in range(course.n_before_progression)]
    stable = [max(factor, least) if factor > 0.0 else factor for factor in drawn]
    if course.shown_by is None:
        return stable
    nadir = min([1.0, *stable])
    if course.best is Response.PD:
        grown = 1.0 + (
            min(course.change, 0.15) if by_new_lesion else max(course.change, _SMALLEST_GROWTH_MM / total_mm)
        )
    elif by_new_lesion:
        grown = stable[-1]
    else:
        grown = max(nadir * 1.25, nadir + _SMALLEST_GROWTH_MM / total_mm)
    return [*stable, grown]


def _least_factor(targets: Sequence[Target]) -> float:
    """Return how small targets may become that are not to be gone: nodes alone do not all fall below 10 mm."""
    sizes = [size for _, site, size in targets if site in NODES]
    return _LEAST_NODE_MM / max(sizes) if len(sizes) == len(targets) else 0.0


def _stable_factor(course: Course, index: int) -> float:
    """Return the size before progression: down or up to the best change, then creeping back, never by a fifth."""
    change, since = course.change, index - (course.first_response - 1)
    if _response(course, index) is Response.CR:
        return 0.0
    if course.first_response:
        if since < 0:
            return 1.0 - 0.2 * (index + 1) / course.first_response
        later = min(change + 0.005 * (since - 1), -0.305, (1.0 + change) * _LARGEST_CREEP - 1.0)
        return 1.0 + (0.5 * (change - 0.31) if since == 0 else later)
    if course.best is Response.PD:
        return 1.06
    if change > 0.0:
        return 1.0 + change * min(1.0, (index + 1) / 2.0)
    return 1.0 + change / 2.0 if index == 0 else (1.0 + change) * (1.0 + min(0.01 * (index - 1), 0.12))
