"""What the model page is told, from what a development stored; who may have it; what an export holds."""

from __future__ import annotations

import io
import json
from types import ModuleType
from unittest import mock

import pytest
from pypdf import PdfReader

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.figures.words import Interval, index_interval
from escc_desktop.prognosis.card import load_card
from escc_desktop.prognosis.card_parts import Extraction
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.store.kinds import CARD, FIGURE, RESULT
from escc_desktop.workflow import kept_figures
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.views import model as views
from escc_desktop.workflow.views.model import DevelopChoice, develop_models, export_development, model_view
from escc_desktop.workflow.views.model_acquisition import extraction_facts


def _view(project):
    return model_view(project, "", Progress())


def _stored(project):
    (document,) = project.view.all(RESULT)
    return document.content


def _section(view, section_id):
    return next(section for section in view.sections if section.section_id == section_id)


def test_that_sections_stand_in_the_order_of_a_paper(studied_project):
    assert [section.section_id for section in _view(studied_project("statistician")).sections] == [
        "summary", "data", "acquisition", "agreement", "selection", "score", "survival", "cox", "nomograms",
        "performance", "validity", "warnings", "provenance",
    ]  # fmt: skip


def test_that_it_is_told_how_the_images_were_made_and_how_many_features_follow_that(studied_project):
    project = studied_project("statistician")
    told = _stored(project)["acquisition"]
    fields, *signature = _section(_view(project), "acquisition").tables
    rows = {row[0]: row for row in fields.rows}
    for field, row in zip(told["fields"], fields.rows, strict=True):
        assert row[2] == str(field["n"])
        assert (row[3] == "not known") == (field["n"] == 0)
        assert (row[3].endswith("of 1,874")) == (field["n_associated"] is not None)
    assert rows["Kernel"][1:] == ("B30f (30)", "30", "the same in all")
    assert not signature or len(signature[0].rows) == len({one["name"] for one in told["signature"]})


def test_that_apparent_corrected_nested_and_noise_figures_stand_in_one_row_of_each_model(studied_project):
    project = studied_project("statistician")
    stored, view = _stored(project), _view(project)
    (table,) = _section(view, "performance").tables
    assert [row[0] for row in table.rows[::2]] == ["Rad-score", "Clinical", "Radiomics", "Combined"]
    for kind, row in zip(("radscore", "clinical", "radiomics", "combined"), table.rows[::2], strict=True):
        figure = stored["models"][kind]["c_index"]
        apparent = Interval(figure["apparent"], figure["apparent_lower"], figure["apparent_upper"])
        nested = Interval(figure["cross_validated"], figure["nested_lower"], figure["nested_upper"])
        assert row[2] == index_interval(nested)
        assert row[3].startswith("unknown" if figure["corrected"] is None else f"{figure['corrected']:.3f}")
        assert row[5] == index_interval(apparent)
        assert row[6] == f"{figure['noise'][0]:.3f} to {figure['noise'][2]:.3f}"
        assert row[7] == ("above" if figure["apparent"] > figure["noise"][2] else "within")


def test_that_the_headline_and_the_first_section_are_of_patients_the_models_had_not_seen(studied_project):
    project = studied_project("statistician")
    stored, view = _stored(project), _view(project)
    figure = stored["models"]["combined"]["c_index"]
    assert f"{figure['cross_validated']:.3f}" in view.headline
    assert f"{figure['apparent']:.3f}" not in view.headline
    facts = dict(_section(view, "summary").facts)
    assert facts["What was found"].split("\n") == stored["appraisal"]["found"]
    assert facts["What would change it"].split("\n") == stored["appraisal"]["what_would_change_it"]


def test_that_calibration_events_and_readings_are_told_of_each_model(studied_project):
    project = studied_project("statistician")
    stored, tables = _stored(project), _section(_view(project), "validity").tables
    kinds = {"Rad-score": "radscore", "Clinical": "clinical", "Radiomics": "radiomics", "Combined": "combined"}
    assert [row[0] for row in tables[0].rows] == list(kinds)
    for row, events in zip(tables[0].rows, tables[1].rows, strict=True):
        slope = stored["validity"]["calibration"][kinds[row[0]]]["slope"]
        assert row[4].startswith("not" if slope is None else f"{slope:.2f}")
        assert events[1] == str(stored["validity"]["events"][kinds[row[0]]]["n_events"])


def test_that_the_extraction_settings_are_named_where_they_are_known():
    known = Extraction(params="ct_arterial", params_digest="a" * 64, engines=("ESCC 1",))
    assert dict(extraction_facts(known))["Extraction settings"] == "ct_arterial"
    assert dict(extraction_facts(None)) == {"Extraction settings": "not known"}


def test_that_every_warning_of_the_development_is_told(studied_project):
    project = studied_project("statistician")
    view = _view(project)
    assert _section(view, "warnings").cautions == tuple(_stored(project)["warnings"])
    assert view.n_warnings == len(_stored(project)["warnings"]) > 0


def test_that_the_cut_off_comes_with_its_interval_and_corrected_p(studied_project):
    project = studied_project("statistician")
    cut, facts = _stored(project)["cutoff"], dict(_section(_view(project), "score").facts)
    assert facts["Cut-off"] == f"{cut['value']:.3f}"
    assert facts["95 % of the cut-offs of resamples"] == f"{cut['resample_lower']:.3f} to {cut['resample_upper']:.3f}"
    assert facts["P corrected for the search"] != facts["P as if the cut had been given"]


def test_that_the_oncologist_reads_models_and_figures_but_cannot_develop_or_export(studied_project, tmp_path):
    project = studied_project("oncologist")
    view = _view(project)
    assert {figure.name for figure in view.figures} == {
        "icc_distribution", "km_apparent", "km_out_of_fold", "nomogram_combined",
    }  # fmt: skip
    with pytest.raises(AccessDeniedError):
        develop_models(project, DevelopChoice(), Progress())
    with pytest.raises(AccessDeniedError):
        export_development(project, view.shown.development, tmp_path / "out", Progress())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["A", "B", "coordinator", "admin"])
def test_that_others_do_not_see_models_or_their_figures(studied_project, name):
    project = studied_project(name)
    with pytest.raises(AccessDeniedError):
        _view(project)
    for kind in (RESULT, FIGURE):
        with pytest.raises(AccessDeniedError):
            project.view.all(kind)


def test_that_a_project_without_models_has_nothing_to_show(small_study: ModuleType, tmp_path):
    study = small_study.build(tmp_path / "project")
    view = _view(Project(study.store, study.people["statistician"]))
    study.store.close()
    assert view.shown is None
    assert view.developments == view.sections == view.figures == ()


def test_that_kept_figures_are_whole_files_of_a_printed_size(studied_project):
    for figure in _view(studied_project("statistician")).figures:
        assert figure.svg.startswith(b"<?xml")
        assert figure.svg.rstrip().endswith(b"</svg>")
        assert figure.png.startswith(b"\x89PNG")
        page = PdfReader(io.BytesIO(figure.pdf)).pages[0].mediabox
        printed = [float(points) / 72 * 25.4 for points in (page.width, page.height)]
        assert printed == pytest.approx([figure.width_mm, figure.height_mm], abs=0.1)
        pixels = int.from_bytes(figure.png[16:20], "big")
        assert pixels == pytest.approx(figure.width_mm / 25.4 * 300, abs=1)


def test_that_an_export_holds_cards_results_and_figures_as_stored(studied_project, tmp_path):
    project = studied_project("statistician")
    view = _view(project)
    out = export_development(project, view.shown.development, tmp_path / "out", Progress())
    assert load_card(out / "card_combined.json").digest == view.shown.development
    assert json.loads((out / "results.json").read_text()) == json.loads(json.dumps(_stored(project)))
    for figure in view.figures:
        for suffix in (".svg", ".png", ".pdf"):
            assert (out / "figures" / f"{figure.name}{suffix}").read_bytes() == figure.files[suffix]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    with pytest.raises(EsccError, match="holds other work"):
        export_development(project, view.shown.development, tmp_path / "other", Progress())


def test_that_cancelling_at_any_moment_keeps_nothing_of_a_development(studied_project, studied_module):
    project = studied_project("statistician")
    before = {kind.name: project.view.changed_at(kind) for kind in (CARD, RESULT, FIGURE)}
    quick = studied_module.CONFIG.model_copy(update={"fold_draws": 0, "resamples": 1, "noise_repeats": 1})
    for last in (0.4, 0.85):
        seen: list[float] = []
        progress = Progress(
            lambda fraction, _note, seen=seen: seen.append(fraction),
            lambda seen=seen, last=last: bool(seen) and seen[-1] >= last,
        )
        with (
            mock.patch.object(views, "config_of", return_value=quick),
            mock.patch.object(kept_figures, "figure_groups", studied_module._some_figures),
            pytest.raises(Cancelled),
        ):
            develop_models(project, DevelopChoice(seed=7), progress)
    assert {kind.name: project.view.changed_at(kind) for kind in (CARD, RESULT, FIGURE)} == before
