from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.figures import nomogram as drawn
from escc_desktop.stats.nomogram import Predictor, nomogram

TICKS = np.arange(10.0, 60.0, 10.0)


@pytest.fixture
def model():
    predictors = [
        Predictor("ast_u_per_l", 0.405, TICKS, np.log2(TICKS)),
        Predictor("A_wavelet-HLH_glszm_ZoneEntropy", 0.9, np.arange(3.0, 6.0), np.arange(3.0, 6.0)),
    ]
    return nomogram(predictors, 5.5, np.linspace(-1.5, 1.5, 59), 0.4, [0.1, 0.3, 0.5, 0.7, 0.9])


def test_that_axes_carry_labels_with_units_and_their_ticks(model, read, cut_texts) -> None:
    figure = drawn.nomogram(model, horizon_months=12, endpoint="overall survival")
    shown = read(figure)
    assert {"Points", "Total points", "AST (U/L)", "ZoneEntropy\nwavelet-HLH · glszm", "Research use only"} <= set(
        shown
    )
    assert any("12-month overall survival (%)" in text.replace("\n", " ") for text in shown)
    assert {"10", "20", "50", "3", "4", "5", "70"} <= set(shown)
    assert not cut_texts(figure)


def test_that_the_patients_points_add_up_to_the_survival_read_off(model, read, cut_texts) -> None:
    patient = {axis.name: float(axis.points[1]) for axis in model.axes}
    figure = drawn.nomogram(model, horizon_months=12, patient=patient)
    shown = read(figure)
    total = sum(patient.values())
    # Independent of the axes: the Cox formula at AST 20 and entropy 4.
    lp = 0.405 * np.log2(20) + 0.9 * 4 - 5.5
    assert f"{100 * np.exp(-0.4 * np.exp(lp)):.0f} %" in shown
    assert f"{round(total)} points" in shown
    assert not cut_texts(figure)


def test_that_a_value_beyond_its_axis_is_said(model, read) -> None:
    patient = {model.axes[0].name: -7.0, model.axes[1].name: 20.0}
    assert "-7 points, beyond the axis" in read(drawn.nomogram(model, horizon_months=12, patient=patient))


def test_that_points_below_a_half_do_not_read_minus_zero(model, read) -> None:
    patient = {model.axes[0].name: -0.3, model.axes[1].name: 0.8}
    shown = read(drawn.nomogram(model, horizon_months=12, patient=patient))
    assert {"0 points", "1 point"} <= set(shown)


def test_that_labels_of_an_axis_do_not_touch(model) -> None:
    crowded = nomogram(
        [Predictor("x", 1.0, np.geomspace(1, 100, 30), np.log(np.geomspace(1, 100, 30)))],
        2.0,
        np.linspace(-1, 1, 9),
        0.4,
        [0.5],
    )
    figure = drawn.nomogram(crowded, horizon_months=12)
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])
