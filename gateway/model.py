"""What an XSD says of its elements, read by xmlschema and kept in a form that is quick to walk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from gateway.findings import shown
from gateway.records import Place

Element = etree._Element
Where = Callable[[Element], Place]
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


@dataclass(frozen=True, slots=True)
class Names:
    """Elements that are treated in a way of their own, by tag.

    Set aside with a warning are `unused`, the official elements that PARS does not use; `removed`, by name
    in whatever namespace, those it asked for once; in `open_parents` whatever stands in a namespace that
    is none of ours; of `repeated` all but the first. Of `personal` ones, and of all that is in them, no
    finding shows what they hold.
    """

    unused: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    open_parents: frozenset[str] = frozenset()
    repeated: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Model:
    """What the XSD says of one element: its children in order, or the simple type of its text.

    Of each of `choices`, tags of its children, exactly one stands. `required` are names of attributes.
    """

    children: dict[str, Child] = field(default_factory=dict)
    choices: list[list[str]] = field(default_factory=list)
    by_name: dict[str, str] = field(default_factory=dict)
    simple: Any = None
    attributes: Any = None
    required: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Child:
    """A child of a content model: its place in the order, how often it stands, and its own model."""

    rank: int
    least: int
    most: int | None
    model: Model


def read_model(element: Any, known: dict[Any, Model]) -> Model:
    """Read the model of an element as xmlschema has it; `known` are those that were read before."""
    kind = element.type
    if kind in known:
        return known[kind]
    required = (name for name, one in element.attributes.items() if name and one.use == "required")
    model = known[kind] = Model(attributes=element.attributes, required=tuple(required))
    if kind.is_simple() or kind.has_simple_content():
        model.simple = kind if kind.is_simple() else kind.content
        return model
    for rank, child in enumerate(kind.content.iter_elements()):
        if child.name is None:
            model.open = True  # a wildcard
            continue
        least = 0 if child.parent.model == "choice" else child.min_occurs  # the other one may stand instead
        model.children[child.name] = Child(rank, least, child.max_occurs, read_model(child, known))
        model.by_name.setdefault(child.local_name, child.name)
    groups = (part for part in kind.content if getattr(part, "model", "") == "choice" and part.min_occurs)
    model.choices = [[child.name for child in group] for group in groups]
    return model


def local_name(tag: str) -> str:
    """What is called so, without its namespace."""
    return tag.rpartition("}")[2]


def shown_name(element: Element) -> str:
    """The name of an element, without its namespace and short enough to show."""
    return shown(local_name(element.tag))


def is_nil(element: Element) -> bool:
    """Whether an element is said to be absent."""
    return element.get(XSI + "nil", "").strip() in {"true", "1"}


def stray_text(element: Element) -> str:
    """The text that stands between the children of an element, where none belongs."""
    texts = (element.text, *(child.tail for child in element))
    return next((text.strip() for text in texts if text and text.strip()), "")


URI = etree.XML("""
  <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="uri" type="xs:anyURI"/></xs:schema>
""")
_reading = threading.local()  # libxml2's schemas keep what they found, which threads would share


def fits(simple: Any, text: str) -> bool:
    """Whether a text is of a simple type; `is_valid` would build its whole context anew each time.

    With a context of its own `text_is_valid` is strict: it changes nothing that threads share. What is too
    large for its types, such as the year 3000000000, makes xmlschema raise instead of telling.
    """
    try:
        valid = bool(simple.text_is_valid(text, simple.schema.validation_context))
    except ArithmeticError:
        return False
    return valid and (simple.root_type.local_name != "anyURI" or _is_uri(text))


def _is_uri(text: str) -> bool:
    """Whether libxml2, which judges, takes a text for a URI: xmlschema, which explains, takes any."""
    if not hasattr(_reading, "uri"):
        _reading.uri = etree.XMLSchema(URI)
    element = etree.Element("uri")
    element.text = text
    return bool(_reading.uri.validate(element))
