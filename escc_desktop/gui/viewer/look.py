"""How pictures are shown: window, overlay, annotations; one state for all views that belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from escc_desktop.gui.theme import OKABE_ITO
from escc_desktop.gui.viewer.lut import WindowPreset
from escc_desktop.gui.viewer.slab import SINGLE, Slab, SlabKind
from escc_desktop.i18n import _

DEFAULT_WINDOW: Final = (350.0, 40.0)
STRENGTHS: Final = (0.0, 0.08, 0.15, 0.3, 0.5, 0.75)
_USUAL: Final = 2
ROI_COLOR: Final = OKABE_ITO[0]
SUGGESTION_COLOR: Final = OKABE_ITO[1]
# The digits that a person may keep windows of his own on.
OWN_KEYS: Final = ("6", "7", "8", "9")
_BESIDE: Final = (OKABE_ITO[2], OKABE_ITO[6], OKABE_ITO[4], OKABE_ITO[5], OKABE_ITO[3])


def roi_color(layer: int) -> str:
    """Return the colour of a region of a reading: 0 is the lesion, others are drawn beside it."""
    return ROI_COLOR if layer == 0 else _BESIDE[(layer - 1) % len(_BESIDE)]


def window_presets() -> tuple[WindowPreset, ...]:
    """Return the windows on the digit keys."""
    return (
        WindowPreset("1", _("Mediastinum"), 350, 40),
        WindowPreset("2", _("Lung"), 1500, -600),
        WindowPreset("3", _("Bone"), 2000, 500),
        WindowPreset("4", _("Liver"), 150, 90),
        WindowPreset("5", _("Esophagus, arterial phase"), 300, 80),
    )


@dataclass(frozen=True)
class Look:
    """How pictures are shown.

    Attributes
    ----------
    width, level
        The window in HU.
    has_overlay
        Whether the region is shown.
    strength
        Which of `STRENGTHS` fills it; at 0 only its border is drawn.
    has_annotations, has_crosshair
        Whether text, letters and scale bar, and the crosshair, are shown.
    pointed_out
        Least and most HU of voxels that are tinted, such as those a brush may paint; None for none.
    slab
        Whether a picture is of several slices.
    """

    width: float = DEFAULT_WINDOW[0]
    level: float = DEFAULT_WINDOW[1]
    has_overlay: bool = True
    strength: int = _USUAL
    has_annotations: bool = True
    has_crosshair: bool = True
    pointed_out: tuple[int, int] | None = None
    slab: Slab = SINGLE

    @property
    def share(self) -> float:
        """How much of a voxel's colour is the overlay's."""
        return STRENGTHS[self.strength] if self.has_overlay else 0.0

    def windowed(self, width: float, level: float) -> Self:
        """Return the look in another window."""
        return replace(self, width=max(float(round(width)), 2.0), level=float(round(level)))

    def stronger(self) -> Self:
        """Return the look with the overlay stronger; it is shown then."""
        return self._strengthened(1)

    def fainter(self) -> Self:
        """Return the look with the overlay fainter; it is shown then."""
        return self._strengthened(-1)

    def overlay_toggled(self) -> Self:
        """Return the look with the overlay the other way, shown or hidden."""
        return replace(self, has_overlay=not self.has_overlay)

    def annotations_toggled(self) -> Self:
        """Return the look with all annotations and the crosshair hidden, or all shown."""
        shown = not self.has_annotations
        return replace(self, has_annotations=shown, has_crosshair=shown)

    def crosshair_toggled(self) -> Self:
        """Return the look with the crosshair the other way."""
        return replace(self, has_crosshair=not self.has_crosshair)

    def slab_toggled(self, kind: SlabKind) -> Self:
        """Return the look with pictures of a kind of slab, or of single slices if they are of that kind."""
        return replace(self, slab=self.slab.toggled(kind))

    def slab_thick(self, mm: float) -> Self:
        """Return the look with slabs of another thickness."""
        return replace(self, slab=self.slab.thick(mm))

    def _strengthened(self, steps: int) -> Self:
        strength = min(max(self.strength + steps, 0), len(STRENGTHS) - 1)
        return replace(self, strength=strength, has_overlay=True)
