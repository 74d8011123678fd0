"""Has this element the shape its XSD asks for? If not: everything that is wrong, at once.

libxml2 judges, and what it accepts costs nothing more. What it refuses is tidied first: real clients
send children in any order, empty elements for absent ones, dates with a time. What it
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
from itertools import islice
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
LARGE = 200  # elements; some three times as many as an activity usually has
_count = etree.XPath("count(descendant-or-self::*)")
_typed = etree.XPath("boolean(.//@xsi:type)", namespaces={"xsi": XSI[1:-1]})
_building = threading.Lock()  # building schemas in several threads at once fails now and then
_DATE = re.compile(r"(-?\d{4,}-\d\d-\d\d)(T\d\d:\d\d.*|Z|[+-]\d\d:\d\d)?$")


@dataclass(frozen=True, slots=True)
class Names:
    """What is set aside with a warning, by tag: `unused` are the official elements that PARS does not
    use; in `open_parents` whatever stands in a namespace that is none of ours."""

    unused: frozenset[str] = frozenset()
    open_parents: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()


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
        """Whether libxml2 finds the element valid, and no type is overridden by `xsi:type`.

        The time libxml2 takes grows with the square of the errors in an element, so the model looks a
        large one through first.
        """
        if _count(element) > LARGE and self._is_wrong(element):  # type: ignore[operator]
            return False
        return bool(self._validator.validate(element)) and not _typed(element)

    def _is_wrong(self, element: Element) -> bool:
        model = self.model(element.tag)
        return model is not None and any(_explain(element, model, lambda one: NOWHERE))

    def judge(self, element: Element, place: PlaceOf) -> list[Finding]:
        """Accept the element, or tidy it and say what is wrong; warnings alone mean it is valid now."""
        if self.accepts(element):
            return []
        found = self.tidy(element, element.tag, place)
        if self.accepts(element):
            return found
        return (self.explain(element, place) + found)[:MOST_PER_RECORD]

    def tidy(self, element: Element, tag: str, place: PlaceOf) -> list[Finding]:
        """Make of what real clients send for `tag` what its schema asks for; tell what was no mere form."""
        model = self.model(tag)
        tidier = _Tidier(self.names, place)
        if model is not None:
            tidier.rename(element, tag)
            tidier.tidy(element, model)
        return tidier.told

    def explain(self, element: Element, place: PlaceOf) -> list[Finding]:
        """Everything that is wrong with an element that was not accepted, up to MOST_PER_RECORD."""
        model = self.model(element.tag)
        if model is None:
            return [finding("X020", place(element), name=_local(element), known=COMPARE)]
        wrong = list(islice(_explain(element, model, place), MOST_PER_RECORD))
        if not wrong:  # the two readers of the schema disagree; the judge's word stands
            detail = _last_word(self._validator)
            wrong = [finding("X028", place(element), name=_local(element), detail=detail)]
        return wrong

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
    def names_known(self) -> frozenset[str]:
        """The local names of all elements of the schema set."""
        names = {etree.QName(tag).localname for tag in self._models}
        waiting, seen = list(self._models.values()), set[int]()
        while waiting:
            model = waiting.pop()
            if id(model) not in seen:
                seen.add(id(model))
                names.update(model.by_name)
                waiting += [child.model for child in model.children.values()]
        return frozenset(names)

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


class _Tidier:
    """Tidies one element, and tells once of each namespace that was wrong."""

    def __init__(self, names: Names, place: PlaceOf) -> None:
        self.told: list[Finding] = []
        self._names = names
        self._place = place
        self._namespaces: set[str | None] = set()

    def tidy(self, element: Element, model: Model) -> None:
        """Tidy the children of an element, then what they hold, then their order."""
        for child in list(element):
            if not model.open and child.tag not in model.children:
                self._adopt(child, element, model)
        self._set_aside_more(element, model)
        standing = Counter(child.tag for child in element)
        for child in list(element):
            known = model.children.get(child.tag)
            if known is None:
                continue
            self.tidy(child, known.model)
            if _is_nil(child) or (standing[child.tag] > known.least and _is_hollow(child, known.model)):
                standing[child.tag] -= 1
                element.remove(child)
            elif known.model.simple is not None:
                _trim(child, known.model.simple)
        _sort(element, model)

    def _set_aside_more(self, element: Element, model: Model) -> None:
        """Of what may officially stand several times and is used once, only the first counts."""
        seen: Counter[str] = Counter()
        for child in list(element):
            seen[child.tag] += 1
            known = model.children.get(child.tag)
            if child.tag in self._names.repeated and known and known.most == 1 < seen[child.tag]:
                self._tell("X031", child, name=_local(child))
                element.remove(child)

    def rename(self, element: Element, tag: str) -> None:
        """Read an element of the right name in the wrong namespace."""
        was, right = etree.QName(element).namespace, etree.QName(tag)
        if element.tag != tag and was not in self._namespaces:
            self._namespaces.add(was)
            self._tell("X030", element, name=right.localname, namespace=right.namespace)
        element.tag = tag

    def _adopt(self, child: Element, parent: Element, model: Model) -> None:
        """Take a stranger for the one of its name, or set aside what PARS does not use."""
        tag = model.by_name.get(etree.QName(child).localname)
        if tag is not None:
            self.rename(child, tag)
        elif child.tag in self._names.unused or (
            parent.tag in self._names.open_parents and _is_foreign(child, parent, model)
        ):
            self._tell("X031", child, name=_local(child))
            parent.remove(child)

    def _tell(self, code: str, element: Element, **parts: object) -> None:
        if len(self.told) < MOST_PER_RECORD:
            self.told.append(finding(code, self._place(element), **parts))


def _sort(element: Element, model: Model) -> None:
    ranks = {tag: child.rank for tag, child in model.children.items()}
    in_order = sorted(element, key=lambda child: ranks.get(child.tag, len(ranks)))
    if in_order != list(element):
        element[:] = in_order


def _is_foreign(child: Element, parent: Element, model: Model) -> bool:
    namespace, brace, _ = child.tag.rpartition("}")
    return bool(brace) and not any(tag.startswith(namespace + brace) for tag in (parent.tag, *model.children))


def _is_nil(element: Element) -> bool:
    """Whether an element is said to be absent; what is said not to be is no attribute of ours."""
    return element.attrib.pop(XSI + "nil", "").strip() in {"true", "1"}


KEYS = frozenset({"category", "profession", "specialty", "currency"})
"""Attributes that say of what an element speaks, and nothing by themselves."""


def _is_hollow(element: Element, model: Model) -> bool:
    """Whether an element says nothing, itself or in the children that belong there."""
    values = (value for name, value in element.attrib.items() if name not in KEYS)
    said = any(text and text.strip() for text in (element.text, *values))
    return not said and all(
        child.tag in model.children and _is_hollow(child, model.children[child.tag].model)
        for child in element
    )


def _trim(element: Element, simple: Any) -> None:
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
    yield from _explain_counts(element, model, place)
    if stray := _stray_text(element):
        yield finding("X046", place(element), name=_local(element), value=shown(stray))
    for child in element:
        known = model.children.get(child.tag)
        if known is not None:
            yield from _explain(child, known.model, place)
        elif not model.open:
            yield finding("X020", place(child), name=_local(child), known=_alike(child, model))


def _explain_counts(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    counts = Counter(child.tag for child in element)
    for tag, known in model.children.items():
        name = etree.QName(tag).localname
        if counts[tag] < known.least:
            yield finding("X021", place(element), name=name, parent=_local(element))
        elif known.most is not None and counts[tag] > known.most:
            extra = next(islice(element.iterchildren(tag), known.most, None))
            yield finding("X022", place(extra), name=name, most=known.most, parent=_local(element))


def _stray_text(element: Element) -> str:
    texts = (element.text, *(child.tail for child in element))
    return next((text.strip() for text in texts if text and text.strip()), "")


def _explain_text(element: Element, model: Model, place: PlaceOf) -> Iterator[Finding]:
    if len(element):
        yield finding("X025", place(element), name=_local(element))
    elif not _fits(model.simple, element.text or ""):
        wanted = _wanted(model.simple)
        yield finding("X023", place(element), name=_local(element), value=shown(element.text), wanted=wanted)


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
            yield finding("X026", place(element), name=_local(element), attribute=shown(name))
        elif not _fits(declared.type, value):
            yield finding(
                "X027",
                place(element),
                name=_local(element),
                attribute=name,
                value=shown(value),
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


def shown(text: str | None) -> str:
    """A sender's text as a finding may show it: on one line, and cut to LONGEST_VALUE characters."""
    text = " ".join((text or "")[: 4 * LONGEST_VALUE].split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _local(element: Element) -> str:
    return shown(etree.QName(element).localname)


def _last_word(validator: etree.XMLSchema) -> str:
    log: Any = validator.error_log
    return shown(log.last_error.message) if log.last_error is not None else ""


MOST_SHORT_LINES = 65_535  # what libxml2 keeps in an element; beyond that only texts know their line


def line_of(element: Element) -> int | None:
    """The line an element's tag ends on, None for one that was never parsed."""
    line: Any = element.sourceline
    return _far_line(element) if line is not None and line >= MOST_SHORT_LINES else cast("int | None", line)


def _far_line(element: Element) -> int:
    """Beyond 65,534 lines libxml2 tells the line on which the nearest text ends."""
    first = element
    while first.text is None and len(first):
        first = first[0]  # no text between the two tags, thus no new line
    nearest = first.text or first.tail or ""
    return cast(int, first.sourceline) - nearest.count("\n")


# --- the findings ------------------------------------------------------------------------------------

COMPARE = "Compare it with the schema."
SHAPE = {  # code: (severity, text, remedy); {names} are filled in
    "X020": (Severity.ERROR, "There is no {name} at this place.", "{known}"),
    "X021": (Severity.ERROR, "{name} is missing in {parent}.", "Add {name}."),
    "X022": (Severity.ERROR, "{name} stands more than {most} time(s) in {parent}.", "Keep one."),
    "X023": (Severity.ERROR, "{name} cannot be “{value}”.", "Write {wanted}."),
    "X024": (Severity.ERROR, "{name} has an xsi:type, which is not taken here.", "Leave xsi:type out."),
    "X025": (Severity.ERROR, "{name} holds elements where a text is asked for.", "Write a text only."),
    "X026": (Severity.ERROR, "{name} has an unknown attribute {attribute}.", "Leave it out."),
    "X027": (Severity.ERROR, "The attribute {attribute} of {name} cannot be “{value}”.", "Write {wanted}."),
    "X028": (Severity.ERROR, "{name} does not fit its schema: {detail}", COMPARE),
    "X029": (Severity.ERROR, "The attribute {attribute} of {name} is missing.", "Add it."),
    "X030": (
        Severity.WARNING,
        "{name} is not in the namespace its schema names; it and its like were read all the same.",
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
        "If that is right, do nothing; else report the activity in a newer version.",
    ),
    "X040": (
        Severity.WARNING,
        "{name} has a value that {version} has no place for; it is kept, and left out of this answer.",
        "Read the activity in another version to see it.",
    ),
    "X041": (
        Severity.WARNING,
        "The namespace of {name} does not tell its version; it was read as version {version}.",
        "Use the namespace of the version, or ask the operator for an alias.",
    ),
    "X042": (
        Severity.WARNING,
        "schemaVersion contradicts the namespace; the namespace, version {version}, was believed.",
        "Make the two agree.",
    ),
    "X043": (Severity.WARNING, "{what} is deprecated since {since}{until}.", "{successor}"),
    "X044": (Severity.ERROR, "The record has more than {most} elements.", "Make it smaller."),
    "X045": (
        Severity.ERROR,
        "The record does not fit its schema; after {most} errors the reasons are no longer listed.",
        "Correct those first and send it again.",
    ),
    "X046": (Severity.ERROR, "{name} cannot hold the text “{value}”.", "Leave the text out."),
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
