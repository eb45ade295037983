"""Which encoding a text file is in: known where the bytes prove it, asked for where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CERTAIN_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# GB18030 reads nearly every Chinese file, and also files it does not fit: which one is right can only be seen.
ENCODINGS: Final = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "big5", "windows-1252")
_SHOWN: Final = 24
_LEAST_NULS: Final = 0.2  # every other byte of Latin text in UTF-16 is NUL; a stray one is damage


@dataclass(frozen=True)
class Decoded:
    """The text of a file under the encoding that is known, or else is likeliest.

    Attributes
    ----------
    text
        None where the bytes are in none of the encodings that were tried.
    others
        Empty where the encoding is certain; else every encoding that is possible, with a piece of the text under it.
    """

    text: str | None
    encoding: str
    others: tuple[tuple[str, str], ...] = ()


def decode(raw: bytes, chosen: str = "") -> Decoded:
    """Decode the bytes of a text file.

    A byte order mark, or bytes that are valid UTF-8, prove the encoding. Nothing else does: then `chosen` is taken,
    or, without it, the likeliest encoding with all the possible ones to choose from.
    """
    for mark, encoding in CERTAIN_MARKS:
        if raw.startswith(mark):
            return Decoded(_text(raw, encoding), encoding)
    plain = _text(raw, "utf-8") if raw else ""
    if plain is not None and raw.count(0) <= _LEAST_NULS * len(raw):
        return Decoded(plain, "utf-8")
    if chosen:
        return Decoded(_text(raw, chosen), chosen)
    found = [(name, text) for name in _order(raw) if (text := _text(raw, name)) is not None]
    if not found:
        return Decoded(None, "")
    return Decoded(found[0][1], found[0][0], tuple((name, _piece(text)) for name, text in found))


def _order(raw: bytes) -> tuple[str, ...]:
    """Return the encodings that are possible, likeliest first; NUL bytes stand in UTF-16 alone."""
    if raw.count(0) > _LEAST_NULS * len(raw):
        is_little = raw[1::2].count(0) >= raw[::2].count(0)
        return ("utf-16-le",) if is_little else ("utf-16-be",)
    return "gb18030", "big5", "windows-1252"


def _text(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _piece(text: str) -> str:
    """Return the first words that are not plain ASCII, by which a person tells one encoding from another."""
    lines = text.splitlines()
    line = next((one for one in lines if not one.isascii()), lines[0] if lines else "")
    start = next((at for at, sign in enumerate(line) if not sign.isascii()), 0)
    return line[max(0, start - 4) : start + _SHOWN].strip()
