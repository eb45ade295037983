"""A development the project keeps, written up as one that stands in a folder."""

from __future__ import annotations

import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.prognosis.config import load_config
from escc_desktop.progress import Progress
from escc_desktop.store.kinds import CONFIGURATION
from escc_desktop.workflow.kept_development import development_of, kept_development
from escc_desktop.workflow.manuscript import project_manuscript, write_manuscript
from escc_desktop.workflow.model_report import cohort_record
from escc_desktop.workflow.study_files import chosen_card
from escc_desktop.workflow.views.model import export_development


def _kept(project):
    card = chosen_card(project)
    return card, kept_development(project.view, development_of(project.view, card))


def test_that_the_choices_kept_are_those_of_the_run_with_the_folds_that_were_drawn(studied_project, studied_module):
    _, kept = _kept(studied_project("statistician"))
    folds = {one.patient_id: one.fold for one in kept.results.patients}
    assert kept.config.fold_of == folds
    assert kept.config.model_copy(update={"fold_of": {}}).digest == kept.results.config_digest
    assert kept.config.seed == studied_module.CONFIG.seed


def test_that_a_printed_development_carries_methods_and_both_checklists(studied_project):
    card, kept = _kept(studied_project("oncologist"))
    titles = [section.title for section in cohort_record(kept.results, card, kept.config, {}).closing]
    assert titles == ["Methods in words", "Checklist TRIPOD+AI", "Checklist CLEAR"]
    assert cohort_record(kept.results, card, None, {}).closing == ()


def test_that_a_manuscript_is_the_same_from_the_project_and_from_its_export(studied_project, tmp_path):
    project = studied_project("statistician")
    card = chosen_card(project)
    exported = export_development(project, card.digest, tmp_path / "models", Progress())
    assert load_config(exported / "config.toml").fold_of
    write_manuscript(exported, tmp_path / "from_folder")
    project_manuscript(project, card, tmp_path / "from_project")
    written = sorted(path.relative_to(tmp_path / "from_folder") for path in (tmp_path / "from_folder").rglob("*"))
    assert {path.name for path in written} >= {"manuscript.docx", "methods.txt", "figures.R", "checklist_clear.csv"}
    for path in written:
        if path.suffix:
            assert (tmp_path / "from_folder" / path).read_bytes() == (tmp_path / "from_project" / path).read_bytes()


def test_that_only_who_may_export_gets_a_manuscript(studied_project, tmp_path):
    project = studied_project("oncologist")
    with pytest.raises(AccessDeniedError):
        project_manuscript(project, chosen_card(project), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["A", "B", "coordinator", "admin"])
def test_that_others_do_not_see_the_choices(studied_project, name):
    with pytest.raises(AccessDeniedError):
        studied_project(name).view.all(CONFIGURATION)


def test_that_a_development_the_project_does_not_keep_is_refused(studied_project):
    project = studied_project("statistician")
    card = chosen_card(project)
    with pytest.raises(EsccError, match="no such development"):
        kept_development(project.view, "0" * 64)
    with pytest.raises(EsccError, match="no development of this card"):
        development_of(project.view, card.model_copy(update={"digest": "0" * 64}))
