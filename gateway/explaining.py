"""Explaining: everything that is wrong with an element, at once and in words for its sender."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, cast

from lxml import etree

from gateway.findings import HIDDEN, finding, shown
from gateway.model import XSI, Model, PlaceOf, local
from gateway.records import Finding

Element = etree._Element

APART = "Keep one; send the other in a record of its own."


@dataclass(frozen=True, slots=True)
class Teller:
    """Where things stand, and which elements are personal: what they hold is not repeated.

    Where any are, a text that stands between elements is not either: nobody knows what it is.
    """

    place: PlaceOf
    personal: frozenset[str] = frozenset()
    within: bool = False

    def into(self, element: Element) -> Teller:
        """The teller of what an element holds."""
        enters = not self.within and element.tag in self.personal
        return replace(self, within=True) if enters else self

    def tell(self, code: str, element: Element, value: str | None = None, **parts: object) -> Finding:
        """Say something of an element; a value is quoted, or if it is personal not said."""
        if value is not None:
            parts["value"] = HIDDEN if self.within else f"“{shown(value)}”"
        return finding(code, self.place(element), name=local(element), **parts)

    def tell_stray(self, element: Element, text: str) -> Finding:
        """Say that a text stands in an element where none belongs."""
        value = "a text" if self.personal else f"the text “{shown(text)}”"
        return finding("X046", self.place(element), name=local(element), value=value)


def explain(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    """Say everything that is wrong with an element and what it holds, as the model has it."""
    teller = teller.into(element)
    if element.get(XSI + "type") is not None:
        yield teller.tell("X024", element)
    yield from _explain_attributes(element, model, teller)
    if model.simple is not None:
        yield from _explain_text(element, model, teller)
        return
    yield from _explain_counts(element, model, teller.place)
    if stray := stray_text(element):
        yield teller.tell_stray(element, stray)
    for child in element:
        known = model.children.get(child.tag)
        if known is not None:
            yield from explain(child, known.model, teller)
        elif not model.open:
            yield teller.tell("X020", child, known=_alike(local(child), model))


def _explain_counts(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    counts = Counter(child.tag for child in element)
    for tag, known in model.children.items():
        standing = counts.get(tag, 0)
        if standing < known.least:
            yield finding("X021", place(element), name=_local_of(tag), parent=local(element))
        elif known.most is not None and standing > known.most:
            extra = next(islice(element.iterchildren(tag), known.most, None))
            yield finding("X022", place(extra), name=local(extra), most=known.most, parent=local(element))
    for tags in model.choices:
        present, names = [_local_of(tag) for tag in tags if tag in counts], " or ".join(map(_local_of, tags))
        if not present:
            yield finding("X021", place(element), name=names, parent=local(element))
        elif len(present) > 1:
            told = finding("X022", place(element), name=names, most=1, parent=local(element))
            yield replace(told, text=f"{' and '.join(present)} exclude one another.", remedy=APART)


def _local_of(tag: str) -> str:
    return etree.QName(tag).localname


def stray_text(element: Element) -> str:
    """The text that stands between the children of an element, where none belongs."""
    texts = (element.text, *(child.tail for child in element))
    return next((text.strip() for text in texts if text and text.strip()), "")


def _explain_text(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    text = element.text or ""
    if len(element):
        yield teller.tell("X025", element)
    elif not _fits(model.simple, text):
        wanted = ADVISED.get(local(element)) or _wanted(model.simple)
        yield teller.tell("X023", element, text, wanted=wanted)


def _fits(simple: Any, text: str) -> bool:
    """Whether a text is of a simple type; `is_valid` would build its whole context anew each time.

    With a context of its own `text_is_valid` is strict: it changes nothing that threads share.
    """
    return bool(simple.text_is_valid(text, simple.schema.validation_context))


def _explain_attributes(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    for name, value in cast("list[tuple[str, str]]", element.items()):
        declared = model.attributes.get(name)
        if name.startswith(XSI) or None in model.attributes:
            continue
        if declared is None:
            yield teller.tell("X026", element, attribute=shown(name))
        elif not _fits(declared.type, value):
            yield teller.tell("X027", element, value, attribute=name, wanted=_wanted(declared.type))
    for name in model.required:
        if element.get(name) is None:
            yield teller.tell("X029", element, attribute=name)


@lru_cache(maxsize=256)  # what is wrong with one record often is with the next
def _alike(name: str, model: Model) -> str:
    """What may have been meant, or what may stand there."""
    names = list(model.by_name)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if close:
        return f"Did you mean {close[0]}?"
    return f"What may stand there: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


# Elements whose type alone does not tell what to write.
ADVISED = {
    "BirthDate": "a date, YYYY-MM-DD; any year will do, since it is not kept: 1904 for 29 February",
    "LearnerRecordAction": "add or delete; what was reported is changed by deleting it, then adding it again",
}
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
