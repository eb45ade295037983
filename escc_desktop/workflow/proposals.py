"""Outlines proposed by a server of interactive segmentation: what is asked, and what may leave this computer for it.

An optional extra: without it, and until somebody types an address, there are no proposals, and nothing else notices.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from escc_desktop.errors import EsccError
from escc_desktop.imaging.mask import BoolArray, Region
from escc_desktop.imaging.volume import Geometry

AROUND_MM: Final = 100.0
_LEAST: Final = 1


class PromptKind(StrEnum):
    """How a reader shows what he means."""

    POINT = "point"
    SCRIBBLE = "scribble"
    LASSO = "lasso"


@dataclass(frozen=True, eq=False)
class Prompt:
    """One hint for the server.

    Attributes
    ----------
    is_wanted
        Whether what is shown belongs to the lesion.
    voxels
        (n, 3) indices (z, y, x) of the whole volume: one voxel of a point, those of a scribble, those in a lasso.
    """

    kind: PromptKind
    is_wanted: bool
    voxels: NDArray[np.intp]


class Server(Protocol):
    """A server with an image, and the prompts that were given for it."""

    def ask(self, kind: PromptKind, marked: BoolArray, *, is_wanted: bool) -> BoolArray:
        """Give one more prompt (z, y, x) and return what is proposed now."""

    def forget(self) -> None:
        """Have all prompts forgotten, but not the image."""

    def close(self) -> None:
        """Have everything forgotten."""


@dataclass(frozen=True)
class Address:
    """Where a server is.

    Attributes
    ----------
    url
        As typed, without a slash at its end.
    is_here
        Whether it is this computer.
    is_encrypted
        Whether nobody on the way can read what is sent.
    """

    url: str
    is_here: bool
    is_encrypted: bool

    @classmethod
    def parse(cls, typed: str) -> Address:
        """Read what somebody typed.

        Raises
        ------
        EsccError
            It is no address of a server.
        """
        url = typed.strip().rstrip("/")
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if not host or parts.scheme not in {"http", "https"} or parts.username or parts.query or parts.fragment:
            raise EsccError(
                f'"{url}" is no address of a server.', 'Type it like "https://server.hospital.example:8000".'
            )
        return cls(url, _is_here(host), parts.scheme == "https")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_no_proposals() -> str:
    """Say why this installation cannot ask for proposals; "" when it can."""
    if all(find_spec(name) is not None for name in ("nnInteractive", "httpx", "blosc2")):
        return ""
    return 'This installation has no client for AI proposals. Install the extra "ai".'


def box_around(voxel: Sequence[int], geometry: Geometry) -> Region:
    """Return the box (z, y, x) of 20 cm about a voxel (x, y, z): all of the image that is ever sent."""
    parts = []
    for place, size, spacing in zip(voxel, geometry.size, geometry.spacing_mm, strict=True):
        reach = max(round(AROUND_MM / spacing), _LEAST)
        parts.append(slice(max(place - reach, 0), min(place + reach + 1, size)))
    return parts[2], parts[1], parts[0]


def connect(address: Address, hu: NDArray[Any], spacing_mm: Sequence[float]) -> Server:
    """Reach a server and give it voxels (z, y, x); nothing else of a patient is sent.

    Raises
    ------
    EsccError
        The extra is not installed, or the server cannot be reached or does not take the image.
    """
    why_not = why_no_proposals()
    if why_not:
        raise EsccError(why_not)
    module = import_module("escc_desktop.workflow.proposal_server")
    server: Server = module.ProposalServer(address.url, np.ascontiguousarray(hu), list(spacing_mm))
    return server


def in_box(prompt: Prompt, box: Region) -> BoolArray:
    """Return a prompt's voxels as a boolean array of a box.

    Raises
    ------
    EsccError
        None of them lies in the box.
    """
    marked = np.zeros([part.stop - part.start for part in box], dtype=np.bool_)
    places = prompt.voxels - [part.start for part in box]
    inside = np.all((places >= 0) & (places < marked.shape), axis=1)
    if not inside.any():
        raise EsccError("This lies outside the part of the image that is sent.", "Show it within 10 cm of the mark.")
    z, y, x = places[inside].T
    marked[z, y, x] = True
    return marked
