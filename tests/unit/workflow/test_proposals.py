"""What may leave this computer for a proposal, and where to."""

from __future__ import annotations

import numpy as np
import pytest

from escc_desktop.errors import EsccError
from escc_desktop.imaging.volume import Geometry
from escc_desktop.workflow.proposals import Address, Prompt, PromptKind, box_around, connect, in_box

GEOMETRY = Geometry((512, 400, 90), (0.8, 0.8, 5.0), (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("typed", "is_here", "is_encrypted"),
    [
        ("http://127.0.0.1:8000/", True, False),
        (" http://localhost:8000 ", True, False),
        ("http://[::1]:8000", True, False),
        ("https://gpu.hospital.example", False, True),
        ("http://10.0.0.7:1527", False, False),
        ("http://localhost.elsewhere.example", False, False),
    ],
)
def test_that_an_address_says_whether_it_is_here_and_encrypted(typed: str, is_here: bool, is_encrypted: bool) -> None:
    address = Address.parse(typed)
    assert (address.is_here, address.is_encrypted) == (is_here, is_encrypted)
    assert not address.url.endswith(("/", " "))


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "server",
        "server:8000",
        "ftp://server",
        "file:///etc",
        "http://",
        "http://a:b@server",
        "http://[",
        "http://s:x",
    ],
)
def test_that_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EsccError, match="is no address of a server"):
        Address.parse(typed)


def test_that_the_box_holds_ten_centimetres_around_the_mark_and_ends_with_the_image() -> None:
    assert box_around((256, 200, 45), GEOMETRY) == (slice(25, 66), slice(75, 326), slice(131, 382))
    assert box_around((0, 399, 89), GEOMETRY) == (slice(69, 90), slice(274, 400), slice(0, 126))


def test_that_a_prompt_lies_in_the_box_where_it_was_drawn_or_is_refused() -> None:
    box = slice(10, 20), slice(30, 50), slice(5, 15)
    prompt = Prompt(PromptKind.SCRIBBLE, True, np.array([[12, 30, 14], [12, 31, 15], [9, 30, 5]]))
    assert np.argwhere(in_box(prompt, box)).tolist() == [[2, 0, 9]]
    with pytest.raises(EsccError, match="outside the part of the image that is sent"):
        in_box(Prompt(PromptKind.POINT, True, np.array([[0, 0, 0]])), box)


def test_that_without_the_extra_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("escc_desktop.workflow.proposals.find_spec", lambda _name: None)
    with pytest.raises(EsccError, match='Install the extra "ai"'):
        connect(Address.parse("http://127.0.0.1:9"), np.zeros((2, 2, 2), np.int16), (1.0, 1.0, 1.0))
