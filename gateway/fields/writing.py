"""Writing: the elements that hold a record's values, in the order of a tree of steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from gateway.fields.tree import Element, Node


def write(parent: Element, node: Node, values: Mapping[str, Any]) -> None:
    """Append to a parent the elements that hold these values, below a node."""
    for attribute, field in node.own.items():
        if (value := values.get(field.name)) is None:
            continue
        if attribute is None:
            parent.text = field.kind.write(value)
        else:
            parent.set(attribute, field.kind.write(value))
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
            write(element, node.parts or node, content)
        if node.always or len(element) > keyed or element.text or (element.attrib and not node.key):
            yield element


def _contents(node: Node, values: Mapping[str, Any]) -> Iterator[str | Mapping[str, Any]]:
    """What stands in each element of a step: a text, or the values its own steps look up."""
    field = node.field
    if node.repeats is not None:
        yield from ({node.repeats: (item,)} for item in values.get(node.repeats) or ())
        return
    if field is None:
        yield values
        return
    value = values.get(field.name)
    for item in value or () if field.many else () if value is None else (value,):
        if field.parts:
            yield {part.name: getattr(item, part.name) for part in field.parts}
        else:
            yield field.kind.write(item)
