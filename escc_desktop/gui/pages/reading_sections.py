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
    icon
        Of the button that goes there.
    """

    name: str
    title: str
    icon: str
    make: Callable[[ReadingPlace], Section]
    is_open: bool = True


SECTIONS: Final[tuple[SectionEntry, ...]] = (
    SectionEntry("rois", _("Regions"), "shape_union", RoiList),
    SectionEntry("between", _("Between slices"), "stack", BetweenSection),
    SectionEntry("operations", _("Operations"), "resize_large", OperationsSection, is_open=False),
    SectionEntry("measuring", _("Measurements"), "ruler", MeasuringSection),
    SectionEntry("surface", _("3D"), "cube", SurfaceSection, is_open=False),
    SectionEntry("esophagus", _("Esophagus"), "arrow_routing", EsophagusSection),
    SectionEntry("proposal", _("AI proposal"), "sparkle", ProposalSection, is_open=False),
    SectionEntry("viewing", _("Viewing"), "brightness_high", ViewingSection, is_open=False),
)
