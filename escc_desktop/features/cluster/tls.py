"""The certificates one machine of a cluster shows, and whether the scheduler takes them."""

from __future__ import annotations

import re
import socket
import ssl
from pathlib import Path
from typing import Final

from distributed.security import Security

from escc_desktop.errors import EsccError, UsageError

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"
_ADDRESS: Final = re.compile(r"tls://(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_PATIENCE_S: Final = 10.0
_MAKE: Final = "`escc cluster certificates DIR` makes them; every machine needs its own folder of it."


def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of a scheduler's address.

    Raises
    ------
    UsageError
        It is none, or not an encrypted one.
    """
    if address.startswith("tcp://"):
        raise UsageError(f"{address} is not encrypted: a cluster is reached by tls://host:port only.")
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise UsageError(f"{address} is no address of a scheduler, such as tls://192.168.1.10:8786.")
    return found["host"].strip("[]"), int(found["port"])


def security(folder: Path) -> Security:
    """Return what distributed needs to show the certificate in a folder and to check those of the others.

    Raises
    ------
    EsccError
        A file is missing or they do not belong together.
    """
    _context(folder)
    files = {f"tls_{role}_cert": str(folder / CERTIFICATE) for role in ("client", "scheduler", "worker")}
    keys = {f"tls_{role}_key": str(folder / KEY) for role in ("client", "scheduler", "worker")}
    return Security(
        tls_ca_file=str(folder / AUTHORITY),
        require_encryption=True,
        tls_min_version=ssl.TLSVersion.TLSv1_3,
        **files,
        **keys,
    )


def _context(folder: Path) -> ssl.SSLContext:
    missing = [name for name in (AUTHORITY, CERTIFICATE, KEY) if not (folder / name).is_file()]
    if missing:
        raise EsccError(f"{folder} has no {' and no '.join(missing)}.", _MAKE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # machines are known by the authority that signed them, not by their names
    try:
        context.load_verify_locations(folder / AUTHORITY)
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    except (ssl.SSLError, OSError):
        raise EsccError(f"The certificate in {folder} cannot be used.", _MAKE) from None
    return context


def knock(address: str, folder: Path) -> str:
    """Find out in seconds whether a scheduler answers and both sides accept each other.

    Returns
    -------
    str
        The address of this machine on the way there.

    Raises
    ------
    EsccError
        Nobody answers, or a certificate is not accepted.
    UsageError
        It is no address.
    """
    host_port, context = host_and_port(address), _context(folder)
    try:
        with socket.create_connection(host_port, _PATIENCE_S) as plain, context.wrap_socket(plain) as wrapped:
            wrapped.recv(1)  # a refused certificate is told only with the first answer
            return str(wrapped.getsockname()[0])
    except ssl.SSLCertVerificationError as error:
        raise EsccError(
            f"The certificate of {address} is not accepted: {error.verify_message}.",
            "Both sides must have certificates of one `escc cluster certificates`.",
        ) from None
    except ssl.SSLError as error:
        raise EsccError(
            f"{address} does not accept the certificate in {folder} ({_reason(error)}).",
            "Both sides must have certificates of one `escc cluster certificates`, not yet expired.",
        ) from None
    except OSError as error:
        raise EsccError(
            f"No scheduler answers at {address}: {error.strerror or error}.",
            "Start it with `escc cluster scheduler`, and check host and port.",
        ) from None


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "no encrypted answer").lower().replace("_", " ")
