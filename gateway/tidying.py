"""Tidying: what real clients send, made what the schema asks for."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

from lxml import etree

from gateway.findings import finding
from gateway.model import XSI, Model, Names, Where, is_nil, shown_name, stray_text
from gateway.records import Finding
from gateway.rules import MOST_COUNTED

Element = etree._Element

_DATE = re.compile(r"(-?\d{4,}-\d\d-\d\d)(T\d\d:\d\d.*|Z|[+-]\d\d:\d\d)?$")


class Tidier:
    """Tidies one element, and tells once of each namespace that was wrong."""

    def __init__(self, names: Names, place: Where) -> None:
        self.told: list[Finding] = []
        self._names = names
        self._place = place
        self._namespaces: set[str | None] = set()

    def tidy(self, element: Element, model: Model) -> None:
        """Tidy the children of an element, then what they hold, then their order."""
        if not len(element):
            return
        if not model.open:
            for child in [child for child in element if child.tag not in model.children]:
                self._adopt(child, element, model)
        self._set_aside_more(element, model)
        standing = Counter(child.tag for child in element)
        for child in list(element):
            known = model.children.get(child.tag)
            if known is None:
                continue
            self.tidy(child, known.model)
            absent = settle_nil(child, known.model) and not _is_attributed(child)
            if absent or (standing[child.tag] > known.least and _is_hollow(child, known.model)):
                standing[child.tag] -= 1
                _remove(child, element)
            elif known.model.simple is not None:
                _trim(child, known.model.simple)
        _sort(element, model)

    def _set_aside_more(self, element: Element, model: Model) -> None:
        """Of what may officially stand several times and is used once, only the first counts."""
        seen = set[str]()
        for child in [child for child in element if child.tag in self._names.repeated]:
            known = model.children.get(child.tag)
            if child.tag in seen and known and known.most == 1:
                self._tell("X031", child, name=shown_name(child))
                _remove(child, element)
            seen.add(child.tag)

    def rename(self, element: Element, tag: str) -> None:
        """Read an element of the right name in the wrong namespace."""
        was, right = etree.QName(element).namespace, etree.QName(tag)
        if element.tag != tag and was not in self._namespaces:
            self._namespaces.add(was)
            self._tell("X030", element, name=right.localname, namespace=right.namespace)
        element.tag = tag

    def _adopt(self, child: Element, parent: Element, model: Model) -> None:
        """Take a stranger for the one of its name, or set aside what PARS does not use."""
        name, names = etree.QName(child).localname, self._names
        if (tag := model.by_name.get(name)) is not None:
            self.rename(child, tag)
        elif (
            child.tag in names.unused
            or name in names.removed
            or (parent.tag in names.open_parents and _is_foreign(child, parent, model))
        ):
            self._tell("X031", child, name=shown_name(child))
            _remove(child, parent)

    def _tell(self, code: str, element: Element, **parts: object) -> None:
        if len(self.told) < MOST_COUNTED:
            self.told.append(finding(code, self._place(element), **parts))


def _sort(element: Element, model: Model) -> None:
    known, last = model.children, len(model.children)
    in_order = sorted(element, key=lambda child: known[child.tag].rank if child.tag in known else last)
    if in_order != list(element):
        element[:] = in_order


def _is_foreign(child: Element, parent: Element, model: Model) -> bool:
    namespace, brace, _ = child.tag.rpartition("}")
    return bool(brace) and not any(tag.startswith(namespace + brace) for tag in (parent.tag, *model.children))


def _remove(child: Element, parent: Element) -> None:
    """Take a child out, and not the text behind it, which lxml would take along."""
    before = child.getprevious()
    if child.tail and child.tail.strip():
        if before is None:
            parent.text = (parent.text or "") + child.tail
        else:
            before.tail = (before.tail or "") + child.tail
    parent.remove(child)


def settle_nil(element: Element, model: Model) -> bool:
    """Whether an element is said to be absent, and is. The attribute stays where it contradicts what the
    element holds, to be refused; what is said not to be is no attribute of ours."""
    said = is_nil(element)
    if said and not _is_empty(element, model):
        return False
    element.attrib.pop(XSI + "nil", "")
    return said


KEYS = frozenset({"category", "profession", "specialty", "currency", "domain", "label", "accuracy"})
"""Attributes that say of what an element speaks, and nothing by themselves."""


def _is_attributed(element: Element) -> bool:
    """Whether an element says something in its attributes, which is not to be lost."""
    return any(value.strip() for name, value in element.attrib.items() if name not in KEYS)


def _is_hollow(element: Element, model: Model) -> bool:
    """Whether an element says nothing, itself or in the children that belong there."""
    if _is_attributed(element):
        return False
    return _is_empty(element, model)


def _is_empty(element: Element, model: Model) -> bool:
    """Whether an element holds nothing, or only children that belong there and say nothing."""
    return not stray_text(element) and all(
        child.tag in model.children and _is_hollow(child, model.children[child.tag].model)
        for child in element
    )


def _trim(element: Element, simple: Any) -> None:
    """What stands around a text does not count; of a date the part as written does, whatever its time and
    zone."""
    if not (text := (element.text or "").strip()) or len(element):
        return
    name = simple.root_type.local_name
    match = _DATE.match(text) if name in {"date", "dateTime"} else None
    if match is not None and _is_day(match[1]):  # else it is refused, and told as it was written
        text = match[1] if name == "date" else f"{match[1]}T00:00:00"
    element.text = text


def _is_day(text: str) -> bool:
    """Whether a day is one of the calendar."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
