"""Commands of the project folder: `escc project create`, `info`, `users`, `audit`, `backup`, `restore`, `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from escc_desktop.cli import acquisition, records, study
from escc_desktop.cli.frame import REFUSED, progress_on_stderr, say, show
from escc_desktop.cli.unlock import Folder, Keys, PassphraseFile, PasswordFile, User, secret
from escc_desktop.errors import EsccError, UsageError
from escc_desktop.workflow.access import Role
from escc_desktop.workflow.backup import restore_project
from escc_desktop.workflow.overview import overview
from escc_desktop.workflow.project import Account, AuditHead, Project, Reader
from escc_desktop.workflow.study_files import audit_documents, write_audit
from escc_desktop.workflow.unlocking import Login

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the program."""
    group = typer.Typer(name="project", help="Work on a project folder.", rich_markup_mode=None)
    commands: tuple[study.Command, ...] = (
        ("create", _create, "create study --user admin --passphrase-file passphrase.txt"),
        ("info", _info, "info study --user coordinator --json"),
        ("users", _users, "users study --user admin --add reader-a --role reader --reader A"),
        *study.COMMANDS,
        *records.COMMANDS,
        *acquisition.COMMANDS,
        ("audit", _audit, "audit study --user admin -o audit.csv"),
        ("backup", _backup, "backup study study-2026-01-31 --user coordinator"),
        ("restore", _restore, "restore study-2026-01-31 study-again --user coordinator"),
        ("verify", _verify, "verify study --user admin"),
    )
    for name, command, example in commands:
        group.command(name, epilog=f"Example: escc project {example}")(command)
    app.add_typer(group)


def _create(
    folder: Folder,
    user: User,
    keyring: Annotated[bool, typer.Option("--keyring", help="Lock it with this machine's keyring.")] = False,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Make a project in a new or empty folder; the account named becomes its administrator."""
    keys = Keys(user, passphrase_file, password_file)
    made = Project.create(folder, keys.new_lock(keyring), keys.login(is_new=True))
    made.project.close()
    say("Keep the recovery key in a safe place away from this machine: it is shown this once and stored nowhere.")
    document = {"folder": str(folder), "administrator": user.strip(), "recovery_key": made.recovery_key}
    show(document, as_json, lambda: f"Project made in {folder}.\nRecovery key: {made.recovery_key}")


def _info(
    folder: Folder,
    user: User,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Say what is in the project, as far as the account may know."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        document = overview(project)
    show(document, as_json, lambda: _told(document))


def _told(document: dict[str, Any]) -> str:
    shown = {name: value for name, value in document.items() if value is not None}
    if document["sessions"] is not None:
        shown["sessions"] = ", ".join(f"{number} {state}" for state, number in document["sessions"].items())
    return "\n".join(f"{name.replace('_', ' '):12} {value}" for name, value in shown.items())


def _users(
    folder: Folder,
    user: User,
    add: Annotated[str | None, typer.Option("--add", help="Name of a new account.")] = None,
    role: Annotated[Role | None, typer.Option("--role", help="Its role.")] = None,
    reader: Annotated[Reader | None, typer.Option("--reader", help="Letter of a reader's account.")] = None,
    new_password_file: Annotated[
        Path | None,
        typer.Option("--new-password-file", help="File with its password; else ESCC_NEW_PASSWORD or prompt."),
    ] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """List the accounts, or add one."""
    if (add is None) != (role is None) or (add is None and (reader or new_password_file)):
        raise UsageError("A new account needs a name and a role.", "Give --add and --role together.")
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        if add is not None and role is not None:
            new = Login(add, secret("new password", new_password_file, is_new=True))
            project.add_account(new, role, reader)
        accounts = [_account(account) for account in project.accounts()]
    show({"accounts": accounts}, as_json, lambda: "\n".join(_account_line(account) for account in accounts))


def _account(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "name": account.name,
        "role": str(account.role),
        "reader": None if account.reader is None else str(account.reader),
        "disabled": account.is_disabled,
    }


def _account_line(account: dict[str, Any]) -> str:
    notes = [account["reader"] or "", "disabled" if account["disabled"] else ""]
    return f"{account['name']:24} {account['role']:14} {' '.join(notes)}".rstrip()


def _audit(
    folder: Folder,
    user: User,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="CSV to write; without it, stdout.")] = None,
    noted: Annotated[str | None, typer.Option("--noted", help="End of the trail noted earlier, as row:hash.")] = None,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Check the audit trail and print it, or write it as a table."""
    expected = None if noted is None else AuditHead.parse(noted)
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        head = project.check_audit(expected)
        rows = audit_documents(project)
    if out is not None:
        write_audit(out, rows, head)
    document = {"head": str(head), "out": None if out is None else str(out), "rows": rows}
    show(document, as_json, lambda: _audit_text(rows, head, out))


def _audit_text(rows: list[dict[str, Any]], head: AuditHead, out: Path | None) -> str:
    end = f"The trail of {head.seq} rows is sound; its end is {head}"
    if out is not None:
        return f"{end}\nwritten to {out}"
    lines = [
        f"{row['seq']:6} {row['utc'][:19]} {row['name'] or '-':16} {row['action']} {row['reason']}".rstrip()
        for row in rows
    ]
    return "\n".join([*lines, end])


def _backup(
    folder: Folder,
    target: Annotated[Path, typer.Argument(help="New or empty folder for the copy.")],
    user: User,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Copy the project, whole or not at all; others may go on working."""
    with Keys(user, passphrase_file, password_file).open(folder) as project, progress_on_stderr() as progress:
        project.back_up(target, progress)
    show({"folder": str(folder), "backup": str(target)}, as_json, lambda: f"Copied to {target}.")


def _restore(
    backup: Annotated[Path, typer.Argument(help="Folder of the backup; it stays as it is.")],
    target: Annotated[Path, typer.Argument(help="New or empty folder for the project.")],
    user: User,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Check a backup and make a project of it."""
    keys = Keys(user, passphrase_file, password_file)
    lock, login = keys.lock(backup), keys.login()
    with progress_on_stderr() as progress:
        restore_project(backup, target, lock, login, progress)
    show({"backup": str(backup), "folder": str(target)}, as_json, lambda: f"Restored to {target}.")


def _verify(
    folder: Folder,
    user: User,
    passphrase_file: PassphraseFile = None,
    password_file: PasswordFile = None,
    as_json: _Json = False,
) -> None:
    """Check database, audit trail and every stored image and outline."""
    with Keys(user, passphrase_file, password_file).open(folder) as project:
        wrong = project.verify()
    document = {"folder": str(folder), "sound": not wrong, "wrong": list(wrong)}
    show(document, as_json, lambda: f"{folder} is {'damaged' if wrong else 'sound'}.")
    if wrong:
        say(f"error: {EsccError(f'The project {folder.name} is damaged.', 'Restore it from a backup.')}")
        for text in wrong:
            say(f"  {text}")
        raise typer.Exit(REFUSED)
