"""Certificates of a cluster."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from escc_desktop.errors import EsccError
from escc_desktop.workflow.certificates import write_certificates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("certificates") / "tls"
    write_certificates(made)
    return made


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Run a handshake in memory; raises what either side raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = (
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_side=False),
    )
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
                end.read(1)
            except ssl.SSLWantReadError:
                continue


def context(folder: Path, role: str, *, is_server: bool) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_verify_locations(folder / role / "ca.pem")
    made.load_cert_chain(folder / role / "certificate.pem", folder / role / "key.pem")
    return made


@pytest.mark.parametrize("caller", ["client", "worker", "scheduler"])
@pytest.mark.parametrize("called", ["worker", "scheduler"])
def test_that_the_machines_of_a_cluster_accept_each_other(folder: Path, caller: str, called: str) -> None:
    handshake(context(folder, called, is_server=True), context(folder, caller, is_server=False))


def test_that_a_client_cannot_pose_as_a_scheduler(folder: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="unsuitable certificate purpose"):
        handshake(context(folder, "client", is_server=True), context(folder, "worker", is_server=False))


def test_that_another_authority_is_not_accepted(folder: Path, tmp_path: Path) -> None:
    write_certificates(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context(folder, "scheduler", is_server=True), context(tmp_path / "other", "client", is_server=False))


def test_that_every_role_has_its_own_key_and_the_authority_keeps_none(folder: Path) -> None:
    keys = {role: (folder / role / "key.pem").read_bytes() for role in ("scheduler", "worker", "client")}
    assert len(set(keys.values())) == 3
    assert sorted(path.name for path in folder.rglob("*.pem")) == sorted(["ca.pem", "certificate.pem", "key.pem"] * 3)
    authority = x509.load_pem_x509_certificate((folder / "client" / "ca.pem").read_bytes())
    for key in keys.values():
        assert load_pem_private_key(key, None).public_key() != authority.public_key()
    client = x509.load_pem_x509_certificate((folder / "client" / "certificate.pem").read_bytes())
    uses = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    if os.name == "posix":
        assert {path.stat().st_mode & 0o777 for path in folder.rglob("*.pem")} == {0o600}


def test_that_certificates_do_not_go_over_other_work(folder: Path) -> None:
    with pytest.raises(EsccError, match="is not empty"):
        write_certificates(folder)
