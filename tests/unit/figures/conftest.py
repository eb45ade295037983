"""Figures of a simulated cohort of 59, and what is read off a figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from escc_desktop.stats.survival import Endpoint


def texts(figure: Figure) -> list[str]:
    """Every text a figure shows, ticks included."""
    FigureCanvasAgg(figure).draw()
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text.get_text() for text in found]


def outside(figure: Figure) -> list[str]:
    """Every text that is cut by the edge of the figure."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    frame = figure.bbox
    idle = _idle_labels(figure)
    cut = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip() or id(text) in idle:
            continue
        box = text.get_window_extent(canvas.get_renderer())
        if box.x0 < frame.x0 - 1 or box.x1 > frame.x1 + 1 or box.y0 < frame.y0 - 1 or box.y1 > frame.y1 + 1:
            cut.append(text.get_text())
    return cut


def _idle_labels(figure: Figure) -> set[int]:
    """The labels of ticks beyond the limits of their axis: they exist but are not drawn."""
    idle = set()
    for axis in [axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                idle |= {id(tick.label1), id(tick.label2)}
    return idle


@dataclass(frozen=True)
class Cohort:
    score: np.ndarray
    endpoint: Endpoint


@pytest.fixture(scope="session")
def cohort() -> Cohort:
    """59 patients whose hazard grows with a score; Weibull survival as the demo study's, random censoring."""
    rng = np.random.default_rng(3)
    score = rng.normal(scale=0.8, size=59)
    time = 20.7 * (rng.exponential(size=59) / np.exp(score)) ** (1 / 1.93)
    censored = rng.uniform(10, 55, size=59)
    return Cohort(score, Endpoint(np.minimum(time, censored), time <= censored))


@pytest.fixture
def read() -> Callable[[Figure], list[str]]:
    return texts


@pytest.fixture
def cut_texts() -> Callable[[Figure], list[str]]:
    return outside
