"""Every kind of odd series or file gets the verdict of the table of odd inputs."""

from __future__ import annotations

import copy
import logging
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from escc_desktop.errors import EsccError
from escc_desktop.imaging import sources
from escc_desktop.imaging.dicom import Verdict, load, scan, scan_report
from escc_desktop.progress import Progress

N, SIDE, STEP = 10, 32, 2.0
Slices = list[Dataset]
Edit = Callable[[Slices], None]


@pytest.fixture(autouse=True)
def _pydicom_may_complain_while_odd_files_are_made() -> Iterator[None]:
    logger = logging.getLogger("pydicom")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


def make_slices() -> Slices:
    rng = np.random.default_rng(5)
    slices = []
    for k in range(N):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["slice", str(k)])
        ds.StudyInstanceUID = generate_uid(entropy_srcs=["study"])
        ds.SeriesInstanceUID = generate_uid(entropy_srcs=["series"])
        ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Nobody^Known", "P001", "19600101"
        ds.Modality, ds.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.SeriesDescription, ds.AcquisitionNumber, ds.InstanceNumber = "chest", 1, k + 1
        ds.Rows = ds.Columns = SIDE
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.RescaleSlope, ds.RescaleIntercept = 1, -1024
        ds.PixelSpacing, ds.SliceThickness = [0.8, 0.8], STEP
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [-10.0, -20.0, -100.0 + STEP * k]
        ds.PixelData = rng.integers(900, 1200, (SIDE, SIDE)).astype("<u2").tobytes()
        ds["PixelData"].VR = "OW"
        slices.append(ds)
    return slices


def write(slices: Slices, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for k, ds in enumerate(slices):
        ds.save_as(folder / f"IM{k:03d}", enforce_file_format=True)


def verdict_of(path: Path) -> tuple[Verdict, set[str]]:
    result = scan(path, Progress())
    codes = {finding.code for series in result.series for finding in series.findings}
    codes |= {one.code for one in result.rejected}
    if not result.series:
        return Verdict.REFUSE, codes
    return Verdict.worst(series.verdict for series in result.series), codes


def each(**values: object) -> Edit:
    def edit(slices: Slices) -> None:
        for ds in slices:
            for keyword, value in values.items():
                setattr(ds, keyword, value)

    return edit


def without(keyword: str) -> Edit:
    def edit(slices: Slices) -> None:
        for ds in slices:
            delattr(ds, keyword)

    return edit


def one(index: int, **values: object) -> Edit:
    def edit(slices: Slices) -> None:
        each(**values)([slices[index]])

    return edit


def drop(*indices: int) -> Edit:
    def edit(slices: Slices) -> None:
        for index in sorted(indices, reverse=True):
            del slices[index]

    return edit


def raw_value(keyword: str, value: bytes) -> Edit:
    """Write bytes that pydicom would not let through as a value."""

    def edit(slices: Slices) -> None:
        for ds in slices:
            element = ds[keyword]
            tag, vr = element.tag, element.VR
            ds[tag] = pydicom.dataelem.RawDataElement(tag, vr, len(value), value, 0, False, True)

    return edit


def feet_first(slices: Slices) -> None:
    for k, ds in enumerate(slices):
        ds.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
        ds.ImagePositionPatient = [10.0, -20.0, -100.0 - STEP * k]


def tilt(slices: Slices) -> None:
    for k, ds in enumerate(slices):
        ds.ImagePositionPatient = [-10.0, -20.0 + STEP * k * np.tan(np.radians(20)), -100.0 + STEP * k]


def oblique(slices: Slices) -> None:
    c, s = np.cos(0.3), np.sin(0.3)
    for k, ds in enumerate(slices):
        ds.ImageOrientationPatient = [1, 0, 0, 0, round(c, 10), round(s, 10)]
        ds.ImagePositionPatient = [0.0, round(-s * STEP * k, 8), round(c * STEP * k, 8)]


def jitter(slices: Slices) -> None:
    rng = np.random.default_rng(1)
    for k, ds in enumerate(slices):
        ds.ImagePositionPatient = [-10.0, -20.0, round(-100.0 + STEP * k + rng.uniform(-4e-6, 4e-6), 7)]


def variable(slices: Slices) -> None:
    for k, ds in enumerate(slices):
        ds.ImagePositionPatient = [0, 0, 2.0 * k if k < 5 else 8.0 + 5.0 * (k - 4)]


def copy_of(ds: Dataset) -> Dataset:
    return copy.deepcopy(ds)


def duplicate(**changes: object) -> Edit:
    def edit(slices: Slices) -> None:
        twin = copy_of(slices[4])
        each(**changes)([twin])
        slices.append(twin)

    return edit


def two_phases(are_told_apart: bool) -> Edit:
    def edit(slices: Slices) -> None:
        for ds in list(slices):
            twin = copy_of(ds)
            twin.SOPInstanceUID = generate_uid(entropy_srcs=["venous", str(ds.InstanceNumber)])
            twin.PixelData = bytes(reversed(ds.PixelData[::2])) * 2
            if are_told_apart:
                twin.AcquisitionNumber = 2
            slices.append(twin)

    return edit


def mixed_orientation(slices: Slices) -> None:
    for k, ds in enumerate(slices[5:]):
        ds.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        ds.ImagePositionPatient = [0, 2.0 * k, 0]


def small_slice(slices: Slices) -> None:
    slices[6].Rows = slices[6].Columns = 16
    slices[6].PixelData = slices[6].PixelData[:512]


def overlay(slices: Slices) -> None:
    for ds in slices:
        ds.PixelData = (np.frombuffer(ds.PixelData, "<u2") | 0x8000).tobytes()
        ds[0x60000102] = pydicom.DataElement(0x60000102, "US", 15)


def unnamed_overlay(slices: Slices) -> None:
    overlay(slices)
    for ds in slices:
        del ds[0x60000102]


def phases_by_clock(slices: Slices) -> None:
    two_phases(are_told_apart=False)(slices)
    for k, ds in enumerate(slices):
        ds.AcquisitionTime = f"1015{k * 0.5 if k < N else 20 + k * 0.5:09.6f}"


def other_person(slices: Slices) -> None:
    for ds in slices[5:]:
        ds.PatientID, ds.PatientName = "P002", "Other^One"


def reverse_numbers(slices: Slices) -> None:
    for k, ds in enumerate(slices):
        ds.InstanceNumber = N - k


def zero_tail(slices: Slices) -> None:
    slices[6].PixelData = slices[6].PixelData[:-512] + bytes(512)


SERIES: dict[str, tuple[Edit, Verdict, str]] = {
    "control": (lambda _slices: None, Verdict.OK, ""),
    "burned in": (each(BurnedInAnnotation="YES"), Verdict.WARN, "burned_in"),
    "derived": (each(ImageType=["DERIVED", "SECONDARY", "MPR"], LossyImageCompression="01"), Verdict.WARN, "lossy"),
    "two objects at one position": (
        duplicate(SOPInstanceUID="1.2.3.4", PixelData=bytes(2 * SIDE * SIDE)),
        Verdict.REFUSE,
        "duplicate_position",
    ),
    "one object twice": (duplicate(), Verdict.FIX, "duplicate_slice"),
    "one UID, two contents": (duplicate(PixelData=bytes(2 * SIDE * SIDE)), Verdict.REFUSE, "same_uid_other_pixels"),
    "feet first": (feet_first, Verdict.OK, ""),
    "gantry tilt": (tilt, Verdict.REFUSE, "gantry_tilt"),
    "reversed instance numbers": (reverse_numbers, Verdict.OK, ""),
    "jitter": (jitter, Verdict.OK, ""),
    "localizer": (each(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), Verdict.REFUSE, "localizer"),
    "last slice absent": (drop(9), Verdict.OK, ""),
    "one slice absent": (drop(5), Verdict.WARN, "missing_slice"),
    "three slices absent": (drop(4, 5, 6), Verdict.REFUSE, "missing_slices"),
    "two slices absent apart": (drop(3, 7), Verdict.REFUSE, "missing_slices"),
    "mixed matrix": (small_slice, Verdict.REFUSE, "mixed_matrix"),
    "mixed orientation": (mixed_orientation, Verdict.REFUSE, "mixed_orientation"),
    "mixed spacing": (one(6, PixelSpacing=[2.0, 2.0]), Verdict.REFUSE, "mixed_spacing"),
    **{
        f"no {keyword}": (without(keyword), Verdict.REFUSE, "missing_tag")
        for keyword in (
            "BitsAllocated",
            "ImageOrientationPatient",
            "ImagePositionPatient",
            "Modality",
            "PhotometricInterpretation",
            "PixelData",
            "PixelSpacing",
            "RescaleSlope",
            "RescaleIntercept",
            "Rows",
            "SOPInstanceUID",
            "SamplesPerPixel",
        )
    },
    "no PatientID": (without("PatientID"), Verdict.WARN, "no_patient_id"),
    "no SeriesInstanceUID": (without("SeriesInstanceUID"), Verdict.REFUSE, "no_series_uid"),
    "oblique": (oblique, Verdict.OK, ""),
    "overlay in high bits": (overlay, Verdict.FIX, "overlay_in_high_bits"),
    "overlay without a tag": (unnamed_overlay, Verdict.FIX, "overlay_in_high_bits"),
    "two phases by clock": (phases_by_clock, Verdict.WARN, "acquisitions_split"),
    "padding": (each(PixelPaddingValue=0), Verdict.OK, ""),
    "spacing huge": (each(PixelSpacing=["1e30", "1e30"]), Verdict.REFUSE, "pixel_spacing"),
    "spacing nan": (raw_value("PixelSpacing", b"nan\\nan "), Verdict.REFUSE, "pixel_spacing"),
    "spacing negative": (each(PixelSpacing=[-0.8, 0.8]), Verdict.REFUSE, "pixel_spacing"),
    "spacing of one value": (each(PixelSpacing=0.8), Verdict.REFUSE, "pixel_spacing"),
    "spacing zero": (each(PixelSpacing=[0, 0]), Verdict.REFUSE, "pixel_spacing"),
    "rescale differs": (one(4, RescaleIntercept=0), Verdict.WARN, "rescale_differs"),
    "rescale slope zero": (each(RescaleSlope=0), Verdict.REFUSE, "rescale"),
    "rescale fractional": (each(RescaleSlope="1.5"), Verdict.FIX, "rescale_rounded"),
    "single slice": (drop(*range(1, N)), Verdict.WARN, "single_slice"),
    "thickness other than spacing": (each(SliceThickness=5), Verdict.OK, ""),
    "two patients": (other_person, Verdict.REFUSE, "two_patients"),
    "two phases": (two_phases(are_told_apart=True), Verdict.WARN, "acquisitions_split"),
    "two phases alike": (two_phases(are_told_apart=False), Verdict.REFUSE, "duplicate_position"),
    "variable spacing": (variable, Verdict.REFUSE, "variable_spacing"),
    "frames": (each(NumberOfFrames=2147483647), Verdict.REFUSE, "multi_frame"),
    "rows 65535": (each(Rows=65535, Columns=65535), Verdict.REFUSE, "pixel_data_short"),
    "zero tail": (zero_tail, Verdict.WARN, "zero_tail"),
    "magnetic resonance": (each(Modality="MR"), Verdict.REFUSE, "modality"),
    "electron density": (each(RescaleType="EDW"), Verdict.WARN, "not_hu"),
    "name bidi": (each(PatientName="A\u202eB", SpecificCharacterSet="ISO_IR 192"), Verdict.WARN, "name_hostile"),
    "name formula": (each(PatientName="=cmd|x"), Verdict.WARN, "name_hostile"),
    "name html": (each(PatientName="<b>x</b>"), Verdict.WARN, "name_hostile"),
    "name newline": (raw_value("PatientName", b"A\nB\0C "), Verdict.WARN, "name_hostile"),
    "name gb18030": (each(PatientName="王^小东", SpecificCharacterSet="GB18030"), Verdict.OK, ""),
    "name gbk": (each(PatientName="王^小东", SpecificCharacterSet="GBK"), Verdict.OK, ""),
    "name utf8": (each(PatientName="王^小东", SpecificCharacterSet="ISO_IR 192"), Verdict.OK, ""),
    "name iso2022": (
        each(PatientName="Wang^XiaoDong=王^小东", SpecificCharacterSet=["", "ISO 2022 IR 58"]),
        Verdict.OK,
        "",
    ),
    "name very long": (each(PatientName="A" * 60000), Verdict.WARN, "name_long"),
    "name gb without charset": (raw_value("PatientName", "王小东".encode("gbk")), Verdict.WARN, "charset_missing"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", SERIES)
def test_that_an_odd_series_gets_its_verdict(kind: str, tmp_path: Path) -> None:
    edit, verdict, code = SERIES[kind]
    slices = make_slices()
    edit(slices)
    write(slices, tmp_path / "series")
    found, codes = verdict_of(tmp_path / "series")
    assert found is verdict, codes
    assert code in codes or not code
    assert verdict is not Verdict.OK or not codes


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("charset", "name", "code"),
    [
        ("ISO_IR 100", "王小东".encode("gb2312"), "charset_doubtful"),
        ("ISO_IR 192", b"\xff\xfe\xfdA", "charset_undecodable"),
        ("KLINGON", "é".encode("latin-1") + b" ", "charset_undecodable"),
    ],
)
def test_that_a_name_in_a_wrong_character_set_warns(charset: str, name: bytes, code: str, tmp_path: Path) -> None:
    slices = make_slices()
    raw_value("PatientName", name)(slices)
    raw_value("Modality", b"CT")(slices)
    for ds in slices:
        encoded = charset.encode() + b" " * (len(charset) % 2)
        ds[0x00080005] = pydicom.dataelem.RawDataElement(
            pydicom.tag.Tag(0x00080005), "CS", len(encoded), encoded, 0, False, True
        )
    write(slices, tmp_path / "series")
    assert verdict_of(tmp_path / "series") == (Verdict.WARN, {code})


SYNTAXES = {
    "implicit": (ImplicitVRLittleEndian, Verdict.OK),
    "big endian": (ExplicitVRBigEndian, Verdict.OK),
    "deflated": (DeflatedExplicitVRLittleEndian, Verdict.OK),
}


@pytest.mark.parametrize("kind", SYNTAXES)
def test_that_every_native_transfer_syntax_gives_the_same_voxels(kind: str, tmp_path: Path) -> None:
    syntax, verdict = SYNTAXES[kind]
    write(make_slices(), tmp_path / "plain")
    slices = make_slices()
    for ds in slices:
        ds.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    write(slices, tmp_path / "other")
    assert verdict_of(tmp_path / "other") == (verdict, set())
    plain, other = (load(scan(tmp_path / name, Progress()).series[0], Progress()) for name in ("plain", "other"))
    assert np.array_equal(plain.hu, other.hu)
    assert plain.digest == other.digest


def rewrite(folder: Path, change: Callable[[bytes], bytes], names: str = "*") -> None:
    for path in sorted(folder.glob(names)):
        path.write_bytes(change(path.read_bytes()))


def deflate_bomb(data: bytes) -> bytes:
    syntax = b"1.2.840.10008.1.2.1\0"
    head = data.index(b"\x08\x00\x05\x00") if b"\x08\x00\x05\x00" in data[:500] else data.index(b"\x08\x00\x08\x00")
    meta = data[:head].replace(b"UI\x14\x00" + syntax, b"UI\x16\x001.2.840.10008.1.2.1.99")
    length = struct.unpack_from("<I", meta, 140)[0] + 2
    meta = meta[:140] + struct.pack("<I", length) + meta[144:]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return meta + packer.compress(data[head:] + bytes(50 << 20)) + packer.flush()


def nested(depth: int) -> bytes:
    opening = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return opening * depth + closing * depth


def with_nested(depth: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        pixels = data.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
        return data[:pixels] + nested(depth) + data[pixels:]

    return change


def never_closed(data: bytes) -> bytes:
    place = data.index(struct.pack("<HH2s", 0x0020, 0x000D, b"UI"))
    opening = struct.pack("<HH2sHI", 0x0018, 0x9999, b"SQ", 0, 0xFFFFFFFF)
    return data[:place] + opening + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + data[place:]


def four_gigabytes(data: bytes) -> bytes:
    place = data.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
    return data[: place + 8] + struct.pack("<I", 0xFFFFFFF0) + data[place + 12 :]


def garbage_vr(data: bytes) -> bytes:
    place = data.index(struct.pack("<HH2s", 0x0010, 0x0010, b"PN"))
    return data[: place + 4] + b"\xff\xff" + data[place + 6 :]


def says(syntax: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"1.2.840.10008.1.2.1\0", syntax.ljust(20, b"\0"), 1)


def pixel_bytes(surplus: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        place = data.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
        body = data[place + 12 :]
        body = body + b"\1" * surplus if surplus > 0 else body[:surplus]
        return data[: place + 8] + struct.pack("<I", len(body)) + body

    return change


BYTES: dict[str, tuple[Callable[[bytes], bytes], Verdict, str]] = {
    "no preamble": (lambda data: data[132:], Verdict.FIX, "no_preamble"),
    "program in the preamble": (lambda data: b"MZ" + data[2:], Verdict.WARN, "hostile_preamble"),
    "ELF in the preamble": (lambda data: b"\x7fELF" + data[4:], Verdict.WARN, "hostile_preamble"),
    "unknown syntax": (says(b"1.2.3.4.5.6.7.8.9"), Verdict.REFUSE, "transfer_syntax"),
    "says big endian": (says(b"1.2.840.10008.1.2.2"), Verdict.REFUSE, ""),
    "says implicit": (says(b"1.2.840.10008.1.2"), Verdict.REFUSE, "wrong_transfer_syntax"),
    "deflate bomb": (deflate_bomb, Verdict.REFUSE, "bomb"),
    "pixels short": (pixel_bytes(-100), Verdict.REFUSE, "pixel_data_short"),
    "pixels long": (pixel_bytes(100), Verdict.WARN, "pixel_data_long"),
    "length of 4 GB": (four_gigabytes, Verdict.REFUSE, "truncated"),
    "nested 200": (with_nested(200), Verdict.WARN, "deep_nesting"),
    "nested 100,000": (with_nested(100_000), Verdict.REFUSE, "nesting"),
    "never closed": (never_closed, Verdict.REFUSE, ""),
    "garbage VR": (garbage_vr, Verdict.REFUSE, ""),
    **{
        f"cut at {at}": (lambda data, at=at: data[:at], Verdict.REFUSE, "")
        for at in (0, 1, 127, 128, 131, 132, 140, 200, 333, 400, 900, 1800)
    },
    "text": (lambda _data: b"To be, or not to be" * 20, Verdict.REFUSE, "not_dicom"),
    "zeros": (lambda data: bytes(len(data)), Verdict.REFUSE, "not_dicom"),
    "ones": (lambda data: b"\xff" * len(data), Verdict.REFUSE, "not_dicom"),
    "DICM only": (lambda _data: bytes(128) + b"DICM", Verdict.REFUSE, "truncated"),
    "random": (lambda _data: np.random.default_rng(3).bytes(5000), Verdict.REFUSE, "not_dicom"),
    "random after DICM": (lambda _d: bytes(128) + b"DICM" + np.random.default_rng(3).bytes(5000), Verdict.REFUSE, ""),
    "png": (lambda _data: b"\x89PNG\r\n\x1a\n" + bytes(300), Verdict.REFUSE, "not_dicom"),
    "html": (lambda _data: b"<!doctype html>" * 30, Verdict.REFUSE, "not_dicom"),
}


@pytest.mark.parametrize("kind", BYTES)
def test_that_odd_bytes_get_their_verdict(kind: str, tmp_path: Path) -> None:
    change, verdict, code = BYTES[kind]
    write(make_slices(), tmp_path / "series")
    rewrite(tmp_path / "series", change)
    found, codes = verdict_of(tmp_path / "series")
    assert found is verdict, codes
    assert code in codes or not code


@pytest.mark.parametrize("at", [200, 400, 1800])
def test_that_one_truncated_slice_keeps_the_series_from_loading_without_a_word(at: int, tmp_path: Path) -> None:
    write(make_slices(), tmp_path / "series")
    rewrite(tmp_path / "series", lambda data: data[:at], "IM006")
    result = scan(tmp_path / "series", Progress())
    assert result.series[0].verdict is Verdict.REFUSE
    with pytest.raises(EsccError):
        load(result.series[0], Progress())


def test_that_an_unreadable_file_warns_and_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(make_slices(), tmp_path / "series")
    # An administrator may read every file, so the answer of the system is put in its mouth.
    monkeypatch.setattr(sources.os, "access", lambda path, _mode: Path(path).name != "IM009")
    assert verdict_of(tmp_path / "series") == (Verdict.WARN, {"no_access", "unreadable_beside"})


def test_that_pipes_links_and_odd_names_do_not_disturb(tmp_path: Path) -> None:
    folder = tmp_path / "病人 一"
    write(make_slices(), folder)
    (folder / "IM000").rename(folder / ("长" * 80))
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    result = scan(folder, Progress())
    assert [series.verdict for series in result.series] == [Verdict.OK]
    assert {one.code for one in result.rejected} == {"special", "link"}


def test_that_an_empty_folder_is_refused_and_a_missing_one_an_error(tmp_path: Path) -> None:
    assert verdict_of(tmp_path) == (Verdict.REFUSE, {"empty"})
    with pytest.raises(EsccError, match="no such"):
        scan(tmp_path / "nothing", Progress())


def zipped(tmp_path: Path, names: list[str] | None = None) -> Path:
    write(make_slices(), tmp_path / "series")
    target = tmp_path / "series.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, path in enumerate(sorted((tmp_path / "series").iterdir())):
            entry = zipfile.ZipInfo("x")
            entry.filename = names[k] if names and k < len(names) else f"a/{path.name}"  # as hostile tools write it
            archive.writestr(entry, path.read_bytes())
    return target


def test_that_a_zip_archive_loads_like_its_folder_and_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = zipped(tmp_path)
    series = scan(archive, Progress()).series[0]
    folder = scan(tmp_path / "series", Progress()).series[0]
    assert load(series, Progress()).digest == load(folder, Progress()).digest
    unpacked = series.files[0].parent
    assert unpacked.is_dir()
    del series
    assert not unpacked.exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("/etc/evil.dcm", "zip_absolute"),
        ("../../evil.dcm", "zip_path_traversal"),
        ("..\\..\\evil.dcm", "zip_path_traversal"),
        ("C:\\evil.dcm", "zip_absolute"),
        ("CON", "zip_reserved_name"),
        ("a/aux.dcm", "zip_reserved_name"),
        ("a/b.", "zip_reserved_name"),
    ],
)
def test_that_an_archive_with_a_hostile_name_is_refused(name: str, code: str, tmp_path: Path) -> None:
    assert verdict_of(zipped(tmp_path, [name])) == (Verdict.REFUSE, {code})


def test_that_archives_with_links_bombs_or_colliding_names_get_their_verdicts(tmp_path: Path) -> None:
    assert verdict_of(zipped(tmp_path, ["a/im.dcm", "a/IM.dcm"])) == (Verdict.WARN, {"case_collision"})
    link = zipped(tmp_path)
    with zipfile.ZipFile(link, "a") as archive:
        entry = zipfile.ZipInfo("a/link")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc")
    assert verdict_of(link) == (Verdict.REFUSE, {"zip_symlink"})
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(64 << 20))
    assert verdict_of(bomb) == (Verdict.REFUSE, {"zip_bomb"})
    crowd = tmp_path / "crowd.zip"
    with zipfile.ZipFile(crowd, "w") as archive:
        for number in range(50_001):
            archive.writestr(f"{number}", "")
    assert verdict_of(crowd) == (Verdict.REFUSE, {"zip_entries"})


def test_that_a_warned_series_loads_only_after_confirmation(tmp_path: Path) -> None:
    slices = make_slices()
    drop(5)(slices)
    write(slices, tmp_path / "series")
    series = scan(tmp_path / "series", Progress()).series[0]
    with pytest.raises(EsccError, match="missing_slice"):
        load(series, Progress())
    volume = load(series, Progress(), frozenset({"missing_slice"}))
    assert volume.hu.shape == (N, SIDE, SIDE)
    between = (volume.hu[4].astype(float) + volume.hu[6]) / 2
    assert np.abs(volume.hu[5] - between).max() <= 0.5


def test_that_each_slice_is_rescaled_by_its_own_tags_and_padding_keeps_its_value(tmp_path: Path) -> None:
    slices = make_slices()
    stored = np.stack([np.frombuffer(ds.PixelData, "<u2").reshape(SIDE, SIDE) for ds in slices]).astype(int)
    for k, ds in enumerate(slices):
        ds.RescaleIntercept = -1024 + k
    stored[0, 0, 0] = 0
    slices[0].PixelData = stored[0].astype("<u2").tobytes()
    write(slices, tmp_path / "series")
    volume = load(scan(tmp_path / "series", Progress()).series[0], Progress(), frozenset({"rescale_differs"}))
    assert volume.hu.dtype == np.int16
    assert np.array_equal(volume.hu, stored - 1024 + np.arange(N)[:, None, None])


def test_that_signed_pixels_and_overlays_beyond_the_stored_bits_are_read_right(tmp_path: Path) -> None:
    slices = make_slices()
    values = np.arange(-512, 512, dtype=np.int16)
    for ds in slices:
        ds.PixelRepresentation, ds.RescaleIntercept = 1, 0
        ds.PixelData = ((values.astype("<u2") & 0x0FFF) | 0x8000).tobytes()
    write(slices, tmp_path / "series")
    volume = load(scan(tmp_path / "series", Progress()).series[0], Progress())
    assert np.array_equal(volume.hu[0].ravel(), values)


def test_that_a_file_changed_since_the_scan_is_refused(tmp_path: Path) -> None:
    write(make_slices(), tmp_path / "series")
    series = scan(tmp_path / "series", Progress()).series[0]
    slices = make_slices()
    slices[3].ImagePositionPatient = [0, 0, 0]
    write(slices, tmp_path / "series")
    with pytest.raises(EsccError, match="changed since"):
        load(series, Progress())


def test_that_the_report_names_no_patient(tmp_path: Path) -> None:
    write(make_slices(), tmp_path / "series")
    text = str(scan_report(scan(tmp_path / "series", Progress())))
    assert "Nobody" not in text
    assert "P001" not in text
