"""Words that several pages share: where a lesion sits, the clock, survival times."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from escc_desktop.figures.words import quantity, short_feature
from escc_desktop.i18n import _
from escc_desktop.reading.lesion import LesionSite
from escc_desktop.workflow.cautions import CAUTIONS

if TYPE_CHECKING:  # the window of a reader imports no models
    from escc_desktop.prognosis.score import Caution


def site_name(site: str) -> str:
    """Return where a lesion sits; what is no `LesionSite` is said as it is stored."""
    names = {
        LesionSite.PRIMARY.value: _("primary tumour"),
        LesionSite.ANASTOMOTIC.value: _("anastomotic recurrence"),
        LesionSite.REGIONAL_NODE.value: _("regional node"),
        LesionSite.DISTANT_NODE.value: _("distant node"),
        LesionSite.LIVER.value: _("liver metastasis"),
        LesionSite.LUNG.value: _("lung metastasis"),
        LesionSite.OTHER.value: _("other lesion"),
    }
    return names.get(str(site), str(site))


def local_time(at: datetime) -> str:
    """Return a time as the wall clock of this place shows it."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def months(number: float | None) -> str:
    """Return a time of survival; a median that was not reached says so."""
    if number is None or not math.isfinite(number):
        return _("not reached")
    return _("{n} months").format(n=f"{number:.1f}")


def capitalised(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def caution_words(caution: Caution) -> str:
    """Return a caution as a sentence; columns and features by the names people use."""
    text = _(CAUTIONS[caution.code])
    if caution.code == "in_training" or not caution.detail:
        return text
    name, space, rest = caution.detail.partition(" ")
    shown = short_feature(name) if name.startswith("A_") else quantity(name) if "_" in name else name
    return f"{text.rstrip('.。')}: {shown}{space}{rest}."
