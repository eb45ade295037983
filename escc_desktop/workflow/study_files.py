"""Results of an opened project as files: features, cards, assessments, reports, the audit trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from escc_desktop import version
from escc_desktop.errors import EsccError
from escc_desktop.features.params import load_params
from escc_desktop.features.table import KEY_COLUMNS, write_feature_table
from escc_desktop.files import canonical_json, write_csv
from escc_desktop.prognosis.card import ModelCard
from escc_desktop.prognosis.config import DevelopConfig
from escc_desktop.prognosis.develop import Development
from escc_desktop.prognosis.score import Assessment
from escc_desktop.progress import Progress
from escc_desktop.store.audit import AuditHead, AuditRow
from escc_desktop.store.kinds import RoiFeatures
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.analysis import Extraction
from escc_desktop.workflow.cohort import constant_features
from escc_desktop.workflow.folders import check_folder
from escc_desktop.workflow.kept_figures import kept_figures
from escc_desktop.workflow.modelling import ASSESSMENT_COLUMNS, DEVELOPMENT_MARKER, assessment_row, write_development
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.stored import feature_table

AUDIT_COLUMNS = ("seq", "utc", "account_id", "name", "action", "reason", "details")
_SHARED = ("program", "engine", "libraries", "params", "params_digest", "settings", "rasterisation")
DEFAULT_CARD = "combined"


def check_file(out: Path, suffix: str) -> None:
    """Refuse before long work what could not be written after it."""
    if not out.absolute().parent.is_dir():
        raise EsccError(f"The folder {out.absolute().parent} does not exist.", "Make it or choose another.")
    if out.is_dir() or out.suffix.lower() != suffix:
        raise EsccError(f"{out} cannot be the output.", f"Name a file that ends in {suffix}.")


def extract_to_file(project: Project, params: str, out: Path | None, jobs: int, progress: Progress) -> Extraction:
    """Extract what has no features yet; with `out`, write the features of all signed readings as a wide table.

    Raises
    ------
    AccessDeniedError
        The principal may not extract, or not export.
    EsccError
        Nothing is signed, or `out` cannot be written.
    Cancelled
        From `progress`; finished readings are kept in the project.
    """
    if out is not None:
        require(project.principal, Operation.EXPORT)
        check_file(out, ".csv")
    result = project.extract(load_params(params), progress, jobs)
    if out is not None and result.features:
        write_feature_table(out, result.table, features_provenance(result))
    return result


def features_provenance(result: Extraction) -> dict[str, Any]:
    """Return what all rows rest on, and for each row what is its own, in the order of the table."""
    ordered: list[RoiFeatures] = sorted(result.features, key=lambda item: item.key)
    first = ordered[0].vector.provenance
    shared = {name: first[name] for name in _SHARED}
    rows = []
    for item in ordered:
        key = {name: getattr(item.key, name) for name in KEY_COLUMNS}
        own = {name: value for name, value in item.vector.provenance.items() if shared.get(name) != value}
        rows.append({"session": item.session_id, **key, **own})
    constant = list(constant_features(result.table))
    return {**shared, "n_failed": len(result.failures), "constant": constant, "rows": rows}


def develop_to_folder(project: Project, out: Path, config: DevelopConfig, progress: Progress) -> Development:
    """Develop cards on the project's features and records, keep them in it, and write them with figures and report.

    Raises
    ------
    AccessDeniedError
        The principal may not develop.
    EsccError
        Features or records are missing or too few, or `out` holds something else.
    Cancelled
        From `progress`; nothing was written.
    """
    require(project.principal, Operation.DEVELOP)
    check_folder(out, DEVELOPMENT_MARKER)
    made = project.develop(feature_table(list(project.features())), config, progress.part(0, 0.9))
    kept = kept_figures(project.view, made.cards["combined"].digest)
    write_development(made, out, progress.part(0.9, 1), kept=kept)
    return made


def chosen_card(project: Project, wanted: str = DEFAULT_CARD) -> ModelCard:
    """Return the one card of a kind, or the one whose digest begins so.

    Raises
    ------
    EsccError
        There is none, or more than one.
    """
    cards = project.cards()
    found = [card for card in cards if card.kind == wanted or (len(wanted) >= 6 and card.digest.startswith(wanted))]
    if len(found) == 1:
        return found[0]
    if not cards:
        raise EsccError("The project has no card.", "Develop models first.")
    known = ", ".join(f"{card.kind} {card.digest[:12]}" for card in sorted(found or cards, key=lambda card: card.kind))
    what = f"{len(found)} cards are" if found else "No card is"
    raise EsccError(f"{what} called {wanted}.", f"Choose by digest: {known}.")


def assess_to_file(project: Project, card: ModelCard, out: Path | None) -> tuple[Assessment, ...]:
    """Apply a card to the project's patients, keep the verdicts in it, and write them if `out` is named."""
    require(project.principal, Operation.ASSESS)
    if out is not None:
        require(project.principal, Operation.EXPORT)
        check_file(out, ".csv")
    verdicts = project.assess(card, feature_table(list(project.features())))
    if out is not None:
        provenance = {
            "program": f"escc-desktop {version()}",
            "card": card.digest,
            "card_name": card.name,
            "endpoint": card.endpoint,
            "horizon_months": card.horizon_months,
        }
        write_csv(out, ASSESSMENT_COLUMNS, [assessment_row(verdict) for verdict in verdicts], provenance)
    return verdicts


def audit_documents(project: Project) -> list[dict[str, Any]]:
    """Return the rows of the audit trail ready for JSON, with the names of the accounts."""
    names = {account.account_id: account.name for account in project.accounts()}
    return [
        {
            "seq": row.seq,
            "utc": row.utc,
            "account_id": row.author,
            "name": names.get(row.author or _who_logged_in(row), ""),
            "action": row.action,
            "reason": row.reason,
            "details": row.details,
        }
        for row in project.audit_rows()
    ]


def _who_logged_in(row: AuditRow) -> str:
    """Return the account a row without an author is about: nobody is logged in yet while he logs in."""
    account = row.details.get("account")
    return account if isinstance(account, str) else ""


def write_audit(out: Path, rows: list[dict[str, Any]], head: AuditHead) -> None:
    """Write the audit trail as a table; the sidecar notes its end."""
    check_file(out, ".csv")
    cells = [[*list(row.values())[:-1], canonical_json(row["details"]).decode()] for row in rows]
    write_csv(out, AUDIT_COLUMNS, cells, {"program": f"escc-desktop {version()}", "head": str(head)})
