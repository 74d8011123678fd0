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

from gateway.fields.kinds import MOST_DIGITS
from gateway.findings import HIDDEN, finding, shown
from gateway.model import XSI, Model, Where, fits, is_nil, local_name, shown_name, stray_text
from gateway.records import Finding

Element = etree._Element

APART = "Keep one; send the other in a record of its own."


@dataclass(frozen=True, slots=True)
class Teller:
    """Where things stand, and which elements are personal: what they hold is not repeated.

    Where any are, a text that stands between elements is not either: nobody knows what it is.
    """

    place: Where
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
        return finding(code, self.place(element), name=shown_name(element), **parts)

    def tell_stray(self, element: Element, text: str) -> Finding:
        """Say that a text stands in an element where none belongs."""
        value = "a text" if self.personal else f"the text “{shown(text)}”"
        return finding("X046", self.place(element), name=shown_name(element), value=value)


def explain(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    """Say everything that is wrong with an element and what it holds, as the model has it."""
    teller = teller.into(element)
    if element.get(XSI + "type") is not None:
        yield teller.tell("X024", element)
    if is_nil(element):
        yield teller.tell("X035", element)
    yield from _explain_attributes(element, model, teller)
    if model.simple is not None:
        yield from _explain_text(element, model, teller)
        return
    yield from _explain_counts(element, model, teller.place)
    if stray := stray_text(element):
        yield teller.tell_stray(element, stray)
    full: frozenset[str] | None = None
    for child in element:
        known = model.children.get(child.tag)
        if known is not None:
            yield from explain(child, known.model, teller)
        elif not model.open:
            full = _full(element, model) if full is None else full
            yield teller.tell("X020", child, known=_alike(shown_name(child), model, full))


def explain_carrier(element: Element, teller: Teller, known: str = "") -> Iterator[Finding]:
    """Say what is wrong with the attributes of an element that is there for what it holds: an operation's,
    or the wrapper of a payload, which may have one that is `known`.

    Those with a namespace are of whoever carried it here: an encodingStyle, a mark of WS-Security.
    """
    if element.get(XSI + "type") is not None:
        yield teller.tell("X024", element)
    if is_nil(element) and (len(element) or stray_text(element)):
        yield teller.tell("X035", element)
    for name in cast("list[str]", element.keys()):
        if not name.startswith("{") and name not in {"id", known}:  # some clients number what they send
            yield teller.tell("X026", element, attribute=shown(name))


def _explain_counts(element: Element, model: Model, place: Where) -> Iterator[Finding]:
    counts = Counter(child.tag for child in element)
    for tag, known in model.children.items():
        standing = counts.get(tag, 0)
        if standing < known.least:
            yield finding("X021", place(element), name=local_name(tag), parent=shown_name(element))
        elif known.most is not None and standing > known.most:
            extra = next(islice(element.iterchildren(tag), known.most, None))
            parent = shown_name(element)
            yield finding("X022", place(extra), name=shown_name(extra), most=known.most, parent=parent)
    for tags in model.choices:
        present = [local_name(tag) for tag in tags if tag in counts]
        names = " or ".join(map(local_name, tags))
        if not present:
            yield finding("X021", place(element), name=names, parent=shown_name(element))
        elif len(present) > 1:
            told = finding("X022", place(element), name=names, most=1, parent=shown_name(element))
            yield replace(told, text=f"{' and '.join(present)} exclude one another.", remedy=APART)


def _explain_text(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    text = element.text or ""
    if len(element):
        yield teller.tell("X025", element)
    elif not fits(model.simple, text):
        wanted = ADVISED.get(shown_name(element)) or _wanted(model.simple)
        yield teller.tell("X023", element, text, wanted=wanted)


def _explain_attributes(element: Element, model: Model, teller: Teller) -> Iterator[Finding]:
    for name, value in cast("list[tuple[str, str]]", element.items()):
        declared = model.attributes.get(name)
        if name.startswith(XSI) or None in model.attributes:
            continue
        if declared is None:
            yield teller.tell("X026", element, attribute=shown(name))
        elif not fits(declared.type, value):
            wanted = ADVISED.get(declared.type.local_name or "") or _wanted(declared.type)
            yield teller.tell("X027", element, value, attribute=name, wanted=wanted)
    for name in model.required:
        if element.get(name) is None:
            yield teller.tell("X029", element, attribute=name)


def _full(element: Element, model: Model) -> frozenset[str]:
    """The names of the children that stand there as often as they may."""
    counts = Counter(child.tag for child in element)
    bounded = ((tag, one.most) for tag, one in model.children.items() if one.most is not None)
    return frozenset(local_name(tag) for tag, most in bounded if counts[tag] >= most)


@lru_cache(maxsize=256)  # what is wrong with one record often is with the next
def _alike(name: str, model: Model, full: frozenset[str]) -> str:
    """What may have been meant, or what may stand there, but for what stands there already."""
    names = [one for one in model.by_name if one not in full]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if close:
        return f"Did you mean {close[0]}?"
    return f"What may stand there: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}."


LARGEST = 10**MOST_DIGITS - 1
# Elements whose type alone does not tell what to write, and types of attributes.
ADVISED = {
    "CommercialSupportAmount": f"a whole number from 1 to {LARGEST}",
    "PharmacyActivityTopic": "a topic with its number, 01 to 08 or 99, such as 08-Pain Management",
    "ProviderID": "a provider id: seven digits, with the zeros it begins with",
    "BirthDate": "a date, YYYY-MM-DD; any year will do, since it is not kept: 1904 for 29 February",
    "IDDomainType": "whose number it is, such as idd:cms.gov:NPI, or idd:cme.example:DC for a licence of DC",
    "LearnerRecordAction": "add or delete; what was reported is changed by deleting it, then adding it again",
}
WHOLE = frozenset({"int", "long", "integer", "decimal"})
WANTED = {
    "boolean": "true or false",
    "date": "a date, YYYY-MM-DD",
    "dateTime": "a date, YYYY-MM-DD or YYYY-MM-DDT00:00:00",
    "duration": "a duration, such as PT1H for an hour or PT45M for 45 minutes",
    "gYear": "a year, YYYY",
    "language": "a language, such as en or en-US",
    "anyURI": "a URI, with a letter at its begin, % only before two hexadecimal digits (%25 stands for %), "
    "no [ or ] (%5B and %5D stand for them), and # at most once",
    "decimal": "a number",
    "int": "a whole number",
    "long": "a whole number",
    "integer": "a whole number",
}


def _wanted(simple: Any) -> str:
    if simple.enumeration:
        return "one of: " + ", ".join(_apart([*map(str, simple.enumeration)]))
    for step in (simple, simple.base_type, simple.root_type):
        if step is not None and step.local_name in WANTED:
            return WANTED[step.local_name] + _bounds(simple)
    return "a text" + _bounds(simple)


def _apart(words: list[str]) -> list[str]:
    """Words of which some have a comma, so that one can be told from the next."""
    return [f"“{word}”" for word in words] if any("," in word for word in words) else words


def _bounds(simple: Any) -> str:
    patterns = _stated(simple, "patterns")
    least, most = _stated(simple, "min_value"), _stated(simple, "max_value")
    if simple.root_type.local_name in WHOLE:
        least, most = least and max(least, -LARGEST), most and min(most, LARGEST)
    parts = [
        f"{words} {value}"
        for words, value in (
            ("at least", least),
            ("at most", most),
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
