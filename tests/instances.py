"""Random valid instances of a schema, drawn from xmlschema's model of it.

Nothing here knows a payload: a new version is generated from as soon as its XSD exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

from lxml import etree
from xmlschema import XMLSchema
from xmlschema.names import XSD_NAMESPACE
from xmlschema.validators import XsdElement, XsdGroup

LETTERS = "abc XYZ 0189 .,:;-/()&<>\"' é’–漢\U0001f9ea"  # noqa: RUF001  what senders paste
PRESENT = 0.75  # how often an optional part stands
MORE = 3  # how many more than needed a repeatable part has at most

PATTERNS: dict[str, Callable[[Random], str]] = {
    "(0[1-8]|99)-.*": lambda rng: (
        f"{rng.choice((1, 8, 99)):02}-{rng.choice(('', 'Pain Management', 'é 漢'))}"
    ),
    "[0-9]{7}": lambda rng: f"{rng.randrange(10**7):07}",
    r"idd:[^\s:.]+\.[^\s:]+:\S+": lambda rng: rng.choice(
        ("idd:cms.gov:NPI", "idd:a.b:state:ME", "idd:é.漢:x:1")
    ),
}


def elements(schema: XMLSchema, element: str) -> set[str]:
    """The tags of all elements that may stand under the global `element` (its local name), itself too."""
    found: set[Any] = set()
    waiting: list[Any] = [schema.elements[element]]
    while waiting:
        declared = waiting.pop()
        if declared not in found:
            found.add(declared)
            content = getattr(declared.type, "content", None)
            waiting += content.iter_elements() if isinstance(content, XsdGroup) else ()
    return {declared.name for declared in found}


def instance(schema: XMLSchema, element: str, rng: Random) -> etree._Element:
    """One valid document with the global `element` (its local name) as root.

    Raises KeyError for an unknown element, a pattern without a generator or an unknown type.
    """
    return _element(schema.elements[element], rng)


def _element(declared: XsdElement, rng: Random) -> etree._Element:
    made = etree.Element(declared.name)
    for name, attribute in declared.attributes.items():
        if attribute.use == "required" or rng.random() < PRESENT:
            made.set(str(name), _value(attribute.type, rng))
    kind: Any = declared.type
    if kind.simple_type is not None:
        made.text = _value(kind.simple_type, rng)
    else:
        made.extend(_children(kind.content, rng))
    return made


def _children(group: XsdGroup, rng: Random) -> Iterator[etree._Element]:
    for particle in _arranged(group, rng):
        for _ in range(_occurrences(particle, rng)):
            if isinstance(particle, XsdGroup):
                yield from _children(particle, rng)
            else:
                yield _element(particle, rng)


def _arranged(group: XsdGroup, rng: Random) -> list[Any]:
    particles: list[Any] = list(group)
    if group.model == "choice":
        return [rng.choice(particles)]
    return rng.sample(particles, len(particles)) if group.model == "all" else particles


def _occurrences(particle: Any, rng: Random) -> int:
    least, most = particle.min_occurs, particle.max_occurs
    if most is None:
        most = max(least, 1) + MORE
    return int(least) if rng.random() > PRESENT else rng.randint(max(least, 1), most)


def _value(kind: Any, rng: Random) -> str:
    for ancestor in _lineage(kind):
        if ancestor.enumeration:
            return str(rng.choice(ancestor.enumeration))
        if ancestor.target_namespace == XSD_NAMESPACE:
            return BUILTINS[ancestor.local_name](kind, rng)
        if ancestor.patterns:
            return PATTERNS[ancestor.patterns.regexps[0]](rng)
    raise KeyError(kind)


def _lineage(kind: Any) -> Iterator[Any]:
    while kind is not None:
        yield kind
        kind = kind.base_type


def _facet(kind: Any, name: str) -> Any:
    """A facet as the nearest ancestor states it: xmlschema does not hand all of them down."""
    stated = (getattr(ancestor, name, None) for ancestor in _lineage(kind))
    return next((value for value in stated if value is not None), None)


def _text(kind: Any, rng: Random) -> str:
    least = _facet(kind, "min_length") or 0
    if _facet(kind, "white_space") == "collapse":
        return "x" + "".join(
            rng.choices(LETTERS, k=rng.randint(least, least + 40))
        )  # blanks alone are nothing
    return "".join(rng.choices(LETTERS, k=rng.randint(least, _facet(kind, "max_length") or least + 40)))


def _integer(bits: int) -> Callable[[Any, Random], str]:
    """Mostly small numbers, and now and then the ends of the range, where two schemas may differ."""

    def drawn(kind: Any, rng: Random) -> str:
        least, most = _facet(kind, "min_value"), _facet(kind, "max_value")
        ends = (-(2 ** (bits - 1)) if least is None else int(least)), int(most or 2 ** (bits - 1) - 1)
        small = max(ends[0], rng.randrange(100))
        return str(rng.choice((small, rng.randint(*ends), *ends)))

    return drawn


def _decimal(kind: Any, rng: Random) -> str:
    least = _facet(kind, "min_value")
    number = Decimal(-100 if least is None else least) + Decimal(rng.randrange(100_000)) / rng.choice(
        (1, 4, 100)
    )
    return rng.choice((str, "{:+}".format, "{:.3f}".format))(number)


def _date(kind: Any, rng: Random) -> str:
    day = f"{rng.randint(1900, 2100)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    return day + _zone(rng)


def _date_time(kind: Any, rng: Random) -> str:
    time = f"T{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
    return _date(kind, rng)[:10] + time + rng.choice(("", ".5", ".000001")) + _zone(rng)


def _zone(rng: Random) -> str:
    return rng.choice(("", "Z", "-06:00", "+14:00"))


def _one_of(*values: str) -> Callable[[Any, Random], str]:
    return lambda kind, rng: rng.choice(values)


BUILTINS: dict[str, Callable[[Any, Random], str]] = {
    "string": _text,
    "boolean": _one_of("true", "false", "1", "0"),
    "int": _integer(32),
    "long": _integer(64),
    "decimal": _decimal,
    "date": _date,
    "dateTime": _date_time,
    "duration": _one_of("PT1H30M", "P3D", "-P1Y2M3DT4H5M6.7S"),
    "language": _one_of("en", "en-US", "es"),
    "anyURI": _one_of("https://example.org/activity", "urn:example:1"),
}
