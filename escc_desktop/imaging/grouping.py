"""Which files of one series UID belong together: copies dropped, acquisitions told apart."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from escc_desktop.imaging.phase import seconds_of
from escc_desktop.imaging.series import Finding, Header, Slice, Verdict


def separate(group: Sequence[Slice]) -> tuple[list[list[Slice]], tuple[Finding, ...]]:
    """Return the parts that are one acquisition each, without copies, and the findings that concern all of them."""
    slices, copies = _without_copies(group)
    findings = list(copies)
    uids = Counter(part.header.sop_uid for part in slices if part.header.sop_uid)
    clashes = tuple(part.name for part in slices if uids[part.header.sop_uid or ""] > 1)
    if clashes:
        message = "Files share a SOPInstanceUID but not their content; fetch the series again."
        findings.append(Finding("same_uid_other_pixels", Verdict.REFUSE, message, clashes))
        return [slices], tuple(findings)
    parts, split = _split(slices)
    return parts, (*findings, *split)


def _without_copies(group: Sequence[Slice]) -> tuple[list[Slice], list[Finding]]:
    """Keep one of several files with the same image at the same place of the same acquisition."""
    uids = Counter(part.header.sop_uid for part in group)
    places = Counter(_place(part) for part in group)
    kept: dict[object, Slice] = {}
    copies = []
    for part in group:
        header = part.header
        is_alone = uids[header.sop_uid] == 1 and places[_place(part)] == 1
        moment = (header.acquisition_number, header.temporal_position, header.acquisition_time)
        # Only rivals are worth reading: the digest costs the whole file.
        key = part.name if is_alone else (_place(part), moment, _pixel_digest(part))
        if kept.setdefault(key, part) is not part:
            copies.append(part.name)
    if not copies:
        return list(group), []
    message = f"{len(copies)} files are identical copies of others; they are left out."
    return list(kept.values()), [Finding("duplicate_slice", Verdict.FIX, message, tuple(copies))]


def _pixel_digest(part: Slice) -> str:
    """Digest of the stored pixel data; of the whole file where they have no fixed place in it."""
    header = part.header
    data = part.path.read_bytes()
    if header.pixel_offset is not None and header.file_size == len(data):
        end = header.pixel_offset + header.pixel_length if header.pixel_length else len(data)
        data = data[header.pixel_offset : end]
    return hashlib.sha256(data).hexdigest()


def _place(part: Slice) -> tuple[float, ...]:
    return _rounded(tuple(part.header.position or ()))


@lru_cache(1 << 16)
def _rounded(position: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(round(value, 3) for value in position)


def _split(slices: list[Slice]) -> tuple[list[list[Slice]], list[Finding]]:
    """Separate acquisitions that share a series UID; refuse two images at one position that nothing tells apart."""
    places = Counter(_place(part) for part in slices if part.header.position)
    if not places or max(places.values()) == 1:
        return [slices], []
    count = max(places.values())
    for groups in (*(_by_key(slices, key) for key in _KEYS), _by_pause(slices, count)):
        if len(groups) == count and all(_has_own_places(group) for group in groups):
            message = f"{count} acquisitions share one series UID; they are listed apart, choose one."
            return groups, [Finding("acquisitions_split", Verdict.WARN, message)]
    names = tuple(part.name for part in slices if part.header.position and places[_place(part)] > 1)
    message = "There are several different images at one position and nothing tells them apart; fetch the series again."
    return [slices], [Finding("duplicate_position", Verdict.REFUSE, message, names)]


_KEYS: Final[tuple[Callable[[Header], object], ...]] = (
    lambda header: header.acquisition_number,
    lambda header: header.temporal_position,
    lambda header: header.acquisition_time,
    lambda header: header.content_time,
    lambda header: header.image_type,
)


def _by_key(slices: Sequence[Slice], key: Callable[[Header], object]) -> list[list[Slice]]:
    groups: dict[object, list[Slice]] = {}
    for part in slices:
        groups.setdefault(key(part.header), []).append(part)
    return list(groups.values())


def _by_pause(slices: Sequence[Slice], count: int) -> list[list[Slice]]:
    """Part slices that each have their own acquisition time at the longest pauses between them."""
    if any(part.header.acquisition_time is None for part in slices):
        return []
    ordered = sorted(slices, key=lambda part: part.header.acquisition_time or "")
    times = [seconds_of(part.header.acquisition_time) or 0.0 for part in ordered]
    pauses = [after - before for before, after in pairwise(times)]
    cuts = sorted(sorted(range(len(pauses)), key=lambda index: -pauses[index])[: count - 1])
    bounds = [0, *(cut + 1 for cut in cuts), len(ordered)]
    return [ordered[start:stop] for start, stop in pairwise(bounds)]


def _has_own_places(group: Sequence[Slice]) -> bool:
    return len({_place(part) for part in group}) == len(group)
