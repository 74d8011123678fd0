"""How a payload is laid out: wrapper, what holds the records, and the records; what is wrong with that."""

from __future__ import annotations

import copy

from lxml import etree

from gateway.errors import Malformed, UnknownSchema
from gateway.explaining import Teller, explain_carrier
from gateway.findings import finding, shown
from gateway.model import local_name, shown_name, stray_text
from gateway.records import Place
from gateway.shape import keep_line, line_of
from gateway.version import Element, PayloadVersion


def namespace_of(element: Element) -> str:
    """The namespace of an element, empty for none."""
    return element.tag.rpartition("}")[0][1:]


def holder_of(payload: Element, version: PayloadVersion) -> tuple[Element | None, str]:
    """The element that holds the records, and its path; none where the payload is a single record."""
    path = f"/{version.step(payload)}"
    if local_name(payload.tag) == version.local:
        _check_taken(payload, version)
        return None, ""
    if version.head is None or local_name(payload.tag) == version.head.local:
        return payload, path
    for child in payload:
        if local_name(child.tag) != version.head.local:
            _refuse_stranger(child, f"{path}/{version.step(child)}", version.head.local)
    _check_wrapper(payload, version)
    if len(payload) > 1:
        place = Place(f"{path}/{version.step(payload[1])}[2]", line_of(payload[1]))
        found = finding("X022", place, name=version.head.local, most=1, parent=version.wrapper)
        raise Malformed(findings=[found])
    return payload[0], f"{path}/{version.step(payload[0])}"


def records_of(holder: Element, path: str, version: PayloadVersion) -> list[Element]:
    """The records of what holds them, beside which nothing may stand but its own fields."""
    records, local = [], version.local
    for child in holder:
        if child.tag == version.record:
            records.append(child)
        elif local_name(child.tag) == local:
            _check_taken(child, version)
            records.append(child)
        elif version.head is None:
            _refuse_stranger(child, f"{path}/{version.step(child)}", local)
    if version.head is None:
        _check_wrapper(holder, version)
    if not records:
        place = Place(path, line_of(holder))
        raise Malformed(findings=[finding("X021", place, name=version.local, parent=local_name(holder.tag))])
    return records


def _check_taken(record: Element, version: PayloadVersion) -> None:
    if (known := version.unread.get(namespace_of(record))) is not None:
        raise UnknownSchema(
            f"The records are of {known}.",
            remedy=f"Send them in version 1, {etree.QName(version.record).namespace}, as PARS does.",
        )


def _refuse_stranger(child: Element, path: str, expected: str) -> None:
    place, known = Place(path, line_of(child)), f"Only {expected} may stand."
    raise Malformed(findings=[finding("X020", place, name=shown_name(child), known=known)])


def _check_wrapper(payload: Element, version: PayloadVersion) -> None:
    """The wrapper has its name, holds something, no text, and no attribute but its own."""
    name, stray = local_name(payload.tag), stray_text(payload)
    place = Place(f"/{version.step(payload)}", line_of(payload))
    teller = Teller(lambda element: place, version.judge.names.personal)
    wrong = list(explain_carrier(payload, teller, known="schemaVersion"))
    if name == version.wrapper and len(payload) and not stray and not wrong:
        return
    if name != version.wrapper:
        known = f"Did you mean {version.wrapper}?"
        raise Malformed(findings=[finding("X020", place, name=shown(name), known=known)])
    if not len(payload):
        raise Malformed(findings=[finding("X021", place, name=version.levels[1], parent=name)])
    raise Malformed(findings=[*wrong, *([teller.tell_stray(payload, stray)] if stray else [])])


def head_of(holder: Element, local: str) -> Element:
    """A copy of what holds records, without them, but with the text between them."""
    head = etree.Element(holder.tag)
    head.attrib.update(holder.attrib)
    keep_line(head, holder)
    texts = [holder.text]
    for child in holder:
        if local_name(child.tag) != local:
            head.append(copy.deepcopy(child))
        else:
            texts.append(child.tail)
    head.text = "".join(filter(None, texts))
    return head
