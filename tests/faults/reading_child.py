"""Reads on the demand of a test that will kill it: forks a reader for every line of standard input."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import small_study

from escc_desktop.errors import EsccError
from escc_desktop.store.store import Store
from escc_desktop.workflow.desk import Reading, ReadingDesk


def say(*words: object) -> None:
    # One write a line: a kill leaves whole lines.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def step(reading: Reading, number: int) -> None:
    """Do the step that has this number in the journal; the test can do the same."""
    random = np.random.default_rng(number)
    if number % 7 == 3:
        reading.undo()
    elif number % 7 == 4:
        reading.redo()
    else:
        reading.edit("brush", int(random.integers(6)), random.random((12, 10)) < 0.5)


def read(folder: Path) -> None:
    with Store.open(folder, small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
        principal = store.accounts.log_in("A", small_study.PASSWORD)
        reading = ReadingDesk(store, principal).open("P1/L1/A/first")
        say("resumed", reading.acknowledged)
        number = told = reading.acknowledged
        while True:
            number += 1
            step(reading, number)
            if reading.acknowledged > told:
                told = reading.acknowledged
                say("acknowledged", told)
            time.sleep(0.001)


def main() -> None:
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                read(Path(line.strip()))
            except EsccError as error:
                say("error", error)
            os._exit(1)
        say("child", child)
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    assert threading.active_count() == 1
    main()
