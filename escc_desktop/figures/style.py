"""How every figure looks, and how it becomes bytes: the same ones each time."""

from __future__ import annotations

import dataclasses
import functools
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.typing import LineStyleType

from escc_desktop.errors import UsageError
from escc_desktop.figures.words import RESEARCH_ONLY, RiskWord
from escc_desktop.files import write_whole
from escc_desktop.resources import resource_path

__all__ = ["CHINESE_FACE", "Figure", "font_path", "image_bytes", "save"]

CHINESE_FACE = resource_path("fonts", "DroidSansFallbackFull.ttf")
fontManager.addfont(CHINESE_FACE)
# The face has one weight: without a bold entry every bold text would be answered with a complaint.
fontManager.ttflist.append(dataclasses.replace(fontManager.ttflist[-1], weight="bold"))

# Okabe and Ito, Color Universal Design (2008).
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)

INK, QUIET, FAINT, GRID = "#1b1f24", "#5b6570", "#b9c0c8", "#e4e7eb"
RISK_COLOURS: dict[RiskWord, str] = {"low": BLUE, "middle": GREEN, "high": VERMILLION}
RISK_MARKERS: dict[RiskWord, str] = {"low": "v", "middle": "D", "high": "^"}
RISK_LINES: dict[RiskWord, LineStyleType] = {"low": "-", "middle": (0, (1.2, 1.2)), "high": (0, (5, 1.6))}
# Curves are told apart in grey too.
LINES: tuple[LineStyleType, ...] = ("-", (0, (5, 1.6)), (0, (1, 1.2)), (0, (7, 2, 1, 2)))

SMALL, BODY, TITLE = 7.0, 8.5, 10.0
DPI = 200
PRINT_DPI = 300  # what journals ask for
_MM = 1 / 25.4

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans", "Droid Sans Fallback"],
    "font.size": BODY,
    "axes.titlesize": TITLE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.titlesize": TITLE,
    "figure.titleweight": "bold",
    "axes.titlepad": 8.0,
    "axes.labelsize": BODY,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL + 0.5,
    "ytick.labelsize": SMALL + 0.5,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": SMALL + 0.5,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "escc",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_CANVASES = {"svg": FigureCanvasSVG, "pdf": FigureCanvasPdf, "png": FigureCanvasAgg}
# rcParams belong to the whole process, and jobs draw in threads.
_lock = threading.RLock()

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw in the program's style, whatever the style of the process is."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with _lock, rc_context(_STYLE):
            return draw(*args, **kwargs)

    return wrapper


class _SteadyLayout(ConstrainedLayoutEngine):
    """Constrained layout without its last digits, which differ from process to process (the solver's own)."""

    def execute(self, fig: Figure) -> None:
        super().execute(fig)
        for axes in fig.axes:
            place = np.round(axes.get_position(original=True).bounds, 6)
            axes.set_position(tuple(place), which="original")
            axes.set_in_layout(True)


def new_figure(width_mm: float = 120.0, height_mm: float = 85.0, *, shows_risk: bool = False) -> Figure:
    """Return an empty figure of a printed size; one that shows a risk carries the banner at its foot."""
    foot = 4.5 / height_mm if shows_risk else 0.0
    layout = _SteadyLayout(rect=(0, foot, 1, 1 - foot), w_pad=0.06, h_pad=0.06)
    figure = Figure(figsize=(width_mm * _MM, height_mm * _MM), dpi=DPI, layout=layout)
    if shows_risk:
        figure.text(1 - 2 / width_mm, 1.2 / height_mm, RESEARCH_ONLY, ha="right", va="bottom", size=6.5, color=QUIET)
    return figure


def headline(figure: Figure, text: str) -> None:
    """Put the figure's heading at its left edge, where the eye starts."""
    width_mm = float(figure.get_size_inches()[0]) / _MM
    figure.suptitle(text, x=2.0 / width_mm, ha="left")


def say(axes: Axes, sentence: str) -> None:
    """Put a sentence where the data would stand: a figure is never blank."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", color=QUIET, size=BODY, wrap=True)


@styled
def saying(title: str, sentence: str) -> Figure:
    """Return a figure that says in one sentence why there is nothing to draw."""
    figure = new_figure(120, 45)
    axes = figure.add_subplot()
    headline(figure, title)
    say(axes, sentence)
    return figure


def subline(axes: Axes, text: str) -> None:
    """Write a quiet remark above the axes, where no data can run into it."""
    axes.set_title(text, loc="left", size=SMALL + 0.5, weight="normal", color=QUIET, pad=5, linespacing=1.35)


def image_bytes(figure: Figure, suffix: str = ".png", dpi: int = DPI) -> bytes:
    """Return a figure as the bytes of an SVG, PNG or PDF file: equal figures give equal bytes.

    Raises
    ------
    UsageError
        The suffix is none of .svg, .png, .pdf.
    """
    kind = suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise UsageError(f"A figure cannot be saved as {suffix or 'a file without suffix'}.", "Use .svg, .png or .pdf.")
    buffer = io.BytesIO()
    with _lock, rc_context(_STYLE):
        _lay_out(figure)
        usual = figure.canvas, figure.dpi
        # Not `savefig`: it draws everything once more beforehand, for a tight crop that nobody asked for.
        try:
            figure.dpi = dpi
            getattr(_CANVASES[kind](figure), f"print_{kind}")(buffer, metadata=_METADATA[kind])
        finally:
            canvas, figure.dpi = usual
            figure.set_canvas(canvas)
    return buffer.getvalue()


def _lay_out(figure: Figure) -> None:
    """Give everything its place once: it is the same in each format, and finding it takes as long as drawing."""
    if isinstance(figure.get_layout_engine(), _SteadyLayout):
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def save(figure: Figure, path: Path) -> None:
    """Write a figure whole or not at all; the suffix (.svg, .png, .pdf) tells the format.

    Raises
    ------
    UsageError
        The suffix is none of these.
    """
    write_whole(path, image_bytes(figure, path.suffix))


def font_path(*, bold: bool = False) -> Path:
    """Return the TrueType file of the figures' face, for other documents to match."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
