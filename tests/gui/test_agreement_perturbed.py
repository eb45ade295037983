"""What perturbed single readings say on the agreement page."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt

from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import load_params
from escc_desktop.store.kinds import FEATURES, PERTURBED, ROI, PerturbedFeatures
from escc_desktop.workflow.perturbation import Perturbations, RobustnessPlan
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.stored import roi_key

LEFT = Qt.MouseButton.LeftButton
PLAN = RobustnessPlan(n=6)


def keep_perturbations(project: Project) -> None:
    """Put drawn perturbations beside the features of reader A's first readings: every third feature is unsteady."""
    params = load_params("ct_arterial")
    recipe = PLAN.recipe(params)
    rng = np.random.default_rng(8)
    noise = np.where(np.arange(len(FEATURE_NAMES)) % 3 == 0, 20.0, 1.0)
    noise[5] = 0.0
    with project._store.write(project.principal, "perturb") as writing:
        for item in project.view.all(FEATURES):
            if (item.key.reader, item.key.occasion) != ("A", "first"):
                continue
            roi = project.view.get(ROI, item.session_id)
            values = item.vector.values + rng.normal(size=(PLAN.n, len(FEATURE_NAMES))) * noise
            values[:, 5] = 7.0
            provenance = {
                **PLAN.document(recipe),
                "params_digest": params.digest,
                "engine": "drawn",
                "volume_digest": roi.volume_digest,
                "mask_digest": roi.mask.digest,
            }
            kept = PerturbedFeatures(item.session_id, roi_key(roi), FEATURE_NAMES, values, provenance)
            writing.put(PERTURBED, kept)


@pytest.fixture
def page(show_as, studied_project, qtbot):
    project = studied_project("statistician")
    keep_perturbations(project)
    found = show_as(project, "agreement").current_page
    qtbot.waitUntil(lambda: found.view is not None and found.wall.isVisible(), timeout=20_000)
    return found


def test_that_the_perturbation_icc_stands_beside_that_of_the_readers_and_says_what_it_is(page, qtbot):
    qtbot.mouseClick(page.wall, LEFT, pos=page.wall.cell(700).center().toPoint())
    words = page.feature_card.single.text()
    assert words.startswith("Perturbation, single reading, no second reader: ICC(1,1)")
    assert f"{page.view.perturbed.icc[700]:.3f}" in words
    assert "30 lesions, each 6 times NTVC" in words
    assert f"ICC {page.view.compared[0].icc[700]:.3f}" in page.feature_card.facts.text()
    assert page.feature_card.single.isVisible()


def test_that_the_wall_shows_the_perturbations_and_the_way_back(page, qtbot):
    found = page.view.perturbed
    n = int(found.passed.sum())
    assert f"{n:,} of 1,874 reach 0.9" in page.perturbed_switch.text()
    qtbot.mouseClick(page.perturbed_switch, LEFT)
    assert page.stable.text() == f"{n:,} of 1,874 reach 0.9"
    assert "not what a second reader would" in page.stable_words.text()
    assert f"ICC {found.icc[20]:.3f}" in page.wall.words(20)
    assert not page.pairs_card.isVisible()
    qtbot.mouseClick(page.wall, LEFT, pos=page.wall.cell(20).center().toPoint())
    assert len(page.feature_card.scatter.content.points) == 180
    assert page.feature_card.facts.text().startswith("Perturbation, single reading, no second reader")
    qtbot.mouseClick(page.switches["inter"], LEFT)
    assert page.stable.text() == f"{page.view.n_stable:,} of 1,874 stable"
    assert page.pairs_card.isVisible()
    assert page.feature_card.detail.name == f"A_{FEATURE_NAMES[20]}"


def test_that_a_constant_feature_has_no_perturbation_icc(page, qtbot):
    qtbot.mouseClick(page.perturbed_switch, LEFT)
    qtbot.mouseClick(page.wall, LEFT, pos=page.wall.cell(5).center().toPoint())
    assert "constant, so there is nothing to measure" in page.feature_card.facts.text()
    assert page.feature_card.differences.content is None


def test_that_without_perturbations_the_switch_says_so_and_the_button_beside_it_starts_them(
    show_as, studied_project, qtbot, monkeypatch
):
    page = show_as(studied_project("statistician"), "agreement").current_page
    qtbot.waitUntil(lambda: page.view is not None and page.wall.isVisible(), timeout=20_000)
    assert "not computed yet" in page.perturbed_switch.text()
    assert not page.perturbed_switch.isEnabled()
    assert page.view.n_unperturbed == 30
    actions = {action.action_id: action for action in page.actions_now()}
    assert actions["agreement.perturbed"].why_not() == "Single readings were not perturbed yet."
    assert actions["agreement.perturb"].why_not() == ""

    go_on = Event()

    def perturb(project, progress):
        progress.advance(1, 2, "half")
        assert go_on.wait(20)
        keep_perturbations(project)
        return Perturbations((), (), 0)

    monkeypatch.setattr("escc_desktop.gui.pages.agreement.perturb_readings", perturb)
    qtbot.mouseClick(page.perturb_button, LEFT)
    assert "being computed" in page.perturbed_switch.text()
    assert page.wall.isVisible(), "the readers' agreement can be looked at meanwhile"
    assert not page.perturb_button.isVisible()
    go_on.set()
    qtbot.waitUntil(lambda: page._working is None and page.view.perturbed is not None, timeout=20_000)
    qtbot.waitUntil(page.perturbed_switch.isEnabled, timeout=20_000)
    assert page.view.n_unperturbed == 0
    assert not page.perturb_button.isVisible()
    assert "was perturbed" in page._why_not_perturb()


def test_that_perturbations_stopped_half_way_say_of_how_many_lesions_they_are(page):
    page._show(type(page.view)(**{**vars(page.view), "n_unperturbed": 24}))
    assert "30 of 54 lesions, 6 times each" in page.perturbed_switch.text()
    assert page.perturb_button.isVisible()


def test_that_a_study_with_one_reading_a_lesion_has_the_perturbations_alone(show_as, studied_project, qtbot):
    project = studied_project("statistician")
    keep_perturbations(project)
    page = show_as(project, "agreement").current_page
    qtbot.waitUntil(lambda: page.view is not None and page.wall.isVisible(), timeout=20_000)
    alone = type(page.view)(**{**vars(page.view), "compared": (), "n_stable": 0, "pairs": ()})
    page._show(alone)
    assert page.shows_perturbed
    assert page.perturbed_switch.isChecked()
    assert not page.switches["intra"].isEnabled()
    assert "reach 0.9" in page.stable.text()
