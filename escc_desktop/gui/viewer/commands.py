"""What can be done in a view by name: one table for its keys, its menu, the palette and the help."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from escc_desktop.gui.actions import Action
from escc_desktop.gui.viewer.look import OWN_KEYS, Look, window_presets
from escc_desktop.gui.viewer.slab import SlabKind
from escc_desktop.gui.viewer.steered import SteeredCanvas
from escc_desktop.i18n import _

Active = Callable[[], SteeredCanvas]
SLAB_STEP_MM: Final = 5.0


def view_actions(active: Active) -> tuple[Action, ...]:
    """Return what can be done in a view; `active` says in which one when it is done."""
    return (
        *_window_actions(active),
        *_look_actions(active),
        *_slab_actions(active),
        *_zoom_actions(active),
    )


def _window_actions(active: Active) -> list[Action]:
    def why_not() -> str:
        return active().why_not_window()

    def why_not_region() -> str:
        return why_not() or active().why_not_region_window()

    known = [
        Action(
            f"viewer.window_{preset.key}",
            _("Window: {name}").format(name=preset.name),
            lambda width=preset.width, level=preset.level: active().choose_window(width, level),  # type: ignore[misc]
            keys=(preset.key,),
            why_not=why_not,
        )
        for preset in window_presets()
    ]
    own = [_own_window_action(active, key) for key in OWN_KEYS]
    region = Action(
        "viewer.window_region",
        _("Window: around the values of the region"),
        lambda: active().choose_region_window(),
        keys=("Alt+W",),
        why_not=why_not_region,
    )
    return [*known, *own, region]


def _own_window_action(active: Active, key: str) -> Action:
    def choose() -> None:
        preset = active().own_window(key)
        if preset is not None:
            active().choose_window(preset.width, preset.level)

    def why_not() -> str:
        nothing = _("No window of your own is kept on {key}: keep one in the panel, under Viewing.").format(key=key)
        return active().why_not_window() or ("" if active().own_window(key) is not None else nothing)

    return Action(
        f"viewer.window_{key}",
        _("Window: your own on {key}").format(key=key),
        choose,
        keys=(key,),
        why_not=why_not,
    )


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


def _slab_actions(active: Active) -> list[Action]:
    def toggle(kind: SlabKind) -> None:
        active().choose_look(active().look.slab_toggled(kind))

    def thicken(by: float) -> None:
        look = active().look
        active().choose_look(look.slab_thick(look.slab.mm + by))

    def why_not() -> str:
        is_slab = active().look.slab.kind is not SlabKind.NONE
        return "" if is_slab else _("Single slices are shown: choose a thick slab first.")

    kinds = (
        (SlabKind.MEAN, _("Thick slab: mean"), "Shift+1"),
        (SlabKind.MAXIMUM, _("Thick slab: largest value (MIP)"), "Shift+2"),
        (SlabKind.MINIMUM, _("Thick slab: least value (MinIP)"), "Shift+3"),
    )
    return [
        *(Action(f"viewer.slab_{kind}", text, partial(toggle, kind), keys=(key,)) for kind, text, key in kinds),
        Action("viewer.slab_thicker", _("Slab thicker"), partial(thicken, SLAB_STEP_MM), why_not=why_not),
        Action("viewer.slab_thinner", _("Slab thinner"), partial(thicken, -SLAB_STEP_MM), why_not=why_not),
    ]


def _zoom_actions(active: Active) -> list[Action]:
    return [
        Action("viewer.fit", _("Fit to the view"), lambda: active().fit(), keys=("F",)),
        Action("viewer.full_size", _("Zoom 100 %"), lambda: active().zoom_to_100(), keys=("Shift+F",)),
    ]
