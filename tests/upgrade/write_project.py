"""Write the project that every later version must open: once at each schema revision, never again for an old one.

python tests/upgrade/write_project.py tests/upgrade/revision_NNNN
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from escc_desktop.files import write_json
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.reading.plan import Lesion, LesionRole, LesionSite, Reader, draw_plan
from escc_desktop.store import kinds
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.records import Document
from escc_desktop.store.store import Login, Store
from escc_desktop.workflow.desk import ReadingDesk

CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
PASSWORD = "an old password"
SHAPE = (3, 8, 9)


def main(folder: Path) -> None:
    now = [datetime(2024, 3, 1, 8, 0, tzinfo=UTC)]
    lock = Passphrase("an old passphrase", CHEAP)
    new = Store.create(folder, lock, Login("admin", PASSWORD), clock=lambda: now[0], cost=CHEAP)
    with new.store as store:
        admin = new.administrator
        store.accounts.create(admin, "A", PASSWORD, Role.READER, Reader.A)
        store.accounts.create(admin, "stat", PASSWORD, Role.STATISTICIAN)
        reader = store.accounts.log_in("A", PASSWORD)
        volume = Volume(
            np.arange(3 * 8 * 9, dtype=np.int16).reshape(SHAPE) - 100,
            Geometry((9, 8, 3), (0.75, 0.75, 5.0), (-10.5, 20.25, -30.0)),
        )
        lesion = Lesion("L1", "P1", LesionSite.PRIMARY, LesionRole.TARGET, True, (-7.5, 23.25, -25.0), "1.2.3")
        plan = draw_plan([lesion], repeats=1, seed=7)
        with store.write(admin, "set up", "fixture") as writing:
            writing.put(kinds.VOLUME, volume)
            writing.put(kinds.SERIES, Document("1.2.3", {"volume": volume.digest}))
            writing.put(kinds.PATIENT, Document("P1", {"age_years": 61}))
            writing.put(kinds.LESION, lesion)
            writing.put(kinds.PLAN, plan)
            for session in plan.sessions:
                writing.put(kinds.SESSION, session)
        store.put(admin, kinds.PATIENT, Document("P1", {"age_years": 62}), "typing error")
        desk = ReadingDesk(store, reader, params_digest="0" * 64)
        box = np.zeros(SHAPE, dtype=bool)
        box[1, 2:5, 3:7] = True
        with desk.open("P1/L1/A/first") as reading:
            reading.edit("brush", 1, box)
            reading.edit("brush", 2, np.ones(SHAPE[1:], dtype=bool))
            reading.undo()
            reading.sign(PASSWORD, "outlined by me")
        now[0] += timedelta(days=12)
        with desk.open("P1/L1/A/repeat") as reading:
            reading.edit("polygon", 0, box[1])
            reading.edit("eraser", 0, np.zeros(SHAPE[1:], dtype=bool))
            reading.undo()
        head = store.ledger.head()
    write_json(folder / "expected.json", {"recovery_key": new.recovery_key, "audit": [head.seq, head.hash]})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
