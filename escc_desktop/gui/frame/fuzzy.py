"""How well a few typed letters fit a text: the order of the palette."""

from __future__ import annotations

from collections.abc import Callable

_RUN, _WORD, _START, _GAP = 6, 8, 4, 1


def fit(typed: str, text: str) -> int | None:
    """Return how well the letters typed occur in a text in their order; None when they do not.

    Letters at the starts of words and letters side by side count more; a shorter text wins a tie.
    """
    wanted, within = _plain(typed), text.casefold()
    if not wanted:
        return 0
    tries = (_from(wanted, within, start, step) for start in _places(wanted[0], within) for step in (_next_word, _next))
    best = max((score for score in tries if score is not None), default=None)
    return None if best is None else best * 100 - len(text)


def _plain(typed: str) -> str:
    return "".join(typed.casefold().split())


def _places(letter: str, within: str) -> list[int]:
    return [place for place, found in enumerate(within) if found == letter]


def _from(wanted: str, within: str, start: int, step: Callable[[str, str, int, int], int]) -> int | None:
    score, last, place = 0, start - 1, start
    for letter in wanted:
        place = step(letter, within, place, last)
        if place < 0:
            return None
        score += _WORD if _begins_word(within, place) else 0
        score += _RUN if place == last + 1 else -min(_GAP * (place - last - 1), 3)
        last, place = place, place + 1
    return score + (_START if start == 0 else 0)


def _next(letter: str, within: str, place: int, last: int) -> int:
    return within.find(letter, place)


def _next_word(letter: str, within: str, place: int, last: int) -> int:
    """Return where a letter comes next: at the start of a word if it does not follow at once."""
    first = within.find(letter, place)
    if first in {-1, last + 1}:
        return first
    starts = (k for k in range(first, len(within)) if within[k] == letter and _begins_word(within, k))
    return next(starts, first)


def _begins_word(within: str, place: int) -> bool:
    """Say whether a letter is the first of a word or number; zeros before a number do not count: 17 is in P-017."""
    is_number = within[place].isdigit()
    before = within[:place].rstrip("0") if is_number else within[:place]
    return not before or not before[-1].isalnum() or (is_number and before[-1].isalpha())
