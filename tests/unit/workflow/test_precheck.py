"""What is known before an extraction: of image and lesion, of time and memory, of a card's score."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.errors import EsccError
from escc_desktop.features.acquisition import ScanFacts
from escc_desktop.features.extract import extract
from escc_desktop.features.params import load_params
from escc_desktop.features.preflight_cost import foreseen_cost
from escc_desktop.features.table import FeatureTable, RoiKey, write_feature_table
from escc_desktop.imaging.exchange import read_mask, read_volume
from escc_desktop.imaging.mask import Mask
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.prognosis.card import Cutoff, ModelCard, RadScore, Scaling, Term, finished, save_card
from escc_desktop.prognosis.card_parts import Acquisition, Range
from escc_desktop.progress import Cancelled, Progress
from escc_desktop.workflow.acquisition import acquisition_of_file
from escc_desktop.workflow.extraction import ExtractionChoice, RoiFiles
from escc_desktop.workflow.precheck import Score, precheck_document, precheck_files, precheck_text
from escc_desktop.workflow.views.patient_cohort import findings_of

CHOICE = ExtractionChoice()
FEATURES = ("A_square_firstorder_Mean", "A_original_firstorder_Mean")
SPACING = (8.0, 8.0, 12.0)


def write_files(folder: Path, *, metal: int = 0, dtype: type = np.int16) -> RoiFiles:
    rng = np.random.default_rng(2)
    hu = np.full((12, 36, 34), -1000.0)
    hu[1:-1, 4:-4, 4:-4] = 40
    hu = np.clip((hu + rng.normal(0, 20, hu.shape)).round(), -1024, None)
    if metal:
        hu[2, 20, 20] = metal
    voxels = np.zeros(hu.shape, dtype=np.uint8)
    voxels[4:8, 8:14, 8:15] = 1
    files = RoiFiles(folder / "ct.nii.gz", folder / "roi.nii.gz")
    for array, path in ((hu.astype(dtype), files.image), (voxels, files.mask)):
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing(SPACING)
        sitk.WriteImage(grid, str(path))
    return files


def write_card(folder: Path, names: tuple[str, ...] = FEATURES) -> Path:
    terms = tuple(
        Term(source="feature", name=name, coefficient=0.5 + k, scaling=Scaling(mean=1.0, sd=2.0))
        for k, name in enumerate(names)
    )
    card: ModelCard = finished(
        kind="radscore",
        name="Test",
        usage="patient",
        source="a test",
        endpoint="os",
        horizon_months=12.0,
        patient_value="largest",
        rad_score=RadScore(terms=terms, cutoff=Cutoff(value=28.0, method="given")),
        acquisition=Acquisition(slice_spacing_mm=Range(minimum=5, maximum=5), n_known=9, n_cropped=0),
    )
    save_card(folder / "card.json", card)
    return folder / "card.json"


def score_of(volume: Volume, mask: Mask) -> float:
    """The Rad-score from a whole extraction."""
    vector = extract(volume, mask, load_params("ct_arterial"), Progress())
    values = dict(zip(vector.names, vector.values, strict=True))
    return sum((0.5 + k) * (values[name[2:]] - 1) / 2 for k, name in enumerate(FEATURES))


def test_that_image_lesion_and_cost_are_told_without_a_card(tmp_path: Path) -> None:
    found = precheck_files(write_files(tmp_path), CHOICE, None, Progress())
    assert (found.size, found.spacing_mm, found.pixel_type) == ((34, 36, 12), SPACING, "int16")
    assert found.n_voxels == 4 * 6 * 7
    assert found.preflight.findings == ()
    assert found.cost is not None
    assert 0 < found.cost.cpu_s < 5
    document = precheck_document(found)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["card"] is None
    text = precheck_text(found)
    assert "34 x 36 x 12 voxels of 8 x 8 x 12 mm, int16" in text
    assert "Nothing is odd" in text


def test_that_the_score_is_told_with_and_without_the_voxel_that_scales_the_filters(tmp_path: Path) -> None:
    files = write_files(tmp_path, metal=9000)
    found = precheck_files(files, CHOICE, write_card(tmp_path), Progress())
    volume = read_volume(files.image)
    mask = read_mask(files.mask, volume.geometry)
    card = found.card
    assert card is not None
    assert card.as_it_is is not None
    assert card.within_window is not None
    assert card.as_it_is.rad_score == pytest.approx(score_of(volume, mask), rel=1e-9)
    held = Volume(np.clip(volume.hu, -1024, 1500), volume.geometry)
    assert card.within_window.rad_score == pytest.approx(score_of(held, mask), rel=1e-9)
    assert card.as_it_is.rad_score != pytest.approx(card.within_window.rad_score, rel=1e-3)
    assert {card.as_it_is.risk_group, card.within_window.risk_group} <= {"LOW", "HIGH"}
    assert "metal" in found.preflight.codes
    [(remark, withholds)] = card.remarks
    assert remark.endswith("than those the card was trained on: slice spacing 12 mm, training 5 to 5 mm.")
    assert withholds
    text = precheck_text(found)
    assert "9000 HU in absolute value, at column 21, row 21, slice 3" in text
    assert "with the scan held within -1024 to 1500 HU" in text
    assert "withhold The image was made" in text


def test_that_without_an_outlying_voxel_the_score_is_the_same(tmp_path: Path) -> None:
    card = precheck_files(write_files(tmp_path), CHOICE, write_card(tmp_path), Progress()).card
    assert card is not None
    assert card.as_it_is == card.within_window


def test_that_unsigned_voxels_are_held_within_what_they_can_hold(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    volume = sitk.ReadImage(str(files.image))
    shifted = sitk.Cast(volume + 1024, sitk.sitkUInt16)
    sitk.WriteImage(shifted, str(files.image))
    found = precheck_files(files, CHOICE, write_card(tmp_path), Progress())
    assert "shifted" in found.preflight.codes
    assert found.card is not None
    assert isinstance(found.card.within_window, Score)


def test_that_nothing_is_computed_of_what_is_refused(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    mask = sitk.ReadImage(str(files.mask)) * 0
    mask[10, 10, 5] = 1
    sitk.WriteImage(mask, str(files.mask))
    found = precheck_files(files, CHOICE, write_card(tmp_path), Progress())
    assert found.preflight.codes == ("too_small",)
    assert found.cost is None
    assert found.card is not None
    assert found.card.as_it_is is None
    assert "refuse   The lesion has 1 voxel" in precheck_text(found)


def test_that_a_card_without_features_is_refused_and_a_stop_is_obeyed(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    with pytest.raises(EsccError, match="reads no features"):
        precheck_files(files, CHOICE, write_card(tmp_path, ()), Progress())
    with pytest.raises(Cancelled):
        precheck_files(files, CHOICE, None, Progress(is_cancelled=lambda: True))


def test_that_a_map_of_probabilities_is_taken_at_one_half_once_that_is_confirmed(tmp_path: Path) -> None:
    files = write_files(tmp_path)
    shares = sitk.Cast(sitk.ReadImage(str(files.mask)), sitk.sitkFloat32) * 0.9
    sitk.WriteImage(shares, str(files.mask))
    with pytest.raises(EsccError, match=r"from 0 to 0\.9, as a probability map does.* 168 voxels") as refused:
        precheck_files(files, CHOICE, None, Progress())
    assert "fractional_mask" in refused.value.hint
    accepting = replace(CHOICE, accept=frozenset({"fractional_mask"}))
    assert precheck_files(files, accepting, None, Progress()).n_voxels == 168
    sitk.WriteImage(shares * 3, str(files.mask))
    with pytest.raises(EsccError, match=r"fractions from 0 to 2\.7, not a mask"):
        precheck_files(files, accepting, None, Progress())


@pytest.mark.parametrize("engine", ["fast", "pyradiomics"])
def test_that_larger_images_and_lesions_cost_more(engine: str) -> None:
    params = load_params("ct_arterial")

    def cost(size: tuple[int, int, int], lesion: int, name: str = "ct_arterial") -> tuple[float, int]:
        geometry = Geometry(size, (0.8, 0.8, 2.5), (0.0, 0.0, 0.0))
        voxels = np.zeros(geometry.shape, dtype=bool)
        voxels[4 : 4 + lesion, 4 : 4 + lesion, 4 : 4 + lesion] = True
        volume = Volume(np.zeros(geometry.shape, dtype=np.int16), geometry)
        used = params if name == "ct_arterial" else load_params(name)
        found = foreseen_cost(volume, Mask(voxels, geometry), used, engine)
        return found.cpu_s, found.memory_bytes

    small, wide, thick = cost((60, 60, 40), 10), cost((200, 200, 60), 10), cost((200, 200, 60), 30)
    assert small[0] < wide[0] < thick[0]
    assert small[1] < wide[1] < thick[1]
    assert cost((60, 60, 40), 10, "ct_arterial_iso")[0] > small[0]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as leaving:
        run_app(build([str(one) for one in arguments]), [str(one) for one in arguments])
    return int(leaving.value.code or 0)


def test_that_the_command_prints_one_document_and_leaves_with_1_where_it_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = write_files(tmp_path)
    assert run("preflight", files.image, files.mask, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["region"]["voxels"] == 168
    assert document["findings"] == []
    mask = sitk.ReadImage(str(files.mask)) * 0 + 1
    sitk.WriteImage(mask, str(files.mask))
    assert run("preflight", files.image, files.mask) == 1
    shown = capsys.readouterr()
    assert "refuse   The mask covers the whole image" in shown.out
    assert "error: The mask covers the whole image" in shown.err


def test_that_a_wide_table_is_compared_with_what_its_sidecar_says_of_the_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(6)
    spacing = np.repeat([1.0, 5.0], 10)
    values = np.column_stack([spacing + rng.normal(0, 0.1, 20), rng.normal(size=20), np.ones(20)])
    names = ("A_original_glcm_Idm", "A_original_glcm_Id", "A_original_shape_MeshVolume")
    keys = tuple(RoiKey(f"P{k}", "L1", "primary", "A", "first") for k in range(20))
    rows = [
        {"patient_id": f"P{k}", "lesion_id": "L1", "reader": "A", "occasion": "first", "spacing_mm": [0.8, 0.8, mm]}
        for k, mm in enumerate(spacing.tolist())
    ]
    path, out = tmp_path / "features.csv", tmp_path / "acquisition.csv"
    write_feature_table(path, FeatureTable(keys, names, values), {"rows": rows})
    summary = acquisition_of_file(path, out)
    fields = {field["field"]: field for field in summary["fields"]}
    assert fields["slice_spacing_mm"]["n_associated"] == 1
    assert fields["slice_spacing_mm"]["levels"] == {"1": 10, "5": 10}
    assert fields["pixel_spacing_mm"]["n_associated"] is None
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "feature,field,method,n,coefficient,explained,p,q"
    assert len(lines) == 1 + 3
    assert lines[3] == "A_original_shape_MeshVolume,slice_spacing_mm,spearman,20,,,,"
    assert run("acquisition", path) == 0
    assert "slice_spacing_mm   1 of 3 features follow it" in capsys.readouterr().out
    path.with_name("features.csv.json").unlink()
    assert run("acquisition", path) == 1
    assert "Nothing is known of how the images were made" in capsys.readouterr().err


def test_that_what_was_odd_of_reader_as_first_readings_goes_with_the_patient() -> None:
    keys = tuple(RoiKey("P1", lesion, "primary", reader, "first") for lesion in ("L1", "L2") for reader in ("A", "B"))
    scans = tuple(ScanFacts(remarks=(f"{key.lesion_id}{key.reader} is odd.", "Both.")) for key in keys)
    table = FeatureTable(keys, ("A_original_glcm_Idm",), np.ones((4, 1)), scans)
    assert findings_of(table) == {"P1": ("L1A is odd.", "Both.", "L2A is odd.")}
    assert findings_of(replace(table, scans=())) == {}
