"""What was typed in forms and not saved: kept when another form, patient or page is shown, and in the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escc_desktop.workflow.views.records import TableEntry

if TYPE_CHECKING:
    from escc_desktop.gui.pages.records_form import FormPanel
    from escc_desktop.workflow.views.records import PatientRecord
    from escc_desktop.workflow.views.records_form import Typed


class Unsaved:
    """What was typed, by patient and table."""

    def __init__(self) -> None:
        self._typed: dict[tuple[str, str], Typed] = {}
        self._stored: dict[tuple[str, str], Typed] = {}

    def take_stored(self, record: PatientRecord) -> None:
        """Take up what was kept in the project, unless it was typed further here."""
        for table, form in record.forms.items():
            if form.typed is not None:
                self._typed.setdefault((record.patient_id, table), form.typed)
                self._stored.setdefault((record.patient_id, table), form.typed)

    def keep(self, record: PatientRecord | None, form: FormPanel) -> None:
        """Remember what is typed in the form on screen."""
        if record is None or record.why_not or form.is_second or not form.form.table:
            return
        key = (record.patient_id, form.form.table)
        if form.has_changes():
            entry = form.entries()[0]
            self._typed[key] = (entry.rows, form.reason.text(), entry.base)
        else:
            self._typed.pop(key, None)

    def of(self, patient_id: str, table: str) -> Typed | None:
        """Return what was typed in a form."""
        return self._typed.get((patient_id, table))

    def tables(self, patient_id: str) -> frozenset[str]:
        """Return the forms of a patient with something not saved."""
        return frozenset(table for code, table in self._typed if code == patient_id)

    def drop(self, patient_id: str, table: str) -> None:
        """Forget what was typed in a form."""
        self._typed.pop((patient_id, table), None)
        self._stored.pop((patient_id, table), None)

    def to_store(self) -> tuple[tuple[TableEntry, str], ...]:
        """Return what is to be kept in the project, with the reasons, and is not there yet."""
        new = {key: typed for key, typed in self._typed.items() if self._stored.get(key) != typed}
        self._stored.update(new)
        return tuple(
            (TableEntry(code, table, base, rows), reason) for (code, table), (rows, reason, base) in new.items()
        )
