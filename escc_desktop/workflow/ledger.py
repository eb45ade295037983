"""The prediction ledger of a project: locked, checked, judged, written as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.files import write_csv
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.clinical import ClinicalTable
from escc_desktop.prognosis.ledger import Judged, Locked, Locking, check_chain, judge, lock
from escc_desktop.prognosis.score import Assessment
from escc_desktop.store.accounts import Principal
from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Store
from escc_desktop.workflow.access import Operation, require

PREDICTION: Final = document_kind("prediction")
COLUMNS = tuple(field.name for field in fields(Locked))
_LOCKED: TypeAdapter[Locked] = TypeAdapter(Locked)


class PredictionLedger:
    """Predictions locked before their outcome, in the hands of one principal.

    Parameters
    ----------
    tell
        Called with the ids of entries that were added.
    """

    def __init__(self, store: Store, principal: Principal, tell: Callable[..., None]) -> None:
        self._store = store
        self._principal = principal
        self._tell = tell

    def lock(self, card: ModelCard, verdicts: Sequence[Assessment], clinical: ClinicalTable) -> Locking:
        """Add the verdicts of patients whose outcome nobody can know yet; each once, for good.

        Raises
        ------
        AccessDeniedError
            The role may not assess.
        EsccError
            The ledger was altered.
        """
        require(self._principal, Operation.ASSESS)
        found = lock(card, verdicts, clinical, self._entries(), self._store.clock())
        if found.entries:
            with self._store.write(self._principal, "lock predictions") as writing:
                for entry in found.entries:
                    writing.put(PREDICTION, Document(f"{entry.number:08d}", asdict(entry)))
            self._tell(*(f"{entry.number:08d}" for entry in found.entries))
        return found

    def would_lock(self, card: ModelCard, verdicts: Sequence[Assessment], clinical: ClinicalTable) -> Locking:
        """Return what `lock` would add now and whom it would leave out; nothing is written.

        Raises
        ------
        AccessDeniedError
            The role may not see assessments.
        EsccError
            The ledger was altered.
        """
        return lock(card, verdicts, clinical, self.entries(), self._store.clock())

    def entries(self) -> tuple[Locked, ...]:
        """Return all entries, oldest first, after checking their chain.

        Raises
        ------
        AccessDeniedError
            The role may not see assessments.
        EsccError
            An entry was altered, removed, revised or put in.
        """
        require(self._principal, Operation.VIEW_ASSESSMENTS)
        return self._entries()

    def judge(self, clinical: ClinicalTable) -> tuple[Judged, ...]:
        """Return how right the predictions were so far, by card."""
        return judge(self.entries(), clinical)

    def _entries(self) -> tuple[Locked, ...]:
        documents = self._store.all(PREDICTION)
        ledger = tuple(_LOCKED.validate_python(document.content) for document in documents)
        check_chain(ledger)
        for document in documents:
            if len(self._store.history(PREDICTION, document.document_id)) > 1:
                raise EsccError(f"Entry {document.document_id} of the prediction ledger was written twice.")
        return ledger


def write_ledger(ledger: Sequence[Locked], out: Path) -> None:
    """Write the ledger as a table; the sidecar notes its head, to be kept elsewhere."""
    head = ledger[-1].digest if ledger else ""
    provenance = {"program": f"escc-desktop {version()}", "entries": len(ledger), "head": head}
    write_csv(out, COLUMNS, [[getattr(entry, name) for name in COLUMNS] for entry in ledger], provenance)


def judged_document(found: Judged) -> dict[str, Any]:
    """Return a judgement ready for JSON."""
    large, c = found.in_the_large, found.c
    return {
        "card": found.card,
        "horizon_months": found.horizon_months,
        "n_locked": found.n_locked,
        "n_followed": found.n_followed,
        "n_events": found.n_events,
        "n_settled": found.n_settled,
        "in_the_large": None if large is None else asdict(large),
        "c_index": None if c is None else {"c": c.c, "lower": c.lower, "upper": c.upper},
        "groups": [asdict(group) for group in found.groups],
    }


def judged_text(document: Mapping[str, Any]) -> str:
    """Return a judgement in sentences."""
    lines = [
        (
            f"card {document['card'][:12]}: {document['n_locked']} locked, {document['n_followed']} followed since, "
            f"{document['n_events']} events by {document['horizon_months']:g} months, {document['n_settled']} settled."
        )
    ]
    large, c = document["in_the_large"], document["c_index"]
    if large is None or c is None:
        return lines[0] + " Too few events to judge."
    lines.append(
        f"  observed over expected {large['ratio']:.2f} ({large['lower']:.2f} to {large['upper']:.2f}); "
        f"C-index {c['c']:.3f} ({c['lower']:.3f} to {c['upper']:.3f})"
    )
    lines += [
        f"  {group['n']} patients: predicted {100 * group['predicted']:.0f} %, "
        f"observed {100 * group['observed']:.0f} % ({100 * group['lower']:.0f} to {100 * group['upper']:.0f})"
        for group in document["groups"]
    ]
    return "\n".join(lines)
