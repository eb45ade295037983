"""The folding parts of the panel of an open reading: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from escc_desktop.gui.pages.reading_between import BetweenSection
from escc_desktop.gui.pages.reading_esophagus import EsophagusSection
from escc_desktop.gui.pages.reading_measuring import MeasuringSection
from escc_desktop.gui.pages.reading_operations import OperationsSection
from escc_desktop.gui.pages.reading_place import ReadingPlace
from escc_desktop.gui.pages.reading_proposal import ProposalSection
from escc_desktop.gui.pages.reading_rois import RoiList
from escc_desktop.gui.pages.reading_section import Section
from escc_desktop.gui.pages.reading_surface import SurfaceSection
from escc_desktop.gui.pages.reading_viewing import ViewingSection


def _same(text: str) -> str:
    """Mark a text for translation that is translated when it is shown."""
    return text


_ = _same


@dataclass(frozen=True)
class SectionEntry:
    """One folding part.

    Attributes
    ----------
    title
        In English; translated when shown.
    """

    name: str
    title: str
    make: Callable[[ReadingPlace], Section]
    is_open: bool = True


SECTIONS: Final[tuple[SectionEntry, ...]] = (
    SectionEntry("rois", _("Regions"), RoiList),
    SectionEntry("between", _("Between slices"), BetweenSection),
    SectionEntry("operations", _("Operations"), OperationsSection, is_open=False),
    SectionEntry("measuring", _("Measurements"), MeasuringSection),
    SectionEntry("surface", _("3D"), SurfaceSection, is_open=False),
    SectionEntry("esophagus", _("Esophagus"), EsophagusSection),
    SectionEntry("proposal", _("AI proposal"), ProposalSection, is_open=False),
    SectionEntry("viewing", _("Viewing"), ViewingSection, is_open=False),
)
