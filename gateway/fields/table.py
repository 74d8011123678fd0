"""A table of fields, compiled once: to read a record, to write it, and to tell where a field stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.fields import reading, writing
from gateway.fields.reading import Gathered
from gateway.fields.tree import Element, Field, Node, grow

_KEYED = re.compile(r"(\w+):(\w+)\[@(\w+)='([^']*)'\]")
_NAMED = re.compile(r"(\w+)(?:\[(\d+)\])?(?:\.(.+))?")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a field stands: its element; where it has none, the one it is missing in and the XPath from
    there. Without a label it is no field of the table."""

    element: Element
    path: str
    label: str


class Table:
    """The fields of a record, in document order, compiled once for reading and writing."""

    def __init__(
        self, fields: tuple[Field, ...], namespaces: Mapping[str, str], always: tuple[str, ...] = ()
    ) -> None:
        self.fields = {field.name: field for field in fields}
        self.namespaces = dict(namespaces)
        self.prefixes = {namespace: prefix for prefix, namespace in namespaces.items()}
        self._top = grow(fields, always, namespaces)
        self._words: dict[str, tuple[str, dict[str, None], set[str]]] = {}
        for field in fields:
            for step in filter(None, map(_KEYED.fullmatch, field.path.split("/"))):
                prefix, local, key, word = step.groups()
                known = self._words.setdefault(f"{{{namespaces[prefix]}}}{local}", (key, {}, set()))
                known[1][word] = None
                known[2].update(one.casefold() for one in (word, *field.also))

    def unknown(self, element: Element) -> tuple[str, tuple[str, ...]] | None:
        """What the attribute of an element says that tells which field it is, where it is none of the words
        it may say; and these."""
        key, words, known = self._words.get(element.tag, ("", {}, set[str]()))
        said = element.get(key, "").strip() if key else ""
        return (said, tuple(words)) if said and said.casefold() not in known else None

    def read(self, element: Element) -> Gathered:
        """Gather the values of an element of this table's shape."""
        gathered = Gathered()
        gathered.values = reading.settled(element, self._top, gathered)
        return gathered

    def reads(self, steps: Iterable[Element]) -> bool:
        """Whether a field is, or is in, the last of these elements, each in the one before, from a record's
        child on; whatever they say."""
        node: Node | None = self._top
        for element in steps:
            node = node.step(element) if node else None
            node = (node.parts or node) if node else None
        return node is not None

    def write(self, parent: Element, values: Mapping[str, Any]) -> None:
        """Append the elements that hold these values to a parent."""
        writing.write(parent, self._top, values)

    def find(self, element: Element, name: str) -> Spot:
        """Where a field stands in a record's element that was read.

        `title`, `credits[1]` for the second of many, `credits[1].amount` for a part of it; the parts of
        a record that stands once also go by their own name. An unknown name stands at the element.
        """
        return _find(element, self._top, name)

    def field(self, name: str) -> Field | None:
        """The field of a name as `find` takes it."""
        top: Node | None = self._top
        field = None
        for step in re.sub(r"\[\d*\]", "", name).split("."):
            field, steps = _known(top, step) if top is not None else (None, ())
            top = steps[-1].parts if steps else None
        return field


Steps = tuple[Node, ...]


def _known(top: Node, name: str) -> tuple[Field | None, Steps]:
    """A field of a record and the steps to it, also if it is a part of a record that stands once."""
    if name in top.fields:
        return top.fields[name]
    for field, steps in top.fields.values():
        inner = steps[-1].parts
        if not field.many and inner is not None and name in inner.fields:
            return inner.fields[name]
    return None, ()


def _find(element: Element, top: Node, name: str) -> Spot:
    match = _NAMED.fullmatch(name)
    if match is None:
        return Spot(element, "", "")
    if match[1] not in top.fields:
        return _found_within(element, top, name, match[1])
    (field, steps), rest = top.fields[match[1]], match[3]
    there = reading.locate(element, field, steps)[int(match[2] or 0) :]
    inner = steps[-1].parts
    if not there:
        path, label = _below(field, inner, rest)
        return Spot(element, path, label)
    return _find(there[0], inner, rest) if inner and rest else Spot(there[0], "", field.label)


def _found_within(element: Element, top: Node, name: str, first: str) -> Spot:
    """A part that goes by its own name, of the record that stands once and has it."""
    for holder, (field, steps) in top.fields.items():
        inner = steps[-1].parts
        if not field.many and inner is not None and first in inner.fields:
            return _find(element, top, f"{holder}.{name}")
    return Spot(element, "", "")


def _below(field: Field, inner: Node | None, rest: str | None) -> tuple[str, str]:
    """The path and the label of a part of a record that is missing as a whole."""
    match, above = _NAMED.fullmatch(rest or ""), field.path.replace("*", "")
    if inner is None or match is None or match[1] not in inner.fields:
        return above, field.label
    part, steps = inner.fields[match[1]]
    path, label = _below(part, steps[-1].parts, match[3])
    return f"{above}/{path}", label
