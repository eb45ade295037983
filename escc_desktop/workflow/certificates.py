"""Certificates for a cluster: one authority, and one certificate each for scheduler, workers and clients.

The authority signs once and its key is never written: nobody can make a further certificate that the cluster accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

from escc_desktop.store.audit import utc_now
from escc_desktop.workflow.folders import whole_folder

VALID_DAYS: Final = 730
_EARLIER: Final = timedelta(hours=1)  # clocks of other machines may be behind
# A client's certificate cannot pose as a scheduler or a worker; those two call each other.
ROLES: Final[Mapping[str, tuple[x509.ObjectIdentifier, ...]]] = MappingProxyType({
    "scheduler": (Usage.SERVER_AUTH, Usage.CLIENT_AUTH),
    "worker": (Usage.SERVER_AUTH, Usage.CLIENT_AUTH),
    "client": (Usage.CLIENT_AUTH,),
})  # fmt: skip


def write_certificates(folder: Path, valid_days: int = VALID_DAYS) -> datetime:
    """Write a folder with a folder for each role: ``ca.pem``, ``certificate.pem``, ``key.pem``.

    Returns
    -------
    datetime
        Until when they are valid.

    Raises
    ------
    EsccError
        The folder is not empty or cannot be written.
    """
    begin, end = utc_now() - _EARLIER, utc_now() + timedelta(days=valid_days)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, begin, end)
    with whole_folder(folder) as made:
        for role in ROLES:
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _certificate(role, key, authority, authority_key)
            (made / role).mkdir(mode=0o700)
            _write(made / role / "ca.pem", authority.public_bytes(serialization.Encoding.PEM))
            _write(made / role / "certificate.pem", certificate.public_bytes(serialization.Encoding.PEM))
            _write(made / role / "key.pem", _private(key))
    return end


def _name(what: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"escc {what}")])


def _authority(key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_name("authority"))
        .issuer_name(_name("authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    role: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(role))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.not_valid_before_utc)
        .not_valid_after(authority.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(ROLES[role]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file nobody else on this machine may read."""
    path.touch(mode=0o600)
    path.write_bytes(content)
