"""One image to its values."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.features.image_features import MAX_DIFFERENT_LEVELS, CountedRegion

WANTED = frozenset({"glcm_Idm", "firstorder_Mean", "glszm_ZoneEntropy"})


def test_that_images_with_the_same_levels_share_their_textures_and_nothing_else() -> None:
    region = CountedRegion(np.ones((4, 5, 6), dtype=bool), 1.0)
    values = np.random.default_rng(1).integers(0, 100, 120).astype(np.float64)
    first, moved = (region.features(values + shift, 25.0, None, WANTED) for shift in (0.0, 100.0))
    assert first.levels_digest == moved.levels_digest
    assert moved.values["firstorder_Mean"] == first.values["firstorder_Mean"] + 100
    assert {name: moved.values[name] for name in WANTED - {"firstorder_Mean"}} == {
        name: first.values[name] for name in WANTED - {"firstorder_Mean"}
    }


def test_that_threads_agree_on_textures_they_share() -> None:
    region = CountedRegion(np.ones((4, 5, 6), dtype=bool), 1.0)
    values = np.random.default_rng(1).normal(0, 100, 120)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: region.features(values, 25.0, None, WANTED).values, range(32)))
    assert all(each == found[0] for each in found)


def test_that_too_many_grey_levels_are_refused_in_a_sentence_to_everybody_who_waits() -> None:
    region = CountedRegion(np.ones((41, 40, 40), dtype=bool), 1.0)
    values = np.arange(MAX_DIFFERENT_LEVELS + 65, dtype=np.float64)
    for _ in range(2):
        with pytest.raises(EsccError, match="different grey levels"):
            region.features(values, 1.0, None, WANTED)
