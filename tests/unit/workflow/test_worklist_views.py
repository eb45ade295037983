"""What the worklist shows: blinding, states, problems; what an import keeps and tells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from escc_desktop.errors import AccessDeniedError, EsccError
from escc_desktop.imaging.series import Header, Slice
from escc_desktop.imaging.stack import places_mm
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.store.kinds import SERIES, THUMBNAIL, VOLUME
from escc_desktop.store.records import Document
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project
from escc_desktop.workflow.thumbnails import SIDE, make_thumbnail, thumbnail_document, thumbnail_of
from escc_desktop.workflow.views.worklist import PatientState, Problem, ReadingState, worklist
from escc_desktop.workflow.views.worklist_jobs import (
    ImagesOrder,
    Offered,
    import_ordered,
    look_at,
    series_thumbnail,
)


@pytest.fixture(scope="module")
def case() -> ModuleType:
    path = Path(__file__).parents[2] / "gui" / "worklist_case.py"
    spec = spec_from_file_location("worklist_case", path)
    assert spec
    assert spec.loader
    module = sys.modules["worklist_case"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def study(small_study: ModuleType, tmp_path: Path) -> Iterator[object]:
    made = small_study.build(tmp_path / "study")
    yield made
    made.store.close()


@pytest.fixture
def people(case: ModuleType, small_study: ModuleType, tmp_path: Path) -> Iterator[object]:
    made = case.People(tmp_path / "project", small_study)
    yield made
    made.store.close()


def as_person(study, name: str) -> Project:
    return Project(study.store, study.people[name])


def test_that_readers_know_their_own_readings_only(study) -> None:
    drawn = study.plan.repeat_patients
    study.sign(f"{drawn[0]}/L1/B/first")
    of_a, of_b = (worklist(as_person(study, letter), Progress()) for letter in "AB")
    assert {reading.reader for patient in of_a.patients for reading in patient.readings} == {"A"}
    assert {reading.state for patient in of_a.patients for reading in patient.readings} == {ReadingState.TO_READ}
    assert [patient.patient_id for patient in of_b.patients] == list(drawn)
    assert {reading.reader for patient in of_b.patients for reading in patient.readings} == {"B"}
    assert of_a.n_signed == 0
    assert of_a.is_planned is None, "the plan is not a reader's to know"


def test_that_another_readers_signature_changes_nothing_a_reader_sees(study) -> None:
    before = worklist(as_person(study, "A"), Progress())
    study.clock.forward(timedelta(days=1))
    study.sign(f"{study.plan.repeat_patients[0]}/L1/B/first")
    assert worklist(as_person(study, "A"), Progress()) == before, "not even the time of the last change"


def test_that_a_begun_reading_is_in_progress(study) -> None:
    study.desk("A").open("P2/L1/A/first").close()
    found = {patient.patient_id: patient for patient in worklist(as_person(study, "A"), Progress()).patients}
    assert found["P2"].state is PatientState.IN_PROGRESS
    assert found["P1"].state is PatientState.TO_READ
    assert found["P2"].next_reading().session_id == "P2/L1/A/first"


def test_that_an_oncologist_sees_no_readings(study) -> None:
    study.sign("P1/L1/A/first")
    found = worklist(as_person(study, "oncologist"), Progress())
    assert found.columns == ()
    assert all(not patient.readings for patient in found.patients)


def test_that_an_administrator_sees_no_worklist(study) -> None:
    with pytest.raises(AccessDeniedError):
        worklist(as_person(study, "admin"), Progress())


def test_that_series_of_earlier_programs_still_open(study) -> None:
    content = {"patient_id": "P1", "volume": study.store.get(SERIES, "1.2.1").content["volume"]}
    study.store.put(study.people["coordinator"], SERIES, Document("1.2.1", content))
    series = worklist(as_person(study, "coordinator"), Progress()).patients[0].series[0]
    assert series.positions_mm is None
    assert series.size == (10, 12, 6), "from the volume's document"
    assert series.spacing_mm == (0.8, 0.8, 2.0)
    assert series.phase == "unknown"
    made = series_thumbnail(as_person(study, "A"), "1.2.1", None, Progress())
    assert made.grey.shape == (SIDE, round(SIDE * 10 / 12)), "made from the volume, its sides as in the patient"


def test_that_a_reader_gets_no_picture_of_others_patients(study) -> None:
    other = ({"P1", "P2", "P3"} - set(study.plan.repeat_patients)).pop()
    picture = thumbnail_document(f"1.2.{other[1]}", make_thumbnail(study.store.all(VOLUME)[0]))
    study.store.put(study.people["coordinator"], THUMBNAIL, picture)
    with pytest.raises(AccessDeniedError):
        series_thumbnail(as_person(study, "B"), f"1.2.{other[1]}", None, Progress())


def test_that_an_import_keeps_positions_and_a_picture(people, case, tmp_path) -> None:
    case.write_series(tmp_path / "site", "P1", missing=[4])
    coordinator = people("coordinator")
    coordinator.import_images(tmp_path / "site", ImportChoice({}, frozenset({"missing_slice"})), Progress())
    document = coordinator.series()[0].content
    assert document["positions_mm"] == [31.0, 35.0, 39.0, 43.0, 51.0, 55.0, 59.0, 63.0]
    assert (document["size"], document["spacing_mm"]) == ([24, 20, 9], [1.5, 2.0, 4.0])
    picture = thumbnail_of(people.store.get(THUMBNAIL, case.series_uid("P1")))
    # Cut to the box of 16 x 12 voxels of 1.5 x 2 mm: as wide as it is high.
    assert picture.grey.shape == (SIDE, SIDE)
    assert abs(float(picture.grey.mean()) - 127.5) < 3
    found = worklist(coordinator, Progress())
    assert found.patients[0].problems == (Problem.CONFIRMED_FINDING,)


def test_that_a_marked_lesion_moves_the_picture_to_its_slice(people, case, tmp_path) -> None:
    case.write_series(tmp_path / "site", "P1")
    coordinator = people("coordinator")
    coordinator.import_images(tmp_path / "site", ImportChoice({}), Progress())
    uid = case.series_uid("P1")
    middle = series_thumbnail(coordinator, uid, None, Progress())
    lesion = Lesion("L1", "P1", LesionSite.PRIMARY, LesionRole.TARGET, False, (1.0, 1.0, 35.0), uid)
    coordinator.mark_lesions([lesion])
    kept = series_thumbnail(coordinator, uid, None, Progress())
    volume = coordinator.volume(uid)
    assert (kept.grey == make_thumbnail(volume, (1.0, 1.0, 35.0)).grey).all()
    assert (kept.grey != middle.grey).any()


def test_that_an_import_tells_everything_it_left_out(people, case, tmp_path) -> None:
    folder = case.write_handover(tmp_path / "site").folder
    report = import_ordered(people("coordinator"), ImagesOrder((folder,)), Progress())
    assert (report.n_imported, report.n_known) == (2, 0)
    by_path = {one.path: one for one in report.left_out}
    assert set(by_path) == {"P3", "P4", "note.txt"}
    assert by_path["P3"].questions == ("missing_slice",)
    assert by_path["P4"].questions == ()
    assert by_path["P4"].positions_mm == (31.0, 35.0, 47.0, 51.0, 59.0, 63.0)
    assert by_path["note.txt"].is_expected
    assert all(one.what and one.hint for one in report.left_out)
    only = replace(report.order, accept=frozenset({"missing_slice"}), only=frozenset({by_path["P3"].series_uid}))
    again = import_ordered(people("coordinator"), only, Progress())
    assert (again.n_imported, again.n_known, again.left_out) == (1, 0, ())


def test_that_a_series_that_changed_is_left_out_and_the_others_go_on(people, case, tmp_path) -> None:
    for patient in ("P1", "P2"):
        case.write_series(tmp_path / "site", patient)
    coordinator = people("coordinator")
    coordinator.import_images(tmp_path / "site" / "P1", ImportChoice({}), Progress())
    path = sorted((tmp_path / "site" / "P1").iterdir())[3]
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(bytes(data))
    result = coordinator.import_images(tmp_path / "site", ImportChoice({}), Progress())
    assert result.imported == (case.series_uid("P2"),)
    assert [one.path for one in result.left_out] == ["P1"]
    assert "other images" in result.left_out[0].what


def test_that_a_cancelled_import_keeps_what_is_whole_and_says_so(people, case, tmp_path) -> None:
    patients = ["P1", "P2", "P3", "P4", "P5"]
    for patient in patients:
        case.write_series(tmp_path / "site", patient)
    coordinator = people("coordinator")
    told, notes = [], []
    coordinator.on_change(told.append)
    # Two are loaded side by side: with the fifth begun, at least the first is whole.
    progress = Progress(lambda _f, note: notes.append(note), lambda: any(note.startswith("series 5") for note in notes))
    with pytest.raises(Cancelled):
        coordinator.import_images(tmp_path / "site", ImportChoice({}), progress)
    kept = sorted(document.content["patient_id"] for document in coordinator.series())
    assert kept
    assert kept == patients[: len(kept)]
    assert len(kept) < len(patients)
    assert [change.kinds for change in told] == [frozenset({"series"})]


def test_that_what_is_handed_over_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "patients.csv").write_text("patient_id\n")
    (tmp_path / "codes.csv").write_text("patient_id,trial_code\n")
    (tmp_path / "images").mkdir()
    assert look_at([tmp_path / "records"], Progress()).kind is Offered.RECORDS
    assert look_at([tmp_path / "records" / "patients.csv"], Progress()).paths == (tmp_path / "records",)
    assert look_at([tmp_path / "codes.csv"], Progress()).kind is Offered.CODES
    both = [tmp_path / "images", tmp_path / "records"]
    assert look_at(both, Progress()).kind is Offered.IMAGES
    with pytest.raises(EsccError, match="not there any more"):
        look_at([tmp_path / "gone"], Progress())


def slice_at(z: float | None, orientation: list[float] | None = None) -> Slice:
    position = None if z is None else [0.0, 0.0, z]
    return Slice(Path("x"), "x", Header(position=position, orientation=orientation or [1, 0, 0, 0, 1, 0]))


def test_that_places_of_any_series_are_known_as_far_as_it_says_them() -> None:
    assert places_mm([slice_at(5.0), slice_at(-2.5), slice_at(5.0)]) == (-2.5, 5.0, 5.0)
    assert places_mm([slice_at(None), slice_at(3.0)]) == (3.0,)
    assert places_mm([slice_at(1.0, [1, 0, 0, 0, 0, -1])]) == (0.0,), "along y there"
    assert places_mm([Slice(Path("x"), "x", Header(position=[0, 0, 1]))]) == ()
    assert places_mm([]) == ()


def test_that_a_picture_has_the_patients_right_on_the_left() -> None:
    hu = np.full((3, 20, 20), -1000, dtype=np.int16)
    hu[:, 4:16, 4:16] = 40
    hu[:, 4:16, 4:8] = 200  # low x: the patient's right
    plain = Geometry((20, 20, 3), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    turned = Geometry((20, 20, 3), (1.0, 1.0, 1.0), (19.0, 19.0, 0.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    for volume in (Volume(hu, plain), Volume(np.ascontiguousarray(hu[:, ::-1, ::-1]), turned)):
        grey = make_thumbnail(volume).grey
        assert grey[56, 10] > grey[56, 100]
        assert abs(int(grey[56, 100]) - 127) <= 1, "40 HU is the middle of the window"
