"""The settings of an extraction and how strictly they are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from escc_desktop.errors import EsccError, FaultsError
from escc_desktop.features.names import FEATURE_NAMES
from escc_desktop.features.params import PRESETS, load_params
from escc_desktop.resources import resource_path


@pytest.fixture
def preset_text() -> str:
    return resource_path("extraction", "ct_arterial.yaml").read_text(encoding="utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_that_every_preset_reads_and_carries_its_name(name: str) -> None:
    params = load_params(name)
    assert params.name == name
    assert params.feature_names == FEATURE_NAMES


@pytest.mark.reference
def test_that_the_preset_has_the_settings_of_the_reference(reference_dir: Path) -> None:
    text = (reference_dir / "reference" / "features" / "cases.json").read_text(encoding="utf-8")
    settings = json.loads(text)["settings"]
    params = load_params("ct_arterial")
    assert params.bin_width_hu == settings["binWidth"]
    assert params.log_sigma_mm == settings["sigma"]
    assert params.wavelet == settings["wavelet"]
    assert (params.wavelet_level, params.wavelet_start_level) == (settings["level"], settings["start_level"])
    assert params.lbp_2d.model_dump() == settings["lbp2D"]
    assert list(params.lbp_3d.model_dump().values()) == list(settings["lbp3D"].values())
    assert [params.neighbour_distance] == settings["distances"]
    assert params.normalize is settings["normalize"]
    assert params.force_2d is settings["force2D"]
    assert params.resampled_spacing_mm is settings["resampledPixelSpacing"]
    assert params.glcm_weighting is settings["weightingNorm"]
    assert params.glcm_symmetrical is settings["symmetricalGLCM"]
    assert (params.gldm_alpha, params.voxel_array_shift) == (settings["gldm_a"], settings["voxelArrayShift"])


def test_that_the_digest_follows_the_settings_and_not_the_name(tmp_path: Path, preset_text: str) -> None:
    preset = load_params("ct_arterial")
    renamed = load_params(write(tmp_path, preset_text.replace("name: ct_arterial", "name: mine")))
    as_integer = load_params(write(tmp_path, preset_text.replace("25.0", "25")))
    other = load_params(write(tmp_path, preset_text.replace("25.0", "10.0")))
    assert renamed.digest == as_integer.digest == preset.digest
    assert other.digest != preset.digest


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("bin_width_hu: 25.0", "bin_width_hu: .nan", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: .inf", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: 0", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: -25", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: '25'", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: true", "bin_width_hu"),
        ("bin_width_hu: 25.0", "bin_width_hu: !!python/object/apply:os.getcwd []", "line 5"),
        ("bin_width_hu: 25.0", "bin_width_hu: 25.0\nbin_width_hu: 10.0", "more than once"),
        ("bin_width_hu: 25.0", "bin_count: 32", "bin_count"),
        ("normalize: false", "normalize: false\nextra: 1", "extra"),
        ("normalize: false", "normalize: true", "normalize"),
        ("[3.0, 5.0]", "[5.0, 3.0]", "log_sigma_mm"),
        ("[3.0, 5.0]", "[3.0]", "log_sigma_mm"),
        ("[3.0, 5.0]", "[3.0, 500.0]", "log_sigma_mm"),
        ("[3.0, 5.0]", "&a [3.0, 5.0]\nother: *a", "aliases"),
        ("{radius: 1, samples", "{radius: 1, radius: 1, samples", "more than once"),
        ("lbp_2d: {radius: 1", "lbp_2d: {radius: 2", "lbp_2d.radius"),
        ("gldm_alpha: 0", "", "gldm_alpha"),
        ("normalize: false", "normalize: [", "line"),
        ("normalize: false", "\t@", "line"),
    ],
)
def test_that_a_wrong_setting_is_refused_by_name(
    tmp_path: Path, preset_text: str, before: str, after: str, said: str
) -> None:
    assert before in preset_text
    with pytest.raises(EsccError) as caught:
        load_params(write(tmp_path, preset_text.replace(before, after)))
    assert "mine.yaml" in str(caught.value)
    assert said in f"{caught.value} {caught.value.detail}"
    assert "Value error" not in f"{caught.value} {caught.value.detail}"


def test_that_all_wrong_settings_are_said_at_once(tmp_path: Path, preset_text: str) -> None:
    text = preset_text.replace("25.0", "-1").replace("coif1", "nowhere") + "zzz: 1\n"
    with pytest.raises(FaultsError) as caught:
        load_params(write(tmp_path, text))
    assert {fault.where.split(", ")[1] for fault in caught.value.faults} == {"bin_width_hu", "wavelet", "zzz"}


@pytest.mark.parametrize("text", ["", "just words", "- 1\n- 2\n", "\0", "a: " * 2000, "[" * 3000, "{a: 1}: 2"])
def test_that_other_text_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(EsccError):
        load_params(write(tmp_path, text))


def test_that_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(EsccError, match="ct_arterial"):
        load_params("ct_venous")


def test_that_a_large_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="larger"):
        load_params(write(tmp_path, "#" * 70_000))


def test_that_digests_in_stored_projects_stay_valid() -> None:
    # Of the settings as they were before any could be left out.
    assert load_params("ct_arterial").digest == "dcb3b67ff6d36d16b2a8d607f5d18be0ca7abef075685184142a754bada7e680"


def test_that_every_preset_has_its_own_digest() -> None:
    assert len({load_params(name).digest for name in PRESETS}) == len(PRESETS)


@pytest.mark.parametrize(
    "change",
    ["resampled_spacing_mm: 1.5", "resegmentation_hu: [-50, 150]", "resegmentation_hu: [-50, 150]\nfirst_edge_hu: -50"],
)
def test_that_each_optional_setting_changes_the_digest(tmp_path: Path, change: str) -> None:
    text = resource_path("extraction", "ct_arterial_iso.yaml").read_text(encoding="utf-8")
    changed = text.replace("resampled_spacing_mm: 1.0", change) if "spacing" in change else f"{text}{change}\n"
    with_edge = load_params(write(tmp_path, changed)).digest
    without_edge = load_params(write(tmp_path, changed.replace("first_edge_hu: -50", ""))).digest
    assert with_edge != load_params("ct_arterial_iso").digest
    assert (with_edge == without_edge) == ("first_edge" not in change)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("resampled_spacing_mm: 1.0", "resampled_spacing_mm: null", "belong together"),
        ("resampled_spacing_mm: 1.0", "resampled_spacing_mm: 1.0e-4", "resampled_spacing_mm"),
        ("resampled_spacing_mm: 1.0", "resampled_spacing_mm: [1, 1, 1]", "resampled_spacing_mm"),
        ("interpolation: linear\n  grid", "interpolation: cubic\n  grid", "resampling.interpolation"),
        ("mask_threshold: 0.5", "mask_threshold: 0.4", "resampling.mask_threshold"),
        ("grid: centred", "", "resampling.grid"),
        ("gldm_alpha: 0", "gldm_alpha: 0\nresegmentation_hu: [100, -100]", "the lower first"),
        ("gldm_alpha: 0", "gldm_alpha: 0\nresegmentation_hu: [-100]", "resegmentation_hu"),
        ("gldm_alpha: 0", "gldm_alpha: 0\nfirst_edge_hu: -1000", "needs a resegmentation_hu"),
        ("gldm_alpha: 0", "gldm_alpha: 0\nfirst_edge_hu: 0\nresegmentation_hu: [-100, 100]", "begins there or above"),
    ],
)
def test_that_a_wrong_setting_of_resampling_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = resource_path("extraction", "ct_arterial_iso.yaml").read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(EsccError, match=r"mine\.yaml") as caught:
        load_params(write(tmp_path, text.replace(before, after)))
    assert said in f"{caught.value} {caught.value.detail}"
