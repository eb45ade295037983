"""Commands of the trial records of a project: in with a preview, out as tables, workbook or ODM; from REDCap."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from escc_desktop.cli.frame import REFUSED, progress_on_stderr, report_faults, say, show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User, secret
from escc_desktop.files import refuse_overwriting, write_whole
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.record_export import RecordsFormat, export_records
from escc_desktop.workflow.record_import import ChangeKind, Choices, RecordsPreview, RowChange
from escc_desktop.workflow.redcap_server import fetch_redcap

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_Accept = Annotated[list[str] | None, typer.Option("--accept", help="Code of a question that is confirmed.")]
_Preview = Annotated[bool, typer.Option("--preview", help="Say what would change, and change nothing.")]
_Dates = Annotated[
    Literal["dmy", "mdy"] | None, typer.Option("--dates", help="Whether the day or the month stands first.")
]
_Encoding = Annotated[
    Literal["gb18030", "utf-16-le", "utf-16-be", "big5", "windows-1252"] | None,
    typer.Option("--encoding", help="Of text files whose bytes do not prove it."),
]
_Reason = Annotated[str, typer.Option("--reason", help="Why values that stand are changed; stays on record.")]
_Removes = Annotated[
    bool, typer.Option("--remove-left-out", help="Remove rows that a table leaves out of a patient it names.")
]
_Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="TOML that says where the fields of a REDCap project belong.")
]


def _records(
    folder: Folder,
    records: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of CSV tables, workbook, ODM file or REDCap export.")
    ],
    user: User,
    preview: _Preview = False,
    accept: _Accept = None,
    reason: _Reason = "",
    encoding: _Encoding = None,
    dates: _Dates = None,
    removes: _Removes = False,
    mapping: _Mapping = None,
    dictionary: Annotated[
        Path | None, typer.Option("--dictionary", help="Data dictionary of a REDCap export; else the one beside it.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Take trial records into the project, all or none; with --preview only say what would change."""
    choices = Choices(encoding or "", dates or "", mapping=mapping, dictionary=dictionary)
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        found = project.record_imports().preview(records, choices, removes=removes, progress=progress)
        _finish(project, found, None if preview else frozenset(accept or ()), reason, as_json)


def _redcap(
    folder: Folder,
    url: Annotated[str, typer.Argument(help="Address of the API, such as https://redcap.example.org/api/.")],
    user: User,
    preview: _Preview = False,
    accept: _Accept = None,
    reason: _Reason = "",
    removes: _Removes = False,
    mapping: _Mapping = None,
    token_file: Annotated[
        Path | None, typer.Option("--redcap-token-file", help="File with the token; else ESCC_REDCAP_TOKEN or prompt.")
    ] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Take trial records from a REDCap server into the project, all or none; the token is kept nowhere."""
    choices = Choices(mapping=mapping)
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        found = fetch_redcap(project, url, secret("redcap token", token_file), choices, progress)
        shown = project.record_imports().preview_found(found, choices, removes=removes)
        _finish(project, shown, None if preview else frozenset(accept or ()), reason, as_json)


def _finish(project: Project, found: RecordsPreview, accept: frozenset[str] | None, reason: str, as_json: bool) -> None:
    """Import what was previewed, or only say what it is."""
    if accept is not None:
        n_changed = project.record_imports().commit(found, accept, reason)
        for question in found.questions:
            say(f"warning: {question}")
        document = {**_document(found), "imported": n_changed}
        show(document, as_json, lambda: f"records of {n_changed} patients imported")
        return
    show(_document(found), as_json, lambda: "\n".join(_lines(found)))
    for ask in found.asks:
        say(f"question: {ask.where}: {ask.what}")
    for question in found.questions:
        say(f"question: {question}")
    if found.faults:
        report_faults(f"The records in {found.source} have faults; nothing can be imported.", found.faults)
        raise typer.Exit(REFUSED)


def _document(found: RecordsPreview) -> dict[str, Any]:
    return {
        "source": found.source,
        "counts": {str(kind): count for kind, count in found.counts.items()},
        "changes": [
            {**asdict(change), "kind": str(change.kind)}
            for change in found.changes
            if change.kind is not ChangeKind.UNCHANGED
        ],
        "patients_left_out": list(found.left_out),
        "closed": dict(found.closed),
        "faults": [asdict(fault) for fault in found.faults],
        "questions": [asdict(question) for question in found.questions],
        "asks": [{"key": ask.key, "where": ask.where, "what": ask.what} for ask in found.asks],
    }


def _lines(found: RecordsPreview) -> list[str]:
    shown = [_line(change) for change in found.changes if change.kind is not ChangeKind.UNCHANGED]
    counts = ", ".join(f"{count} {str(kind).replace('_', ' ')}" for kind, count in found.counts.items())
    left = [f"not in the source: {', '.join(found.left_out)}"] if found.left_out else []
    return [*shown, *left, f"rows: {counts}"]


def _line(change: RowChange) -> str:
    cells = "; ".join(f"{cell.column} {cell.before or '-'} -> {cell.after or '-'}" for cell in change.cells)
    where = " ".join(filter(None, (change.patient_id, change.table, change.key)))
    return f"{str(change.kind).replace('_', ' '):9} {where}: {cells}"


def _export(
    folder: Folder,
    user: User,
    out: Annotated[Path, typer.Option("-o", "--out", help="New folder for CSV; file for a workbook or ODM.")],
    kind: Annotated[RecordsFormat, typer.Option("--format", help="How they are written.")] = RecordsFormat.CSV,
    is_synthetic: Annotated[bool, typer.Option("--synthetic", help="Say beside them that nobody is real.")] = False,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Write the trial records; importing what was written changes nothing."""
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        export_records(project, out, kind, is_synthetic=is_synthetic, progress=progress)
    show({"out": str(out), "format": str(kind)}, as_json, lambda: f"written to {out}")


def _protocol(
    folder: Folder,
    user: User,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Protocol to follow from now on, TOML.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the protocol that is followed.")] = None,
    reason: _Reason = "",
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Say which trial the project follows, or have it follow another one; refused with all faults at once."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        if file is not None:
            project.protocol().change(file, reason)
        text, found = project.protocol().text(), project.protocol().read()
    if out is not None:
        refuse_overwriting(out, file)
        write_whole(out, text)
    document = {"code": found.code, "name": found.name, "registration": found.registration, "drugs": found.drug_names}
    show(document, as_json, lambda: f"{found.name}, {found.registration}: {', '.join(found.drug_names)}")


COMMANDS = (
    ("protocol", _protocol, "protocol study trial.toml --user coordinator --reason 'amendment 2'"),
    ("records", _records, "records study records --user coordinator --preview"),
    ("redcap", _redcap, "redcap study https://redcap.example.org/api/ --user coordinator --preview"),
    ("export-records", _export, "export-records study --user coordinator -o records.xlsx --format xlsx"),
)
