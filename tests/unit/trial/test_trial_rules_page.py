"""The guide's page of rules says what the rules say."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    spec = spec_from_file_location("trial_rules", ROOT / "installer" / "trial_rules.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_that_the_page_is_the_one_the_rules_give(writer: ModuleType) -> None:
    assert writer.PAGE.read_text(encoding="utf-8") == writer.page(), "run `python installer/trial_rules.py`"
