"""Running the parts of a cluster; without the extra "cluster" a sentence says what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from escc_desktop.errors import EsccError, UsageError
from escc_desktop.features.batch import BatchOptions
from escc_desktop.features.params import ExtractionParams
from escc_desktop.features.supervisor import Outcome
from escc_desktop.features.worker import Task
from escc_desktop.progress import Progress

TLS_VARIABLE: Final = "ESCC_TLS_FOLDER"
Sink = Callable[[Outcome], None]
Runner = Callable[[Sequence[Task], ExtractionParams, BatchOptions, Sink, Progress], tuple[Outcome, ...]]


@contextmanager
def needs_cluster() -> Iterator[None]:
    """Import what needs dask inside, or be told that it is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"dask", "distributed", "tornado"}:
            raise
        raise EsccError(
            f"A cluster needs {error.name}, which is not installed.", 'Install the optional part "cluster".'
        ) from None


def cluster_runner(address: str, tls_folder: Path | None, images: Path) -> Runner:
    """Return what computes regions of files on a cluster; see `features.cluster.client.extract_on_cluster`.

    Parameters
    ----------
    images
        The folder whose content the workers see below their own folder of images.

    Raises
    ------
    UsageError
        The address is none, or no certificates are named.
    """
    with needs_cluster():
        from escc_desktop.features.cluster.client import Cluster, extract_on_cluster  # noqa: PLC0415  # an extra
        from escc_desktop.features.cluster.tls import host_and_port  # noqa: PLC0415  # an extra

    host_and_port(address)
    if tls_folder is None:
        raise UsageError("A cluster is reached with certificates only: name their folder with --tls-folder.")
    return partial(extract_on_cluster, Cluster(address, tls_folder, images))


def serve_scheduler(host: str, port: int, tls_folder: Path, tell: Callable[[str], None], progress: Progress) -> None:
    """Run a scheduler until `progress` is cancelled; see `features.cluster.nodes.run_scheduler`."""
    with needs_cluster():
        from escc_desktop.features.cluster.nodes import run_scheduler  # noqa: PLC0415  # an extra

    run_scheduler(host, port, tls_folder, tell, progress)


def serve_worker(
    address: str, images: Path, jobs: int, tls_folder: Path, tell: Callable[[str], None], progress: Progress
) -> None:
    """Run a worker until `progress` is cancelled; see `features.cluster.nodes.run_worker`."""
    with needs_cluster():
        from escc_desktop.features.cluster.nodes import run_worker  # noqa: PLC0415  # an extra

    run_worker(address, images.absolute(), jobs, tls_folder, tell, progress)
