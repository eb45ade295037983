"""Words of the program in the user's language: English in the code, others in `resources/i18n`."""

from __future__ import annotations

import gettext
from typing import Final

from escc_desktop.resources import resource_path

DOMAIN: Final = "escc"
ENGLISH: Final = "en"
# What speakers call their language; one without a catalogue in `resources/i18n` is not offered.
_NAMES: Final = {ENGLISH: "English", "zh_CN": "简体中文"}

_translation: gettext.NullTranslations = gettext.NullTranslations()


def set_language(language: str) -> None:
    """Speak a language from now on; one without a catalogue is English."""
    global _translation  # noqa: PLW0603  # one program, one language, as in gettext itself
    _translation = gettext.translation(DOMAIN, resource_path("i18n"), [language], fallback=True)


def languages() -> tuple[tuple[str, str], ...]:
    """Return code and own name of every language the program speaks, English first."""
    folder = resource_path("i18n")
    spoken = [code for code in _NAMES if code == ENGLISH or gettext.find(DOMAIN, folder, [code])]
    return tuple((code, _NAMES[code]) for code in spoken)


def use(translation: gettext.NullTranslations) -> None:
    """Speak with the words of this catalogue from now on."""
    global _translation  # noqa: PLW0603
    _translation = translation


def _(text: str) -> str:
    """Return a text in the user's language."""
    return _translation.gettext(text)


def plural(one: str, many: str, n: int) -> str:
    """Return the form of a text that fits a number, with the number in place of ``{n}``."""
    return _translation.ngettext(one, many, n).format(n=n)
