"""How hard a passphrase is to guess, in words: a rough count, generous to long sentences, strict with repeats."""

from __future__ import annotations

import math

from escc_desktop.i18n import _, plural

SHORTEST = 8
_FAIR_BITS, _STRONG_BITS = 50, 72


def guess_bits(text: str) -> float:
    """Return about how many bits a guesser has to get right; repeated and counted-up characters add little."""
    pool = sum(
        size
        for size, is_there in (
            (26, any(c.islower() for c in text)),
            (26, any(c.isupper() for c in text)),
            (10, any(c.isdigit() for c in text)),
            (33, any(c.isascii() and not c.isalnum() for c in text)),
            (2000, any(not c.isascii() for c in text)),
        )
        if is_there
    )
    if not pool:
        return 0.0
    fresh = sum(0.3 if _follows(text, k) else 1.0 for k in range(len(text)))
    distinct = min(1.0, 1.6 * len(set(text)) / len(text))
    return fresh * distinct * math.log2(pool)


def strength_words(text: str) -> tuple[str, str]:
    """Return what to say of a new passphrase, and its tone; ("", "") while nothing is typed."""
    if not text:
        return "", ""
    if len(text) < SHORTEST:
        return plural("{n} more character needed", "{n} more characters needed", SHORTEST - len(text)), "warning"
    bits = guess_bits(text)
    if bits < _FAIR_BITS:
        return _("Weak: easily guessed by a machine"), "warning"
    if bits < _STRONG_BITS:
        return _("Fair: a few words more would be better"), "secondary"
    return _("Strong"), "success"


def _follows(text: str, k: int) -> bool:
    return k > 0 and ord(text[k]) - ord(text[k - 1]) in {-1, 0, 1}
