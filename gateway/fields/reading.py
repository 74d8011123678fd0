"""Reading: the values of an element gathered in one walk, as a tree of steps has them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from gateway.fields.kinds import LONGEST_TEXT
from gateway.fields.tree import Element, Field, Node

Values = dict[str, Any]


@dataclass(slots=True, repr=False)
class Gathered:
    """What reading found: values, what no field uses, and what cannot be read with its reason."""

    values: Values = dataclasses.field(default_factory=dict)
    unused: list[Element] = dataclasses.field(default_factory=list)
    unreadable: list[tuple[Field, Element, str]] = dataclasses.field(default_factory=list)


def gather(  # noqa: C901  a call more would cost as much as what it saves to read
    element: Element, node: Node, gathered: Gathered, values: Values
) -> None:
    """Gather from an element and all in it; most of reading's time goes here, so it makes few calls."""
    plain = node.plain
    for child in element:
        tag = child.tag
        step = plain.get(tag) or node.step(child)
        if step is None:
            if tag != node.key:  # the catalogue's own name is used, if not stored
                gathered.unused.append(child)
            continue
        field = step.field
        if field is None:
            gather(child, step, gathered, values)
        elif step.parts is None:
            if text := child.text:
                if step.word is None or len(text) > LONGEST_TEXT:
                    _put(field, child, text, gathered, values)
                elif text := text.strip():
                    _keep(field, child, text, gathered, values)
        elif parts := settled(child, step.parts, gathered):
            _put_record(field, step.parts, child, parts, gathered, values)
    if node.text is not None or node.attributes:  # what it says by itself
        if node.text is not None and (text := element.text):
            _put(node.text, element, text, gathered, values)
        for name, field in node.attributes.items():
            if text := element.get(name):
                _put(field, element, text, gathered, values)


def settled(element: Element, top: Node, gathered: Gathered) -> Values:
    """The values of a record's element: of a field with many a tuple, for which a list is kept while
    they come, since a tuple grows slowly."""
    values: Values = {}
    gather(element, top, gathered, values)
    for name in top.lists:
        if name in values:
            values[name] = tuple(values[name])
    return values


def _put_record(
    field: Field, top: Node, element: Element, parts: Values, gathered: Gathered, values: Values
) -> None:
    for part in top.needed:
        if part.name not in parts:
            gathered.unreadable.append((part, element, "It is blank."))
            return
    assert field.record is not None
    _keep(field, element, field.record(**parts), gathered, values)


def _put(field: Field, element: Element, text: str, gathered: Gathered, values: Values) -> None:
    if text := text.strip():
        try:
            value = field.kind.read(text)
        except ValueError as error:
            gathered.unreadable.append((field, element, str(error)))
        else:
            _keep(field, element, value, gathered, values)


def _keep(field: Field, element: Element, value: Any, gathered: Gathered, values: Values) -> None:
    name = field.name
    if name not in values:
        values[name] = [value] if field.many else value
    elif field.many:
        values[name].append(value)
    else:
        gathered.unused.append(element)  # only the first counts


def locate(element: Element, field: Field, steps: tuple[Node, ...]) -> list[Element]:
    """The elements of a field that say something, in order, from a record's element on."""
    found = [element]
    for above, node in pairwise(steps):
        found = [child for one in found for child in one if above.step(child) is node]
    return [one for one in found if _says(one, field, steps[-1])]


def _says(element: Element, field: Field, node: Node) -> bool:
    if field.parts:
        assert node.parts is not None
        return bool(settled(element, node.parts, Gathered()))
    attribute = next((name for name, known in node.attributes.items() if known is field), None)
    text = element.text if attribute is None else element.get(attribute)
    return bool(text and text.strip())
