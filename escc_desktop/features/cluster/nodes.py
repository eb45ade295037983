"""Scheduler and workers of a cluster, each run until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import dask
from distributed import Scheduler, Worker

from escc_desktop.errors import EsccError
from escc_desktop.features.cluster.remote import Station
from escc_desktop.features.cluster.tls import host_and_port, knock, security
from escc_desktop.progress import Progress

_LOOK_S: Final = 0.2
# Two lost workers are bad luck, the third is the task's own doing.
_ALLOWED_FAILURES: Final = 2
_SETTINGS: Final = {
    "distributed.comm.require-encryption": True,
    # A worker that says nothing for so long is lost.
    "distributed.scheduler.worker-ttl": "60s",
    # A task waits at the scheduler, not behind another one that may hang.
    "distributed.scheduler.worker-saturation": 1.0,
    "distributed.scheduler.work-stealing": False,
    # No pages for browsers: they would neither be encrypted nor ask who looks.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.tick.limit": "60s",
}
_NOWHERE: Final = "127.0.0.1:0"


def run_scheduler(host: str, port: int, tls_folder: Path, ready: Callable[[str], None], progress: Progress) -> None:
    """Run a scheduler.

    Parameters
    ----------
    host
        Address of the network card it listens at.
    ready
        Told the address workers and clients reach it by.

    Raises
    ------
    EsccError
        The certificates cannot be used, or the port is taken.
    Cancelled
        From `progress`, always, in the end.
    """
    guard = security(tls_folder)
    _be_brief()

    async def run() -> None:
        scheduler = Scheduler(
            host=host,
            port=port,
            protocol="tls",
            security=guard,
            dashboard_address=_NOWHERE,
            allowed_failures=_ALLOWED_FAILURES,
        )
        async with scheduler:
            ready(scheduler.address)
            await _until_stopped(progress, lambda: f"{len(scheduler.workers)} workers")

    try:
        with dask.config.set(_SETTINGS):
            asyncio.run(run())
    except OSError as error:
        raise EsccError(
            f"The scheduler cannot listen at {host}:{port}: {error.strerror or error}.", "Choose another --port."
        ) from None


def run_worker(
    address: str, images: Path, lanes: int, tls_folder: Path, ready: Callable[[str], None], progress: Progress
) -> None:
    """Run a worker until it is told to stop or the scheduler has gone.

    Parameters
    ----------
    images, lanes
        See `Station`.
    ready
        Told the worker's own address.

    Raises
    ------
    EsccError
        The scheduler cannot be reached or does not accept the certificate, or the folder of images is not there.
    UsageError
        The address is none.
    Cancelled
        From `progress`.
    """
    host_and_port(address)
    if not images.is_dir():
        raise EsccError(f"The folder of images {images} does not exist.", "Name the folder the images lie in.")
    guard = security(tls_folder)
    knock(address, tls_folder)
    _be_brief()

    async def run(scratch: str) -> None:
        worker = Worker(
            address,
            nthreads=lanes,
            memory_limit=0,
            security=guard,
            dashboard_address=_NOWHERE,
            local_directory=scratch,
            plugins=(Station(images, lanes),),
        )
        async with worker:
            ready(worker.address)
            await _until_stopped(progress, lambda: str(worker.status.name), lambda: worker.status.name == "closed")
        raise EsccError(f"The scheduler at {address} has gone.", "Start the worker again when the scheduler is back.")

    with tempfile.TemporaryDirectory(prefix="escc-worker-") as scratch, dask.config.set(_SETTINGS):
        asyncio.run(run(scratch))


def _be_brief() -> None:
    """Let distributed say only what is wrong."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


async def _until_stopped(
    progress: Progress, note: Callable[[], str], has_ended: Callable[[], bool] = lambda: False
) -> None:
    while not has_ended():
        progress.advance(0, 1, note())
        await asyncio.sleep(_LOOK_S)
