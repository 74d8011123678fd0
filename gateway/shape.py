"""Has this element the shape its XSD asks for? If not: everything that is wrong, at once.

libxml2 judges, and what it accepts costs nothing more. What it refuses is tidied first: real clients
send children in any order, empty elements for absent ones, dates with a time. What it
still refuses is explained by the model xmlschema reads from the same XSD, since libxml2 stops at the
first error of each content model.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable
from importlib.resources import as_file, files
from itertools import islice
from pathlib import Path
from typing import Any, cast

import xmlschema
from lxml import etree
from xmlschema.validators.identities import XsdFieldSelector, XsdSelector

from gateway.explaining import Teller, explain
from gateway.findings import COMPARE, MOST_PER_DOCUMENT, finding, shown
from gateway.model import XSI, Model, Names, Where, local_name, read_model, shown_name
from gateway.records import NOWHERE, Finding
from gateway.rules import MOST_FINDINGS
from gateway.tidying import Tidier, settle_nil

Element = etree._Element

LARGE = 200  # elements; some three times as many as an activity usually has
_COUNT, _TYPED, _NAMED = "count(descendant-or-self::*)", "boolean(.//@xsi:type)", {"xsi": XSI[1:-1]}
elements_in = cast("Callable[[Element], float]", etree.XPath(_COUNT))
"""How many elements there are from one on, itself included."""
_typed = etree.XPath(_TYPED, namespaces=_NAMED)
_unusual = etree.XPath(f"{_COUNT} > {LARGE} or {_TYPED}", namespaces=_NAMED)
_unusual_children = etree.XPath(  # the same of all children, in the form libxml2 is quickest with
    f"*[descendant::*[{LARGE}] or descendant-or-self::*/@xsi:type]", namespaces=_NAMED
)
XsdSelector.pattern = XsdFieldSelector.pattern = re.compile("")  # type: ignore[assignment]  # narrowed
"""To hold the XPaths of keys, of which its own schema of schemas has seven, against patterns of a thousand
characters takes xmlschema longer than to read all our schemas; that they parse is enough."""
_building = threading.Lock()  # building schemas in several threads at once fails now and then


class Judge:
    """Judges elements of one entry schema, a path inside the data package `xsd`."""

    def __init__(
        self, entry: str, names: Names | None = None, amend: Callable[[Element], None] | None = None
    ):
        self.entry = entry
        self.names = names or Names()
        self._amend = amend
        self._local = threading.local()  # a schema object's error log is shared by its threads

    def unusual(self, holder: Element) -> set[Element]:
        """The children of an element that are large or may override a type: one question for all."""
        return {*cast("list[Element]", _unusual_children(holder))}

    def accepts(self, element: Element, *, usual: bool = False) -> bool:
        """Whether libxml2 finds the element valid, and no type is overridden by `xsi:type`.

        The time libxml2 takes grows with the square of the errors in an element, so the model looks a
        large one through first; `usual` is one that is known to be neither large nor to override.
        """
        unusual = not usual and _unusual(element)  # one question in place of two
        if unusual and elements_in(element) > LARGE and self._is_wrong(element):
            return False
        return bool(self._validator.validate(element)) and not (unusual and _typed(element))

    def _is_wrong(self, element: Element) -> bool:
        model = self.model(element.tag)
        return model is not None and any(explain(element, model, Teller(lambda one: NOWHERE)))

    def judge(self, element: Element, place: Where, over: Element | None = None) -> list[Finding]:
        """Accept the element, or mend it; warnings alone mean it is valid now."""
        return [] if self.accepts(element) else self.mend(element, element.tag, place, over)

    def mend(self, element: Element, tag: str, place: Where, over: Element | None = None) -> list[Finding]:
        """Tidy what was not accepted as `tag`, and say what is still wrong: of a record that comes `over`
        the most errors a document is answered with, no more than that it is."""
        found = self.tidy(element, tag, place)
        if self.accepts(element):
            return found
        if over is not None:
            return [finding("X045", place(over), most=MOST_PER_DOCUMENT), *found]
        return (self.explain(element, place) + found)[:MOST_FINDINGS]

    def tidy(self, element: Element, tag: str, place: Where) -> list[Finding]:
        """Make of what real clients send for `tag` what its schema asks for; tell what was no mere form."""
        model = self.model(tag)
        tidier = Tidier(self.names, place)
        if model is not None:
            tidier.rename(element, tag)
            tidier.tidy(element, model)
            settle_nil(element, model)
        return tidier.told

    def explain(self, element: Element, place: Where) -> list[Finding]:
        """Everything that is wrong with an element that was not accepted, up to MOST_FINDINGS."""
        model = self.model(element.tag)
        if model is None:
            return [finding("X020", place(element), name=shown_name(element), known=COMPARE)]
        teller = Teller(place, self.names.personal)
        wrong = list(islice(explain(element, model, teller), MOST_FINDINGS))
        return wrong or self._unexplained(element, teller)

    def _unexplained(self, element: Element, teller: Teller) -> list[Finding]:
        """What the judge refuses, and nothing explains: the two readers of the schema disagree, and the
        judge's word stands. It quotes what was sent, which may be personal."""
        log: Any = self._validator.error_log
        said = dict[Element, str]()
        for error in islice(log, MOST_FINDINGS):
            said.setdefault(_spot(element, error.path or ""), f": {shown(error.message)}")
        hidden, place = bool(teller.personal), teller.place
        return [
            finding("X028", place(one), name=shown_name(one), detail="." if hidden else detail)
            for one, detail in (said or {element: "."}).items()
        ]

    def model(self, tag: str) -> Model | None:
        """The model of a global element, read from the XSD when first asked for."""
        return self._models.get(tag)

    def warm(self) -> None:
        """Compile both readers now, so that the first caller does not pay for them."""
        assert self._validator is not None and self._models is not None

    @property
    def _validator(self) -> etree.XMLSchema:
        try:
            validator: etree.XMLSchema = self._local.validator
        except AttributeError:  # the first time in this thread
            with _building, as_file(files("xsd")) as folder:
                validator = self._local.validator = etree.XMLSchema(self._source(folder / self.entry))
        return validator

    def _source(self, path: Path) -> Element:
        schema = etree.parse(str(path), etree.XMLParser(no_network=True)).getroot()
        if self._amend:
            self._amend(schema)
        return schema

    @functools.cached_property
    def names_known(self) -> frozenset[str]:
        """The local names of all elements of the schema set."""
        names = {local_name(tag) for tag in self._models}
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
            # The suite has judged the schema itself; to do so at every start would more than double it.
            schema = xmlschema.XMLSchema(source, base_url=str(path.parent), allow="local", validation="skip")
        known: dict[Any, Model] = {}
        return {name: read_model(element, known) for name, element in schema.maps.elements.items()}


def _spot(element: Element, path: str) -> Element:
    """What an error is about: its path begins at the element that was judged."""
    _, _, below = path.lstrip("/").partition("/")
    named = {prefix: name for one in element.iter() for prefix, name in one.nsmap.items() if prefix}
    try:
        found: Any = element.xpath(below, namespaces=named) if below else [element]
        return cast("Element", found[0])
    except (etree.XPathError, LookupError):
        return element


MOST_SHORT_LINES = 65_535  # what libxml2 keeps in an element; beyond that only texts know their line


def line_of(element: Element) -> int | None:
    """The line an element's tag ends on, None for one that was never parsed."""
    line: Any = element.sourceline
    return _far_line(element) if line is not None and line >= MOST_SHORT_LINES else cast("int | None", line)


def keep_line(copy: Element, element: Element) -> None:
    """Let what stands in for an element tell its line, if that is one that an element can keep."""
    line = line_of(element) or 0
    copy.sourceline = line if line < MOST_SHORT_LINES else 0  # type: ignore[assignment]  # untyped stub


def _far_line(element: Element) -> int:
    """Beyond 65,534 lines libxml2 tells the line on which the nearest text ends."""
    first = element
    while first.text is None and len(first):
        first = first[0]  # no text between the two tags, thus no new line
    nearest = first.text or first.tail or ""
    return cast(int, first.sourceline) - nearest.count("\n")
