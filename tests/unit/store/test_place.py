from __future__ import annotations

from pathlib import Path

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.store import place
from escc_desktop.store.store import Store

MOUNTS = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/root rw
40 22 0:35 / /mnt/share rw,relatime shared:20 - cifs //server/share rw
41 22 0:36 / /mnt/my\040disk rw,relatime - nfs4 server:/export rw
42 22 0:37 / /home/me/remote rw - fuse.sshfs me@host: rw
43 22 8:2 / /media/usb rw - fuseblk /dev/sdb1 rw
44 40 0:38 / /mnt/share/local rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/project", None),
        ("/mnt/share/project", "cifs"),
        ("/mnt/shared", None),
        ("/mnt/my disk/a", "nfs4"),
        ("/home/me/remote", "fuse.sshfs"),
        ("/media/usb/project", None),
        ("/mnt/share/local/project", None),
    ],
)
def test_that_network_file_systems_are_told_from_local_ones(monkeypatch, tmp_path, folder, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    assert place.remote_type(Path(folder)) == kind


def test_that_no_project_is_made_or_opened_on_a_share(monkeypatch, small_study, tmp_path):
    small_study.empty_project(tmp_path / "project", small_study.Clock())[0].close()
    monkeypatch.setattr(place, "remote_type", lambda folder: "cifs")
    with pytest.raises(EsccError, match=r"network share \(cifs\)"):
        Store.open(tmp_path / "project", small_study.PASSPHRASE)
    with pytest.raises(EsccError, match="network share"):
        small_study.empty_project(tmp_path / "other", small_study.Clock())
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["OneDrive - Hospital", "Dropbox", "坚果云"])
def test_that_synchronised_folders_are_refused(small_study, tmp_path, name):
    with pytest.raises(EsccError, match="synchronised"):
        small_study.empty_project(tmp_path / name / "project", small_study.Clock())
