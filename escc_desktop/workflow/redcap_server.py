"""Trial records from the API of a REDCap server; the only importer of its client (extra "redcap").

The token is held while the request runs, and nowhere else: it stands in no file, no message and no log. Nothing is
asked of any address but the one that was typed.
"""

from __future__ import annotations

import logging
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from escc_desktop.errors import EsccError
from escc_desktop.progress import Progress
from escc_desktop.trial.redcap import redcap_tables
from escc_desktop.trial.sheets import Choices, Found, split_csv
from escc_desktop.workflow.access import Operation, require
from escc_desktop.workflow.project import Project

_TIMEOUT_S: Final = 60.0
_TOKEN_LENGTH: Final = 32
_MOST_CHARACTERS: Final = 64 << 20


def fetch_redcap(project: Project, url: str, token: str, choices: Choices, progress: Progress) -> Found:
    """Fetch records and data dictionary of a REDCap project, as tables of trial records.

    Raises
    ------
    AccessDeniedError
        The person may not import trial records.
    EsccError
        The address is not one a token may be sent to, the server refuses or does not answer, or the client is missing.
    """
    require(project.principal, Operation.IMPORT_RECORDS)
    address, host = checked_address(url)
    if len(token) != _TOKEN_LENGTH or not token.isalnum():
        raise EsccError(f"A REDCap token has {_TOKEN_LENGTH} letters and digits.", "Copy it from the API page again.")
    client = _client()
    progress.advance(0, 3, host)
    try:
        # A token follows no redirection: it goes to the address that was typed, or nowhere.
        server = client.Project(address, token, timeout=_TIMEOUT_S, allow_redirects=False)
        dictionary = server.export_metadata(format_type="csv")
        progress.advance(1, 3, host)
        records = server.export_records(format_type="csv", raw_or_label="raw")
    except (client.RedcapError, ValueError, AssertionError) as error:  # whose words may hold the token
        raise EsccError(f"{host} did not give the records ({type(error).__name__}).", _hint(error)) from None
    progress.advance(2, 3, host)
    found = Found(host)
    for text in (records, dictionary):
        if not isinstance(text, str) or len(text) > _MOST_CHARACTERS or text.lstrip().startswith(("<", "{")):
            raise EsccError(f"{host} did not answer as REDCap does.", "Check the address; it ends with /api/.")
    described = split_csv(dictionary, f"{host}, data dictionary", found)
    redcap_tables(split_csv(records, host, found), described, choices.mapping, found)
    return found


def checked_address(url: str) -> tuple[str, str]:
    """Return the API's address and its host.

    Raises
    ------
    EsccError
        It is no address, carries a name or password, or would send the token in the clear over a network.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise EsccError(
            "This is no address of a REDCap API.", "It looks like https://redcap.example.org/api/."
        ) from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.password or parts.query:
        raise EsccError("This is no address of a REDCap API.", "It looks like https://redcap.example.org/api/.")
    if parts.scheme == "http" and not _is_loopback(host):
        raise EsccError(f"{host} would be sent the token in the clear.", "Use an address that begins with https://.")
    path = parts.path if parts.path.endswith("/api/") else f"{parts.path.rstrip('/').removesuffix('/api')}/api/"
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}{'' if port is None else f':{port}'}{path}", host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _client() -> Any:
    try:
        import redcap  # noqa: PLC0415  # an extra; most never ask a server
    except ImportError:
        raise EsccError(
            "The client for REDCap servers is not installed.",
            'Install it with pip install "escc-desktop[redcap]", or import an export file of the project.',
        ) from None
    # Debug lines of the transport would name the address and what is asked.
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    return redcap


def _hint(error: Exception) -> str:
    words = {
        "ConnectionError": "Check the address and the network.",
        "ConnectTimeout": "Check the address and the network.",
        "ReadTimeout": "The server is slow; try again later.",
        "SSLError": "Its certificate is not trusted on this machine; ask who runs it.",
    }
    return words.get(type(error).__name__, "Check the address, the token and its rights to export.")
