"""Gather every text of the program into resources/i18n/escc.pot, the file translators start from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "resources" / "i18n" / "escc.pot"
HEAD = (
    'msgid ""\n'
    'msgstr ""\n'
    '"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
# `_` and `plural` as in escc_desktop.i18n: how many of their first arguments are texts.
KEYWORDS = {"_": 1, "plural": 2}


def gather() -> Catalog:
    """Return all texts of the program's source.

    They are looked for in the syntax tree: tokens hide what stands inside an f-string from Python before 3.12.
    """
    catalog = Catalog(project="ESCC Desktop", charset="utf-8", fuzzy=False)
    for path in sorted((ROOT / "escc_desktop").rglob("*.py")):
        for texts in _texts(ast.parse(path.read_text(encoding="utf-8"))):
            catalog.add(texts if len(texts) > 1 else texts[0], locations=[(path.relative_to(ROOT).as_posix(), None)])
    return catalog


def _texts(tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield the texts of each call of a keyword, in the order of the source."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        wanted = KEYWORDS.get(call.func.id, 0)  # type: ignore[attr-defined]
        found = [
            one.value for one in call.args[:wanted] if isinstance(one, ast.Constant) and isinstance(one.value, str)
        ]
        if wanted and len(found) == wanted:
            yield tuple(found)


def template() -> bytes:
    """Return the template as bytes that are the same wherever and whenever they are made."""
    out = BytesIO()
    write_po(out, gather(), width=120, omit_header=True, sort_by_file=True, include_lineno=False)
    return HEAD.encode() + out.getvalue()


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
