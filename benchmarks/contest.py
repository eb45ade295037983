"""Ours and a peer by turns in one run: medians, 95th percentiles, the ratio and whether it is what we want."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

WARM_UP = 5
Runner = Callable[[int], object]


@dataclass(frozen=True)
class Line:
    """One line of the table: milliseconds, wall and CPU; the ratio is that of the medians of CPU time, or of wall time
    where work is done in other processes or threads."""

    name: str
    repeats: int
    ours_ms: float
    ours_p95_ms: float
    ours_cpu_ms: float
    peer: str = ""
    peer_ms: float | None = None
    peer_p95_ms: float | None = None
    ratio: float | None = None
    wanted_ratio: float | None = None
    wanted_ms: float | None = None

    def words(self) -> str:
        said = f"{self.name:40s} ours {self.ours_ms:8.2f} p95 {self.ours_p95_ms:8.2f} cpu {self.ours_cpu_ms:8.2f}"
        if self.wanted_ms is not None:
            said += f" (wanted {self.wanted_ms:g}: {_verdict(self.ours_p95_ms, self.wanted_ms)})"
        if self.ratio is not None and self.peer_ms is not None:
            said += f"   {self.peer} {self.peer_ms:9.2f}   ratio {self.ratio:.3f}"
        if self.ratio is not None and self.wanted_ratio is not None:
            said += f" (wanted {self.wanted_ratio:g}: {_verdict(self.ratio, self.wanted_ratio)})"
        return said


def _verdict(found: float, wanted: float) -> str:
    return "holds" if found <= wanted else "DOES NOT HOLD"


@dataclass(frozen=True)
class Wanted:
    """What a line should reach: its ratio to the peer, and its 95th percentile in ms.

    With a `burst`, so many turns of ours follow each other before as many of the peer's: what comes in quick
    succession, as the moves of a hand do, meets a processor that has just done the like.
    """

    ratio: float | None = None
    p95_ms: float | None = None
    by_wall: bool = False
    burst: int = 1


def race(
    name: str,
    ours: Runner,
    peers: dict[str, Runner],
    wanted: Wanted,
    repeats: int = 200,
    before: Runner = lambda _turn: None,
) -> Line:
    """Run ours and the peer (one at most) by turns, print and return the line; `before` each turn is not timed."""
    runners = [ours, *peers.values()]
    wall: list[list[float]] = [[] for _ in runners]
    cpu: list[list[float]] = [[] for _ in runners]
    warm_up = min(WARM_UP, repeats // 4)
    turns = list(range(repeats + warm_up))
    for first in range(0, len(turns), wanted.burst):
        for place, run in enumerate(runners):
            for turn in turns[first : first + wanted.burst]:
                if place == 0:
                    before(turn)
                start, start_cpu = time.perf_counter(), time.process_time()
                run(turn)
                if turn >= warm_up:
                    wall[place].append(1000 * (time.perf_counter() - start))
                    cpu[place].append(1000 * (time.process_time() - start_cpu))
    times = wall if wanted.by_wall else cpu
    has_peer = len(runners) > 1
    line = Line(
        name,
        repeats,
        float(np.median(wall[0])),
        float(np.percentile(wall[0], 95)),
        float(np.median(cpu[0])),
        next(iter(peers), ""),
        float(np.median(wall[1])) if has_peer else None,
        float(np.percentile(wall[1], 95)) if has_peer else None,
        float(np.median(times[0]) / np.median(times[1])) if has_peer else None,
        wanted.ratio,
        wanted.p95_ms,
    )
    print(line.words(), flush=True)
    return line


def write_lines(lines: list[Line], path: Path | None) -> None:
    """Write lines as JSON, if a path is given."""
    if path is not None:
        path.write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")


def json_path() -> Path | None:
    """Return the path after `--json` on the command line."""
    words = sys.argv[1:]
    return Path(words[words.index("--json") + 1]) if "--json" in words else None
