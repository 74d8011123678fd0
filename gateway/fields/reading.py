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

    def again(self, field: Field, element: Element, agrees: bool) -> None:
        """Take down that a field stands once more: only the first counts."""
        if field.sole and not agrees:
            self.unreadable.append((field, element, "Another value stands before it."))
        else:
            self.unused.append(element)


def gather(  # noqa: C901  a call more would cost as much as what it saves to read
    element: Element, node: Node, gathered: Gathered, values: Values
) -> None:
    """Gather from an element and all in it; most of reading's time goes here, so it makes few calls."""
    plain = node.plain
    for child in element[:]:  # type: ignore[index]  # lxml's types know no slices, which are quick to walk
        step = plain.get(child.tag) or node.keyed_step(child)
        if step is None:
            if child.tag != node.key:  # the catalogue's own name is used, if not stored
                gathered.unused.append(child)
            continue
        field = step.field
        if field is None:
            gather(child, step, gathered, values)
            continue
        if step.parts is not None:
            value = _record(child, step, step.parts, gathered)
            if value is None:
                continue
        elif (text := child.text) and (text := text.strip()):
            if step.is_word and len(text) <= LONGEST_TEXT:
                value = text
            else:
                try:
                    value = field.kind.read(text)
                except ValueError as error:
                    gathered.unreadable.append((field, child, str(error)))
                    continue
        else:
            continue
        name = step.name
        if name not in values:
            values[name] = [value] if step.many else value
        elif step.many:
            values[name].append(value)
        else:
            gathered.again(field, child, value == values[name])
    if node.own:
        _gather_own(element, node, gathered, values)


def _gather_own(element: Element, node: Node, gathered: Gathered, values: Values) -> None:
    """Gather what an element says by itself: its text and attributes."""
    for attribute, field in node.own.items():
        text = element.text if attribute is None else element.get(attribute)
        if text and (text := text.strip()):
            try:
                value = field.kind.read(text)
            except ValueError as error:
                gathered.unreadable.append((field, element, str(error)))
                continue
            if field.name not in values:
                values[field.name] = value
            else:
                gathered.again(field, element, value == values[field.name])


def settled(element: Element, top: Node, gathered: Gathered) -> Values:
    """The values of a record's element: of a field with many a tuple, for which a list is kept while
    they come, since a tuple grows slowly."""
    values: Values = {}
    gather(element, top, gathered, values)
    for name in top.lists:
        if name in values:
            values[name] = tuple(values[name])
    return values


def _record(element: Element, node: Node, top: Node, gathered: Gathered) -> Any:
    """The record that an element is, None where it says nothing or a blank where a part is needed."""
    parts = settled(element, top, gathered)
    if not parts:
        return None
    for part in top.needed:
        if part.name not in parts:
            gathered.unreadable.append((part, element, "It is blank."))
            return None
    return node.build(**parts)


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
    attribute = next((name for name, known in node.own.items() if known is field), None)
    text = element.text if attribute is None else element.get(attribute)
    return bool(text and text.strip())
