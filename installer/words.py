"""Gather every text of the program into resources/i18n/escc.pot, the file translators start from.

Beside it goes `sentences.json`: the sentences of the program's errors with {0}, {1} in place of values, by which
`escc_desktop.i18n.said` knows a sentence again. Each catalogue of a language, `LANGUAGE/escc.po`, is brought up to date
with it, and compiled to what the program reads, `LANGUAGE/LC_MESSAGES/escc.mo`.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "resources" / "i18n" / "escc.pot"
ENGLISH_PLURALS = "nplurals=2; plural=(n != 1);"
HEAD = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {ENGLISH_PLURALS}\\n"\n\n'
SENTENCES = TEMPLATE.with_name("sentences.json")
ERRORS = {"EsccError", "FaultsError", "UsageError", "AccessDeniedError", "SandboxError", "Refused", "WrongKeyError"}
# What else is kept in English and said in the user's language: rows of the printed numbers, sentences of developments.
TOLD = {"Check"}
# "{0} to {1}" would be found in half of all sentences.
FEWEST_LETTERS = 12
YIELDED = {"escc_desktop/prognosis/appraisal.py"}
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
    for sentence in sentences():
        catalog.add(sentence, locations=[("errors", None)])
    return catalog


def sentences() -> list[str]:
    """Return what errors and other English sentences of the program say, with numbered places for values."""
    found: set[str] = set()
    for path in sorted((ROOT / "escc_desktop").rglob("*.py")):
        yields = path.relative_to(ROOT).as_posix() in YIELDED
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS | TOLD:
                given = [*node.args, *(keyword.value for keyword in node.keywords)]
                least = 1 if node.func.id in ERRORS else FEWEST_LETTERS
                found.update(text for text in map(_sentence, given) if " " in text and _letters(text) >= least)
            elif yields and isinstance(node, ast.Yield) and node.value is not None:
                text = _sentence(node.value)
                found.update([text] if _letters(text) >= FEWEST_LETTERS else [])
    return sorted(found)


def _letters(text: str) -> int:
    return sum(letter.isalpha() for letter in text)


def _sentence(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _escaped(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts, places = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(_escaped(str(part.value)))
        else:
            parts.append(f"{{{places}}}")
            places += 1
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


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


def sentences_file() -> str:
    """Return the content of `sentences.json`."""
    return json.dumps(sentences(), ensure_ascii=False, indent=0) + "\n"


def catalogues() -> dict[Path, bytes]:
    """Return what the files of every language should hold: what is translated stays, what is new stands empty."""
    wanted = {}
    for path in sorted(TEMPLATE.parent.glob("*/escc.po")):
        known = read_po(BytesIO(path.read_bytes()), locale=path.parent.name)
        said = Catalog(locale=path.parent.name, charset="utf-8", fuzzy=False)
        for message in gather():
            if message.id:
                before = known.get(message.id)
                said.add(message.id, before.string if before is not None else None, locations=message.locations)
        text, compiled = BytesIO(), BytesIO()
        write_po(text, said, width=120, omit_header=True, sort_by_file=True, include_lineno=False)
        plurals = f"nplurals={said.num_plurals}; plural={said.plural_expr};"
        # Without a date of its own a catalogue is given today's when it is compiled.
        dated = f'"POT-Creation-Date: 2026-01-01 00:00+0000\\n"\n"Language: {path.parent.name}\\n"\n"Plural-Forms: '
        head = HEAD.replace(ENGLISH_PLURALS, plurals).replace('"Plural-Forms: ', dated)
        write_mo(compiled, read_po(BytesIO(head.encode() + text.getvalue()), locale=path.parent.name))
        wanted[path] = head.encode() + text.getvalue()
        wanted[path.parent / "LC_MESSAGES" / "escc.mo"] = compiled.getvalue()
    return wanted


if __name__ == "__main__":
    TEMPLATE.write_bytes(template())
    SENTENCES.write_text(sentences_file(), encoding="utf-8")
    for path, content in catalogues().items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
