"""Every text of the window can be translated, and translators have them all."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from string import Formatter
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from escc_desktop import i18n

ROOT = Path(__file__).parents[2]
GUI = sorted((ROOT / "escc_desktop" / "gui").rglob("*.py"))
# What shows a text, and the places of its arguments that are shown.
SHOWN = {
    "QLabel": (0,), "QPushButton": (0, 1), "QCheckBox": (0,), "QRadioButton": (0,), "QGroupBox": (0,),
    "QAction": (0, 1),
    "label": (0,), "button": (0,), "icon_button": (1,), "Field": (0,), "FirstStep": (0,), "Notice": (0, 1),
    "Action": (1,), "PageEntry": (1,), "show_empty": (1, 2), "show_busy": (0,), "say": (0, 1), "offer": (0, 1),
    "setText": (0,), "setToolTip": (0,), "setStatusTip": (0,), "setWhatsThis": (0,), "setWindowTitle": (0,),
    "setPlaceholderText": (0,), "setAccessibleName": (0,), "setAccessibleDescription": (0,), "setTitle": (0,),
    "addAction": (0, 1), "addMenu": (0,), "addSection": (0,), "setHeaderLabels": (0,),
    "setHorizontalHeaderLabels": (0,),
    "setPrefix": (0,), "setSuffix": (0,), "addTab": (1,), "setTabText": (1,),
}  # fmt: skip
NAMED = {"text", "tip", "title", "hint", "busy", "action", "what"}
# Names, units and keys are the same in every language; a single word in small letters names an icon or a tone.
SAME = re.compile(r"^escc .*|ESCC Desktop|Ctrl|Shift|Alt|Esc|HU|mm|^[a-z]+(_[a-z]+)*$")
WORD = re.compile(r"[^\W\d_]{2,}")


@pytest.fixture
def words() -> ModuleType:
    spec = spec_from_file_location("words", ROOT / "installer" / "words.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    i18n.use(gettext.NullTranslations())


def test_that_translators_have_every_text_of_the_program(words: ModuleType) -> None:
    assert words.TEMPLATE.read_bytes() == words.template(), "run `make words`"


def test_that_the_sentences_of_errors_are_known_by_their_file(words: ModuleType) -> None:
    assert words.SENTENCES.read_text(encoding="utf-8") == words.sentences_file(), "run `make words`"


def test_that_every_catalogue_is_up_to_date_and_compiled(words: ModuleType) -> None:
    assert not [path for path, content in words.catalogues().items() if path.read_bytes() != content], (
        "run `make words`"
    )


def test_that_translations_name_the_values_of_their_texts_and_no_others(words: ModuleType) -> None:
    for path in words.TEMPLATE.parent.glob("*/escc.po"):
        for message in read_po(BytesIO(path.read_bytes()), locale=path.parent.name):
            many = message.id if isinstance(message.id, tuple) else (message.id,)
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in filter(None, said if message.id else ()):
                assert _values(text) == _values(many[-1]), f"{path}: {message.id}"


def _values(text: str) -> set[str]:
    """Return the names of the values that a text has places for."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class _Loud(gettext.GNUTranslations):
    """Shouts every text, and puts the first value last."""

    def __init__(self) -> None:
        super().__init__()

    def gettext(self, message: str) -> str:
        return message.replace("Cannot write {0} into {1}: {2}.", "{1} DOES NOT TAKE {0} ({2}).")


def test_that_an_error_made_with_values_is_said_in_the_users_language() -> None:
    i18n.use(_Loud())
    assert (
        i18n.said("Cannot write a.csv into /data: Permission denied.")
        == "/data DOES NOT TAKE a.csv (Permission denied)."
    )
    assert i18n.said("Nobody has ever said this.") == "Nobody has ever said this."
    i18n.use(gettext.NullTranslations())
    assert i18n.said("Cannot write a.csv into /data: no.") == "Cannot write a.csv into /data: no."


def test_that_no_place_of_a_text_has_a_placeholder_without_a_name(words: ModuleType) -> None:
    for message in words.gather():
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        assert not [text for text in texts if "{}" in text or "%s" in text], message.id


@pytest.mark.parametrize("path", GUI, ids=lambda path: str(path.relative_to(ROOT)))
def test_that_no_english_reaches_the_screen_untranslated(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [
        f"line {call.lineno}: {ast.unparse(call)[:90]}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for argument in _shown(call)
        for text in _literals(argument)
        if WORD.search(SAME.sub("", text))
    ]
    assert not found


@pytest.mark.parametrize("path", GUI, ids=lambda path: str(path.relative_to(ROOT)))
def test_that_no_text_is_put_together_before_it_is_translated(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and _name(call) in {"_", "plural"}]
    for call in calls:
        literal = call.args[:2] if _name(call) == "plural" else call.args[:1]
        for argument in literal:
            is_put_together = isinstance(argument, ast.JoinedStr | ast.BinOp)
            assert not is_put_together, f"line {call.lineno}: {ast.unparse(call)[:90]}"


def test_that_a_catalogue_is_spoken_and_offered_by_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: ModuleType
) -> None:
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "escc.mo").write_bytes(
        _catalogue({"Settings": "设置", ("{n} job running", "{n} jobs running"): "{n} 个任务"})
    )
    monkeypatch.setattr(i18n, "resource_path", lambda *_parts: tmp_path)
    assert i18n.languages() == (("en", "English"), ("zh_CN", "简体中文"))
    i18n.set_language("zh_CN")
    assert i18n._("Settings") == "设置"
    assert i18n.plural("{n} job running", "{n} jobs running", 3) == "3 个任务"
    assert i18n._("Not in the catalogue") == "Not in the catalogue"
    i18n.set_language("xx")
    assert i18n._("Settings") == "Settings"


def _catalogue(texts: dict[str | tuple[str, str], str]) -> bytes:
    catalog = Catalog(locale="zh_CN")
    for english, chinese in texts.items():
        catalog.add(english, (chinese,) if isinstance(english, tuple) else chinese)
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _shown(call: ast.Call) -> list[ast.expr]:
    places = SHOWN.get(_name(call))
    if places is None:
        return []
    positional = [call.args[place] for place in places if place < len(call.args)]
    return positional + [keyword.value for keyword in call.keywords if keyword.arg in NAMED]


def _literals(node: ast.expr) -> Iterator[str]:
    """Yield the literal texts of an expression that reach the screen as they stand in the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for part in _parts(node):
        yield from _literals(part)


def _parts(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return node.values
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return [node.func.value]
    return []
