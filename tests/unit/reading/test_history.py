from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import MaskEdit
from escc_desktop.reading.history import History, Note, Step, StepKind

SHAPE = (3, 4, 5)


def _edit(history, seed, label="brush", slice_index=1):
    after = np.random.default_rng(seed).random(SHAPE) < 0.5
    return MaskEdit.between(history.voxels, after, label, slice_index)


@given(st.lists(st.one_of(st.integers(0, 2**32), st.sampled_from(["undo", "redo"])), max_size=30))
def test_that_undo_and_redo_walk_through_the_states_there_were(actions):
    history = History(np.zeros(SHAPE, dtype=bool))
    states, cursor = [history.voxels.copy()], 0
    for action in actions:
        if action == "undo":
            if cursor == 0:
                with pytest.raises(EsccError, match="nothing to undo"):
                    history.undo()
                continue
            history.undo()
            cursor -= 1
        elif action == "redo":
            if cursor == len(states) - 1:
                with pytest.raises(EsccError, match="nothing to redo"):
                    history.redo()
                continue
            history.redo()
            cursor += 1
        else:
            history.do(_edit(history, action))
            states[cursor + 1 :] = [history.voxels.copy()]
            cursor += 1
        assert np.array_equal(history.voxels, states[cursor])
        assert history.cursor == cursor
        assert len(history.names) == len(states) - 1


def test_that_steps_are_named_with_their_slice():
    history = History(np.zeros(SHAPE, dtype=bool))
    assert history.undo_name is None
    assert history.redo_name is None
    history.do(_edit(history, 1, "brush", 2))
    history.do(_edit(history, 2, "livewire", 0))
    assert history.undo_name == "Undo livewire, slice 0"
    history.undo()
    assert history.undo_name == "Undo brush, slice 2"
    assert history.redo_name == "Redo livewire, slice 0"
    assert history.names == ("brush, slice 2", "livewire, slice 0")


def test_that_a_journalled_step_comes_back_as_it_was():
    history = History(np.zeros(SHAPE, dtype=bool))
    for step in (Step(StepKind.EDIT, _edit(history, 1)), Step(StepKind.UNDO), Step(StepKind.REDO)):
        assert Step.from_bytes(step.to_bytes()) == step


def test_that_an_undo_carries_no_edit_and_an_edit_one():
    history = History(np.zeros(SHAPE, dtype=bool))
    with pytest.raises(ValueError, match="carries"):
        Step(StepKind.UNDO, _edit(history, 1))
    with pytest.raises(ValueError, match="carries"):
        Step(StepKind.EDIT)


@pytest.mark.parametrize("data", [b"", b"\x09", b"\x01", b"\x01MED1garbage", b"\x01MED2garbage", b"\x04{", b"\x04[1]"])
def test_that_a_damaged_step_is_refused(data):
    with pytest.raises(EsccError):
        Step.from_bytes(data)


@pytest.mark.parametrize("note", [b"4", b"null", b'["limits",NaN]', b'["limits",' + b"[" * 5000 + b"]" * 5000 + b"]"])
def test_that_a_note_that_is_no_pair_of_plain_values_is_refused(note):
    with pytest.raises(EsccError):
        Step.from_bytes(b"\x04" + note)


@given(st.binary(max_size=200))
def test_that_any_bytes_are_a_step_or_refused(data):
    try:
        step = Step.from_bytes(data)
    except EsccError:
        return
    assert isinstance(step.kind, StepKind)


def test_that_layers_are_undone_in_one_order_and_each_in_its_own_voxels() -> None:
    history = History(np.zeros(SHAPE, dtype=bool))
    lesion, beside = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    lesion[1, 1:3, 1:3] = beside[2, 0, :] = True
    history.do(MaskEdit.between(history.layer(0), lesion, "brush", 1))
    history.do(MaskEdit.between(history.layer(3), beside, "livewire", 2, layer=3))
    assert np.array_equal(history.voxels, lesion)
    assert np.array_equal(history.layer(3), beside)
    assert history.tools_by_slice(0) == {1: ("brush",)}
    assert history.tools_by_slice(3) == {2: ("livewire",)}
    assert history.undo().layer == 3
    assert not history.layer(3).any()
    assert np.array_equal(history.voxels, lesion)


def test_that_notes_are_journalled_and_the_last_of_a_name_holds() -> None:
    history = History(np.zeros(SHAPE, dtype=bool))
    steps = [Step(StepKind.NOTE, note=Note("tags", value)) for value in (["stent"], ["气体"], None, ["fluid"])]
    history.replay(Step.from_bytes(step.to_bytes()) for step in steps)
    assert history.notes == {"tags": ["fluid"]}
    history.take(Step(StepKind.NOTE, note=Note("tags", None)))
    assert history.notes == {}
