"""Has this element the shape its XSD asks for? If not: everything that is wrong, at once.

libxml2 judges, and what it accepts costs nothing more. What it refuses is tidied first: real clients
send children in any order, empty elements for absent ones, dates with a time (`clients.md`). What it
still refuses is explained by the model xmlschema reads from the same XSD, since libxml2 stops at the
first error of each content model.
"""

from __future__ import annotations

import difflib
import functools
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, cast

import xmlschema
from lxml import etree

from gateway.records import Finding, Place, Severity

Element = etree._Element
PlaceOf = Callable[[Element], Place]

NOWHERE = Place()
MOST_PER_RECORD = 20
LONGEST_VALUE = 60
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_typed = etree.XPath("boolean(.//@xsi:type)", namespaces={"xsi": XSI[1:-1]})
_building = threading.Lock()  # building schemas in several threads at once fails now and then
_DATE = re.compile(r"(-?\d{4,}-\d\d-\d\d)(T.*|Z|[+-]\d\d:\d\d)?$")


@dataclass(frozen=True, slots=True)
class Names:
    """Namespaces as the judge needs them: `known` are those of the schema set, and `unused` the
    official elements that PARS does not use, by tag."""

    unused: frozenset[str] = frozenset()
    open_parents: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Model:
    """What the XSD says of one element: its children in order, or the simple type of its text."""

    children: dict[str, Child] = field(default_factory=dict)
    by_name: dict[str, str] = field(default_factory=dict)
    simple: Any = None
    attributes: Any = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a content model: its place in the order, how often it stands, and its own model."""

    rank: int
    least: int
    most: int | None
    model: Model


class Judge:
    """Judges elements of one entry schema, a path inside the data package `xsd`."""

    def __init__(
        self, entry: str, names: Names | None = None, amend: Callable[[Element], None] | None = None
    ):
        self.entry = entry
        self.names = names or Names()
        self._amend = amend
        self._local = threading.local()  # a schema object's error log is shared by its threads

    def accepts(self, element: Element) -> bool:
        """Whether libxml2 finds the element valid, and no type is overridden by `xsi:type`."""
        return bool(self._validator.validate(element)) and not _typed(element)

    def judge(self, element: Element, place: PlaceOf) -> list[Finding]:
        """Accept the element, or tidy it and say what is wrong; warnings alone mean it is valid now."""
        if self.accepts(element):
            return []
        model = self.model(element.tag)
        if model is None:
            return [finding("X020", place(element), name=_local(element), known="")]
        found = list(_tidy(element, model, self.names, place))
        if self.accepts(element):
            return found[:MOST_PER_RECORD]
        wrong = list(_explain(element, model, place))
        if not wrong:  # the two readers of the schema disagree; the judge's word stands
            wrong = [finding("X028", place(element), detail=_told(self._validator))]
        return (wrong + found)[:MOST_PER_RECORD]

    def model(self, tag: str) -> Model | None:
        """The model of a global element, read from the XSD when first asked for."""
        return self._models.get(tag)

    def warm(self) -> None:
        """Compile both readers now, so that the first caller does not pay for them."""
        assert self._validator is not None and self._models is not None

    @property
    def _validator(self) -> etree.XMLSchema:
        if not hasattr(self._local, "validator"):
            with _building, as_file(files("xsd")) as folder:
                self._local.validator = etree.XMLSchema(self._source(folder / self.entry))
        validator: etree.XMLSchema = self._local.validator
        return validator

    def _source(self, path: Path) -> Element:
        schema = etree.parse(str(path), etree.XMLParser(no_network=True)).getroot()
        if self._amend:
            self._amend(schema)
        return schema

    @functools.cached_property
    def _models(self) -> dict[str, Model]:
        with _building, as_file(files("xsd")) as folder:
            path = folder / self.entry
            source = etree.tostring(self._source(path), encoding="unicode")
            schema = xmlschema.XMLSchema(source, base_url=str(path.parent), allow="local")
        known: dict[Any, Model] = {}
        return {name: _model(element, known) for name, element in schema.maps.elements.items()}


# --- the model ---------------------------------------------------------------------------------------


def _model(element: Any, known: dict[Any, Model]) -> Model:
    kind = element.type
    if kind in known:
        return known[kind]
    model = known[kind] = Model(attributes=element.attributes)
    if kind.is_simple() or kind.has_simple_content():
        model.simple = kind if kind.is_simple() else kind.content
        return model
    for rank, child in enumerate(kind.content.iter_elements()):
        if child.name is None:
            model.open = True  # a wildcard
            continue
        model.children[child.name] = Child(rank, child.min_occurs, child.max_occurs, _model(child, known))
        model.by_name.setdefault(child.local_name, child.name)
    return model


# --- tidying: what real clients send, made what the schema asks for --------------------------------


def _tidy(element: Element, model: Model, names: Names, place: PlaceOf) -> Iterator[Finding]:
    for child in list(element):
        known = model.children.get(child.tag)
        if known is None and not model.open:
            yield from _adopt(child, element, model, names, place)
            known = model.children.get(child.tag)
        if known is None or child.getparent() is None:
            continue
        yield from _tidy(child, known.model, names, place)
        if known.least == 0 and _is_absent(child):
            element.remove(child)
        elif known.model.simple is not None:
            _cut_date(child, known.model.simple)
    if model.children:
        ranks = {tag: child.rank for tag, child in model.children.items()}
        in_order = sorted(element, key=lambda child: ranks.get(child.tag, len(ranks)))
        if in_order != list(element):
            element[:] = in_order


def _adopt(child: Element, parent: Element, model: Model, names: Names, place: PlaceOf) -> Iterator[Finding]:
    """Read an element of the right name in the wrong namespace; set aside what PARS does not use."""
    name = etree.QName(child)
    tag = model.by_name.get(name.localname)
    if tag is not None:
        yield finding("X030", place(child), name=name.localname, namespace=etree.QName(tag).namespace)
        child.tag = tag
    elif child.tag in names.unused or (
        parent.tag in names.open_parents and _is_foreign(child, parent, model)
    ):
        yield finding("X031", place(child), name=name.localname)
        parent.remove(child)


def _is_foreign(child: Element, parent: Element, model: Model) -> bool:
    ours = {etree.QName(tag).namespace for tag in (parent.tag, *model.children)}
    return etree.QName(child).namespace not in ours | {None}


def _is_absent(element: Element) -> bool:
    if element.get(XSI + "nil") in {"true", "1"}:
        return True
    return not len(element) and not (element.text or "").strip() and not any(element.attrib.values())


def _cut_date(element: Element, simple: Any) -> None:
    """Of a date the part as written counts, whatever its time and zone."""
    name = simple.root_type.local_name
    match = _DATE.match((element.text or "").strip()) if name in {"date", "dateTime"} else None
    if match is not None:
        element.text = match[1] if name == "date" else f"{match[1]}T00:00:00"


# --- explaining --------------------------------------------------------------------------------------


def _explain(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    if element.get(XSI + "type") is not None:
        yield finding("X024", place(element), name=_local(element))
    yield from _explain_attributes(element, model, place)
    if model.simple is not None:
        yield from _explain_text(element, model, place)
        return
    counts = Counter(child.tag for child in element)
    for child in element:
        known = model.children.get(child.tag)
        if known is not None:
            yield from _explain(child, known.model, place)
        elif not model.open:
            yield finding("X020", place(child), name=_local(child), known=_alike(child, model))
    for tag, known in model.children.items():
        name = etree.QName(tag).localname
        if counts[tag] < known.least:
            yield finding("X021", place(element), name=name, parent=_local(element))
        elif known.most is not None and counts[tag] > known.most:
            extra = [child for child in element if child.tag == tag][known.most]
            yield finding("X022", place(extra), name=name, most=known.most, parent=_local(element))


def _explain_text(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    if len(element):
        yield finding("X025", place(element), name=_local(element))
    elif not model.simple.is_valid(element.text or ""):
        yield finding(
            "X023",
            place(element),
            name=_local(element),
            value=_shown(element.text),
            wanted=_wanted(model.simple),
        )


def _explain_attributes(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    for name, value in cast("list[tuple[str, str]]", element.items()):
        declared = model.attributes.get(name)
        if name.startswith(XSI) or None in model.attributes:
            continue
        if declared is None:
            yield finding("X026", place(element), name=_local(element), attribute=name)
        elif not declared.type.is_valid(value):
            yield finding(
                "X027",
                place(element),
                name=_local(element),
                attribute=name,
                value=_shown(value),
                wanted=_wanted(declared.type),
            )
    for name, declared in model.attributes.items():
        if name is not None and declared.use == "required" and element.get(name) is None:
            yield finding("X029", place(element), name=_local(element), attribute=name)


def _alike(child: Element, model: Model) -> str:
    """What may have been meant, or what may stand there."""
    names = list(model.by_name)
    close = difflib.get_close_matches(_local(child), names, n=1, cutoff=0.75)
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
    parts = [
        f"{words} {value}"
        for words, value in (
            ("at least", simple.min_value),
            ("at most", simple.max_value),
            ("with no fewer characters than", simple.min_length),
            ("with no more characters than", simple.max_length),
            ("of the pattern", simple.patterns and " or ".join(simple.patterns.regexps)),
        )
        if value is not None
    ]
    return "".join(f", {part}" for part in parts)


def _shown(text: str | None) -> str:
    text = " ".join((text or "").split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _local(element: Element) -> str:
    return etree.QName(element).localname[:LONGEST_VALUE]


def _told(validator: etree.XMLSchema) -> str:
    return _shown(str(validator.error_log))


def line_of(element: Element) -> int | None:
    """The line an element starts on, None for one that was never parsed."""
    line: Any = element.sourceline
    return line if isinstance(line, int) else None


# --- the findings ------------------------------------------------------------------------------------

SHAPE = {  # code: (severity, text, remedy); {names} are filled in
    "X020": (Severity.ERROR, "There is no {name} at this place.", "{known}"),
    "X021": (Severity.ERROR, "{name} is missing in {parent}.", "Add {name}."),
    "X022": (Severity.ERROR, "{name} stands more than {most} time(s) in {parent}.", "Keep one."),
    "X023": (Severity.ERROR, "{name} cannot be “{value}”.", "Write {wanted}."),
    "X024": (Severity.ERROR, "{name} has an xsi:type, which is not taken here.", "Leave xsi:type out."),
    "X025": (Severity.ERROR, "{name} holds elements where a text is asked for.", "Write a text only."),
    "X026": (Severity.ERROR, "{name} has an unknown attribute {attribute}.", "Leave it out."),
    "X027": (Severity.ERROR, "The attribute {attribute} of {name} cannot be “{value}”.", "Write {wanted}."),
    "X028": (Severity.ERROR, "The element does not fit its schema: {detail}", "Compare it with the schema."),
    "X029": (Severity.ERROR, "The attribute {attribute} of {name} is missing.", "Add it."),
    "X030": (
        Severity.WARNING,
        "{name} is not in the namespace its schema names; it was read all the same.",
        "Write it in the namespace {namespace}.",
    ),
    "X031": (
        Severity.WARNING,
        "{name} is not used here; it is kept with the raw message only.",
        "Leave it out, or do not expect to read it back.",
    ),
    "X032": (Severity.ERROR, "{name} cannot be read. {reason}", "Correct it."),
    "X033": (
        Severity.WARNING,
        "What version {version} cannot say was derived: {values}.",
        "Nothing, if that is right; else report the activity in a newer version.",
    ),
    "X040": (
        Severity.WARNING,
        "{name} has a value that {version} has no place for; it is kept, and left out of this answer.",
        "Read the activity in a newer version to see it.",
    ),
    "X041": (
        Severity.WARNING,
        "The namespace of {name} is not known here; it was read as version {version}.",
        "Use the namespace of the version, or ask the operator for an alias.",
    ),
    "X042": (
        Severity.WARNING,
        "schemaVersion contradicts the namespace; the namespace, version {name}, was believed.",
        "Make the two agree.",
    ),
    "X043": (Severity.WARNING, "{name} is deprecated since {since}{until}.", "{successor}"),
    "X044": (Severity.ERROR, "The record has more than {name} elements.", "Make it smaller."),
    "X045": (
        Severity.ERROR,
        "The record does not fit its schema; after {name} findings the reasons are no longer listed.",
        "Correct those first and send it again.",
    ),
}


def finding(code: str, place: Place = NOWHERE, **parts: object) -> Finding:
    """Say one thing of the table SHAPE, its parts filled in."""
    severity, text, remedy = SHAPE[code]
    return Finding(
        code,
        severity,
        text.format(**parts),
        remedy.format(**parts),
        field=str(parts.get("name", "")),
        path=place.path,
        line=place.line,
        column=place.column,
    )
