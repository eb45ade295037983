"""Gather every text of the program into resources/i18n/escc.pot, the file translators start from."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "resources" / "i18n" / "escc.pot"
HEAD = (
    'msgid ""\n'
    'msgstr ""\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
# `_` and `plural` as in escc_desktop.i18n.
KEYWORDS = {"_": None, "plural": (1, 2)}


def gather() -> Catalog:
    """Return all texts of the program's source."""
    catalog = Catalog(project="ESCC Desktop", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        str(ROOT / "escc_desktop"), method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=("Words:",)
    )
    for name, _line, message, comments, _context in sorted(found, key=lambda one: one[:2]):
        catalog.add(message, locations=[(f"escc_desktop/{name}", None)], auto_comments=comments)
    return catalog


def template() -> bytes:
    """Return the template as bytes that are the same wherever and whenever they are made."""
    out = BytesIO()
    write_po(out, gather(), width=120, omit_header=True, sort_by_file=True, include_lineno=False)
    return HEAD.encode() + out.getvalue()


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
