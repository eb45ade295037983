"""The contrast phase of a series, from its words and its clock; unknown unless something speaks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from escc_desktop.imaging.series import Header, Phase

_WORDS: Final = (
    ("arterial", 0.9, r"动脉|動脈|\barterial\b|\bart(erial)?[ _-]?ph(ase)?\b|\bart\b|\baort(ic|a)\b"),
    ("venous", 0.9, r"静脉|靜脈|门脉|門脈|\b(portal|venous|ven|pv|pvp)\b"),
    ("delayed", 0.9, r"延迟|延遲|延时|\b(delay(ed)?|late)\b"),
    ("unenhanced", 0.9, r"平扫|平掃|\b(plain|unenhanced|native|non[ _-]?contrast|nc|c-)(?=\W|$)|\bw/?o\b"),
    ("arterial", 0.5, r"(^|[\s_])A([\s_]|$)"),
    ("venous", 0.5, r"(^|[\s_])[VP]([\s_]|$)"),
)
_TIMES_S: Final = (("arterial", 15.0, 45.0), ("venous", 55.0, 100.0), ("delayed", 120.0, 900.0))
_SEVERAL: Final = 0.97
_ONLY_CLOCK: Final = 0.8

_Evidence = tuple[str, float, str]


def recognise_phase(headers: Sequence[Header]) -> Phase:
    """Name the contrast phase by description words, contrast tags and acquisition time.

    Words and clock that contradict each other give `unknown`, with both as evidence. A tag with no contrast agent
    says little: many scanners never fill it.
    """
    if not headers:
        return Phase()
    found = [*_by_words(headers[0]), *_by_clock(headers)]
    evidence = tuple(reason for _, _, reason in found)
    names = {name for name, _, _ in found}
    if len(names) > 1:
        return Phase("unknown", 0.0, evidence)
    if not found:
        agent = "a contrast agent is named, its phase is not"
        return Phase(evidence=(agent,) if headers[0].contrast_agent else ())
    confidence = _SEVERAL if len(found) > 1 else found[0][1]
    return Phase(names.pop(), confidence, evidence)


def _by_words(header: Header) -> Iterator[_Evidence]:
    for field, text in (("SeriesDescription", header.description), ("ProtocolName", header.protocol)):
        for name, confidence, pattern in _WORDS:
            word = re.search(pattern, text or "", re.IGNORECASE)
            if word:
                yield name, confidence, f"{field} says “{word.group().strip(' _')}”"
                return


def _by_clock(headers: Sequence[Header]) -> Iterator[_Evidence]:
    start = seconds_of(headers[0].contrast_start)
    times = sorted(time for time in (seconds_of(header.acquisition_time) for header in headers) if time is not None)
    if start is None or not times:
        return
    delay = times[0] - start
    for name, earliest, latest in _TIMES_S:
        if earliest <= delay <= latest:
            yield name, _ONLY_CLOCK, f"acquired {delay:.0f} s after the start of the contrast agent"


def seconds_of(time: str | None) -> float | None:
    """Return the seconds since midnight of a DICOM time (HHMMSS.FFFFFF); None if it is none."""
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2}(?:\.\d{1,6})?)", time or "")
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None
