"""Write a small CT as DICOM and as NIfTI, with a lesion: what try_deb.sh gives the installed program."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813  # the field's name for it
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

SHAPE = (24, 64, 64)
SPACING = (2.0, 1.0, 1.0)


def main() -> None:
    """Write ct/, image.nii.gz and mask.nii.gz into the folder named."""
    folder = Path(sys.argv[1])
    (folder / "ct").mkdir(parents=True)
    z, y, x = np.indices(SHAPE)
    ball = ((z - 12) * 2.0) ** 2 + (y - 32.0) ** 2 + (x - 32.0) ** 2 <= 144
    noise = np.random.default_rng(1).normal(0, 12, SHAPE)
    hu = np.where(ball, 70, 30 + 0.2 * x) + noise
    voxels = hu.round().astype(np.int16)
    for name, array in (("image", voxels), ("mask", ball.astype(np.uint8))):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING[::-1])
        sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))
    for number in range(SHAPE[0]):
        _slice(voxels[number], number).save_as(folder / "ct" / f"{number:03}.dcm", enforce_file_format=True)


def _slice(pixels: np.ndarray, number: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.8.498.1.{number + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.2", "1.2.826.0.1.3680043.8.498.3"
    made.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.4"
    made.PatientID, made.PatientName, made.Modality = "TRIAL", "", "CT"
    made.SeriesDescription, made.SeriesNumber, made.InstanceNumber = "arterial", 1, number + 1
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.ImageOrientationPatient, made.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, SPACING[0] * number]
    made.PixelSpacing, made.SliceThickness = list(SPACING[1:]), SPACING[0]
    made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, -1024, "HU"
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = *pixels.shape, 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 0
    made.PixelData = (pixels.astype(np.int32) + 1024).astype(np.uint16).tobytes()
    return made


if __name__ == "__main__":
    main()
