"""The words of a tried contour: the score, what it is not, and what it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.prognosis.card import ModelCard, RadScore, Scaling, Term, finished
from escc_desktop.progress import Progress
from escc_desktop.reading.plan import planned_id
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.workflow import live_signature
from escc_desktop.workflow.access import View
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views.live_signature import Sandbox, group_words, open_sandbox, signed_change

Studied = Callable[[str], Project]
PATIENT = "P003"
SESSION_ID = planned_id(PATIENT, "L1", Reader.A, Occasion.FIRST)
EXTREMES = ("A_exponential_firstorder_Maximum", "A_original_firstorder_Range")


@pytest.fixture
def project(studied_project: Studied) -> Project:
    return studied_project("oncologist")


def of_extremes(cutoff: bool) -> Callable[[View], ModelCard]:
    """Return what chooses, in place of the project's card, one of two features that rest on single voxels."""
    choose = live_signature._current_card

    def chosen(view: View) -> ModelCard:
        own = choose(view)
        scaling = Scaling(mean=0.0, sd=1.0)
        terms = [Term(source="feature", name=name, coefficient=1.0, scaling=scaling) for name in EXTREMES]
        content = {name: getattr(own, name) for name in type(own).model_fields if name != "digest"}
        line = own.rad_score.cutoff if cutoff else None
        return finished(**{**content, "rad_score": RadScore(terms=tuple(terms), cutoff=line)})

    return chosen


def test_that_score_cutoff_and_change_are_said(project: Project) -> None:
    sandbox = open_sandbox(project, SESSION_ID, Progress())
    live = sandbox.live
    signed = sandbox.signed
    assert signed.score == f"{live.signed.score:.3f}"
    assert signed.change_words == f"no change against the signed contour ({live.signed.score:.3f})"
    assert (signed.features, signed.flips) == ((), False)
    line = live.card.rad_score.cutoff.value
    side = "above" if live.signed.score > line else "below"
    assert signed.cutoff_words == f"{abs(live.signed.score - line):.3f} {side} the cut-off {line:.3f}"
    assert len(signed.strip.cohort) > 20
    assert all(group in {"LOW", "HIGH", ""} for _score, group in signed.strip.cohort)
    before = live.contour.history.voxels
    after = before.copy()
    after[6, :10] = True
    live.contour.edit("brush", 6, MaskEdit.between(before, after, "brush", 6))
    tried = sandbox.score(live.contour.snapshot(), Progress())
    assert tried.change_words.startswith(signed_change(tried.strip.score - live.signed.score))
    assert tried.flips == (tried.group != signed.group)
    assert 0 < len(tried.features) <= 5


def test_that_it_says_what_the_score_is_not(project: Project) -> None:
    notes = " ".join(open_sandbox(project, SESSION_ID, Progress()).notes)
    assert "trained with this patient" in notes
    assert "extracted with" in notes


def test_that_changes_are_written_with_a_sign_and_groups_with_their_shape() -> None:
    assert [signed_change(value) for value in (0.0471, -0.12, 0.0001, -0.0)] == [
        "+0.047", "\N{MINUS SIGN}0.120", "no change", "no change",
    ]  # fmt: skip
    assert [group_words(group) for group in ("LOW", "HIGH", "")] == ["LOW ▼", "HIGH ▲", "NO GROUP"]


def test_that_a_deciding_voxel_is_named_and_can_be_found(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_signature, "_current_card", of_extremes(cutoff=True))
    sandbox = open_sandbox(project, SESSION_ID, Progress())
    roi = next(roi for roi in project.rois() if roi.session_id == SESSION_ID)
    hu = np.where(roi.mask.voxels, project.volume(roi.series_uid).hu.astype(float), np.nan)
    tornado = sandbox.tornado(Progress())
    voxels = {(bar.label, bar.detail): bar.voxel for bar in tornado.bars if bar.voxel is not None}
    assert len(voxels) == 3
    for (label, detail), (x, y, z) in voxels.items():
        at = np.nanmin(hu) if "lowest" in detail else np.nanmax(hu)
        assert hu[z, y, x] == at
        if np.count_nonzero(hu == at) == 1:
            assert "Without the voxel that decides" in label
            assert f"{at:g} HU, slice {z + 1}".replace("-", "\N{MINUS SIGN}") in detail
        else:
            assert "voxels have this value" in detail
    scales = next(bar for bar in tornado.bars if bar.label == "Another largest HU of the whole CT")
    assert len(scales.marks) == 3
    assert "Largest value 1024 HU" in scales.marks[0].words
    assert "Mostly Maximum (exponential · firstorder)" in scales.marks[0].words


def test_that_a_card_without_a_cutoff_has_no_group_and_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_signature, "_current_card", of_extremes(cutoff=False))
    sandbox = open_sandbox(project, SESSION_ID, Progress())
    assert sandbox.signed.cutoff_words == "The card has no cut-off."
    tornado = sandbox.tornado(Progress())
    assert (tornado.group, tornado.cutoff) == ("", None)
    assert not any(bar.flips for bar in tornado.bars)
    assert tornado.summary == "The card has no cut-off, and so no group."


def test_that_flips_are_counted_and_a_change_without_a_score_says_why(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = open_sandbox(project, SESSION_ID, Progress())
    found = sandbox.live.sensitivity(Progress())
    other = "LOW" if sandbox.live.signed.group == "HIGH" else "HIGH"
    first, second, *rest = found.responses
    run = first.runs[0]
    flipped = replace(first, runs=(replace(run, score=replace(run.score, group=other)), *first.runs[1:]))
    refused = replace(second, runs=(replace(second.runs[0], score=None, refused="The contour is empty."),))
    staged = replace(found, responses=(flipped, refused, *rest))
    monkeypatch.setattr(sandbox.live, "sensitivity", lambda _progress: staged)
    tornado = Sandbox(sandbox.live, (), sandbox.signed, ()).tornado(Progress())
    assert tornado.bars[0].flips
    assert tornado.bars[0].outcome.endswith(group_words(other))
    assert "The group flips." in tornado.bars[0].marks[0].words
    assert tornado.bars[1].outcome == "The contour is empty."
    assert tornado.bars[1].marks == ()
    assert tornado.bars[0].label in tornado.summary
