"""Commands that run a cluster: `escc cluster certificates`, `scheduler`, `worker`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from escc_desktop.cli.frame import progress_on_stderr, say
from escc_desktop.workflow.certificates import write_certificates
from escc_desktop.workflow.cluster import TLS_VARIABLE, serve_scheduler, serve_worker

_Tls = Annotated[
    Path, typer.Option("--tls-folder", envvar=TLS_VARIABLE, help="This machine's folder of the certificates.")
]


def register(app: typer.Typer) -> None:
    """Add the group of commands to the program."""
    group = typer.Typer(name="cluster", help="Extract on several computers.", rich_markup_mode=None)
    for name, command, example in (
        ("certificates", _certificates, "certificates tls"),
        ("scheduler", _scheduler, "scheduler --host 192.168.1.10 --tls-folder tls/scheduler"),
        ("worker", _worker, "worker tls://192.168.1.10:8786 --images /data --tls-folder tls/worker"),
    ):
        group.command(name, epilog=f"Example: escc cluster {example}")(command)
    app.add_typer(group)


def _certificates(
    folder: Annotated[Path, typer.Argument(help="New folder; it gets one folder each for scheduler, worker, client.")],
) -> None:
    """Make the certificates with which the machines of a cluster know each other."""
    until = write_certificates(folder)
    print(f"Certificates valid until {until:%Y-%m-%d} in {folder}: give each machine its own folder, and no other.")


def _scheduler(
    tls_folder: _Tls,
    host: Annotated[str, typer.Option("--host", help="Address of this machine the others reach.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port it listens at.")] = 8786,
) -> None:
    """Run the scheduler: it hands out tasks and never sees an image."""
    with progress_on_stderr(quiet=True) as progress:
        serve_scheduler(host, port, tls_folder, say, progress)


def _worker(
    address: Annotated[str, typer.Argument(help="The scheduler's, tls://host:port.")],
    tls_folder: _Tls,
    images: Annotated[Path, typer.Option("--images", help="Folder with the images, as beside the manifest.")],
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=256, help="Child processes at most.")] = 1,
) -> None:
    """Run a worker: it reads the images it finds under its folder, and checks them before use."""
    with progress_on_stderr(quiet=True) as progress:
        serve_worker(address, images, jobs, tls_folder, say, progress)
