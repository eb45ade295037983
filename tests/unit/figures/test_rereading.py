"""The figure of the reader interval."""

from __future__ import annotations

import pytest

from escc_desktop.figures.rereading import Reread, risk_by_reading
from escc_desktop.figures.words import Interval


def test_that_every_patient_has_a_bar_and_those_who_change_group_are_hollow() -> None:
    found = [
        Reread(Interval(0.8, 0.7, 0.9), 0.02),
        Reread(Interval(0.3, 0.1, 0.5), 0.4),
        Reread(Interval(0.5, 0.4, 0.6), None),
    ]
    axes = risk_by_reading({"The other reader": found}, 12.0, "these two readers").axes[0]
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2]
    dots = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [tuple(bar.get_ydata()) for bar in bars] == [(0.1, 0.5), (0.4, 0.6), (0.7, 0.9)]
    assert [float(dot.get_ydata()[0]) for dot in dots] == [0.3, 0.5, 0.8]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == [True, False, False]


@pytest.mark.parametrize("rereads", [{}, {"The other reader": []}])
def test_that_without_rereadings_it_says_so(rereads: dict[str, list[Reread]]) -> None:
    figure = risk_by_reading(rereads, 12.0, "these two readers")
    assert any(
        "Too few lesions" in text.get_text() for text in [*figure.texts, *(t for a in figure.axes for t in a.texts)]
    )
