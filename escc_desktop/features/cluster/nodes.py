"""Scheduler and workers of a cluster, each run until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import dask
from distributed import Scheduler, Status, Worker

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


def run_scheduler(host: str, port: int, tls_folder: Path, tell: Callable[[str], None], progress: Progress) -> None:
    """Run a scheduler.

    Parameters
    ----------
    host
        Address of the network card it listens at.
    tell
        Told the address workers and clients reach it by, and then whenever their number changes.

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
            tell(f"Scheduler at {scheduler.address}")
            n_workers = 0
            while True:
                if len(scheduler.workers) != n_workers:
                    n_workers = len(scheduler.workers)
                    tell(f"workers: {n_workers}")
                await _look(progress)

    try:
        with dask.config.set(_SETTINGS):
            asyncio.run(run())
    except (OSError, RuntimeError) as error:
        reason = error if isinstance(error, OSError) else error.__cause__  # distributed wraps what went wrong
        if not isinstance(reason, OSError):
            raise
        raise EsccError(
            f"The scheduler cannot listen at {host}:{port}: {reason.strerror or reason}.",
            "Name an address of this machine with --host, or choose another --port.",
        ) from None


def run_worker(
    address: str, images: Path, lanes: int, tls_folder: Path, tell: Callable[[str], None], progress: Progress
) -> None:
    """Run a worker until it is told to stop or the scheduler has gone.

    Parameters
    ----------
    images, lanes
        See `Station`.
    tell
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
    own_address = knock(address, tls_folder)
    _be_brief()

    async def run(scratch: str) -> None:
        worker = Worker(
            address,
            host=own_address,  # the one network it is reached by, not all there are
            nthreads=lanes,
            memory_limit=0,
            security=guard,
            dashboard_address=_NOWHERE,
            local_directory=scratch,
            plugins=(Station(images, lanes),),
        )
        async with worker:
            tell(f"Worker at {worker.address}")
            while worker.status is not Status.closed:
                await _look(progress)
        raise EsccError(f"The scheduler at {address} has gone.", "Start the worker again when the scheduler is back.")

    with tempfile.TemporaryDirectory(prefix="escc-worker-") as scratch, dask.config.set(_SETTINGS):
        asyncio.run(run(scratch))


def _be_brief() -> None:
    """Let distributed say only what is wrong."""
    logging.getLogger("distributed").setLevel(logging.WARNING)


async def _look(progress: Progress) -> None:
    progress.advance(0, 1)
    await asyncio.sleep(_LOOK_S)
