from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from escc_desktop.errors import EsccError
from escc_desktop.prognosis.card import content_digest, load_card, parse_card
from escc_desktop.prognosis.config import load_config
from escc_desktop.resources import resource_path

PUBLISHED = resource_path("models", "published", "combined.json")


def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return document


# What `pickle` writes for os.system("true"), as bytes: it must be read as text and refused, never loaded.
PICKLE = base64.b64decode("gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu")


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("pickle", PICKLE),
        ("empty", b""),
        ("null", b"null"),
        ("list", b"[]"),
        ("number", b"1"),
        ("text", b'"card"'),
        ("not JSON", b"{card"),
        ("NaN", PUBLISHED.read_bytes().replace(b"12.0", b"NaN", 1)),
        ("Infinity", PUBLISHED.read_bytes().replace(b"12.0", b"Infinity", 1)),
        ("overflow", PUBLISHED.read_bytes().replace(b"12.0", b"1e999", 1)),
        ("huge integer", PUBLISHED.read_bytes().replace(b"12.0", b"9" * 5000, 1)),
        ("repeated key", PUBLISHED.read_bytes().replace(b'"kind"', b'"kind": "clinical", "kind"', 1)),
        ("cut short", PUBLISHED.read_bytes()[:-200]),
        ("latin-1", PUBLISHED.read_bytes() + "é".encode("latin-1")),
        ("deep", b"[" * 100_000 + b"]" * 100_000),
        ("deep objects", b'{"a":' * 5000 + b"1" + b"}" * 5000),
        ("NUL", b"\0" * 100),
        ("UTF-16", PUBLISHED.read_text(encoding="utf-8").encode("utf-16")),
        ("too large", b'{"kind": "' + b"x" * (5 * 2**20) + b'"}'),
    ],
)
def test_that_a_file_that_is_no_card_is_refused_in_a_sentence(tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(raw)
    with pytest.raises(EsccError) as caught:
        load_card(path)
    assert "card.json" in str(caught.value) or name == "deep"
    assert len(str(caught.value)) < 400


def test_that_a_card_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EsccError, match="does not exist"):
        load_card(tmp_path / "none.json")
    with pytest.raises(EsccError):
        load_card(tmp_path)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in items:
        found += _paths(entry, (*path, key))
    return found


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = _replaced(document[path[0]], path[1:], value)
    return copy


@pytest.mark.parametrize("wrong", [{"x": 1}, [[]], "=cmd()", -1e308, True])
def test_that_a_wrong_value_anywhere_is_refused_or_at_least_changes_the_digest(wrong: Any) -> None:
    document = _document()
    for path in _paths(document)[1:]:
        changed = _replaced(document, path, wrong)
        with pytest.raises(EsccError):
            parse_card(changed)
        if path[0] == "digest":
            continue
        try:
            card = parse_card({**changed, "digest": content_digest(changed)})
        except EsccError:
            continue
        assert json.loads(card.model_dump_json())["digest"] != document["digest"]


@pytest.mark.parametrize(
    "text",
    [
        "seed = ",
        "unknown = 1",
        "seed = -1",
        "seed = 1.5",
        'endpoint = "dfs"',
        "horizon_months = nan",
        "horizon_months = inf",
        "resamples = 1000000000",
        "seed = 1\nseed = 2",
        "covariates = [1, 2]",
        "[applicability]\nanything = 1",
        "a = " + "[" * 3000 + "]" * 3000,
        "\0",
    ],
)
def test_that_a_configuration_at_fault_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "choices.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EsccError) as caught:
        load_config(path)
    assert "choices.toml" in str(caught.value)


def test_that_a_configuration_is_read(tmp_path: Path) -> None:
    path = tmp_path / "choices.toml"
    path.write_text(
        'endpoint = "pfs"\nhorizon_months = 6.0\ncovariates = ["sex"]\n'
        '[applicability]\nstatements = ["Second line."]\n'
        '[[applicability.requirements]]\ncolumn = "line"\nallowed = ["2"]\n',
        encoding="utf-8",
    )
    config = load_config(path)
    assert config.covariates == ("sex",)
    assert config.applicability.requirements[0].allowed == ("2",)
