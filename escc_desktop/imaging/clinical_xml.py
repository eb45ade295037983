"""Clinical data in CDISC ODM 1.3 as plain lists; called in the sandbox child, which alone parses foreign XML."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from escc_desktop.imaging.sandbox import Refused

NAMESPACE: Final = "http://www.cdisc.org/ns/odm/v1.3"
MAX_ITEMS: Final = 3_000_000
_EXPORT: Final = "Export the data again as ODM 1.3."


def answer_odm(arguments: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
    """Answer a request for the item groups of an ODM file whose bytes are sent along."""
    try:
        root = _root(payload)
    except DefusedXmlException:
        what = "The file declares entities or a document type of its own, which could read other files."
        raise Refused("entities", what, "Have it exported without them.") from None
    except ParseError as error:
        raise Refused("xml", f"The file is no well-formed XML ({error}).", _EXPORT) from None
    _check_root(root)
    groups = list(_groups(root))
    repeated = Counter((one["subject"], one["event"], one["form"], one["group"], one["repeat"]) for one in groups)
    twice = [" ".join(filter(None, key)) for key, count in repeated.items() if count > 1]
    return {"groups": groups, "twice": twice[:50]}, b""


def _root(payload: bytes) -> Element:
    """Parse the file, bounded in elements, so that an absurd one is refused before it fills the memory."""
    root: Element | None = None
    for count, (_, element) in enumerate(iterparse(io.BytesIO(payload), ("start",), forbid_dtd=True)):
        root = element if root is None else root
        if count > MAX_ITEMS:
            raise Refused("size", "The file holds more elements than trial records can.", _EXPORT)
    if root is None:
        raise Refused("empty", "The file is empty.", _EXPORT)
    return root


def _check_root(root: Element) -> None:
    if root.tag == f"{{{NAMESPACE}}}ODM":
        return
    name = root.tag.rpartition("}")[2]
    if name == "ODM":
        space = root.tag.rpartition("}")[0].lstrip("{") or "none"
        raise Refused("namespace", f"The file is ODM of another version (namespace {space[:80]}).", _EXPORT)
    raise Refused("root", f"The file is no ODM: its first element is {name[:40]}.", _EXPORT)


def _groups(root: Element) -> Iterator[dict[str, Any]]:
    """Yield every ItemGroupData with where it stands and what its items hold."""
    for subject in root.iterfind(f"{_q('ClinicalData')}/{_q('SubjectData')}"):
        for event in subject.iterfind(_q("StudyEventData")):
            for form in event.iterfind(_q("FormData")):
                for group in form.iterfind(_q("ItemGroupData")):
                    yield {
                        "subject": subject.get("SubjectKey", ""),
                        "event": _key(event, "StudyEvent"),
                        "form": _key(form, "Form"),
                        "group": group.get("ItemGroupOID", ""),
                        "repeat": group.get("ItemGroupRepeatKey", ""),
                        "transaction": group.get("TransactionType", ""),
                        "items": dict(_items(group)),
                    }


def _key(element: Element, name: str) -> str:
    return " ".join(filter(None, (element.get(f"{name}OID", ""), element.get(f"{name}RepeatKey", ""))))


def _items(group: Element) -> Iterator[tuple[str, str]]:
    for item in group:
        name = item.tag.rpartition("}")[2]
        if not name.startswith("ItemData"):
            continue
        is_null = item.get("IsNull", "") == "Yes"
        value = "" if is_null else item.get("Value", (item.text or "") if name != "ItemData" else "")
        yield item.get("ItemOID", ""), value


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
