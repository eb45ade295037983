"""Every command on bad input: one error, no traceback, nothing half-written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  # the field's name for it

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app
from escc_desktop.imaging.volume import Geometry, Volume
from escc_desktop.imaging.writing import write_ct_series
from escc_desktop.progress import Progress
from escc_desktop.store.accounts import Role
from escc_desktop.store.cost import PasswordCost
from escc_desktop.store.lock import Passphrase
from escc_desktop.store.store import Login
from escc_desktop.workflow.certificates import write_certificates
from escc_desktop.workflow.demo.records import write_records
from escc_desktop.workflow.demo.truth import draw_truth
from escc_desktop.workflow.images import ImportChoice
from escc_desktop.workflow.project import Project, Reader

CHEAP = PasswordCost(memory_kib=8, time=1, lanes=1)
PASSPHRASE, PASSWORD = "a passphrase for tests", "a password for tests"
GEOMETRY = Geometry((16, 16, 8), (0.8, 0.8, 3.0), (0.0, 0.0, 100.0))
FEATURES = "patient_id,lesion_id,site,reader,occasion,A_original_firstorder_Mean\n"
CLINICAL = "patient_id,os_months,os_event\n"
LESIONS = "patient_id,lesion_id,site,role,irradiated,x_mm,y_mm,z_mm,series_uid\n"

Case = tuple[str, str]
WRONG_INPUT: tuple[Case, ...] = (
    ("scan nothing", "nothing"),
    ("convert nothing.nii.gz out.nrrd", "nothing.nii.gz"),
    ("convert garbage.nii.gz out.nrrd", "garbage.nii.gz"),
    ("convert ct.nii.gz out.docx", "docx"),
    ("convert ct.nii.gz nowhere/out.nrrd", "nowhere"),
    ("convert empty out.nrrd", "empty"),
    ("convert roi.nii.gz out.nrrd --image shifted.nii.gz", "origin"),
    ("convert roi.nii.gz out.nrrd --image ct.nii.gz --label 9", "9"),
    ("extract nothing.nii.gz roi.nii.gz -o out.csv", "nothing.nii.gz"),
    ("extract ct.nii.gz nothing.nii.gz -o out.csv", "nothing.nii.gz"),
    ("extract ct.nii.gz garbage.nii.gz -o out.csv", "garbage.nii.gz"),
    ("extract ct.nii.gz roi.nii.gz -o nowhere/out.csv", "nowhere"),
    ("extract ct.nii.gz roi.nii.gz -o out.txt", "out.txt"),
    ("extract ct.nii.gz roi.nii.gz -o out.csv --label 9", "9"),
    ("extract ct.nii.gz roi.nii.gz -o out.csv --params none", "none"),
    ("extract ct.nii.gz roi.nii.gz -o out.csv --params garbage.yaml", "garbage.yaml"),
    ("extract shifted.nii.gz roi.nii.gz -o out.csv", "origin"),
    ("extract ct.nii.gz empty.nii.gz -o out.csv", "empty"),
    ("extract-all nothing.csv -o out.csv", "nothing.csv"),
    ("extract-all empty.csv -o out.csv", "empty.csv"),
    ("extract-all garbage.bin -o out.csv", "garbage.bin"),
    ("extract-all ragged.csv -o out.csv", "row 3"),
    ("extract-all manifest.csv -o nowhere/out.csv", "nowhere"),
    ("extract-all manifest.csv -o out.csv --scheduler tls://localhost:1 --tls-folder empty", "ca.pem"),
    ("extract-all manifest.csv -o out.csv --scheduler tls://localhost:1 --tls-folder tls/client", "No scheduler"),
    ("explain nothing.csv A_original_glcm_Idm", "nothing.csv"),
    ("explain once.csv A_original_glcm_Idm", "once.csv.json"),
    ("explain old.csv A_original_glcm_Idm", "Extract the features again"),
    ("explain odd.csv A_original_glcm_Idm", "odd.csv.json"),
    ("explain once.csv beauty", "beauty"),
    ("preflight nothing.nii.gz roi.nii.gz", "nothing.nii.gz"),
    ("preflight ct.nii.gz garbage.nii.gz", "garbage.nii.gz"),
    ("preflight ct.nii.gz empty.nii.gz", "empty"),
    ("preflight shifted.nii.gz roi.nii.gz", "origin"),
    ("preflight ct.nii.gz roi.nii.gz --label 9", "9"),
    ("preflight ct.nii.gz roi.nii.gz --params none", "none"),
    ("preflight ct.nii.gz roi.nii.gz --card nothing.json", "nothing.json"),
    ("preflight ct.nii.gz roi.nii.gz --card nan.json", "NaN"),
    ("preflight ct.nii.gz roi.nii.gz --card object.json", "object.json"),
    ("preflight flat.nii.gz roi.nii.gz", "no contrast"),
    ("preflight ct.nii.gz line.nii.gz", "one line"),
    ("map nothing.nii.gz roi.nii.gz original_glcm_Idm -o out.nrrd", "nothing.nii.gz"),
    ("map ct.nii.gz garbage.nii.gz original_glcm_Idm -o out.nrrd", "garbage.nii.gz"),
    ("map shifted.nii.gz roi.nii.gz original_glcm_Idm -o out.nrrd", "origin"),
    ("map ct.nii.gz empty.nii.gz original_glcm_Idm -o out.nrrd", "empty"),
    ("map flat.nii.gz roi.nii.gz original_glcm_Idm -o out.nrrd", "no contrast"),
    ("map ct.nii.gz line.nii.gz original_glcm_Idm -o out.nrrd", "one line"),
    ("map ct.nii.gz roi.nii.gz beauty -o out.nrrd", "beauty"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o out.nrrd --label 9", "9"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o out.nrrd --params garbage.yaml", "garbage.yaml"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o out.docx", "out.docx"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o nowhere/out.nrrd", "nowhere"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o ct.nii.gz", "overwritten"),
    ("map ct.nii.gz roi.nii.gz original_glcm_Idm -o roi.nii.gz", "overwritten"),
    ("params none", "none"),
    ("params garbage.yaml", "garbage.yaml"),
    ("params garbage.bin", "garbage.bin"),
    ("acquisition nothing.csv", "nothing.csv"),
    ("acquisition garbage.bin -o out.csv", "garbage.bin"),
    ("acquisition header.csv -o out.csv", "header.csv"),
    ("acquisition words.csv -o out.csv", "row 2"),
    ("acquisition once.csv -o out.csv", "how the images were made"),
    ("acquisition once.csv -o once.csv", "overwritten"),
    ("acquisition once.csv -o out.txt", "out.txt"),
    ("acquisition once.csv -o nowhere/out.csv", "nowhere"),
    ("robustness nothing.csv -o out.csv", "nothing.csv"),
    ("robustness empty.csv -o out.csv", "empty.csv"),
    ("robustness garbage.bin -o out.csv", "garbage.bin"),
    ("robustness ragged.csv -o out.csv", "row 3"),
    ("robustness second.csv -o out.csv", "first reading by reader A"),
    ("robustness manifest.csv -o nowhere/out.csv", "nowhere"),
    ("robustness manifest.csv -o out.txt", "out.txt"),
    ("robustness manifest.csv -o manifest.csv", "overwritten"),
    ("robustness manifest.csv -o roi.nii.gz", "roi.nii.gz"),
    ("robustness manifest.csv -o out.csv --params none", "none"),
    ("robustness manifest.csv -o out.csv --cohort nothing.csv", "nothing.csv"),
    ("robustness manifest.csv -o out.csv --cohort words.csv", "words.csv"),
    ("verify nothing", "nothing"),
    ("verify once.csv", "once.csv"),
    ("verify --report out.txt", "out.txt"),
    ("verify --report nowhere/out.pdf", "nowhere"),
    ("verify --report full", "full"),
    ("cluster certificates full", "full"),
    ("cluster certificates once.csv", "once.csv"),
    ("cluster certificates once.csv/tls", "once.csv"),
    ("cluster scheduler --tls-folder nothing", "ca.pem"),
    ("cluster scheduler --tls-folder once.csv", "ca.pem"),
    ("cluster scheduler --tls-folder mixed", "mixed"),
    ("cluster worker tls://localhost:1 --images dicom --tls-folder nothing", "ca.pem"),
    ("cluster worker tls://localhost:1 --images dicom --tls-folder mixed", "mixed"),
    ("cluster worker tls://localhost:1 --images dicom --tls-folder tls/worker", "No scheduler"),
    ("cluster worker tls://localhost:1 --images nothing --tls-folder tls/worker", "nothing"),
    ("cluster worker tls://localhost:1 --images ct.nii.gz --tls-folder tls/worker", "ct.nii.gz"),
    ("icc nothing.csv -o out.csv", "nothing.csv"),
    ("icc garbage.bin -o out.csv", "garbage.bin"),
    ("icc header.csv -o out.csv", "header.csv"),
    ("icc words.csv -o out.csv", "row 2"),
    ("icc once.csv -o out.csv", "reading"),
    ("develop nothing.csv clinical.csv -o out", "nothing.csv"),
    ("develop once.csv nothing.csv -o out", "nothing.csv"),
    ("develop once.csv clinical.csv -o out", "needs 20"),
    ("develop once.csv words.csv -o out", "words.csv"),
    ("develop once.csv clinical.csv -o full", "full"),
    ("develop once.csv clinical.csv -o once.csv", "once.csv"),
    ("develop once.csv clinical.csv -o out --config garbage.yaml", "garbage.yaml"),
    ("develop once.csv clinical.csv -o out --config nothing.toml", "nothing.toml"),
    ("assess nothing.json once.csv clinical.csv -o out.csv", "nothing.json"),
    ("assess broken.json once.csv clinical.csv -o out.csv", "broken.json"),
    ("assess nan.json once.csv clinical.csv -o out.csv", "NaN"),
    ("assess object.json once.csv clinical.csv -o out.csv", "object.json"),
    ("stats km nothing", "nothing"),
    ("stats km empty", "case.json"),
    ("stats km case", "case.json"),
    ("specification nothing.csv clinical.csv -o out", "nothing.csv"),
    ("specification once.csv words.csv -o out", "words.csv"),
    ("specification once.csv clinical.csv -o full", "full"),
    ("specification once.csv clinical.csv -o out --config garbage.yaml", "garbage.yaml"),
    ("specification once.csv clinical.csv -o out --table fine=nothing.csv", "nothing.csv"),
    ("manuscript nothing -o out", "nothing"),
    ("manuscript empty -o out", "results.json"),
    ("manuscript once.csv -o out", "once.csv"),
    ("planner rereads --icc 2 --width 0.2", "ICC"),
    ("planner development --parameters 0 --rate 0.03 --follow-up 10 --c 0.7", "parameter"),
    ("planner development --parameters 5 --rate 0.03 --follow-up 10 --c 0.2", "C"),
    ("planner validation --risk 2 --c 0.7", "risk"),
    ("planner validation --risk 0.3 --c 0.7 --width-oe nan", "width"),
    ("sample-size --p0 0.5 --p1 0.3 --alpha 0.05 --power 0.9", "p1"),
    ("sample-size --p0 2 --p1 0.3 --alpha 0.05 --power 0.9", "p0"),
    ("sample-size --p0 nan --p1 0.3 --alpha 0.05 --power 0.9", "p0"),
    ("sample-size --p0 0.3 --p1 0.5 --alpha 0 --power 0.9", "alpha"),
    ("trial nothing -o out", "nothing"),
    ("trial empty -o out", "patients.csv"),
    ("trial records -o full", "full"),
    ("trial records -o once.csv", "once.csv"),
    ("trial records -o once.csv/out", "once.csv"),
    ("demo --headless --project full --patients 24", "full"),
    ("demo --headless --project once.csv --patients 24", "once.csv"),
    ("project create full --user admin", "full"),
    ("project create once.csv --user admin", "once.csv"),
    ("project create Dropbox/study --user admin", "Dropbox"),
    ("project create new --user admin --passphrase-file short.txt", "at least 8"),
    ("project create new --user admin --password-file short.txt", "at least 8"),
    ("project create new --user admin --password-file nothing.txt", "nothing.txt"),
    ("project create new --user admin --password-file garbage.bin", "garbage.bin"),
    ("project create new --user admin --password-file empty.csv", "empty.csv"),
    ("project info nothing --user admin", "nothing"),
    ("project info empty --user admin", "project.key"),
    ("project info study --user nobody", "Name or password"),
    ("project info study --user admin --password-file other.txt", "Name or password"),
    ("project info study --user admin --passphrase-file other.txt", "passphrase"),
    ("project users study --user coordinator", "may not manage accounts"),
    ("project users study --user admin --add A --role reader --reader A", "exists already"),
    ("project users study --user admin --add C --role reader", "reader letter"),
    ("project users study --user admin --add C --role coordinator --reader B", "reader letter"),
    ("project users study --user admin --add C --role reader --reader A", "has an account"),
    ("project import study nothing --user coordinator", "nothing"),
    ("project import study empty --user coordinator", "empty"),
    ("project import study broken.zip --user coordinator", "broken.zip"),
    ("project import study dicom --user statistician", "may not import images"),
    ("project import study dicom --user coordinator --codes nothing.csv", "nothing.csv"),
    ("project import study dicom --user coordinator --codes words.csv", "words.csv"),
    ("project import study dicom --user coordinator --codes codes.csv", "codes.csv, row 3"),
    ("project records study nothing --user coordinator", "nothing"),
    ("project records study empty --user coordinator", "patients.csv"),
    ("project records study empty --user A", "may not import trial records"),
    ("project records study broken.zip --user coordinator", "broken.zip"),
    ("project records study words.csv --user coordinator", "words.csv"),
    ("project records study words.csv --user coordinator --mapping garbage.yaml", "garbage.yaml"),
    ("project redcap study https://redcap.invalid/api/ --user A", "may not import trial records"),
    ("project redcap study http://redcap.invalid/api/ --user coordinator", "https"),
    ("project redcap study ftp://redcap.invalid --user coordinator", "no address"),
    ("project redcap study https://redcap.invalid/api/ --user coordinator --redcap-token-file short.txt", "token"),
    ("project export-records study --user coordinator -o out", "no trial records"),
    ("project export-records study --user A -o out", "may not export trial records"),
    ("project protocol study nothing.toml --user coordinator", "nothing.toml"),
    ("project protocol study words.csv --user coordinator", "no TOML"),
    ("project protocol study --user A", "may not view trial records"),
    ("project mark study nothing.csv --user coordinator", "nothing.csv"),
    ("project mark study words.csv --user coordinator", "words.csv"),
    ("project mark study lesions.csv --user coordinator", "outside the images"),
    ("project mark study nolesions.csv --user coordinator", "nolesions.csv, row 2"),
    ("project plan study --user coordinator", "plan"),
    ("project plan study --user oncologist", "may not"),
    ("project plan study --user coordinator --repeats 99 --seed 1", "99"),
    ("project plan study --user coordinator --repeats 0 --seed 1 --apart-days 30 --within-days 10", "range"),
    ("project plan study --user coordinator --within-days 40 --reason because", "plan"),
    ("project read study P1/L1/A/first roi.nii.gz --user A", "no reading"),
    ("project read study P1/L1/A/first roi.nii.gz --user coordinator", "may not read"),
    ("project extract study --user statistician -o out.csv", "signed"),
    ("project extract study --user coordinator -o out.csv", "may not export"),
    ("project extract study --user statistician -o nowhere/out.csv", "nowhere"),
    ("project extract study --user statistician --params none", "none"),
    ("project ledger study --user A", "may not"),
    ("project ledger study --user statistician --lock", "The project has no trial records"),
    ("project ledger study --user statistician -o out.txt", "out.txt"),
    ("project ledger nothing --user statistician", "nothing"),
    ("project manuscript study --user statistician -o out", "card"),
    ("project manuscript study --user A -o out", "may not"),
    ("project acquisition study --user statistician -o out.csv", "no features yet"),
    ("project acquisition study --user coordinator", "may not view features"),
    ("project acquisition study --user statistician -o nowhere/out.csv", "nowhere"),
    ("project acquisition study --user statistician -o out.txt", "out.txt"),
    ("project acquisition nothing --user statistician", "nothing"),
    ("project robustness study --user statistician -o out.csv", "signed"),
    ("project robustness study --user A", "may not extract"),
    ("project robustness study --user coordinator -o out.csv", "may not export"),
    ("project robustness study --user statistician -o nowhere/out.csv", "nowhere"),
    ("project robustness study --user statistician --params none", "none"),
    ("project robustness nothing --user statistician", "nothing"),
    ("project develop study --user statistician -o out", "features"),
    ("project develop study --user oncologist -o out", "may not develop"),
    ("project develop study --user statistician -o full", "full"),
    ("project assess study --user statistician -o out.csv", "no card"),
    ("project assess study --user coordinator -o out.csv", "may not"),
    ("project report study P1 --user oncologist -o out.pdf", "no card"),
    ("project report study P1 --user A -o out.pdf", "may not"),
    ("project report study P1/L1/A/first --user oncologist --kind reading -o out.pdf", "No signed reading"),
    ("project report study --user statistician --kind agreement -o out.pdf", "no card"),
    ("project report study --user oncologist --kind model -o out.pdf", "no card"),
    ("project report study --user oncologist --kind trial -o out.pdf", "no trial records"),
    ("project report study P1 --user oncologist --kind mdt -o out.pdf", "no trial record"),
    ("project report study P1 --user oncologist --kind fhir -o out.json", "no card"),
    ("project report study P1 --user oncologist --kind sr -o out.dcm", "no card"),
    ("project report study --user coordinator --kind due -o out.txt", "out.txt"),
    ("project report study --user coordinator --kind due -o nowhere/out.pdf", "nowhere"),
    ("project due study --user A", "may not"),
    ("project due study --user coordinator -o out.txt", "out.txt"),
    ("project due study --user coordinator -o nowhere/out.csv", "nowhere"),
    ("project due nothing --user coordinator", "nothing"),
    ("project audit study --user coordinator", "may not view the audit trail"),
    ("project audit study --user admin --noted 7", "row:hash"),
    (f"project audit study --user admin --noted 3:{'0' * 64}", "broken at row 3"),
    (f"project audit study --user admin --noted 99999:{'0' * 64}", "ends at row"),
    ("project audit study --user admin -o nowhere/out.csv", "nowhere"),
    ("project backup study full --user coordinator", "full"),
    ("project backup study study/inside --user coordinator", "inside the project"),
    ("project backup study out --user statistician", "may not back up"),
    ("project restore nothing out --user coordinator", "nothing"),
    ("project restore study full --user coordinator", "full"),
    ("project restore study out --user statistician", "may not back up"),
    ("project restore study study/inside --user coordinator", "inside the backup"),
    ("project restore damaged out --user coordinator", "damaged"),
    ("project verify damaged --user admin", "damaged"),
    ("project verify study --user coordinator", "may not view the audit trail"),
)
WRONG_USE: tuple[Case, ...] = (
    ("planner rereads --icc 0.8", "--width"),
    ("nonsense", "nonsense"),
    ("scan", "path"),
    ("scan dicom --nonsense", "--nonsense"),
    ("convert ct.nii.gz", "OUT"),
    ("extract ct.nii.gz roi.nii.gz --engine abacus", "abacus"),
    ("extract ct.nii.gz roi.nii.gz --label zero", "--label"),
    ("extract-all manifest.csv", "--out"),
    ("extract-all manifest.csv -o out.csv --scheduler nonsense", "nonsense"),
    ("extract-all manifest.csv -o out.csv --scheduler tcp://localhost:1", "not encrypted"),
    ("extract-all manifest.csv -o out.csv --scheduler tls://localhost:1", "--tls-folder"),
    ("explain once.csv", "Missing"),
    ("preflight ct.nii.gz", "Missing"),
    ("preflight ct.nii.gz roi.nii.gz --engine abacus", "abacus"),
    ("preflight ct.nii.gz roi.nii.gz --label 0", "--label"),
    ("map ct.nii.gz roi.nii.gz", "Missing"),
    ("map ct.nii.gz roi.nii.gz original_shape_MeshVolume -o out.nrrd", "whole lesion"),
    ("params --nonsense", "--nonsense"),
    ("acquisition", "Missing"),
    ("robustness manifest.csv", "--out"),
    ("robustness manifest.csv -o out.csv --chain NTX", "NTX"),
    ("robustness manifest.csv -o out.csv --chain NN", "NN"),
    ("robustness manifest.csv -o out.csv --n 1", "--n"),
    ("robustness manifest.csv -o out.csv --seed -1", "--seed"),
    ("robustness manifest.csv -o out.csv --threshold nan", "threshold"),
    ("robustness manifest.csv -o out.csv --angle nan", "angle"),
    ("robustness manifest.csv -o out.csv --shift 1e300", "shift"),
    ("robustness manifest.csv -o out.csv --noise -1", "noise"),
    ("robustness manifest.csv -o out.csv --growth 3", "growth"),
    ("robustness manifest.csv -o out.csv --engine abacus", "abacus"),
    ("verify --nonsense", "--nonsense"),
    ("cluster", "command"),
    ("cluster certificates", "Missing"),
    ("cluster scheduler", "--tls-folder"),
    ("cluster scheduler --tls-folder empty --port 0", "--port"),
    ("cluster worker nonsense --images dicom --tls-folder empty", "nonsense"),
    ("cluster worker tcp://localhost:1 --images dicom --tls-folder empty", "not encrypted"),
    ("cluster worker tls://localhost:99999 --images dicom --tls-folder empty", "99999"),
    ("cluster worker tls://localhost:1 --tls-folder empty", "--images"),
    ("cluster worker tls://localhost:1 --images dicom --tls-folder empty --jobs 0", "--jobs"),
    ("icc once.csv -o out.csv --form icc9", "icc9"),
    ("icc once.csv", "--out"),
    ("develop once.csv clinical.csv -o out --endpoint dfs", "endpoint"),
    ("develop once.csv clinical.csv -o out --horizon -3", "horizon"),
    ("assess once.csv", "Missing"),
    ("stats km", "Missing"),
    ("stats none empty", "none"),
    ("trial records", "--out"),
    ("trial empty -o out --null-rate 2", "--null-rate"),
    ("sample-size --p0 x --p1 1 --alpha 0 --power 1", "--p0"),
    ("paper nonsense", "nonsense"),
    ("demo --headless --patients 19", "--patients"),
    ("demo --patients 24", "window"),
    ("project", "command"),
    ("project nonsense", "nonsense"),
    ("project create", "Missing"),
    ("project info study", "--user"),
    ("project users study --user admin --add C", "--role"),
    ("project users study --user admin --add C --role king", "king"),
    ("project plan study --user coordinator --repeats 3", "--seed"),
    ("project plan study --user coordinator --within-days 50", "--reason"),
    ("project plan study --user coordinator --repeats 0 --seed 1 --within-days 1e300", "days"),
    ("project plan study --user coordinator --repeats 0 --seed 1 --apart-days nan", "days"),
    ("project extract study --user statistician --jobs 0", "--jobs"),
    ("project records study records --user coordinator --dates ymd", "ymd"),
    ("project records study records --user coordinator --encoding latin", "latin"),
    ("project export-records study --user coordinator -o out --format docx", "docx"),
    ("project acquisition study", "--user"),
    ("project robustness study --user statistician --chain X", "'X'"),
    ("project robustness study --user statistician --engine abacus", "abacus"),
    ("project robustness study --user statistician --n 1001", "--n"),
    ("project robustness study --user statistician --angle inf", "angle"),
    ("project develop study --user statistician -o out --endpoint dfs", "endpoint"),
    ("project report study --user oncologist -o out.pdf", "needs the code"),
    ("project report study P1 --user coordinator --kind due -o out.pdf", "is about everybody"),
    ("project report study P1 --user oncologist -o out.pdf --language fr", "'fr'"),
    ("project report study P1 --user oncologist -o out.pdf --kind poem", "poem"),
    ("project report study --user coordinator --kind due -o out.pdf --as-of yesterday", "yesterday"),
    ("project due study --user coordinator --as-of 2026-02-30", "2026-02-30"),
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bad and good inputs and a small project."""
    folder = tmp_path_factory.mktemp("template")
    write_grids(folder)
    texts = {
        "short.txt": "short\n",
        "other.txt": "another secret than the right one\n",
        "empty.csv": "",
        "header.csv": FEATURES,
        "ragged.csv": "patient_id,reader,occasion,image,mask\nP1,A,first,ct.nii.gz,roi.nii.gz\nP2,A,first\n",
        "manifest.csv": "patient_id,reader,occasion,image,mask\nP1,A,first,ct.nii.gz,roi.nii.gz\n",
        "second.csv": "patient_id,reader,occasion,image,mask\nP1,B,first,ct.nii.gz,roi.nii.gz\n",
        "words.csv": FEATURES + "P1,L1,primary,A,first,many\n",
        "once.csv": FEATURES + "P1,L1,primary,A,first,1.5\nP2,L1,primary,A,first,2.5\n",
        "clinical.csv": CLINICAL + "P1,3.5,1\nP2,9,0\n",
        "codes.csv": "patient_id,trial_code\nP1,T1\nP2,a/b\n",
        "lesions.csv": LESIONS + "P1,L1,primary,target,no,999,0,0,2.25.7\n",
        "nolesions.csv": LESIONS + "P1,L1,nose,target,no,1,0,,2.25.7\n",
        "old.csv": FEATURES + "P1,L1,primary,A,first,1.5\n",
        "old.csv.json": '{"engine": "old 1", "rows": [1]}',
        "odd.csv": FEATURES + "P1,L1,primary,A,first,1.5\n",
        "odd.csv.json": '{"engine": "odd 1", "images": {"original": {"bin_width": "wide"}}}',
        "garbage.yaml": "{: ][",
        "broken.json": '{"kind": ',
        "nan.json": '{"kind": NaN}',
        "object.json": "{}",
        "full/kept.txt": "somebody's work",
        "case/case.json": "[1, 2",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "empty").mkdir()
    for name in ("garbage.bin", "garbage.nii.gz", "broken.zip"):
        (folder / name).write_bytes(np.random.default_rng(1).bytes(700))
    write_records(draw_truth(4), folder / "records")
    write_certificates(folder / "tls")
    shutil.copytree(folder / "tls" / "worker", folder / "mixed")
    shutil.copy(folder / "tls" / "client" / "key.pem", folder / "mixed" / "key.pem")
    small_project(folder)
    return folder


def write_grids(folder: Path) -> None:
    voxels = np.zeros(GEOMETRY.shape, dtype=np.uint8)
    voxels[2:6, 4:12, 4:12] = 1
    line = np.zeros_like(voxels)
    line[3, 5, 4:9] = 1
    hu = np.random.default_rng(1).normal(40, 20, GEOMETRY.shape).round().astype(np.int16)
    grids = {"ct": hu, "roi": voxels, "shifted": hu, "empty": voxels * 0, "flat": hu * 0, "line": line}
    for name, array in grids.items():
        grid = sitk.GetImageFromArray(array)
        grid.SetSpacing(GEOMETRY.spacing_mm)
        grid.SetOrigin((5.0 if name == "shifted" else 0.0, 0.0, 100.0))
        sitk.WriteImage(grid, str(folder / f"{name}.nii.gz"))
    uids = {"StudyInstanceUID": "2.25.8", "SeriesInstanceUID": "2.25.7", "FrameOfReferenceUID": "2.25.9"}
    write_ct_series(Volume(hu, GEOMETRY), folder / "dicom", {"PatientID": "P1", **uids})


def small_project(folder: Path) -> None:
    made = Project.create(folder / "study", Passphrase(PASSPHRASE, CHEAP), Login("admin", PASSWORD), cost=CHEAP)
    with made.project as admin:
        for name, role, reader in (
            ("A", Role.READER, Reader.A),
            ("coordinator", Role.COORDINATOR, None),
            ("statistician", Role.STATISTICIAN, None),
            ("oncologist", Role.ONCOLOGIST, None),
        ):
            admin.add_account(Login(name, PASSWORD), role, reader)
        coordinator = admin.log_in(Login("coordinator", PASSWORD))
        coordinator.import_images(folder / "dicom", ImportChoice({}), Progress())
        coordinator.back_up(folder / "damaged", Progress())
    blob = next(path for path in sorted((folder / "damaged" / "blobs").rglob("*")) if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1])


@pytest.fixture
def work(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    return folder


def environment() -> dict[str, str]:
    return {
        "ESCC_PASSPHRASE": PASSPHRASE,
        "ESCC_PASSWORD": PASSWORD,
        "ESCC_NEW_PASSWORD": PASSWORD,
        "ESCC_REDCAP_TOKEN": "0" * 32,
    }


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every path and its bytes; a project's own database may note who came in, and what was tried."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and "project.db" not in path.name else None
        for path in folder.rglob("*")
        if not path.name.endswith(("-wal", "-shm"))
    }


def check_told(err: str, said: str) -> None:
    lines = [line for line in err.splitlines() if line]
    errors = [number for number, line in enumerate(lines) if line.startswith("error: ")]
    assert len(errors) == 1, err
    assert all(line.startswith("  ") for line in lines[errors[0] + 1 :]), err
    assert said in "\n".join(lines[errors[0] :]), err
    assert "Traceback" not in err
    assert PASSPHRASE not in err
    assert PASSWORD not in err


def run(arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        run_app(build(), arguments.split())
    return int(leaving.value.code or 0)


@pytest.mark.parametrize(("arguments", "said"), WRONG_INPUT, ids=[case[0] for case in WRONG_INPUT])
def test_that_wrong_input_is_one_error_and_leaves_nothing(
    arguments: str, said: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listing(work)
    code = run(arguments)
    shown = capsys.readouterr()
    assert code == 1, shown.err
    check_told(shown.err, said)
    assert listing(work) == before


@pytest.mark.parametrize(("arguments", "said"), WRONG_USE, ids=[case[0] for case in WRONG_USE])
def test_that_wrong_use_is_one_error_and_leaves_nothing(
    arguments: str, said: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = listing(work)
    code = run(arguments)
    shown = capsys.readouterr()
    assert code == 2, shown.err
    check_told(shown.err, said)
    assert shown.out == ""
    assert listing(work) == before


def command_names() -> Iterator[str]:
    app = build()
    yield from (command.name or "" for command in app.registered_commands)
    for group in app.registered_groups:
        commands = group.typer_instance.registered_commands if group.typer_instance else ()
        yield from (f"{group.name or group.typer_instance.info.name} {command.name}" for command in commands)


@pytest.mark.parametrize("name", sorted(command_names()))
def test_that_every_command_is_tried(name: str) -> None:
    assert any(arguments == name or arguments.startswith(f"{name} ") for arguments, _ in WRONG_INPUT + WRONG_USE)


def start(work: Path, arguments: str) -> subprocess.Popen[str]:
    """Start the program in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, "-m", "escc_desktop", *arguments.split()],
        cwd=work,
        env=os.environ | environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("convert garbage.nii.gz out.nrrd", 1, "garbage.nii.gz"),
        ("project verify damaged --user admin", 1, "damaged"),
        ("project create new --user admin --password-file nothing.txt", 1, "nothing.txt"),
        ("project info study", 2, "--user"),
        ("cluster scheduler --tls-folder tls/scheduler --host 203.0.113.5", 1, "203.0.113.5"),
    ],
)
def test_that_the_program_itself_leaves_with_the_code_and_one_error(
    arguments: str, code: int, said: str, work: Path
) -> None:
    before = listing(work)
    process = start(work, arguments)
    _, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    check_told(err, said)
    assert listing(work) == before


@pytest.mark.slow
def test_that_a_secret_is_asked_for_on_a_terminal_only(work: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "escc_desktop", "project", "info", "study", "--user", "admin"],
        cwd=work,
        env={name: value for name, value in os.environ.items() if not name.startswith("ESCC_")},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    check_told(err, "--passphrase-file")


LONG = (
    ("extract-all many.csv -o out.csv --jobs 2", {"out.csv.partial"}),
    ("develop cohort.csv outcome.csv -o out", set()),
    ("develop cohort.csv outcome.csv -o out --config two.toml", set()),
)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends the signal of Ctrl+C to a process group")
@pytest.mark.parametrize(("arguments", "kept"), LONG, ids=["extract-all", "develop", "develop with two workers"])
def test_that_ctrl_c_leaves_nothing_half_written(arguments: str, kept: set[str], work: Path) -> None:
    write_long_work(work)
    before = set(listing(work))
    process = start(work, arguments)
    assert process.stderr is not None
    told = process.stderr.readline()
    time.sleep(1)
    assert process.poll() is None, "the work was over before it could be stopped"
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in told + err
    assert "error:" not in told + err
    assert set(listing(work)) - before <= kept


def write_long_work(work: Path) -> None:
    rows = "".join(f"P{number},A,first,ct.nii.gz,roi.nii.gz\n" for number in range(40))
    (work / "many.csv").write_text(f"patient_id,reader,occasion,image,mask\n{rows}", encoding="utf-8")
    (work / "two.toml").write_text("workers = 2\n", encoding="utf-8")
    rng = np.random.default_rng(3)
    names = [f"A_original_firstorder_{name}" for name in ("Mean", "Median", "Energy", "Entropy", "Range", "Skewness")]
    features, outcome = ["patient_id,lesion_id,site,reader,occasion," + ",".join(names)], [CLINICAL.strip()]
    for number in range(60):
        values = ",".join(repr(value) for value in rng.normal(size=len(names)).tolist())
        features.append(f"P{number},L1,primary,A,first,{values}")
        outcome.append(f"P{number},{rng.exponential(12):.3f},{number % 2}")
    (work / "cohort.csv").write_text("\n".join(features) + "\n", encoding="utf-8")
    (work / "outcome.csv").write_text("\n".join(outcome) + "\n", encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_that_a_reader_who_goes_away_is_no_defect(closed: str, work: Path) -> None:
    process = start(work, "scan dicom --json")
    pipe, other = (process.stdout, process.stderr) if closed == "stdout" else (process.stderr, process.stdout)
    assert pipe is not None
    assert other is not None
    pipe.close()
    with other:
        rest = other.read()
    assert process.wait(timeout=120) == 141
    assert "Traceback" not in rest
    assert "defect" not in rest
