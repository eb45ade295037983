"""What the window shows of a contour that is tried: the score in words, and what it depends on, bar by bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from escc_desktop.figures.words import SHAPES, score, term
from escc_desktop.i18n import _, plural
from escc_desktop.progress import Progress
from escc_desktop.workflow.live_signature import (
    DecidingVoxel,
    Factor,
    FeatureChange,
    LiveSignature,
    ScoredResponse,
    ScoredRun,
    TriedScore,
)
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.tried_contour import Patch, TriedContour
from escc_desktop.workflow.views.patient import StripView

__all__ = ["LiveSignature", "Patch", "Sandbox", "TornadoView", "TriedContour", "TriedView"]

_SHOWN_FEATURES = 5
_LEAST_CHANGE = 5e-4  # what three decimals do not show


@dataclass(frozen=True)
class FeatureLine:
    """A feature that moves the score: what it is called, image and family, and by how much."""

    title: str
    family: str
    change: str
    is_outside: bool


@dataclass(frozen=True)
class TriedView:
    """The score of a contour.

    Attributes
    ----------
    group, cutoff_words
        LOW or HIGH, or nothing; how far from the cut-off.
    change_words
        Against the signed contour.
    flips
        Whether the signed contour is in the other group.
    features
        What moved the score most; empty where nothing did.
    """

    strip: StripView
    score: str
    group: str
    cutoff_words: str
    change_words: str
    flips: bool
    features: tuple[FeatureLine, ...]


@dataclass(frozen=True)
class TornadoMark:
    """One change: the score it leads to, and everything about it in words."""

    score: float
    words: str
    flips: bool


@dataclass(frozen=True)
class TornadoBar:
    """One kind of change.

    Attributes
    ----------
    label, detail
        What is changed; how much.
    marks
        One for each change that gave a score.
    outcome
        What comes of it, in words: how far the score moves, and whether the group flips.
    voxel
        The voxel (x, y, z) of the CT it is about, if it is about one.
    """

    label: str
    detail: str
    marks: tuple[TornadoMark, ...]
    outcome: str
    flips: bool
    voxel: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class TornadoView:
    """What the Rad-score of the signed contour depends on, what moves it most first."""

    signed: float
    group: str
    cutoff: float | None
    bars: tuple[TornadoBar, ...]
    summary: str


@dataclass(frozen=True, eq=False)
class Sandbox:
    """A live signature made ready for the window.

    Attributes
    ----------
    signed
        The score of the signed contour.
    notes
        What its score is not, in sentences.
    """

    live: LiveSignature
    cohort: tuple[tuple[float, str], ...]
    signed: TriedView
    notes: tuple[str, ...]

    def score(self, patch: Patch, progress: Progress) -> TriedView:
        """Return the score of a contour; see `LiveSignature.score`."""
        return _tried(self.live, self.cohort, self.live.score(patch, progress))

    def tornado(self, progress: Progress) -> TornadoView:
        """Return what the score of the signed contour depends on; takes a while."""
        found = self.live.sensitivity(progress)
        bars = tuple(_bar(self.live, one, found.n_voxels, found.largest_hu) for one in found.responses)
        cutoff = self.live.card.rad_score.cutoff if self.live.card.rad_score else None
        return TornadoView(
            found.signed.score, found.signed.group, cutoff.value if cutoff else None, bars, _summary(bars, found.signed)
        )


def open_sandbox(project: Project, session_id: str, progress: Progress) -> Sandbox:
    """Open a copy of a signed reading to try contours on.

    Raises
    ------
    AccessDeniedError
        The role may not, or a reading of the lesion is not signed.
    EsccError
        There is no model with a Rad-score.
    Cancelled
        From `progress`.
    """
    live = project.try_contours(session_id, progress)
    cohort = _others(project, live)
    return Sandbox(live, cohort, _tried(live, cohort, live.signed), _notes(live))


def _others(project: Project, live: LiveSignature) -> tuple[tuple[float, str], ...]:
    """Return score and group of the other patients, by a card with the same Rad-score that assessed any."""
    same = (card for card in project.cards() if card.rad_score == live.card.rad_score)
    assessed = next((found for card in same if (found := project.assessments(card))), ())
    return tuple(
        (one.rad_score, one.risk_group or "")
        for one in assessed
        if one.rad_score is not None and one.patient_id != live.patient_id
    )


def signed_change(number: float) -> str:
    """Return a change with its sign: "+0.047", "\N{MINUS SIGN}0.120"; "no change" where three decimals show none."""
    if abs(number) < _LEAST_CHANGE:
        return _("no change")
    return f"{number:+.3f}".replace("-", "\N{MINUS SIGN}")


def group_words(group: str) -> str:
    """Return a group as word and shape."""
    return {"LOW": f"{_('LOW')} {SHAPES['low']}", "HIGH": f"{_('HIGH')} {SHAPES['high']}"}.get(group, _("NO GROUP"))


def _tried(live: LiveSignature, cohort: tuple[tuple[float, str], ...], found: TriedScore) -> TriedView:
    cutoff = None if found.distance is None else found.score - found.distance
    flips = found.group != live.signed.group
    moved = [one for one in found.features if abs(one.change) >= _LEAST_CHANGE]
    return TriedView(
        strip=StripView(found.score, found.group, cohort, cutoff, None),
        score=score(found.score),
        group=found.group,
        cutoff_words=_cutoff_words(found),
        change_words=_("{change} against the signed contour ({signed})").format(
            change=signed_change(found.change), signed=score(live.signed.score)
        ),
        flips=flips,
        features=tuple(_line(one) for one in moved[:_SHOWN_FEATURES]),
    )


def _line(feature: FeatureChange) -> FeatureLine:
    title, family = term(feature.name)
    return FeatureLine(title, family, signed_change(feature.change), feature.is_outside)


def _cutoff_words(found: TriedScore) -> str:
    if found.distance is None:
        return _("The card has no cut-off.")
    words = (
        _("{distance} above the cut-off {cutoff}") if found.distance > 0 else _("{distance} below the cut-off {cutoff}")
    )
    return words.format(distance=score(abs(found.distance)), cutoff=score(found.score - found.distance))


def _notes(live: LiveSignature) -> tuple[str, ...]:
    notes = []
    if live.is_trained:
        notes.append(
            _("By the card as it stands, which was trained with this patient: not the score of the patient's page.")
        )
    if live.n_lesions > 1:
        notes.append(_("Of this lesion alone; the patient has {n}.").format(n=live.n_lesions))
    if live.differing:
        notes.append(
            plural(
                "{n} feature of the signed contour was extracted with another value than is computed here.",
                "{n} features of the signed contour were extracted with other values than are computed here.",
                len(live.differing),
            )
        )
    return tuple(notes)


def _summary(bars: tuple[TornadoBar, ...], signed: TriedScore) -> str:
    if not signed.group:
        return _("The card has no cut-off, and so no group.")
    flipping = [bar.label for bar in bars if bar.flips]
    words = group_words(signed.group)
    if not flipping:
        return _("Signed {group}; none of these changes flips the group.").format(group=words)
    n_flips = plural("{n} of these changes flips the group", "{n} of these changes flip the group", len(flipping))
    return _("Signed {group}; {n_flips}: {what}.").format(group=words, n_flips=n_flips, what="; ".join(flipping))


def _bar(live: LiveSignature, response: ScoredResponse, n_voxels: int, largest_hu: float) -> TornadoBar:
    signed = live.signed
    scored = [(run, run.score) for run in response.runs if run.score is not None]
    marks = tuple(
        TornadoMark(
            found.score,
            _mark_words(response.factor, run, found, signed),
            bool(found.group) and found.group != signed.group,
        )
        for run, found in scored
    )
    flips = any(mark.flips for mark in marks)
    label, detail = _label(live, response, n_voxels, largest_hu)
    return TornadoBar(
        label,
        detail,
        marks,
        _outcome([found for _run, found in scored], response, signed),
        flips,
        _voxel(live, response),
    )


def _label(live: LiveSignature, response: ScoredResponse, n_voxels: int, largest_hu: float) -> tuple[str, str]:
    """Return what a bar changes, and how much."""
    run = response.runs[0]
    x, _y, z = live.signed_mask.geometry.spacing_mm
    n_gone = plural("{n} voxel", "{n} voxels", n_voxels - run.n_voxels)
    gone = _("{some} of {all}").format(some=n_gone, all=f"{n_voxels:,}")
    names = {
        Factor.RIM: (_("Outline one pixel wider or narrower"), _("{mm} mm in every slice").format(mm=f"{x:.2g}")),
        Factor.ENDS: (_("One slice more or less at both ends"), _("{mm} mm each").format(mm=f"{z:g}")),
        Factor.AIR: (_("Air out: no voxels below \N{MINUS SIGN}30 HU"), gone),
        Factor.BRIGHT: (_("Bright out: no voxels above 200 HU"), gone),
        Factor.NOISE: (
            _("Noise added"),
            _("{hu} HU, {n} draws").format(hu=f"{run.amount:.0f}", n=len(response.runs)),
        ),
        Factor.CUBES: (
            _("Resampled to cubes of 1 mm") if run.amount else _("On the CT's own grid, not resampled"),
            "",
        ),
        Factor.SLICES: (_("Slices twice as far apart"), _("{mm} mm").format(mm=f"{run.amount:g}")),
        Factor.WINDOW: (
            _("CT cut off at 1500 HU"),
            _("largest {hu} HU").format(hu=f"{largest_hu:g}"),
        ),
        Factor.LARGEST: (
            _("Another largest HU of the whole CT"),
            _("1024, 1300 or 3071 in place of {hu}").format(hu=f"{largest_hu:g}"),
        ),
    }
    return names[response.factor] if response.voxel is None else _voxel_label(live, response.voxel, run)


def _voxel_label(live: LiveSignature, voxel: DecidingVoxel, run: ScoredRun) -> tuple[str, str]:
    title, family = term(f"A_{voxel.feature}")
    if voxel.n_sharing > 1:
        shared = plural("{n} voxel has this value", "{n} voxels have this value", voxel.n_sharing)
        return _("Without one voxel of {feature}").format(feature=title), f"{family} · {shared}"
    end = _("lowest") if voxel.end == "min" else _("highest")
    place = _("{hu} HU, slice {n}").format(hu=_number(run.amount), n=_index(live, voxel)[2] + 1)
    return _("Without the voxel that decides {feature}").format(feature=title), f"{family} · {end}, {place}"


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def _index(live: LiveSignature, voxel: DecidingVoxel) -> tuple[int, int, int]:
    geometry = live.signed_mask.geometry
    at = np.rint(geometry.to_index(np.array([voxel.point_mm]))[0]).astype(int)
    x, y, z = np.clip(at, 0, np.array(geometry.size) - 1).tolist()
    return x, y, z


def _voxel(live: LiveSignature, response: ScoredResponse) -> tuple[int, int, int] | None:
    return None if response.voxel is None else _index(live, response.voxel)


def _outcome(found: list[TriedScore], response: ScoredResponse, signed: TriedScore) -> str:
    """Return how far the score moves either way, and the group it flips to."""
    if not found:
        return response.runs[0].refused
    changes = sorted({signed_change(one.change): one.change for one in found}.items(), key=lambda pair: pair[1])
    ends = [changes[0][0], changes[-1][0]] if len(changes) > 1 else [changes[0][0]]
    moved = [words for words in ends if words != _("no change")] or ends[:1]
    words = moved[0] if len(moved) == 1 else _("{low} to {high}").format(low=moved[0], high=moved[1])
    flipped = next((one.group for one in found if one.group and one.group != signed.group), "")
    return f"{words} \N{RIGHTWARDS ARROW} {group_words(flipped)}" if flipped else words


def _mark_words(factor: Factor, run: ScoredRun, found: TriedScore, signed: TriedScore) -> str:
    """Return one change, the score and its group, and the feature that moves it most."""
    amounts = {
        Factor.RIM: _("One pixel wider") if run.amount > 0 else _("One pixel narrower"),
        Factor.ENDS: _("One slice more at both ends") if run.amount > 0 else _("One slice less at both ends"),
        Factor.NOISE: _("Noise of {hu} HU").format(hu=f"{run.amount:.1f}"),
        Factor.LARGEST: _("Largest value {hu} HU").format(hu=f"{run.amount:g}"),
    }
    lines = [amounts[factor]] if factor in amounts else []
    lines.append(
        _("Rad-score {score}, {group}; {change}").format(
            score=score(found.score), group=group_words(found.group), change=signed_change(found.change)
        )
    )
    if found.group and found.group != signed.group:
        lines.append(_("The group flips."))
    most = found.features[0] if found.features else None
    if most is not None and abs(most.change) >= _LEAST_CHANGE:
        title, family = term(most.name)
        lines.append(
            _("Mostly {feature} ({family}), {change}").format(
                feature=title, family=family, change=signed_change(most.change)
            )
        )
    return "\n".join(lines)
