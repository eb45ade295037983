"""Contours tried on a copy of a signed reading: who may, of what, with which score, and that nothing is kept."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.features.extract import extract
from escc_desktop.features.params import load_params
from escc_desktop.imaging.mask import Mask, MaskEdit
from escc_desktop.prognosis.card import ModelCard, finished
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.reading.plan import planned_id
from escc_desktop.reading.session import Occasion, Reader
from escc_desktop.store import store as store_module
from escc_desktop.store.accounts import Principal, Role
from escc_desktop.store.audit import Ledger
from escc_desktop.store.database import Database
from escc_desktop.store.kinds import CARD
from escc_desktop.store.records import Document
from escc_desktop.store.store import Store
from escc_desktop.workflow import access, live_signature
from escc_desktop.workflow.access import Operation, View
from escc_desktop.workflow.live_signature import Factor, LiveSignature
from escc_desktop.workflow.project import Project

Studied = Callable[[str], Project]
PATIENT = "P003"
SESSION_ID = planned_id(PATIENT, "L1", Reader.A, Occasion.FIRST)


def opened(project: Project) -> LiveSignature:
    return project.try_contours(SESSION_ID, Progress())


def by_hand(project: Project, card: ModelCard, mask: Mask) -> float:
    """Return the Rad-score of a region from a whole extraction and the numbers printed on the card."""
    volume = project.volume(next(roi for roi in project.rois() if roi.session_id == SESSION_ID).series_uid)
    vector = extract(volume, mask, load_params("ct_arterial"), Progress())
    total = 0.0
    for term in card.rad_score.terms:
        value = vector.values[vector.names.index(term.name.removeprefix("A_"))]
        total += term.coefficient * (value - term.scaling.mean) / term.scaling.sd
    return total


def draw(live: LiveSignature) -> Mask:
    """Paint a block at the lesion's edge and return what is drawn then."""
    before = live.contour.history.voxels
    z, y, x = (part.stop - 2 for part in live.signed_mask.bounding_box)
    after = before.copy()
    after[z - 1 : z + 1, y : y + 4, x : x + 4] = True
    live.contour.edit("brush", z, MaskEdit.between(before, after, "brush", z))
    return Mask(after, live.signed_mask.geometry)


def audit(project: Project) -> list[tuple[str, str]]:
    return [(row.action, row.author) for row in project._store.ledger.rows()]


def test_that_the_score_is_the_cards_of_what_is_drawn(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    live = opened(project)
    card = next(card for card in project.cards() if card.kind == "radscore")
    assert live.card.digest == card.digest
    signed = next(roi for roi in project.rois() if roi.session_id == SESSION_ID).mask
    assert live.signed.score == pytest.approx(by_hand(project, card, signed), rel=1e-12)
    assert live.signed.change == 0
    mask = draw(live)
    tried = live.score(live.contour.snapshot(), Progress())
    assert tried.score == pytest.approx(by_hand(project, card, mask), rel=1e-12)
    assert tried.change == pytest.approx(tried.score - live.signed.score)
    assert sum(feature.change for feature in tried.features) == pytest.approx(tried.change)
    assert [feature.name for feature in tried.features] == sorted(
        (term.name for term in card.rad_score.terms),
        key=lambda name: -abs(next(one.change for one in tried.features if one.name == name)),
    )
    assert tried.volume_mm3 == mask.volume_mm3
    cutoff = card.rad_score.cutoff
    if cutoff is not None:
        assert tried.distance == pytest.approx(tried.score - cutoff.value)
        assert tried.group == ("HIGH" if tried.score > cutoff.value else "LOW")
    live.contour.undo()
    assert live.score(live.contour.snapshot(), Progress()).score == live.signed.score
    live.contour.redo()
    assert live.score(live.contour.snapshot(), Progress()) == tried


@pytest.mark.parametrize("name", ["A", "B", "statistician", "coordinator", "admin"])
def test_that_readers_and_who_sees_no_images_or_scores_are_refused(studied_project: Studied, name: str) -> None:
    project = studied_project(name)
    before = audit(project)
    with pytest.raises(AccessDeniedError):
        opened(project)
    assert audit(project) == before


def test_that_a_reader_is_refused_whatever_the_policy_says(
    studied_project: Studied, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = {role: frozenset(Operation) for role in Role}
    monkeypatch.setattr(access, "POLICY", everything)
    for name in ("A", "B"):
        with pytest.raises(AccessDeniedError, match="Readers may not try contours"):
            opened(studied_project(name))


def test_that_a_lesion_is_opened_only_when_no_reading_of_it_is_open(small_study: ModuleType, tmp_path: Path) -> None:
    study = small_study.build(tmp_path / "small")
    project = Project(study.store, study.people["oncologist"])
    patient = next(one.patient_id for one in study.plan.sessions if one.occasion is Occasion.REPEAT)
    of_lesion = [one.session_id for one in study.plan.sessions if one.patient_id == patient]
    assert len(of_lesion) > 2
    for session_id in sorted(of_lesion, key=lambda one: one.endswith(Occasion.REPEAT)):
        for asked in of_lesion:
            rows = len(study.store.ledger.rows())
            with pytest.raises(AccessDeniedError, match="not signed yet"):
                project.try_contours(asked, Progress())
            assert len(study.store.ledger.rows()) == rows
        if session_id.endswith(Occasion.REPEAT):
            study.clock.forward(timedelta(days=12))
        study.sign(session_id)
    # Now only a model is missing.
    with pytest.raises(EsccError, match="no model with a Rad-score"):
        project.try_contours(of_lesion[0], Progress())
    with pytest.raises(EsccError, match="has no session"):
        project.try_contours("nothing", Progress())
    study.store.close()


def test_that_the_opening_is_audited_and_nothing_else_is_written(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    store = project._store
    rows = len(store.ledger.rows())
    files = sorted(path.name for path in project.folder.rglob("*") if path.is_file() and "blobs" in path.parts)
    live = opened(project)
    draw(live)
    live.score(live.contour.snapshot(), Progress())
    live.contour.undo()
    live.sensitivity(Progress())
    (row,) = store.ledger.rows()[rows:]
    assert (row.action, row.author) == ("try contours", project.principal.account_id)
    assert row.details == {"session": SESSION_ID, "card": live.card.digest}
    assert files == sorted(path.name for path in project.folder.rglob("*") if path.is_file() and "blobs" in path.parts)
    assert store.verify() == ()


def test_that_nothing_of_it_leads_back_to_the_store(studied_project: Studied) -> None:
    live = opened(studied_project("oncologist"))
    draw(live)
    seen: set[int] = set()
    waiting = deque([live])
    while waiting:
        thing = waiting.popleft()
        if id(thing) in seen or isinstance(thing, type | ModuleType):
            continue
        seen.add(id(thing))
        assert not isinstance(thing, Store | View | Ledger | Database | Principal | Project | store_module.Writing)
        if not callable(thing):
            waiting.extend(gc.get_referents(thing))
    assert len(seen) > 50


def test_that_a_card_from_print_is_never_chosen(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    own = next(card for card in project.cards() if card.kind == "radscore")
    content = {name: getattr(own, name) for name in type(own).model_fields if name != "digest"}
    printed = finished(**{**content, "usage": "paper_only", "name": "from print"})
    newer = finished(**{**content, "name": "developed again"})
    store = project._store
    store.put(project.principal, CARD, Document(printed.digest, printed.model_dump(mode="json")))
    assert opened(project).card.digest == own.digest
    store.put(project.principal, CARD, Document(newer.digest, newer.model_dump(mode="json")))
    assert opened(project).card.digest == newer.digest


def test_that_a_model_of_other_settings_is_not_tried(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    own = next(card for card in project.cards() if card.kind == "radscore")
    content = {name: getattr(own, name) for name in type(own).model_fields if name != "digest"}
    other = Extraction(params="ct_arterial_iso", params_digest=load_params("ct_arterial_iso").digest)
    newer = finished(**{**content, "extraction": other})
    project._store.put(project.principal, CARD, Document(newer.digest, newer.model_dump(mode="json")))
    with pytest.raises(EsccError, match=r"other settings than ct_arterial \("):
        opened(project)


def test_that_without_a_model_of_ones_own_there_is_nothing_to_try(
    studied_project: Studied, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = studied_project("oncologist")
    before = audit(project)
    monkeypatch.setattr(live_signature, "stored_cards", lambda _view: ())
    with pytest.raises(EsccError, match="no model with a Rad-score"):
        opened(project)
    assert audit(project) == before


def test_that_it_says_what_its_score_is_not(studied_project: Studied) -> None:
    live = opened(studied_project("oncologist"))
    assert live.is_trained
    assert live.n_lesions == 1
    # The study's values are drawn, not extracted.
    assert set(live.differing) == {term.name for term in live.card.rad_score.terms}


def test_that_the_sensitivity_is_sorted_and_scored_by_the_card(studied_project: Studied) -> None:
    project = studied_project("oncologist")
    live = opened(project)
    found = live.sensitivity(Progress())
    assert found.signed == live.signed
    spans = [response.span for response in found.responses]
    assert spans == sorted(spans, reverse=True)
    assert spans[0] > 0
    ends = next(one for one in found.responses if one.factor is Factor.ENDS)
    shorter = live.signed_mask.voxels.copy()
    box = live.signed_mask.bounding_box[0]
    shorter[[box.start, box.stop - 1]] = False
    expected = by_hand(project, live.card, Mask(shorter, live.signed_mask.geometry))
    assert ends.runs[1].score.score == pytest.approx(expected, rel=1e-12)
    assert ends.runs[1].score.volume_mm3 == pytest.approx(np.count_nonzero(shorter) * 20)


def test_that_it_stops_when_it_is_told_to_and_an_empty_contour_is_said(studied_project: Studied) -> None:
    live = opened(studied_project("oncologist"))
    with pytest.raises(Cancelled):
        live.score(live.contour.snapshot(), Progress(is_cancelled=lambda: True))
    voxels = live.contour.history.voxels
    live.contour.edit("eraser", 3, MaskEdit.between(voxels, np.zeros_like(voxels), "eraser", 3))
    with pytest.raises(EsccError, match="The contour is empty"):
        live.score(live.contour.snapshot(), Progress())
