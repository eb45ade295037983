"""Every kind of odd NIfTI, NRRD or MetaImage file is refused or asks for confirmation."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from escc_desktop.errors import EsccError
from escc_desktop.imaging.exchange import read_mask, read_volume
from escc_desktop.imaging.volume import Geometry

SHAPE = (8, 8, 8)


def image(voxels: np.ndarray | None = None) -> sitk.Image:
    if voxels is None:
        voxels = np.random.default_rng(2).integers(-100, 200, SHAPE).astype(np.int16)
    made = sitk.GetImageFromArray(voxels)
    made.SetSpacing((0.8, 0.9, 2.0))
    made.SetOrigin((10.0, -20.0, 30.0))
    made.SetDirection((0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))
    return made


def code_of(path: Path) -> str:
    with pytest.raises(EsccError) as error:
        read_volume(path)
    assert path.name in error.value.what
    assert error.value.hint
    return error.value.detail


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("kind", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"])
def test_that_a_sound_image_reads_as_itk_reads_it(suffix: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"image{suffix}"
    voxels = np.random.default_rng(2).integers(0, 100, (5, 6, 7)).astype(kind)
    sitk.WriteImage(image(voxels), str(path), useCompression=suffix != ".nii")
    volume = read_volume(path)
    again = sitk.ReadImage(str(path))
    assert volume.hu.dtype == voxels.dtype
    assert np.array_equal(volume.hu, voxels)
    assert volume.geometry.spacing_mm == pytest.approx(again.GetSpacing(), abs=1e-6)
    assert volume.geometry.origin_mm == pytest.approx(again.GetOrigin(), abs=1e-5)
    assert volume.geometry.direction == pytest.approx(again.GetDirection(), abs=1e-6)


def test_that_rescaled_nifti_integers_become_the_floats_itk_makes_of_them(tmp_path: Path) -> None:
    path = nifti(tmp_path, lambda data: put(data, 112, "<2f", 0.5, -7.25))
    volume = read_volume(path)
    assert volume.hu.dtype == np.float32
    assert np.array_equal(volume.hu, sitk.GetArrayFromImage(sitk.ReadImage(str(path))))


def test_that_a_file_of_the_same_stem_beside_it_does_not_lend_its_voxels(tmp_path: Path) -> None:
    ones, twos = (np.full(SHAPE, value, np.int16) for value in (1, 2))
    sitk.WriteImage(image(ones), str(tmp_path / "m.nii.gz"))
    sitk.WriteImage(image(twos), str(tmp_path / "m.nii"))
    assert np.array_equal(read_volume(tmp_path / "m.nii.gz").hu, ones)
    assert np.array_equal(read_volume(tmp_path / "m.nii").hu, twos)


def put(data: bytes, at: int, form: str, *values: float) -> bytes:
    return data[:at] + struct.pack(form, *values) + data[at + struct.calcsize(form) :]


def nifti(folder: Path, change: Callable[[bytes], bytes], voxels: np.ndarray | None = None, name: str = "x") -> Path:
    path = folder / f"{name}.nii"
    sitk.WriteImage(image(voxels), str(path))
    path.write_bytes(change(path.read_bytes()))
    return path


SFORM = (280, "<12f")
NIFTI: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "bad datatype": (lambda data: put(data, 70, "<h", 9999), "datatype"),
    "bad bitpix": (lambda data: put(data, 72, "<h", 32), "datatype"),
    "bad magic": (lambda data: put(data, 344, "4s", b"xyz\0"), "magic"),
    "detached": (lambda data: put(data, 344, "4s", b"ni1\0"), "magic"),
    "dim huge": (lambda data: put(data, 42, "<3h", 32767, 32767, 32767), "size"),
    "dim negative": (lambda data: put(data, 42, "<h", -8), "size"),
    "four dimensions": (lambda data: put(data, 40, "<5h", 4, 8, 8, 4, 2), "dimension"),
    "nan pixdim": (lambda data: put(data, 80, "<f", float("nan")), "pixdim"),
    "negative pixdim": (lambda data: put(data, 80, "<f", -0.8), "pixdim"),
    "zero pixdim": (lambda data: put(data, 80, "<f", 0.0), "pixdim"),
    "no codes": (lambda data: put(data, 252, "<2h", 0, 0), "no_codes"),
    "q and s disagree": (lambda data: put(data, 280 + 12, "<f", 99.0), "q_s_disagree"),
    "rgb": (lambda data: put(data, 70, "<2h", 128, 24), "datatype"),
    "sheared": (lambda data: put(data, *SFORM, 0.8, 0.3, 0, 0, 0, 0.9, 0, 0, 0, 0, 2, 0), "sheared"),
    "singular": (lambda data: put(data, *SFORM, 0.8, 0.8, 0, 0, 0.1, 0.1, 0, 0, 0, 0, 2, 0), "sheared"),
    "sform zero": (lambda data: put(data, *SFORM, *[0.0] * 12), "axes"),
    "sform nan": (lambda data: put(data, *SFORM, *[float("nan")] * 12), "axes"),
    "short": (lambda data: data[:-100], "short_data"),
    "slope nan": (lambda data: put(data, 112, "<f", float("nan")), "slope_nan"),
    "header cut": (lambda data: data[:200], "header"),
    "empty": (lambda _data: b"", "header"),
    "vox_offset huge": (lambda data: put(data, 108, "<f", 1e9), "vox_offset"),
    "vox_offset nan": (lambda data: put(data, 108, "<f", float("nan")), "vox_offset"),
}


@pytest.mark.parametrize("kind", NIFTI)
def test_that_odd_nifti_is_stopped(kind: str, tmp_path: Path) -> None:
    change, code = NIFTI[kind]
    assert code_of(nifti(tmp_path, change)) == code


@pytest.mark.parametrize("code", ["no_codes", "slope_nan"])
def test_that_a_warned_image_reads_after_confirmation(code: str, tmp_path: Path) -> None:
    change = next(change for change, its in NIFTI.values() if its == code)
    assert read_volume(nifti(tmp_path, change), frozenset({code})).hu.shape == SHAPE


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_voxels_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    voxels = np.zeros(SHAPE, np.float32)
    voxels[3, 4, 5] = value
    for suffix in (".nii", ".nrrd", ".mha"):
        path = tmp_path / f"x{suffix}"
        sitk.WriteImage(image(voxels), str(path))
        assert code_of(path) == "not_finite"


def test_that_damaged_or_growing_gzip_is_refused(tmp_path: Path) -> None:
    data = nifti(tmp_path, lambda data: data).read_bytes()
    path = tmp_path / "x.nii.gz"
    packed = gzip.compress(data)
    for damaged in (packed[:-200], packed[:-8] + b"abcd" + packed[-4:]):
        path.write_bytes(damaged)
        assert code_of(path) == "compression"
    path.write_bytes(gzip.compress(data + bytes(64 << 20)))
    assert code_of(path) == "bomb"


HEADER = """NRRD0004
type: short
dimension: 3
space: left-posterior-superior
sizes: 8 8 8
space directions: (0.8,0,0) (0,0.9,0) (0,0,2)
kinds: domain domain domain
endian: little
encoding: raw
space origin: (0,0,0)
"""
VOXELS = bytes(1024)


def nrrd(old: str = "", new: str = "", data: bytes = VOXELS) -> bytes:
    assert old in HEADER
    return (HEADER.replace(old, new) if old else HEADER).encode() + b"\n" + data


NRRD: dict[str, tuple[bytes, str]] = {
    "data file beside": (nrrd("encoding: raw", "encoding: raw\ndata file: x.raw"), "detached"),
    "data file outside": (nrrd("encoding: raw", "encoding: raw\ndatafile: ../../etc/passwd"), "detached"),
    "directions nan": (nrrd("(0.8,0,0)", "(nan,0,0)"), "axes"),
    "directions singular": (nrrd("(0,0.9,0)", "(0.8,0,0)"), "sheared"),
    "directions zero": (nrrd("(0,0.9,0)", "(0,0,0)"), "axes"),
    "gzip bomb": (nrrd("encoding: raw", "encoding: gzip", gzip.compress(bytes(64 << 20))), "bomb"),
    "header never ends": (b"NRRD0004\n" + b"# comment\n" * 700_000, "header"),
    "no space": (nrrd("space: left-posterior-superior\n"), "no_space"),
    "short": (nrrd(data=VOXELS[:-10]), "short_data"),
    "sizes huge": (nrrd("sizes: 8 8 8", "sizes: 100000 100000 100000"), "size"),
    "sizes negative": (nrrd("sizes: 8 8 8", "sizes: 8 -8 8"), "size"),
    "sizes no numbers": (nrrd("sizes: 8 8 8", "sizes: 8 x 8"), "header"),
    "vector": (nrrd("kinds: domain domain domain", "kinds: vector domain domain"), "datatype"),
    "four dimensions": (nrrd("sizes: 8 8 8", "sizes: 2 8 8 8"), "dimension"),
    "skips bytes": (nrrd("encoding: raw", "encoding: raw\nbyte skip: 40"), "header"),
    "text": (b"no NRRD at all", "header"),
}


@pytest.mark.parametrize("kind", NRRD)
def test_that_odd_nrrd_is_stopped(kind: str, tmp_path: Path) -> None:
    data, code = NRRD[kind]
    path = tmp_path / "x.nrrd"
    path.write_bytes(data)
    assert code_of(path) == code


def test_that_the_plain_nrrd_of_these_tests_is_sound(tmp_path: Path) -> None:
    (tmp_path / "x.nrrd").write_bytes(nrrd())
    assert read_volume(tmp_path / "x.nrrd").geometry.spacing_mm == (0.8, 0.9, 2.0)


META = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = False
TransformMatrix = 1 0 0 0 1 0 0 0 1
Offset = 0 0 0
ElementSpacing = 0.8 0.9 2
DimSize = 8 8 8
ElementType = MET_SHORT
ElementDataFile = LOCAL
"""
METAIMAGE: dict[str, tuple[bytes, str]] = {
    "points outside": (META.replace("LOCAL", "../../etc/passwd").encode(), "detached"),
    "list": (META.replace("LOCAL", "LIST").encode(), "detached"),
    "short": (META.encode() + VOXELS[:-2], "short_data"),
    "sheared": (META.replace("1 0 0 0 1 0", "1 0 0 0.5 1 0").encode() + VOXELS, "sheared"),
    "negative spacing": (META.replace("0.8 0.9", "-0.8 0.9").encode() + VOXELS, "axes"),
    "channels": (META.replace("NDims", "ElementNumberOfChannels = 3\nNDims").encode() + VOXELS, "datatype"),
    "bomb": (META.replace("Data = False", "Data = True").encode() + zlib.compress(bytes(64 << 20)), "bomb"),
}


@pytest.mark.parametrize("kind", METAIMAGE)
@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
def test_that_odd_metaimage_is_stopped(kind: str, suffix: str, tmp_path: Path) -> None:
    data, code = METAIMAGE[kind]
    path = tmp_path / f"x{suffix}"
    path.write_bytes(data)
    assert code_of(path) == code


GRID = Geometry((8, 8, 8), (0.8, 0.9, 2.0), (10.0, -20.0, 30.0), (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0))


def mask_file(folder: Path, voxels: np.ndarray) -> Path:
    path = folder / "mask.nii.gz"
    sitk.WriteImage(image(voxels), str(path))
    return path


def test_that_masks_empty_fractional_or_on_another_grid_are_refused(tmp_path: Path) -> None:
    voxels = np.zeros(SHAPE, np.float32)
    with pytest.raises(EsccError, match="empty"):
        read_mask(mask_file(tmp_path, voxels), GRID)
    voxels[1, 2, 3] = 0.5
    with pytest.raises(EsccError, match="fractions"):
        read_mask(mask_file(tmp_path, voxels), GRID)
    other = Geometry(GRID.size, GRID.spacing_mm, (10.0, -20.0, 32.0), GRID.direction)
    voxels[1, 2, 3] = 1
    with pytest.raises(EsccError, match="origin"):
        read_mask(mask_file(tmp_path, voxels), other)


def test_that_one_label_is_taken_and_several_must_be_chosen_from(tmp_path: Path) -> None:
    voxels = np.zeros(SHAPE, np.uint8)
    voxels[1, 1, 1:4] = 7
    assert read_mask(mask_file(tmp_path, voxels), GRID).n_voxels == 3
    voxels[2, 2, 2] = 3
    path = mask_file(tmp_path, voxels)
    with pytest.raises(EsccError, match=r"3 \(1 voxels\), 7 \(3 voxels\).*--label"):
        read_mask(path, GRID)
    assert read_mask(path, GRID, label=7).n_voxels == 3
    with pytest.raises(EsccError, match="no label 5"):
        read_mask(path, GRID, label=5)


def test_that_a_missing_file_and_an_unknown_format_are_named(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="no such"):
        read_volume(tmp_path / "nothing.nii.gz")
    (tmp_path / "x.png").write_bytes(b"\x89PNG")
    with pytest.raises(EsccError, match=r"x\.png"):
        read_mask(tmp_path / "x.png", GRID)
