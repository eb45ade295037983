"""Words the pages share."""

from __future__ import annotations

import pytest

from escc_desktop.reading.lesion import LesionSite
from escc_desktop.workflow.views.words import months, site_name


def test_that_every_site_has_a_name_without_program_nouns() -> None:
    names = [site_name(site) for site in LesionSite]
    assert len(set(names)) == len(LesionSite)
    assert not [name for name in names if "_" in name]


@pytest.mark.parametrize(
    ("number", "text"), [(16.7, "16.7 months"), (float("inf"), "not reached"), (None, "not reached")]
)
def test_that_survival_times_have_their_unit(number: float | None, text: str) -> None:
    assert months(number) == text
