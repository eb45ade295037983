from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.features.table import FeatureVector, RoiKey
from escc_desktop.reading.protocol import Protocol
from escc_desktop.store import kinds
from escc_desktop.store.records import Document, document_kind
from escc_desktop.workflow.access import POLICY, Operation, Principal, Role, View, is_allowed, require

O = Operation  # noqa: E741
NOW = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)
# Written by hand from the protocol, not from the policy: who may do what.
EXPECTED = {
    O.READ: {Role.READER},
    O.MANAGE_ACCOUNTS: {Role.ADMINISTRATOR},
    O.VIEW_AUDIT: {Role.ADMINISTRATOR},
    O.MARK_LESIONS: {Role.COORDINATOR},
    O.PLAN_READINGS: {Role.COORDINATOR},
    O.VIEW_PLAN: {Role.COORDINATOR, Role.STATISTICIAN},
    O.DEVELOP: {Role.STATISTICIAN},
    O.VIEW_FEATURES: {Role.STATISTICIAN},
    O.VIEW_MAPS: {Role.ONCOLOGIST},
    O.TRY_CONTOURS: {Role.ONCOLOGIST},
    O.VIEW_OUTCOME: {Role.COORDINATOR, Role.STATISTICIAN, Role.ONCOLOGIST},
    O.VIEW_ROIS: {Role.READER, Role.STATISTICIAN, Role.ONCOLOGIST},
    O.VIEW_ASSESSMENTS: {Role.STATISTICIAN, Role.ONCOLOGIST},
}


@pytest.mark.parametrize(("operation", "role"), [*itertools.product(EXPECTED, Role)])
def test_that_each_role_may_do_what_the_protocol_says(operation, role):
    principal = Principal("1", "somebody", role)
    assert is_allowed(role, operation) is (role in EXPECTED[operation])
    if role in EXPECTED[operation]:
        require(principal, operation)
    else:
        with pytest.raises(AccessDeniedError, match=str(operation)):
            require(principal, operation)


def test_that_readers_see_neither_outcome_nor_features_nor_models_nor_scores():
    granted = POLICY[Role.READER]
    assert granted == {O.VIEW_IMAGES, O.VIEW_LESIONS, O.VIEW_SESSIONS, O.READ, O.VIEW_ROIS}


def test_that_administrators_see_nothing_clinical():
    assert POLICY[Role.ADMINISTRATOR] == {O.MANAGE_ACCOUNTS, O.VIEW_AUDIT, O.BACK_UP, O.CHANGE_SETTINGS}


@pytest.fixture
def study(small_study, tmp_path):
    study = small_study.build(tmp_path / "project")
    yield study
    study.store.close()


def test_that_a_kind_nobody_was_given_is_denied_to_all(study):
    kind = document_kind("diary")
    study.store.put(study.people["admin"], kind, Document("1", {}))
    for principal in study.people.values():
        with pytest.raises(AccessDeniedError):
            View(study.store, principal).all(kind)


def test_that_outcome_is_denied_to_readers_whatever_they_ask(study):
    for kind in (kinds.TRIAL_RECORD, kinds.CARD, kinds.ASSESSMENT, kinds.RESULT, kinds.PLAN, kinds.FEATURES):
        for name in ("A", "B"):
            with pytest.raises(AccessDeniedError):
                View(study.store, study.people[name]).all(kind)
            with pytest.raises(AccessDeniedError):
                View(study.store, study.people[name]).get(kind, "P1")


def test_that_the_repeat_shows_up_only_after_the_first_reading_is_signed(study):
    patient = study.plan.repeat_patients[0]
    view = View(study.store, study.people["A"])
    assert {session.occasion for session in view.sessions()} == {"first"}
    study.sign(f"{patient}/L1/A/first")
    assert f"{patient}/L1/A/repeat" in {session.session_id for session in view.sessions()}


def test_that_a_reader_sees_the_images_and_lesions_of_his_own_sessions_only(study):
    store, coordinator = study.store, study.people["coordinator"]
    store.put(coordinator, kinds.SERIES, Document("1.2.follow-up", {"volume": "0" * 64}))
    everything = {kind.name: set(store.session_ids(kind)) for kind in (kinds.SERIES, kinds.VOLUME, kinds.LESION)}
    for name, patients in (("A", {"P1", "P2", "P3"}), ("B", set(study.plan.repeat_patients))):
        view = View(store, study.people[name])
        assert {document.document_id for document in view.all(kinds.SERIES)} == {f"1.2.{p[1:]}" for p in patients}
        assert {lesion.patient_id for lesion in view.all(kinds.LESION)} == patients
        assert len(view.all(kinds.VOLUME)) == len(patients)
        for kind in (kinds.SERIES, kinds.LESION, kinds.VOLUME):
            hidden = everything[kind.name] - {kind.identify(thing) for thing in view.all(kind)}
            for record_id in hidden:
                with pytest.raises(AccessDeniedError):
                    view.get(kind, record_id)
    assert "1.2.follow-up" in {
        document.document_id for document in View(store, study.people["oncologist"]).all(kinds.SERIES)
    }


def test_that_a_readers_first_reading_is_hidden_until_the_repeat_is_signed(study):
    patient = study.plan.repeat_patients[0]
    view = View(study.store, study.people["A"])
    first, repeat = f"{patient}/L1/A/first", f"{patient}/L1/A/repeat"
    study.sign(first)
    with pytest.raises(AccessDeniedError):
        view.get(kinds.ROI, first)
    study.clock.forward(timedelta(days=12))
    study.sign(repeat, seed=1)
    assert {roi.session_id for roi in view.all(kinds.ROI)} == {first, repeat}


def test_that_what_is_hidden_answers_like_what_does_not_exist(study):
    patient = study.plan.repeat_patients[0]
    view = View(study.store, study.people["A"])

    def answer(session_id):
        with pytest.raises(AccessDeniedError) as caught:
            view.get(kinds.ROI, session_id)
        return str(caught.value).replace(session_id, "?")

    before = answer(f"{patient}/L1/B/first")
    study.sign(f"{patient}/L1/B/first")
    assert answer(f"{patient}/L1/B/first") == before == answer("P9/L1/B/first")


def test_that_an_unsigned_reading_is_open_to_its_reader_alone(study):
    session_id = "P1/L1/A/first"
    with study.desk("A").open(session_id) as reading:
        reading.edit("brush", 1, np.ones((12, 10), dtype=bool))
    for name in ("B", "statistician", "coordinator", "oncologist", "admin"):
        with pytest.raises(AccessDeniedError):
            study.store.readings.key(study.people[name], session_id)


def test_that_features_of_a_signed_reading_reach_the_statistician_exactly(study):
    study.sign("P1/L1/A/first")
    values = np.random.default_rng(3).normal(size=5)
    vector = FeatureVector(values, tuple(f"original_firstorder_{name}" for name in "abcde"), {"engine": "x"})
    features = kinds.RoiFeatures("P1/L1/A/first", RoiKey("P1", "L1", "primary", "A", "first"), vector)
    study.store.put(study.people["coordinator"], kinds.FEATURES, features)
    (found,) = View(study.store, study.people["statistician"]).all(kinds.FEATURES)
    assert found.key == features.key
    assert found.vector.names == vector.names
    assert np.array_equal(found.vector.values, values)
    with pytest.raises(AccessDeniedError):
        View(study.store, study.people["coordinator"]).all(kinds.FEATURES)


def test_that_readers_see_each_other_only_once_the_last_planned_reading_is_signed(study):
    views = {name: View(study.store, study.people[name]) for name in ("A", "B")}
    *others, last = sorted(study.plan.sessions, key=lambda session: session.occasion == "repeat")
    for number, session in enumerate(others):
        if session.occasion == "repeat":
            study.clock.now = max(study.clock.now, NOW + timedelta(days=12))
        study.sign(session.session_id, seed=number)
        for name, view in views.items():
            assert not view.are_readings_over()
            assert {one.reader for one in view.readable()} <= {name}
    study.clock.now = max(study.clock.now, NOW + timedelta(days=12))
    study.sign(last.session_id)
    for name, view in views.items():
        assert {roi.session_id for roi in view.all(kinds.ROI)} == {one.session_id for one in study.plan.sessions}
        assert {session.reader for session in view.sessions()} == {name}, "his list stays his own"


def test_that_a_reader_sees_a_series_beside_his_own_only_if_the_plan_lists_it(study):
    store, coordinator = study.store, study.people["coordinator"]
    volume = store.get(kinds.VOLUME, store.get(kinds.SERIES, "1.2.1").content["volume"])
    for patient, uid in (("P1", "1.2.venous"), ("P1", "1.2.later"), ("P9", "1.2.foreign")):
        store.put(coordinator, kinds.SERIES, Document(uid, {"volume": volume.digest, "patient_id": patient}))
    view = View(store, study.people["A"])
    assert view.find(kinds.SERIES, "1.2.venous") is None
    listed = frozenset({"1.2.venous", "1.2.foreign"})
    store.put(coordinator, kinds.PLAN, replace(study.plan, protocol=Protocol(series=listed)), "test")
    assert view.find(kinds.SERIES, "1.2.venous") is not None
    for hidden in ("1.2.later", "1.2.foreign"):
        assert view.find(kinds.SERIES, hidden) is None
        with pytest.raises(AccessDeniedError):
            view.get(kinds.SERIES, hidden)


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("sign"), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.integers(1, 15)),
        st.tuples(st.just("touch"), st.integers(0, 20)),
    ),
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=20)
@given(OPERATIONS)
def test_that_no_sequence_of_operations_shows_one_reader_the_other(small_study, tmp_path_factory, operations):
    study = small_study.build(tmp_path_factory.mktemp("blinding") / "project", patients=2, repeats=2)
    with study.store:
        sessions = [session.session_id for session in study.plan.sessions]
        for name, number in operations:
            with suppress(EsccError):  # too early, too late, signed already
                if name == "wait":
                    study.clock.forward(timedelta(days=number))
                elif name == "sign":
                    study.sign(sessions[number % len(sessions)], seed=number)
                else:
                    session_id = sessions[number % len(sessions)]
                    with study.desk(session_id.split("/")[2]).open(session_id) as reading:
                        reading.edit("brush", 0, np.ones((12, 10), dtype=bool))
            for own, other in (("A", "B"), ("B", "A")):
                _assert_blind(study, own, other)


def _assert_blind(study, own, other):
    view = View(study.store, study.people[own])
    assert all(session.reader == own for session in view.sessions())
    if all(session.is_signed for session in study.store.all(kinds.SESSION)):
        assert {roi.reader for roi in view.all(kinds.ROI)} == {own, other}
        return
    assert all(session.reader == own for session in view.all(kinds.SESSION))
    rois = view.all(kinds.ROI)
    assert all(roi.reader == own for roi in rois)
    signed = {session.session_id for session in study.store.all(kinds.SESSION) if session.is_signed}
    to_repeat = {
        session.session_id.replace("/repeat", "/first")
        for session in study.plan.sessions
        if session.occasion == "repeat" and session.session_id not in signed
    }
    assert not {roi.session_id for roi in rois} & to_repeat
    for session in study.plan.sessions:
        if session.reader == other:
            with pytest.raises(EsccError):
                study.store.readings.key(study.people[own], session.session_id)
