"""Which keys do what: the program's own, a ready-made map of another program's, and what one person changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from PySide6.QtGui import QKeySequence

from escc_desktop.errors import Fault, FaultsError
from escc_desktop.files import read_json, write_json
from escc_desktop.resources import resource_path

HOUSE: Final = "house"
READY_MADE: Final = ("itk_snap", "slicer")
_FORMAT: Final = "escc-desktop keys 1"
_MOST_KEYS: Final = 4
Keys = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class KeyMap:
    """Keys by action where they differ from the program's own; an empty tuple leaves an action without one."""

    name: str
    keys: Keys


def ready_made(name: str) -> KeyMap:
    """Return a map of `READY_MADE`; the program's own, which changes nothing, for any other name."""
    if name not in READY_MADE:
        return KeyMap("", MappingProxyType({}))
    return _parse(json.loads(resource_path("keys", f"{name}.json").read_text(encoding="utf-8")), name)


def read_key_map(path: Path) -> KeyMap:
    """Read a map that `write_key_map` wrote, or somebody by hand.

    Raises
    ------
    EsccError
        The file cannot be read.
    FaultsError
        It is no map of keys; all faults are told.
    """
    return _parse(read_json(path), path.name)


def write_key_map(path: Path, key_map: KeyMap) -> None:
    """Write a map whole or not at all."""
    keys = {action: list(keys) for action, keys in sorted(key_map.keys.items())}
    write_json(path, {"format": _FORMAT, "name": key_map.name, "keys": keys})


def standard_key(key: str) -> str:
    """Return a key as Qt writes it everywhere, so that equal ones are equal; "" for what is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def clashes(keys: Keys) -> dict[str, tuple[str, ...]]:
    """Return the keys that a map gives to more than one action, with those actions."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for action, own in keys.items():
        for key in dict.fromkeys(map(standard_key, own)):
            wanted[key].append(action)
    return {key: tuple(actions) for key, actions in wanted.items() if len(actions) > 1}


_in_use: dict[str, tuple[str, ...]] = {}


def use_keys(keys: Keys) -> None:
    """Have every action answer to these keys from now on."""
    _in_use.clear()
    _in_use.update(keys)


def keys_of(action_id: str, usual: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys of an action: those in use, else its usual ones as far as no other action has taken them."""
    if action_id in _in_use:
        return _in_use[action_id]
    if not _in_use:
        return usual
    taken = {standard_key(key) for keys in _in_use.values() for key in keys}
    return tuple(key for key in usual if standard_key(key) not in taken)


def _parse(document: object, where: str) -> KeyMap:
    known = document if isinstance(document, dict) else {}
    entries = known.get("keys")
    if known.get("format") != _FORMAT or not isinstance(entries, dict):
        raise FaultsError(
            "This is no map of keys.", [Fault(where, f"it does not say “{_FORMAT}”")], "Export one first."
        )
    faults = list(_faults(entries))
    if faults:
        raise FaultsError("The map of keys cannot be used.", faults, "Mend the file, or export one anew.")
    keys = {action: tuple(standard_key(key) for key in own) for action, own in entries.items()}
    return KeyMap(str(known.get("name", ""))[:60], MappingProxyType(keys))


def _faults(entries: Mapping[object, object]) -> Iterable[Fault]:
    sound: dict[str, tuple[str, ...]] = {}
    for action, keys in entries.items():
        if not isinstance(keys, list) or len(keys) > _MOST_KEYS or not all(isinstance(key, str) for key in keys):
            yield Fault(str(action), f"its keys are no list of at most {_MOST_KEYS} words")
            continue
        wrong = [key for key in keys if not standard_key(key)]
        if wrong:
            yield Fault(str(action), f"{wrong[0]!r} is no key")
        sound[str(action)] = tuple(keys)
    for key, actions in clashes(sound).items():
        yield Fault(key, f"it is wanted by {' and '.join(actions)}")
