"""A field of a record, and the tree that the paths of all fields make together."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.fields.building import builder
from gateway.fields.kinds import TEXT, Kind

Element = etree._Element

_UNTOLD = {".", "lom:string", "lom:entry"}  # steps that say nothing of the field
_STEP = re.compile(r"(?P<name>[^\[]+)(?:\[(?P<key>@?[\w:]+)='(?P<value>[^']*)'\])?$")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record and where it stands.

    `many`: a tuple of values. `parts` and `record`: the field is a record of its own, whose parts'
    paths start at its element, as do those of `always`, elements that stand in it even where they hold
    nothing. Without a `needed` part it cannot be, though blanks please the schema. Of several values the
    first counts, but where there can be only a `sole` one they have to agree. `also` is what its key may
    say in other words.
    """

    name: str
    path: str
    kind: Kind = TEXT
    many: bool = False
    needed: bool = False
    sole: bool = False
    also: tuple[str, ...] = ()
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


@dataclass(slots=True, eq=False)
class Node:
    """A step of the tables' paths, joined into a tree; `order` is the document order.

    `plain` holds the children that are told by their tag alone, `keyed` those told by a key as well, by
    its value, and under None the one that takes whatever none of the keys tells. `name` and `many` are
    those of its `field`, `is_word` tells whether that is a short text as it stands, `build` makes the
    record of its `parts`: all at hand, since reading asks for them at every element. What an element says
    by itself is its `own`: by attribute, None for its text. The first node of a record's own tree knows
    its `fields`, each with the steps to it, and which of them are `lists` or `needed`.
    """

    tag: str = ""
    key: str | None = None
    value: str = ""
    field: Field | None = None
    name: str = ""
    many: bool = False
    is_word: bool = False
    build: Callable[..., Any] = dict
    always: bool = False
    repeats: str | None = None
    own: dict[str | None, Field] = dataclasses.field(default_factory=dict)
    order: list[Node] = dataclasses.field(default_factory=list)
    plain: dict[str, Node] = dataclasses.field(default_factory=dict)
    keyed: dict[str, dict[str | None, Node]] = dataclasses.field(default_factory=dict)
    parts: Node | None = None
    fields: dict[str, tuple[Field, tuple[Node, ...]]] = dataclasses.field(default_factory=dict)
    lists: tuple[str, ...] = ()
    needed: tuple[Field, ...] = ()

    def child(self, tag: str, key: str | None, value: str) -> Node:
        """The child for a step, made when it is new."""
        for node in self.order:
            if (node.tag, node.key, node.value) == (tag, key, value):
                return node
        node = Node(tag, key, value)
        self.order.append(node)
        if key is None and tag in self.keyed:
            self.keyed[tag][None] = node
        elif key is None:
            self.plain[tag] = node
        else:
            assert tag not in self.plain, f"{tag} is told by its keys first"
            nodes = self.keyed.setdefault(tag, {})
            assert all(known.key == key for known in nodes.values()), f"{tag} has two keys"
            nodes[value.casefold()] = node
        return node

    def step(self, element: Element) -> Node | None:
        """The child that an element of the document is, if any."""
        return self.plain.get(element.tag) or self.keyed_step(element)

    def keyed_step(self, element: Element) -> Node | None:
        """The child that an element is by the key it bears, whatever the case."""
        nodes = self.keyed.get(element.tag)
        if nodes is None:
            return None
        said = (_said(element, next(iter(nodes.values())).key) or "").strip().casefold()
        return nodes.get(said) or nodes.get(None)


def _said(element: Element, key: str | None) -> str | None:
    """What an element says under a key: an attribute, or the first child of that tag."""
    assert key is not None
    if key[0] == "@":
        return element.get(key[1:])
    for child in element:
        if child.tag == key:
            return child.text
    return None


def grow(fields: tuple[Field, ...], always: tuple[str, ...], namespaces: Mapping[str, str]) -> Node:
    """Join the paths of fields into a tree, after those of the elements that always stand."""
    top = Node()
    stand(top, always, namespaces)
    for field in fields:
        top.fields[field.name] = field, (steps := _place(top, field, namespaces))
        for word in field.also:
            steps[-2].keyed[steps[-1].tag][word.casefold()] = steps[-1]
    top.lists = tuple(field.name for field in fields if field.many)
    top.needed = tuple(field for field in fields if field.needed)
    return top


def stand(top: Node, always: tuple[str, ...], namespaces: Mapping[str, str]) -> None:
    """Mark the elements that always stand, and make them where they are new."""
    for path in always:
        _descend(top, path, namespaces)[-1].always = True


def _place(top: Node, field: Field, namespaces: Mapping[str, str]) -> tuple[Node, ...]:
    """Hang a field into a tree; gives the steps to it."""
    above, star, below = field.path.partition("*/")
    nodes = [top, *_descend(top, above if star else "", namespaces)]
    if star:
        nodes[-1].repeats = field.name
    *steps, last = (below or above).split("/")
    nodes += _descend(nodes[-1], "/".join(steps), namespaces)
    if last == ".":
        nodes[-1].own[None] = field
    elif last.startswith("@"):
        nodes[-1].own[last[1:]] = field
    else:
        nodes += _descend(nodes[-1], last, namespaces)
        _settle(nodes[-1], field, namespaces)
    return tuple(nodes)


def _settle(node: Node, field: Field, namespaces: Mapping[str, str]) -> None:
    """Let the elements of a node be a field."""
    node.field, node.name, node.many = field, field.name, field.many
    node.is_word = field.kind is TEXT
    if field.parts:
        assert field.record is not None, f"{field.name} has parts and no record"
        node.build = builder(field.record)
        node.parts = parts = grow(field.parts, (), namespaces)
        stand(parts, field.always, namespaces)


def _descend(node: Node, path: str, namespaces: Mapping[str, str]) -> list[Node]:
    """The nodes of a path's steps, from a node on."""
    found = []
    for step in path.split("/") if path else ():
        match = _STEP.match(step)
        assert match is not None, path
        key = match["key"]
        if key and key[0] != "@":
            key = _tag(key, namespaces)
        node = node.child(_tag(match["name"], namespaces), key, match["value"] or "")
        found.append(node)
    return found


def _tag(name: str, namespaces: Mapping[str, str]) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{namespaces[prefix]}}}{local}"
