"""Lesions outlined by scripts of at most 40 clicks: sarcomas, a lung cancer, and lesions of the synthetic study.

The clicks were written down once, from the true outline on some slices; nothing the program knows while they are played
tells it of that outline (decisions 0148 and 0189). The sarcomas are of the IBSI validation set, the lung cancer is the
IBSI phantom.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from reader_hand import ReaderHand

from escc_desktop.gui.main_window import MainWindow
from escc_desktop.gui.replay.player import Player
from escc_desktop.gui.replay.script import ReplayStep, read_script
from escc_desktop.imaging.exchange import read_mask
from escc_desktop.imaging.mask import dice
from escc_desktop.progress import Progress
from escc_desktop.reading.lesion import Lesion, LesionRole, LesionSite
from escc_desktop.reading.protocol import FREE
from escc_desktop.store.kinds import VOLUME
from escc_desktop.workflow.demo.study import write_import_folder
from escc_desktop.workflow.demo.truth import default_seed, draw_truth
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project

SCRIPTS = Path(__file__).parent / "scripts"
MOST_CLICKS = 40
MARK = (70, 72, 24)
Point = tuple[float, float, float]
Opening = Callable[[Path, Point | None], ReaderHand]


@pytest.fixture
def open_series(small_study: ModuleType, tmp_path: Path, show_as: Callable[..., MainWindow], qtbot: QtBot) -> Opening:
    """Reader A with the reading of a series open, in a study that allows all tools."""

    def opened(folder: Path, point: Point | None) -> ReaderHand:
        store, people = small_study.staff(tmp_path / "project", small_study.Clock())
        coordinator = Project(store, people["coordinator"])
        choice = ImportChoice({}, accept=frozenset({"phase_unknown", "converted", "cropped"}))
        imported = coordinator.import_images(folder, choice, Progress())
        assert imported.imported, imported.refused
        series = coordinator.series()[0]
        if point is None:
            place = store.get(VOLUME, series.content["volume"]).geometry.to_mm(np.array([MARK]))[0]
            point = float(place[0]), float(place[1]), float(place[2])
        patient = series.content["patient_id"]
        lesion = Lesion("L1", patient, LesionSite.OTHER, LesionRole.TARGET, False, point, series.document_id)
        coordinator.mark_lesions([lesion])
        plan = coordinator.plan_readings(0, 1, protocol=FREE)
        hand = ReaderHand(show_as(Project(store, people["A"]), "reading"), qtbot)
        hand.open(plan.sessions[0].session_id)
        hand.board.hand.options.set_diameter(8)
        return hand

    return opened


def clicks(steps: tuple[ReplayStep, ...]) -> int:
    return sum(step.do in {"drag", "click", "set"} for step in steps)


def assert_outlined(reader: ReaderHand, script: str, true_mask: Path) -> None:
    """Play a script and compare what is drawn then with the truth."""
    steps = read_script(SCRIPTS / f"{script}.json")
    assert clicks(steps) <= MOST_CLICKS
    player = Player(reader.window, steps)
    with reader.qtbot.waitSignal(player.ended, timeout=120_000) as ended:
        player.start()
    assert ended.args == [""]
    drawn = reader.board.reading.mask()
    reached = dice(drawn, read_mask(true_mask, drawn.geometry))
    print(f"{script}: Dice {reached:.3f}, {clicks(steps)} clicks")
    assert reached >= 0.9


@pytest.mark.reference
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["brush", "polygon", "livewire"])
@pytest.mark.parametrize("case", ["STS_019", "STS_010", "STS_008"])
def test_that_forty_clicks_outline_the_lesion_of_a_real_ct(
    open_series: Opening, reference_dir: Path, case: str, tool: str
) -> None:
    data = reference_dir / "data" / "sts" / case
    assert_outlined(open_series(data / "dicom" / "image", None), f"{case.lower()}_{tool}", data / "CT_mask.nii.gz")


@pytest.mark.reference
@pytest.mark.slow
@pytest.mark.parametrize("tool", ["polygon", "livewire"])
def test_that_forty_clicks_outline_the_lesion_of_the_ibsi_phantom(
    open_series: Opening, reference_dir: Path, tool: str
) -> None:
    data = reference_dir / "data" / "ibsi1_ct_phantom"
    reader = open_series(data / "dicom" / "image", None)
    assert_outlined(reader, f"ibsi1_{tool}", data / "nifti" / "mask" / "mask.nii.gz")


@pytest.mark.slow
@pytest.mark.parametrize("patient", sorted(path.stem.split("_")[1] for path in SCRIPTS.glob("demo_*_growing.json")))
def test_that_region_growing_and_few_strokes_outline_a_lesion_of_the_synthetic_study(
    open_series: Opening, tmp_path: Path, patient: str
) -> None:
    truth = next(one for one in draw_truth() if one.patient_id == patient.upper())
    written = write_import_folder([truth], tmp_path / "study" / "import", default_seed(), 1, Progress())[0]
    reader = open_series(next(written.folder.glob("*/02_ART")), written.point_mm)
    assert_outlined(reader, f"demo_{patient}_growing", written.mask_path)
