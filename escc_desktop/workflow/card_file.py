"""A model card that came as a file, from here or elsewhere: its text is parsed in the limited child process."""

from __future__ import annotations

from pathlib import Path

from escc_desktop.errors import EsccError
from escc_desktop.files import read_bytes
from escc_desktop.imaging.sandbox import Refused, SandboxError, borrowed_sandbox
from escc_desktop.prognosis.card import MAX_CARD_BYTES, ModelCard, parse_card


def load_foreign_card(path: Path) -> ModelCard:
    """Read a card as `load_card` does, its text in a process that may crash or bloat.

    Raises
    ------
    EsccError
        The file is no JSON, too large or too deep, holds NaN or a key twice.
    FaultsError
        Unknown, missing or wrong fields, or a digest that does not fit: every one with its place.
    """
    raw = read_bytes(path)
    if len(raw) > MAX_CARD_BYTES:  # not even sent
        raise EsccError(f"{path.name} is larger than {MAX_CARD_BYTES // 2**20} MiB.", "It is no file of this program.")
    try:
        with borrowed_sandbox() as sandbox:
            asked = {"name": path.name, "max_bytes": MAX_CARD_BYTES}
            answer, _ = sandbox.call("json_text", asked, raw)
    except Refused as error:
        raise EsccError(error.what, error.hint) from None
    except SandboxError as error:
        raise EsccError(f"{path.name}: {error.what}", error.hint) from None
    return parse_card(answer["document"], path.name)
