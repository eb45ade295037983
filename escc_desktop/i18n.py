"""Words of the program in the user's language: English in the code, others in `resources/i18n`."""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final

from escc_desktop.resources import resource_path

DOMAIN: Final = "escc"
ENGLISH: Final = "en"
# What speakers call their language; one without a catalogue in `resources/i18n` is not offered.
_NAMES: Final = {ENGLISH: "English", "zh_CN": "简体中文"}

_translation: gettext.NullTranslations = gettext.NullTranslations()
# What this thread prints in, where that is not the language of the window.
_printing: ContextVar[tuple[str, gettext.NullTranslations] | None] = ContextVar("printing", default=None)


def set_language(language: str) -> None:
    """Speak a language from now on; one without a catalogue is English."""
    global _translation  # noqa: PLW0603  # one program, one language, as in gettext itself
    _translation = _catalogue(language)


def languages() -> tuple[tuple[str, str], ...]:
    """Return code and own name of every language the program speaks, English first."""
    folder = resource_path("i18n")
    spoken = [code for code in _NAMES if code == ENGLISH or gettext.find(DOMAIN, folder, [code])]
    return tuple((code, _NAMES[code]) for code in spoken)


@contextmanager
def printing_in(language: str) -> Iterator[None]:
    """Speak another language within, on this thread only: what is printed may differ from what is on screen.

    Parameters
    ----------
    language
        A code of `languages`; one without a catalogue is English.
    """
    token = _printing.set((language, _catalogue(language)))
    try:
        yield
    finally:
        _printing.reset(token)


def printed_language() -> str:
    """Return the code of the language this thread prints in; that of the window where none was chosen."""
    chosen = _printing.get()
    return chosen[0] if chosen else _translation.info().get("language", ENGLISH)


def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, resource_path("i18n"), [language], fallback=True)


def _spoken() -> gettext.NullTranslations:
    chosen = _printing.get()
    return chosen[1] if chosen else _translation


def use(translation: gettext.NullTranslations) -> None:
    """Speak with the words of this catalogue from now on."""
    global _translation  # noqa: PLW0603
    _translation = translation


def _(text: str) -> str:
    """Return a text in the user's language."""
    return _spoken().gettext(text)


def plural(one: str, many: str, n: int) -> str:
    """Return the form of a text that fits a number, with the number in place of ``{n}``."""
    return _spoken().ngettext(one, many, n).format(n=n)


def said(sentence: str) -> str:
    """Return a sentence of an error in the user's language; one that is not known stays as it is.

    The floors below the window speak English, for files, logs and the command line too; the catalogue holds their
    sentences with ``{0}``, ``{1}`` in place of values.
    """
    spoken = _spoken()
    if type(spoken) is gettext.NullTranslations:
        return sentence
    for text, pattern in _sentences():
        match = pattern.fullmatch(sentence)
        if match:
            return spoken.gettext(text).format(*match.groups())
    return sentence


@cache
def _sentences() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return every sentence of the program's errors with the pattern it is known by, the most particular first."""
    texts: list[str] = json.loads(resource_path("i18n", "sentences.json").read_text(encoding="utf-8"))
    return tuple((text, _pattern(text)) for text in sorted(texts, key=_fixed_length, reverse=True))


def _fixed_length(text: str) -> int:
    return len(re.sub(r"\{\d+\}", "", text))


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{\d+\}", text)
    return re.compile("(.*)".join(re.escape(part.replace("{{", "{").replace("}}", "}")) for part in parts), re.DOTALL)
