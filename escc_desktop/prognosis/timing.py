"""On which trial day a covariate is known: by what the configuration says, else by what its name says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# Words of columns that are known only after day 1.
_AFTER_DAY_ONE: Final = ("best_", "response", "change", "progression", "subsequent", "dose_reduc", "toxicity")
_DAY: Final = re.compile(r"(?:^|_)day_?(\d{1,4})(?:_|$)")
_PERIOD: Final = re.compile(r"(?:^|_)(week|cycle|month)_?(\d{1,3})(?:_|$)")
_DAYS_OF: Final = {"week": 7, "cycle": 21, "month": 30}
# Some day after day 1 that the name does not tell.
_LATER: Final = 2


def day_known(name: str, said: Mapping[str, int]) -> int:
    """Return the trial day on which a column is known; 1 is the first day of treatment.

    Using what is known only later to predict from day 1 would look into the future.

    Parameters
    ----------
    said
        Days by column; they decide before the name.
    """
    if name in said:
        return said[name]
    day, period = _DAY.search(name), _PERIOD.search(name)
    if day is not None:
        return int(day[1])
    if period is not None:
        return 1 + (int(period[2]) - (period[1] == "cycle")) * _DAYS_OF[period[1]]
    return _LATER if any(word in name for word in _AFTER_DAY_ONE) else 1
