"""One table of fields that serves both directions: elements into records, records into elements.

A payload version is a `Table` of `Field`s in document order. Reading walks an element once and
gathers values by their paths; writing walks the table and builds the elements that hold a value.
A path is a small XPath: `m:A/lom:b[lom:c='text']/@attribute`, `.` for the element's own text. Of a
field with many values the last step repeats, or the one that ends in `*`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

Element = etree._Element
Values = dict[str, Any]

LONGEST_TEXT = 4_096  # characters of one field
LONGEST_DESCRIPTION = 65_536
MOST_DIGITS = 18
_UNTOLD = {".", "lom:string", "lom:entry"}  # steps that say nothing of the field
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_STEP = re.compile(r"(?P<name>[^\[]+)(?:\[(?P<key>@?[\w:]+)='(?P<value>[^']*)'\])?$")


# --- kinds of values ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """How a value is spelled on the wire; `read` raises ValueError with a sentence for the sender."""

    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > longest:
            raise ValueError(f"It is longer than {longest:,} characters.")
        return text

    return read


def _spelled(text: str, shape: re.Pattern[str], what: str) -> str:
    """Let pass only what looks like it: `1E999999999` must not even be tried."""
    if not shape.fullmatch(text):
        raise ValueError(f"It is not a {what}.")
    if len(text) > MOST_DIGITS and sum(map(str.isdigit, text)) > MOST_DIGITS:
        raise ValueError(f"It has more than {MOST_DIGITS} digits.")
    return text


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])  # the date as written counts, whatever its time and zone
    except ValueError:
        raise ValueError("It is not a date of the calendar.") from None


TEXT = Kind(_text(LONGEST_TEXT))
LONG_TEXT = Kind(_text(LONGEST_DESCRIPTION))
DATE = Kind(_day, date.isoformat)
MIDNIGHT = Kind(_day, lambda day: f"{day}T00:00:00")
DECIMAL = Kind(lambda text: Decimal(_spelled(text, _NUMBER, "number")), lambda number: f"{number:f}")
WHOLE = Kind(lambda text: int(_spelled(text, _WHOLE, "whole number")))
BOOLEAN = Kind(lambda text: text in {"true", "1"}, lambda value: "true" if value else "false")
YES_NO = Kind(lambda text: text == "yes", lambda value: "yes" if value else "no")


# --- the table ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record and where it stands.

    `many`: a tuple of values. `parts` and `record`: the field is a record of its own, whose parts'
    paths start at its element, as do those of `always`, elements that stand in it even where they hold
    nothing. Without a `needed` part it cannot be, though blanks please the schema.
    """

    name: str
    path: str
    kind: Kind = TEXT
    many: bool = False
    needed: bool = False
    parts: tuple[Field, ...] = ()
    record: Callable[..., Any] | None = None
    always: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The field's name on the wire: the last named step of its path."""
        return _label(self.path) or self.name


@functools.cache
def _label(path: str) -> str:
    steps = [step for step in path.replace("*", "").split("/") if step not in _UNTOLD]
    match = _STEP.match(steps[-1]) if steps else None
    if match is None:
        return ""
    name = match["name"].rpartition(":")[2].lstrip("@")
    if match["key"] is None:
        return name
    return f"{name} {match['value']}" if match["key"][0] == "@" else match["value"]


@dataclass(slots=True)
class Node:
    """A step of the tables' paths, joined into a tree; `order` is the document order."""

    tag: str = ""
    key: str | None = None
    value: str = ""
    field: Field | None = None
    always: bool = False
    repeats: str | None = None
    text: Field | None = None
    attributes: dict[str, Field] = dataclasses.field(default_factory=dict)
    order: list[Node] = dataclasses.field(default_factory=list)
    by_tag: dict[str, list[Node]] = dataclasses.field(default_factory=dict)
    parts: Node | None = None

    def child(self, tag: str, key: str | None, value: str) -> Node:
        """The child for a step, made when it is new."""
        for node in self.by_tag.get(tag, ()):
            if (node.key, node.value) == (key, value):
                return node
        node = Node(tag, key, value)
        self.order.append(node)
        self.by_tag.setdefault(tag, []).append(node)
        return node

    def is_keyed(self, element: Element) -> bool:
        """Whether an element bears this node's key, whatever the case."""
        assert self.key is not None
        if self.key[0] == "@":
            found = element.get(self.key[1:])
        else:
            found = next((child.text for child in element if child.tag == self.key), None)
        return (found or "").strip().casefold() == self.value.casefold()


@dataclass(slots=True)
class Gathered:
    """What reading found: values, the element of each field, what no field uses, what cannot be."""

    values: Values = dataclasses.field(default_factory=dict)
    elements: dict[str, Element] = dataclasses.field(default_factory=dict)
    unused: list[Element] = dataclasses.field(default_factory=list)
    unreadable: list[tuple[Field, Element, str]] = dataclasses.field(default_factory=list)


class Table:
    """The fields of a payload version, in document order, compiled once for reading and writing."""

    def __init__(
        self, fields: tuple[Field, ...], namespaces: Mapping[str, str], always: tuple[str, ...] = ()
    ) -> None:
        self.fields = {field.name: field for field in fields}
        self.namespaces = dict(namespaces)
        self.prefixes = {namespace: prefix for prefix, namespace in namespaces.items()}
        self._root = Node()
        for path in always:  # elements that stand even where they hold nothing
            self._descend(self._root, path).always = True
        for field_ in fields:
            self._place(self._root, field_)

    def read(self, element: Element) -> Gathered:
        """Gather the values of an element of this table's shape."""
        gathered = Gathered()
        _gather(element, self._root, gathered, gathered.values)
        gathered.values = _settled(gathered.values)
        return gathered

    def write(self, parent: Element, values: Mapping[str, Any]) -> None:
        """Append the elements that hold these values to a parent."""
        _write_children(parent, self._root, values)

    def _place(self, node: Node, field: Field) -> None:
        above, star, below = field.path.partition("*/")
        if star:
            node = self._descend(node, above)
            node.repeats = field.name
        *steps, last = (below or above).split("/")
        node = self._descend(node, "/".join(steps))
        if last == ".":
            node.text = field
        elif last.startswith("@"):
            node.attributes[last[1:]] = field
        else:
            node = self._descend(node, last)
            node.field = field
            if field.parts:
                node.parts = Node()
                for part in field.parts:
                    self._place(node.parts, part)
                for path in field.always:
                    self._descend(node.parts, path).always = True

    def _descend(self, node: Node, path: str) -> Node:
        for step in path.split("/") if path else ():
            match = _STEP.match(step)
            assert match is not None, path
            key = match["key"]
            if key and key[0] != "@":
                key = self._tag(key)
            node = node.child(self._tag(match["name"]), key, match["value"] or "")
        return node

    def _tag(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{self.namespaces[prefix]}}}{local}"


# --- reading ---------------------------------------------------------------------------------------


def _gather(element: Element, node: Node, gathered: Gathered, values: Values) -> None:
    """Gather from an element and all in it; most of reading's time goes here, so it makes few calls."""
    for child in element:
        for step in node.by_tag.get(child.tag, ()):
            if step.key is None or step.is_keyed(child):
                break
        else:
            if child.tag != node.key:  # the catalogue's own name is used, if not stored
                gathered.unused.append(child)
            continue
        if step.field is None:
            _gather(child, step, gathered, values)
        elif step.parts is None:
            _put(step.field, child, child.text, gathered, values)
        elif parts := _parts(child, step.parts, gathered):
            _put_record(step.field, child, parts, gathered, values)
    if node.text is not None:
        _put(node.text, element, element.text, gathered, values)
    for name, field_ in node.attributes.items():
        _put(field_, element, element.get(name), gathered, values)


def _parts(element: Element, node: Node, gathered: Gathered) -> Values:
    parts: Values = {}
    _gather(element, node, gathered, parts)
    return _settled(parts)


def _put_record(field: Field, element: Element, parts: Values, gathered: Gathered, values: Values) -> None:
    for part in field.parts:
        if part.needed and part.name not in parts:
            gathered.unreadable.append((part, element, "It is blank."))
            return
    assert field.record is not None
    _keep(field, element, field.record(**parts), gathered, values)


def _put(field: Field, element: Element, text: str | None, gathered: Gathered, values: Values) -> None:
    if text and (text := text.strip()):
        try:
            value = field.kind.read(text)
        except ValueError as error:
            gathered.unreadable.append((field, element, str(error)))
        else:
            _keep(field, element, value, gathered, values)


def _keep(field: Field, element: Element, value: Any, gathered: Gathered, values: Values) -> None:
    name = field.name
    if field.many:
        values.setdefault(name, []).append(value)
    elif name in values:
        gathered.unused.append(element)  # only the first counts
        return
    else:
        values[name] = value
    gathered.elements.setdefault(name, element)


def _settled(values: Values) -> Values:
    """Of a field with many values a tuple: a list was kept while they came, for a tuple grows slowly."""
    return {name: tuple(value) if type(value) is list else value for name, value in values.items()}


# --- writing ---------------------------------------------------------------------------------------


def _write_children(parent: Element, node: Node, values: Mapping[str, Any]) -> None:
    if node.text is not None and (value := values.get(node.text.name)) is not None:
        parent.text = node.text.kind.write(value)
    for name, field_ in node.attributes.items():
        if (value := values.get(field_.name)) is not None:
            parent.set(name, field_.kind.write(value))
    for step in node.order:
        for element in _built(step, values):
            parent.append(element)


def _built(node: Node, values: Mapping[str, Any]) -> Iterator[Element]:
    for content in _contents(node, values):
        element = etree.Element(node.tag)
        if node.key and node.key[0] == "@":
            element.set(node.key[1:], node.value)
        elif node.key:
            etree.SubElement(element, node.key).text = node.value
        keyed = len(element)
        if isinstance(content, str):
            element.text = content
        else:
            _write_children(element, node.parts or node, content)
        if node.always or len(element) > keyed or element.text or (element.attrib and not node.key):
            yield element


def _contents(node: Node, values: Mapping[str, Any]) -> Iterator[str | Mapping[str, Any]]:
    """What stands in each element of a step: a text, or the values its own steps look up."""
    field_ = node.field
    if node.repeats is not None:
        yield from ({node.repeats: (item,)} for item in values.get(node.repeats) or ())
        return
    if field_ is None:
        yield values
        return
    value = values.get(field_.name)
    for item in value or () if field_.many else () if value is None else (value,):
        if field_.parts:
            yield {part.name: getattr(item, part.name) for part in field_.parts}
        else:
            yield field_.kind.write(item)
