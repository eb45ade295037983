from __future__ import annotations

import pytest

from escc_desktop.figures.response import BestChange, SwimmerLane, response_bar, swimmer, waterfall


def test_that_the_waterfall_runs_from_growth_to_shrinkage(read, cut_texts) -> None:
    patients = [BestChange("P1", -45.0, "PR"), BestChange("P2", 12.0, "SD"), BestChange("P3", -100.0, "CR")]
    figure = waterfall([*patients, BestChange("P4", None, "NE")])
    assert [bar.get_height() for bar in figure.axes[0].patches] == [12.0, -45.0, -100.0]
    shown = read(figure)
    assert {"PR", "SD", "CR"} <= set(shown)
    assert "3 patients; 1 without a later measurement not drawn" in shown
    levels = {line.get_ydata()[0] for line in figure.axes[0].lines}
    assert {20, -30, 0} <= levels
    assert not cut_texts(figure)


def test_that_a_bar_beyond_the_axis_carries_its_number(read) -> None:
    figure = waterfall([BestChange("P1", 130.0, "PD"), BestChange("P2", -5.0, "SD")])
    assert "PD +130 %" in read(figure)
    assert max(bar.get_height() for bar in figure.axes[0].patches) == 100


def test_that_lanes_are_sorted_and_hold_their_events(read, cut_texts) -> None:
    lanes = [
        SwimmerLane("P1", "PR", 6.0, 12.0, (("response", 1.9), ("progression", 6.0), ("death", 12.0))),
        SwimmerLane("P2", "SD", 4.0, 30.0, (("new therapy", 5.0),), is_ongoing=True),
    ]
    figure = swimmer(lanes)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["P2", "P1"]
    assert [bar.get_width() for bar in axes.patches] == [4.0, 6.0]
    arrows = [line for line in axes.lines if line.get_gid() == "ongoing"]
    assert [float(line.get_xdata()[0]) for line in arrows] == [30.0]
    assert {"response", "progression", "death", "new therapy"} <= set(read(figure))
    assert not cut_texts(figure)


def test_that_the_response_bar_keeps_everyone_enrolled_in_view(read, cut_texts) -> None:
    figure = response_bar({"CR": 1, "PR": 19, "SD": 25, "PD": 8}, 59)
    assert [bar.get_width() for bar in figure.axes[0].patches] == [1, 19, 25, 8, 6]
    assert {"CR 1", "PR\n19", "none\n6", "patients; 53 with a response assessment of 59 enrolled"} <= set(read(figure))
    assert not cut_texts(figure)


@pytest.mark.parametrize(
    ("figure", "sentence"),
    [
        (lambda: waterfall([BestChange("P1", None, "NE")]), "No patient has a target lesion"),
        (lambda: swimmer([]), "No patient has started treatment."),
        (lambda: response_bar({}, 59), "No response has been assessed."),
    ],
)
def test_that_no_data_is_a_sentence(figure, sentence, read) -> None:
    assert any(sentence in text for text in read(figure()))
