"""Who may build a demo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.workflow.demo.claim import claimed
from escc_desktop.workflow.demo.folder import DemoChoice
from escc_desktop.workflow.demo.practice import build_practice, practice_patients
from escc_desktop.workflow.demo.run import build_demo

HOLDER = """
import sys, time
from pathlib import Path
from escc_desktop.workflow.demo.claim import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_that_a_demo_held_by_another_program_is_left_alone_until_that_one_is_gone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(EsccError, match="another window or command"):
            build_demo(tmp_path, DemoChoice(24), Progress())
        with pytest.raises(EsccError, match="another window or command"):
            build_practice(tmp_path, 1, Progress())
        assert [path.name for path in tmp_path.iterdir()] == ["demo.lock"]
    finally:
        other.kill()
        other.communicate()
    with claimed(tmp_path):
        pass


def test_that_a_place_where_nothing_can_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("somebody's", encoding="utf-8")
    with pytest.raises(EsccError, match=r"Cannot write .*practice: .*\. Name a new or an empty folder\."):
        build_practice(tmp_path / "file" / "practice", 1, Progress())
    assert (tmp_path / "file").read_text(encoding="utf-8") == "somebody's"


def test_that_the_patients_to_practise_on_have_codes_of_their_own_and_no_artefacts() -> None:
    patients = practice_patients()
    assert [patient.patient_id for patient in patients] == ["T01", "T02", "T03"]
    assert [patient.record.patient_id for patient in patients] == ["T01", "T02", "T03"]
    assert not any(patient.artefact or patient.is_showcase for patient in patients)
    sizes = [patient.axial_diameter_mm for patient in patients]
    assert sizes == sorted(sizes)
