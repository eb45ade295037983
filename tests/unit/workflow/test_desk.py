from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.files import canonical_json
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.reading.history import History, Step
from escc_desktop.reading.protocol import FREE, Protocol
from escc_desktop.reading.session import SessionState
from escc_desktop.store.kinds import PLAN, ROI, SESSION
from escc_desktop.workflow import desk as desk_module
from escc_desktop.workflow.desk import Reading, signed_content, verify_signature


@pytest.fixture
def study(small_study, tmp_path):
    study = small_study.build(tmp_path / "project")
    yield study
    study.store.close()


def _slice(*pixels):
    voxels = np.zeros((12, 10), dtype=bool)
    for y, x in pixels:
        voxels[y, x] = True
    return voxels


def test_that_edits_undo_and_redo_are_named_and_change_the_live_mask(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 4, _slice((1, 1), (1, 2)))
        reading.edit("eraser", 4, _slice((1, 2)))
        assert reading.history.undo_name == "Undo eraser, slice 4"
        reading.undo()
        assert reading.history.redo_name == "Redo eraser, slice 4"
        assert reading.mask().n_voxels == 2
        reading.redo()
        assert np.argwhere(reading.mask().voxels).tolist() == [[4, 1, 2]]


def test_that_a_reading_resumes_where_it_was_left_undo_included(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 2, _slice((3, 3)))
        reading.edit("polygon", 3, _slice((5, 5)))
        reading.undo()
    with study.desk("A").open("P1/L1/A/first") as again:
        assert np.argwhere(again.mask().voxels).tolist() == [[2, 3, 3]]
        assert again.history.redo_name == "Redo polygon, slice 3"
        assert again.acknowledged == 3
        again.redo()
        again.flush()
        assert again.acknowledged == 4
        assert again.is_saved


def test_that_a_signed_reading_is_final_and_equals_what_was_drawn(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 2, _slice((3, 3), (4, 3)))
        drawn = reading.mask()
        roi = reading.sign("a password for tests", "outlined by me")
        with pytest.raises(EsccError, match="signed"):
            reading.edit("brush", 2, _slice((0, 0)))
        with pytest.raises(EsccError, match="signed"):
            reading.sign("a password for tests", "again")
    stored = study.store.get(ROI, "P1/L1/A/first", study.people["statistician"])
    assert stored.mask.digest == drawn.digest == roi.mask.digest
    assert stored.tools == ("brush",)
    assert study.store.get(SESSION, "P1/L1/A/first").state is SessionState.SIGNED
    with pytest.raises(AccessDeniedError, match="already signed"):
        study.desk("A").open("P1/L1/A/first")


def test_that_a_wrong_password_signs_nothing(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 2, _slice((3, 3)))
        with pytest.raises(AccessDeniedError):
            reading.sign("another password", "outlined by me")
        reading.edit("brush", 2, _slice((3, 4)))
    assert study.store.find(ROI, "P1/L1/A/first", study.people["A"]) is None


def test_that_an_empty_mask_cannot_be_signed(study):
    with study.desk("A").open("P1/L1/A/first") as reading, pytest.raises(EsccError, match="no voxel"):
        reading.sign("a password for tests", "outlined by me")


def test_that_a_signature_is_bound_to_everything_it_signs(study):
    roi = study.sign("P1/L1/A/first")
    verify_signature(study.store, roi)
    voxels = roi.mask.voxels.copy()
    voxels[5, 5, 5] ^= True
    signature = roi.signature
    for altered in (
        replace(roi, mask=type(roi.mask)(voxels, roi.mask.geometry)),
        replace(roi, volume_digest="0" * 64),
        replace(roi, patient_id="P2"),
        replace(roi, tools=()),
        replace(roi, slice_tools=()),
        replace(roi, notes='{"tags":["stent"]}'),
        replace(roi, signature=replace(signature, meaning="seen")),
        replace(roi, signature=replace(signature, name="B")),
        replace(roi, signature=replace(signature, at=signature.at + timedelta(seconds=1))),
        replace(roi, signature=replace(signature, value="00" * 64)),
        replace(roi, signature=replace(signature, account_id=study.people["B"].account_id)),
        replace(
            roi, signature=replace(signature, content=(*signature.content[:1], ("params", "0"), *signature.content[2:]))
        ),
        replace(roi, signature=None),
    ):
        with pytest.raises(EsccError, match="sign"):
            verify_signature(study.store, altered)


def test_that_a_reading_of_an_earlier_program_verifies_and_nobody_adds_notes_to_it(study):
    roi = replace(study.sign("P1/L1/A/first"), slice_tools=(), notes="{}")
    content = {**dict(roi.signature.content), **signed_content(roi)}
    signature = replace(roi.signature, content=tuple(sorted(content.items())))
    value = study.people["A"].sign(canonical_json(signature.statement())).hex()
    old = replace(roi, signature=replace(signature, value=value))
    verify_signature(study.store, old)
    with pytest.raises(EsccError, match="sign"):
        verify_signature(study.store, replace(old, notes='{"tags":["stent"]}'))


@pytest.mark.parametrize(("days", "opens"), [(9.999, False), (10, True), (20, True), (30, True), (30.001, False)])
def test_that_the_repeat_opens_from_day_10_to_day_30_only(study, days, opens):
    patient = study.plan.repeat_patients[0]
    study.sign(f"{patient}/L1/A/first")
    study.clock.forward(timedelta(days=days))
    if opens:
        study.desk("A").open(f"{patient}/L1/A/repeat").close()
        return
    with pytest.raises(AccessDeniedError, match=r"too early|too late"):
        study.desk("A").open(f"{patient}/L1/A/repeat")


def test_that_a_reader_cannot_open_the_session_of_the_other(study):
    patient = study.plan.repeat_patients[0]
    with pytest.raises(AccessDeniedError, match="no reading"):
        study.desk("A").open(f"{patient}/L1/B/first")
    for name in ("coordinator", "statistician", "oncologist", "admin"):
        with pytest.raises(AccessDeniedError):
            study.desk(name).open(f"{patient}/L1/A/first")


def test_that_an_open_reading_offers_no_features_and_no_score(study):
    known = set(vars(desk_module)) | set(dir(Reading))
    assert not [name for name in known if "feature" in name.lower() or "score" in name.lower()]


def test_that_saving_goes_on_when_the_disk_answers_again(study, monkeypatch):
    real, full = study.store.readings.append, [True]

    def append(*arguments):
        if full[0]:
            raise EsccError("The disk of the project is full.")
        real(*arguments)

    monkeypatch.setattr(study.store.readings, "append", append)
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 2, _slice((3, 3)))
        with pytest.raises(EsccError, match="full"):
            reading.flush()
        assert not reading.is_saved
        assert reading.trouble is not None
        reading.edit("brush", 2, _slice((3, 4)))
        full[0] = False
        reading.flush()
        assert reading.is_saved
        assert reading.acknowledged == 2
        assert reading.trouble is None


def test_that_one_reading_in_two_windows_is_noticed(study):
    with study.desk("A").open("P1/L1/A/first") as one:
        two = study.desk("A").open("P1/L1/A/first")
        one.edit("brush", 2, _slice((3, 3)))
        one.flush()
        two.edit("brush", 2, _slice((4, 4)))
        with pytest.raises(EsccError, match="another window"):
            two.close()
        assert two.mask().n_voxels == 1
        two.abandon()


def test_that_leaving_the_block_says_when_something_could_not_be_saved(study, monkeypatch):
    def append(*arguments):
        raise EsccError("The disk of the project is full.")

    def read():
        with study.desk("A").open("P1/L1/A/first") as reading:
            reading.edit("brush", 2, _slice((3, 3)))

    monkeypatch.setattr(study.store.readings, "append", append)
    with pytest.raises(EsccError, match="full"):
        read()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_that_saving_that_died_is_noticed(study, monkeypatch):
    def append(*arguments):
        raise RuntimeError("a fault in the program")

    monkeypatch.setattr(study.store.readings, "append", append)
    reading = study.desk("A").open("P1/L1/A/first")
    reading.edit("brush", 2, _slice((3, 3)))
    with pytest.raises(EsccError, match="does not answer"):
        reading.flush()
    assert not reading.is_saved
    reading.abandon()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 5), st.integers(0, 2**32 - 1)),
        st.tuples(st.sampled_from(["undo", "redo"])),
    ),
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(STEPS)
def test_that_the_replayed_journal_equals_the_live_mask(small_study, tmp_path_factory, steps):
    study = small_study.build(tmp_path_factory.mktemp("journal") / "project", patients=1, repeats=0)
    with study.store, study.desk("A").open("P1/L1/A/first") as reading:
        for name, *values in steps:
            with suppress(EsccError):  # nothing to undo or redo
                if name == "edit":
                    index, seed = values
                    reading.edit("brush", index, np.random.default_rng(seed).random((12, 10)) < 0.4)
                else:
                    getattr(reading, name)()
        reading.flush()
        key = study.store.readings.start(study.people["A"], "P1/L1/A/first")
        replayed = History(np.zeros((6, 12, 10), dtype=bool))
        replayed.replay(Step.from_bytes(step) for step in study.store.readings.journal("P1/L1/A/first", key))
        assert np.array_equal(replayed.voxels, reading.history.voxels)
        assert replayed.names == reading.history.names
        assert replayed.cursor == reading.history.cursor
        reading.close()
        with study.desk("A").open("P1/L1/A/first") as resumed:
            assert np.array_equal(resumed.history.voxels, reading.history.voxels)


def test_that_the_plan_says_what_a_reading_allows_and_a_forbidden_tool_draws_nothing(study):
    rules = Protocol(frozenset({"livewire"}), (350, 40), frozenset({"1.2.2"}))
    study.store.put(study.people["coordinator"], PLAN, replace(study.plan, protocol=rules), "test")
    with study.desk("A").open("P1/L1/A/first") as reading:
        assert reading.protocol == rules
        with pytest.raises(EsccError, match="forbids the tool “livewire”"):
            reading.edit("livewire", 2, _slice((3, 3)))
        assert not reading.history.edits
        reading.edit("brush", 2, _slice((3, 3)))
        assert reading.mask().n_voxels == 1


def test_that_a_plan_of_an_earlier_program_leaves_tools_and_window_to_the_reader(study):
    content = PLAN.encode(study.plan, None)
    del content["protocol"]
    assert PLAN.decode(content, None).protocol == FREE


def test_that_a_reading_with_a_damaged_note_is_refused_in_one_sentence(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.note("limits", {"cranial": "third", "caudal": 4})
    with pytest.raises(EsccError, match="“limits” of the reading is damaged"):
        study.desk("A").open("P1/L1/A/first")


def test_that_the_tools_of_a_region_beside_the_lesion_are_not_signed_as_its_own(study):
    with study.desk("A").open("P1/L1/A/first") as reading:
        reading.edit("brush", 2, _slice((3, 3)))
        beside = np.zeros_like(reading.history.voxels)
        beside[3, 4, 4] = True
        reading.edit("livewire", 3, MaskEdit.between(reading.history.layer(1), beside, "livewire", 3, layer=1))
        roi = reading.sign("a password for tests", "outlined by me")
    assert roi.tools == ("brush",)
    assert roi.assisted_slices == ()
    verify_signature(study.store, roi)
