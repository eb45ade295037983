"""A script of what a reader does, as a JSON file: places in voxels, so that it plays at any size of the window.

`{"format": "escc-desktop replay 1", "steps": [...]}`; what a step may say is in `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.files import read_json, write_json
from escc_desktop.gui.key_map import standard_key

FORMAT: Final = "escc-desktop replay 1"
_MOST_STEPS: Final = 100_000
_FARTHEST: Final = 1e6
VIEWS: Final = ("axial", "coronal", "sagittal")
BUTTONS: Final = ("left", "right", "middle")
MODIFIERS: Final = ("shift", "ctrl", "alt")
WAITS: Final = ("saved", "jobs")

# What each step must say (name: type), and what it may say.
_Fields = Mapping[str, type]
STEPS: Final[Mapping[str, tuple[_Fields, _Fields]]] = {
    "go": ({"page": str}, {}),
    "open": ({"reading": str}, {}),
    "close": ({}, {}),
    "action": ({"id": str}, {}),
    "slice": ({"view": str, "index": int}, {}),
    "drag": ({"view": str, "path": list}, {"button": str, "modifiers": list}),
    "hover": ({"view": str, "at": list}, {}),
    "wheel": ({"view": str, "notches": int}, {"modifiers": list}),
    "key": ({"key": str}, {"view": str}),
    "click": ({"name": str}, {}),
    "set": ({"name": str, "value": object}, {}),
    "wait": ({"for": str}, {}),
    "expect": ({}, {"voxels": int, "slices": list, "digest": str, "steps": int, "tool": str}),
    "sign": ({"meaning": str}, {}),
}


@dataclass(frozen=True)
class ReplayStep:
    """One thing done: its kind (a key of `STEPS`) and what it says."""

    do: str
    says: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the step as the file holds it."""
        return {"do": self.do, **self.says}


def read_script(path: Path) -> tuple[ReplayStep, ...]:
    """Read a script.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        It is no script; all faults are told, by step.
    """
    document = read_json(path)
    known = document if isinstance(document, dict) else {}
    steps = known.get("steps")
    if known.get("format") != FORMAT or not isinstance(steps, list) or len(steps) > _MOST_STEPS:
        fault = Fault(path.name, f"it does not say “{FORMAT}” with a list of at most {_MOST_STEPS:,} steps")
        raise FaultsError("This is no script of what a reader does.", [fault], "Record one.")
    faults = [fault for number, step in enumerate(steps, start=1) for fault in _faults(number, step)]
    if faults:
        raise FaultsError(f"The script {path.name} cannot be played.", faults, "Mend these steps, or record it anew.")
    return tuple(ReplayStep(step["do"], {name: step[name] for name in step if name != "do"}) for step in steps)


def write_script(path: Path, steps: Sequence[ReplayStep]) -> None:
    """Write a script whole or not at all."""
    write_json(path, {"format": FORMAT, "steps": [step.to_json() for step in steps]})


def _faults(number: int, step: object) -> Iterable[Fault]:
    where = f"step {number}"
    if not isinstance(step, dict) or step.get("do") not in STEPS:
        yield Fault(where, f"it says none of {', '.join(STEPS)} to “do”")
        return
    needed, may = STEPS[step["do"]]
    for name in needed.keys() - step.keys():
        yield Fault(where, f"“{step['do']}” must say “{name}”")
    for name, value in step.items():
        wanted = {**needed, **may}.get(name)
        if name == "do":
            continue
        if wanted is None:
            yield Fault(where, f"“{step['do']}” knows no “{name}”")
        elif not isinstance(value, wanted) or isinstance(value, bool):
            yield Fault(where, f"“{name}” is not of the kind {wanted.__name__}")
        elif not _is_sound(name, value):
            yield Fault(where, f"“{name}” is {value!r}, which means nothing here")


def _is_place(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= _FARTHEST


_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "view": VIEWS.__contains__,
    "button": BUTTONS.__contains__,
    "for": WAITS.__contains__,
    "modifiers": lambda value: all(one in MODIFIERS for one in value),
    "path": lambda value: bool(value) and all(map(_is_place, value)),
    "at": _is_place,
    "value": _is_number,
    "key": lambda value: bool(standard_key(value)),
    "notches": lambda value: abs(value) <= _MOST_STEPS,
    "slices": lambda value: all(isinstance(one, int) for one in value),
}


def _is_sound(name: str, value: Any) -> bool:
    check = _SOUND.get(name)
    return check is None or check(value)
