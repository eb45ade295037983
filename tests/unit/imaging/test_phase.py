"""The contrast phase by words and by clock."""

from __future__ import annotations

import pytest

from escc_desktop.imaging.phase import recognise_phase
from escc_desktop.imaging.series import Header


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("动脉期", "arterial"),
        ("胸部增强 动脉期 5mm", "arterial"),
        ("C+ ART", "arterial"),
        ("Chest Arterial Phase 1.25", "arterial"),
        ("A 5mm", "arterial"),
        ("静脉期", "venous"),
        ("门静脉期", "venous"),
        ("PORTAL VENOUS", "venous"),
        ("延迟期", "delayed"),
        ("平扫", "unenhanced"),
        ("C- 5mm", "unenhanced"),
        ("Chest w/o contrast", "unenhanced"),
        ("Thorax 1.25 lung", "unknown"),
        ("particle", "unknown"),
        (None, "unknown"),
    ],
)
def test_that_the_words_of_a_description_name_the_phase(description: str | None, name: str) -> None:
    assert recognise_phase([Header(description=description)]).name == name


def header(delay_s: int, description: str | None = None) -> Header:
    minutes, seconds = divmod(delay_s, 60)
    return Header(description=description, contrast_start="101500", acquisition_time=f"10{15 + minutes}{seconds:02d}.5")


@pytest.mark.parametrize(
    ("delay_s", "name"), [(30, "arterial"), (65, "venous"), (180, "delayed"), (5, "unknown"), (50, "unknown")]
)
def test_that_the_clock_names_the_phase(delay_s: int, name: str) -> None:
    assert recognise_phase([header(delay_s)]).name == name


def test_that_agreement_raises_the_confidence_and_contradiction_ends_it() -> None:
    words = recognise_phase([Header(description="动脉期")])
    both = recognise_phase([header(30, "动脉期")])
    against = recognise_phase([header(65, "动脉期")])
    assert 0 < words.confidence < both.confidence < 1
    assert (against.name, against.confidence) == ("unknown", 0.0)
    assert len(against.evidence) == 2


def test_that_a_contrast_agent_alone_leaves_the_phase_unknown_but_is_told() -> None:
    phase = recognise_phase([Header(contrast_agent="Iohexol 350")])
    assert phase.name == "unknown"
    assert "contrast agent" in phase.evidence[0]
