"""Stores volumes until it is killed; says the digest of each that is stored."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import small_study

from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.store.kinds import VOLUME
from escc_desktop.store.store import Store


def main(folder: Path) -> None:
    geometry = Geometry((64, 64, 64), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    random = np.random.default_rng(os.getpid())
    with Store.open(folder, small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
        principal = store.accounts.log_in("admin", small_study.PASSWORD)
        while True:
            volume = Volume(random.integers(-1000, 1000, geometry.shape).astype(np.int16), geometry)
            store.put(principal, VOLUME, volume)
            os.write(1, f"{volume.digest}\n".encode())


if __name__ == "__main__":
    os.write(1, b"ready\n")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            main(Path(line.strip()))
        os.write(1, f"child {child}\n".encode())
        os.waitpid(child, 0)
        os.write(1, b"dead\n")
