"""What can be done in a view by name: one table for its keys, its menu, the palette and the help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from escc_desktop.gui.actions import Action
from escc_desktop.gui.viewer.look import Look, window_presets
from escc_desktop.gui.viewer.steered import SteeredCanvas
from escc_desktop.i18n import _

Active = Callable[[], SteeredCanvas]


def view_actions(active: Active) -> tuple[Action, ...]:
    """Return what can be done in a view; `active` says in which one when it is done."""
    return *_window_actions(active), *_look_actions(active), *_zoom_actions(active)


def _window_actions(active: Active) -> list[Action]:
    def why_not() -> str:
        return _("The window is the same for all readings.") if active().is_window_locked else ""

    return [
        Action(
            f"viewer.window_{preset.key}",
            _("Window: {name}").format(name=preset.name),
            lambda width=preset.width, level=preset.level: active().choose_window(width, level),  # type: ignore[misc]
            keys=(preset.key,),
            why_not=why_not,
        )
        for preset in window_presets()
    ]


def _look_actions(active: Active) -> list[Action]:
    def change(to: Callable[[Look], Look]) -> None:
        active().choose_look(to(active().look))

    return [
        Action("viewer.overlay", _("Show or hide the region"), partial(change, Look.overlay_toggled), keys=("S",)),
        Action("viewer.fainter", _("Region fainter"), partial(change, Look.fainter), keys=("A",)),
        Action("viewer.stronger", _("Region stronger"), partial(change, Look.stronger), keys=("D",)),
        Action(
            "viewer.annotations", _("Show or hide all writing"), partial(change, Look.annotations_toggled), keys=("X",)
        ),
        Action(
            "viewer.crosshair",
            _("Show or hide the crosshair"),
            partial(change, Look.crosshair_toggled),
            keys=("Shift+X",),
        ),
    ]


def _zoom_actions(active: Active) -> list[Action]:
    return [
        Action("viewer.fit", _("Fit to the view"), lambda: active().fit(), keys=("F",)),
        Action("viewer.full_size", _("Zoom 100 %"), lambda: active().zoom_to_100(), keys=("Shift+F",)),
    ]
