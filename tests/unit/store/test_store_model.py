from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from escc_desktop.errors import EsccError
from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Store

KINDS = [document_kind("one"), document_kind("two")]
IDS = st.sampled_from(["a", "b", "食管/1", "a b"])
CONTENT = st.dictionaries(st.text(max_size=3), st.integers() | st.floats(allow_nan=False, allow_infinity=False))


class StoreMachine(RuleBasedStateMachine):
    """A store beside a dictionary: whatever is done, both hold the same."""

    study, folders = None, None

    def __init__(self):
        super().__init__()
        self.clock = self.study.Clock()
        folder = self.folders.mktemp("model") / "project"
        self.store, self.admin = self.study.empty_project(folder, self.clock)
        self.model = {}
        self.audit_rows = len(self.store.ledger.rows())

    @rule(kind=st.sampled_from(KINDS), record_id=IDS, content=CONTENT)
    def put(self, kind, record_id, content):
        self.store.put(self.admin, kind, Document(record_id, content))
        self.model.setdefault((kind.name, record_id), []).append(content)
        self.audit_rows += 1

    @rule(kind=st.sampled_from(KINDS), things=st.lists(st.tuples(IDS, CONTENT), max_size=4), after=st.integers(0, 2))
    def put_many(self, kind, things, after):
        """All or none: the last one is refused where it was derived from another revision."""
        expected = {key: list(values) for key, values in self.model.items()}
        for record_id, content in [*things, ("a", {"last": 1})]:
            expected.setdefault((kind.name, record_id), []).append(content)
        is_current = len(expected[kind.name, "a"]) - 1 == after
        with suppress(EsccError):
            with self.store.write(self.admin, "many") as writing:
                for record_id, content in things:
                    writing.put(kind, Document(record_id, content))
                writing.put(kind, Document("a", {"last": 1}), after=after)
            assert is_current
            self.model = expected
            self.audit_rows += 1
            return
        assert not is_current

    @rule()
    def reopen(self):
        self.store.close()
        self.store = Store.open(self.store.folder, self.study.PASSPHRASE, clock=self.clock)

    @invariant()
    def holds_what_was_put(self):
        for kind in KINDS:
            latest = {record_id: values[-1] for (name, record_id), values in self.model.items() if name == kind.name}
            assert {document.document_id: document.content for document in self.store.all(kind)} == latest
            assert set(self.store.session_ids(kind)) == set(latest)
            for record_id in latest:
                history = self.store.history(kind, record_id)
                assert [revision.thing.content for revision in history] == self.model[kind.name, record_id]

    @invariant()
    def has_an_unbroken_trail(self):
        assert self.store.ledger.verify().seq == self.audit_rows

    def teardown(self):
        self.store.close()


@pytest.mark.slow
def test_that_a_store_holds_what_a_dictionary_would(small_study, tmp_path_factory):
    machine = type("Machine", (StoreMachine,), {"study": small_study, "folders": tmp_path_factory})
    run_state_machine_as_test(machine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))
