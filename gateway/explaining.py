"""Explaining: everything that is wrong with an element, at once and in words for its sender."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, cast

from lxml import etree

from gateway.findings import finding, shown
from gateway.model import XSI, Model, PlaceOf, local
from gateway.records import Finding

Element = etree._Element


def explain(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    """Say everything that is wrong with an element and what it holds, as the model has it."""
    if element.get(XSI + "type") is not None:
        yield finding("X024", place(element), name=local(element))
    yield from _explain_attributes(element, model, place)
    if model.simple is not None:
        yield from _explain_text(element, model, place)
        return
    yield from _explain_counts(element, model, place)
    if stray := stray_text(element):
        yield finding("X046", place(element), name=local(element), value=shown(stray))
    for child in element:
        known = model.children.get(child.tag)
        if known is not None:
            yield from explain(child, known.model, place)
        elif not model.open:
            yield finding("X020", place(child), name=local(child), known=_alike(child, model))


def _explain_counts(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    counts = Counter(child.tag for child in element)
    for tag, known in model.children.items():
        name = etree.QName(tag).localname
        if counts[tag] < known.least:
            yield finding("X021", place(element), name=name, parent=local(element))
        elif known.most is not None and counts[tag] > known.most:
            extra = next(islice(element.iterchildren(tag), known.most, None))
            yield finding("X022", place(extra), name=name, most=known.most, parent=local(element))


def stray_text(element: Element) -> str:
    """The text that stands between the children of an element, where none belongs."""
    texts = (element.text, *(child.tail for child in element))
    return next((text.strip() for text in texts if text and text.strip()), "")


def _explain_text(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    if len(element):
        yield finding("X025", place(element), name=local(element))
    elif not _fits(model.simple, element.text or ""):
        wanted = _wanted(model.simple)
        yield finding("X023", place(element), name=local(element), value=shown(element.text), wanted=wanted)


def _fits(simple: Any, text: str) -> bool:
    """Whether a text is of a simple type; `is_valid` would build its whole context anew each time.

    With a context of its own `text_is_valid` is strict: it changes nothing that threads share.
    """
    return bool(simple.text_is_valid(text, simple.schema.validation_context))


def _explain_attributes(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    for name, value in cast("list[tuple[str, str]]", element.items()):
        declared = model.attributes.get(name)
        if name.startswith(XSI) or None in model.attributes:
            continue
        if declared is None:
            yield finding("X026", place(element), name=local(element), attribute=shown(name))
        elif not _fits(declared.type, value):
            yield finding(
                "X027",
                place(element),
                name=local(element),
                attribute=name,
                value=shown(value),
                wanted=_wanted(declared.type),
            )
    for name, declared in model.attributes.items():
        if name is not None and declared.use == "required" and element.get(name) is None:
            yield finding("X029", place(element), name=local(element), attribute=name)


def _alike(child: Element, model: Model) -> str:
    """What may have been meant, or what may stand there."""
    names = list(model.by_name)
    close = difflib.get_close_matches(local(child), names, n=1, cutoff=0.75)
    if close:
        return f"Did you mean {close[0]}?"
    return f"What may stand there: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


WANTED = {
    "boolean": "true or false",
    "date": "a date, YYYY-MM-DD",
    "dateTime": "a date, YYYY-MM-DD or YYYY-MM-DDT00:00:00",
    "decimal": "a number",
    "int": "a whole number",
    "long": "a whole number",
    "integer": "a whole number",
}


def _wanted(simple: Any) -> str:
    if simple.enumeration:
        return "one of: " + ", ".join(map(str, simple.enumeration))
    for step in (simple, simple.base_type, simple.root_type):
        if step is not None and step.local_name in WANTED:
            return WANTED[step.local_name] + _bounds(simple)
    return "a text" + _bounds(simple)


def _bounds(simple: Any) -> str:
    patterns = _stated(simple, "patterns")
    parts = [
        f"{words} {value}"
        for words, value in (
            ("at least", _stated(simple, "min_value")),
            ("at most", _stated(simple, "max_value")),
            ("with no fewer characters than", _stated(simple, "min_length")),
            ("with no more characters than", _stated(simple, "max_length")),
            ("of the pattern", patterns and " or ".join(patterns.regexps)),
        )
        if value is not None
    ]
    return "".join(f", {part}" for part in parts)


def _stated(simple: Any, facet: str) -> Any:
    """A facet as the nearest type of the lineage states it: xmlschema does not hand all of them down."""
    while simple is not None:
        if (value := getattr(simple, facet, None)) is not None:
            return value
        simple = simple.base_type
    return None
