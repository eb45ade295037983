"""The figures of a development as they are printed: drawn once, kept in the project, written into folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from escc_desktop.figures.style import DPI, PRINT_DPI, Figure, image_bytes
from escc_desktop.files import write_whole
from escc_desktop.prognosis.develop import Development
from escc_desktop.progress import Progress, deaf_children
from escc_desktop.store.kinds import FIGURE, KeptFigure
from escc_desktop.workflow.access import View
from escc_desktop.workflow.model_figures import figure_groups

_MM_PER_INCH = 25.4
_KINDS = {".svg": DPI, ".png": PRINT_DPI, ".pdf": DPI}


def draw(made: Development, progress: Progress) -> dict[str, KeptFigure]:
    """Draw every figure of a development and return them by name, in as many processes as its configuration says.

    Raises
    ------
    Cancelled
        From `progress`.
    """
    config, n_groups = made.found.problem.config, len(figure_groups(made))
    kinds = tuple(kind for kind in _KINDS if config.pdf_figures or kind != ".pdf")
    kept = {}
    with _mapping(config.workers) as each:
        with deaf_children():  # the call starts them
            printed = each(partial(_print_group, made, kinds), range(n_groups))
        for done in range(n_groups):
            progress.advance(done, n_groups, f"Figures, part {done + 1} of {n_groups}")
            kept.update(next(printed))
    return kept


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[..., Iterator[dict[str, KeptFigure]]]]:
    """Yield a `map` that works here, or in processes of which nothing is left when it ends."""
    if workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool.map
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _print_group(made: Development, kinds: tuple[str, ...], place: int) -> dict[str, KeptFigure]:
    """Draw a group where it is printed: figures are garbage of thousands of objects, which must not be the window's."""
    development = made.cards["combined"].digest
    return {name: _printed(development, name, figure, kinds) for name, figure in figure_groups(made)[place]().items()}


def _printed(development: str, name: str, figure: Figure, kinds: tuple[str, ...]) -> KeptFigure:
    width, height = (float(inches) * _MM_PER_INCH for inches in figure.get_size_inches())
    files = [image_bytes(figure, kind, dpi) for kind, dpi in _KINDS.items() if kind in kinds]
    return KeptFigure(development, name, width, height, *files)


def kept_figures(view: View, development: str) -> dict[str, KeptFigure]:
    """Return the figures the project keeps of a development, by name; none of one made before they were kept."""
    prefix = f"{development}/"
    ids = [record_id for record_id in view.changed_at(FIGURE) if record_id.startswith(prefix)]
    return {record_id.removeprefix(prefix): view.get(FIGURE, record_id) for record_id in ids}


def write_figures(kept: Mapping[str, KeptFigure], folder: Path) -> None:
    """Write the files of figures into a new folder."""
    folder.mkdir()
    for name, figure in kept.items():
        for suffix, data in figure.files.items():
            write_whole(folder / f"{name}{suffix}", data)
