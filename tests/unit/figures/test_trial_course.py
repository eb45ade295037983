from __future__ import annotations

import pytest

from escc_desktop.figures.response import BestChange, SwimmerLane, swimmer, waterfall
from escc_desktop.figures.trial_course import ChangeCourse, FlowBox, flow_diagram, spider


def test_that_each_line_of_the_spider_begins_at_the_baseline_and_is_cut_at_the_top(read, cut_texts) -> None:
    figure = spider(
        [
            ChangeCourse("P1", "PR", ((1.0, -20.0), (2.0, -45.0))),
            ChangeCourse("P2", "PD", ((1.0, 150.0),)),
            ChangeCourse("P3", "NE", ()),
        ]
    )
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 1 and line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in lines] == [[0.0, 1.0, 2.0], [0.0, 1.0]]
    assert [list(line.get_ydata()) for line in lines] == [[0.0, -20.0, -45.0], [0.0, 100.0]]
    assert "PR, n = 1" in read(figure)
    assert not cut_texts(figure)


def test_that_the_flow_says_who_left_and_points_to_no_box_that_stands_apart(read, cut_texts) -> None:
    boxes = [
        FlowBox(64, "screened", ((4, "incomplete baseline CT"), (1, "not treated as specified"))),
        FlowBox(59, "enrolled"),
        FlowBox(59, "enrolled, at the last contact", ((43, "died"),), is_apart=True),
    ]
    figure = flow_diagram(boxes)
    shown = read(figure)
    assert {"64 screened", "59 enrolled", "4 incomplete baseline CT\n1 not treated as specified", "43 died"} <= set(
        shown
    )
    arrows = [text for text in figure.axes[0].texts if getattr(text, "arrow_patch", None) is not None]
    assert len(arrows) == 3  # one down, two to the side
    assert not cut_texts(figure)


@pytest.mark.parametrize(
    ("figure", "sentence"),
    [
        (lambda: spider([]), "No patient has a target lesion"),
        (lambda: flow_diagram([]), "No patient is recorded."),
    ],
)
def test_that_nothing_to_draw_is_a_sentence(figure, sentence, read) -> None:
    assert any(sentence in text for text in read(figure()))


def test_that_many_patients_are_drawn_without_their_codes(read) -> None:
    lanes = [SwimmerLane(f"X{n:03d}", "SD", 1.0, 2.0 + n) for n in range(120)]
    figure = swimmer(lanes)
    assert not any(text.startswith("X") for text in read(figure))
    assert len(figure.axes[0].patches) == 120
    bars = waterfall([BestChange(f"X{n:03d}", float(n % 40 - 30), "SD") for n in range(120)])
    assert "SD" not in read(bars)
