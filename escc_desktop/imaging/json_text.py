"""JSON of others as a document; called in the sandbox child."""

from __future__ import annotations

from typing import Any

from escc_desktop.errors import EsccError
from escc_desktop.files import parse_json
from escc_desktop.imaging.sandbox import Refused


def answer_json_text(arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the document in the JSON whose bytes are sent along; `name` is what refusals call it."""
    try:
        return {"document": parse_json(payload, arguments["name"], arguments["max_bytes"])}, b""
    except EsccError as error:
        raise Refused("json", error.what, error.hint) from None
