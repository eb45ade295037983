from __future__ import annotations

import re
from pathlib import Path

from escc_desktop.prognosis import scans, scenario, score
from escc_desktop.workflow.cautions import CAUTIONS


def test_that_every_caution_of_an_assessment_has_words() -> None:
    codes = set(re.findall(r'Caution\(\s*"([a-z_]+)"', Path(score.__file__).read_text(encoding="utf-8")))
    codes |= set(re.findall(r'Caution\("([a-z_]+)"', Path(scenario.__file__).read_text(encoding="utf-8")))
    codes |= set(re.findall(r'yield "([a-z_]+)"', Path(scans.__file__).read_text(encoding="utf-8")))
    assert "in_training" in codes
    assert codes == set(CAUTIONS)
