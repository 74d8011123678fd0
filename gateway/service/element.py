"""A request element taken apart, whatever service version it is of."""

from __future__ import annotations

from lxml import etree

from gateway.errors import Unreadable
from gateway.intake import RELATIVE
from gateway.records import Place
from gateway.shape import line_of

Element = etree._Element

XS = "{http://www.w3.org/2001/XMLSchema}"


def texts_of(element: Element) -> dict[str, str]:
    """The texts of an element's children by their names; of several, the last."""
    return {etree.QName(child).localname: (child.text or "").strip() for child in element}


def lines_of(element: Element) -> dict[str, int | None]:
    """The lines that an element's children stand on, by their names."""
    return {etree.QName(child).localname: line_of(child) for child in element}


def place_of(at: Element, element: Element) -> Place:
    """Where a parameter of a request element, or a field of a row in it, stands; a row has a number, to be
    told from the others."""
    row, space = at.getparent(), etree.QName(element).namespace
    rows = [] if at is element or row is None or row is element else [_step(row, space) + _number(row)]
    steps = [_step(element, space), *rows, *([] if at is element else [_step(at, space)])]
    return Place("".join(steps), line_of(at))


def _step(at: Element, namespace: str | None) -> str:
    name = etree.QName(at)
    return f"/{'svc' if name.namespace == namespace else '*'}:{name.localname}"


def _number(row: Element) -> str:
    return f"[{1 + sum(1 for _ in row.itersiblings(row.tag, preceding=True))}]"


def canonical(element: Element) -> bytes:
    """The request as the same bytes, however its sender writes the same XML."""
    try:
        return etree.tostring(element, method="c14n", exclusive=True)
    except etree.C14NError:
        raise Unreadable(RELATIVE) from None


def take(element: Element, name: str) -> Element | None:
    """Take a child out of the element; where it stands several times, the first."""
    for child in element:
        if etree.QName(child).localname == name:
            element.remove(child)
            return child
    return None


def without_payload(schema: Element) -> None:
    """Leave the payloads out of a service schema: each is judged by its own version's schema."""
    for slot in list(schema.iter(f"{XS}element")):
        if slot.get("ref", "").startswith(("act:", "lrn:")):
            slot.getparent().remove(slot)  # type: ignore[union-attr]
