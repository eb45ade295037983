"""The command `escc project ledger`: predictions locked before their outcome, and how right they were."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User
from escc_desktop.workflow.ledger import judged_document, judged_text, write_ledger
from escc_desktop.workflow.study_files import DEFAULT_CARD, check_file, chosen_card


def project_ledger(
    folder: Folder,
    user: User,
    lock: Annotated[bool, typer.Option("--lock", help="Lock the kept assessments whose outcome is not known.")] = False,
    card: Annotated[str, typer.Option("--card", help="Kind of card, or the beginning of its digest.")] = DEFAULT_CARD,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write, one row an entry.")] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Check the prediction ledger and judge it by what is known now; with --lock add to it first, for good."""
    if out is not None:
        check_file(out, ".csv")
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        ledger, clinical = project.ledger(), project.clinical()
        model = chosen_card(project, card) if lock else None
        locking = None if model is None else ledger.lock(model, project.assessments(model), clinical)
        entries = ledger.entries()
        judged = [judged_document(found) for found in ledger.judge(clinical)]
    if out is not None:
        write_ledger(entries, out)
    document = {
        "out": None if out is None else str(out),
        "n_entries": len(entries),
        "head": entries[-1].digest if entries else None,
        "locked": [] if locking is None else [entry.patient_id for entry in locking.entries],
        "left_out": [] if locking is None else [asdict(one) for one in locking.left_out],
        "cards": judged,
    }
    said = [f"{len(entries)} predictions, the chain is sound; its end is {document['head'] or 'nowhere yet'}."]
    if locking is not None:
        said.insert(0, f"{len(locking.entries)} locked now, {len(locking.left_out)} left out.")
        said[1:1] = [f"  {one.patient_id}: {one.why}" for one in locking.left_out]
    show(document, as_json, lambda: "\n".join([*said, *(judged_text(one) for one in judged)]))
