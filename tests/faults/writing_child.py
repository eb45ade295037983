"""Writes revisions of one record as fast as it can, beside another process that does the same."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import small_study

from escc_desktop.store.records import Document, document_kind
from escc_desktop.store.store import Store

NOTE = document_kind("note")


def main(folder: str, name: str, count: str) -> None:
    with Store.open(Path(folder), small_study.PASSPHRASE, cost=small_study.CHEAP) as store:
        principal = store.accounts.log_in("admin", small_study.PASSWORD)
        for number in range(int(count)):
            # Read, then write: what a deferred transaction would lose.
            store.find(NOTE, "shared")
            store.put(principal, NOTE, Document("shared", {"by": name, "number": number}))


if __name__ == "__main__":
    main(*sys.argv[1:])
