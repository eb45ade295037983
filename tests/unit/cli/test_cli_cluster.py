"""The commands of a cluster, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.cli.app import build
from escc_desktop.cli.frame import run_app


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        run_app(build(arguments), list(arguments))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_that_certificates_are_made_once_and_each_machine_gets_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tls"
    assert run("cluster", "certificates", str(folder)) == 0
    assert "Certificates valid until" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["client", "scheduler", "worker"]
    assert run("cluster", "certificates", str(folder)) == 1
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("worker tcp://127.0.0.1:8786 --images {f} --tls-folder {f}", 2, "is not encrypted"),
        ("worker 127.0.0.1 --images {f} --tls-folder {f}", 2, "is no address of a scheduler"),
        ("worker tls://127.0.0.1:99999 --images {f} --tls-folder {f}", 2, "is no address of a scheduler"),
        ("worker tls://127.0.0.1:8786 --images {f}/none --tls-folder {f}", 1, "does not exist"),
        ("worker tls://127.0.0.1:8786 --images {f} --tls-folder {f}", 1, "has no ca.pem"),
        ("worker tls://127.0.0.1:8786 --images {f}", 2, "tls-folder"),
        ("scheduler --tls-folder {f}", 1, "has no ca.pem"),
        ("scheduler --port 0 --tls-folder {f}", 2, "port"),
    ],
)
def test_that_a_wrong_start_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, code: int, said: str
) -> None:
    pytest.importorskip("distributed", reason="needs the optional part “cluster”")
    assert run("cluster", *command.format(f=tmp_path).split()) == code
    assert said in capsys.readouterr().err


def test_that_a_cohort_on_a_cluster_needs_certificates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("distributed", reason="needs the optional part “cluster”")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("patient_id,reader,occasion,image,mask\nP1,A,first,i.nii,m.nii\n", encoding="utf-8")
    arguments = ("extract-all", str(manifest), "-o", str(tmp_path / "f.csv"))
    assert run(*arguments, "--scheduler", "tls://127.0.0.1:8786") == 2
    assert "--tls-folder" in capsys.readouterr().err
