"""What the contracts of the simulated boards have in common: reading a call, building an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from lxml import etree

from gateway.simulators.desk import Desk, Ruling, Said
from gateway.simulators.magic import Mishap, Oddity

Element = etree._Element
Answer = tuple[Element, Mishap | None]
"""The answer to a call, and what befalls it."""
Operation = Callable[[Desk, Element], Answer]

PERHAPS = "perhaps"
"""The word nobody has heard of."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A board's service: its operations by the name of their request element."""

    acronym: str
    operations: Mapping[str, Operation]


class Maker:
    """Makes the elements of a board's answers: `make.Name(child, "text", attribute="value")`.

    With `qualified` false they have no namespace.
    """

    def __init__(self, acronym: str, *, qualified: bool = True) -> None:
        namespace = f"urn:cme-gateway:board:{acronym.lower()}:1"
        self._start = f"{{{namespace}}}" if qualified else ""
        self._prefixes = {"b": namespace} if qualified else None

    def __getattr__(self, name: str) -> Callable[..., Element]:
        made = partial(self._make, name)
        setattr(self, name, made)  # from now on it is found without asking here
        return made

    def _make(self, name: str, *content: Element | str, **attributes: str) -> Element:
        made = etree.Element(self._start + name, attributes or None, self._prefixes)
        for one in content:
            if isinstance(one, str):
                made.text = one
            else:
                made.append(one)
        return made


def fields(element: Element) -> dict[str, str]:
    """The texts of an element's children by local name, several of one name joined by blanks, and the
    values of its attributes."""
    found = {str(name): str(value) for name, value in element.attrib.items()}
    for child in element:
        name, text = local_name(child), child.text or ""
        found[name] = f"{found[name]} {text}" if name in found else text
    return found


def texts(element: Element) -> list[str]:
    """The texts of an element's children, which the schema has put in order."""
    return [child.text or "" for child in element]


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def month_day(month: str, day: str) -> str:
    """A birthday as MM-DD."""
    return f"{int(month):02}-{int(day):02}"


def word(ruling: Ruling, yes: str, no: str) -> str:
    """A board's word for a ruling."""
    if ruling.oddity is Oddity.UNHEARD_OF:
        return PERHAPS
    return yes if ruling.accepted else no


def single_word(said: Said, yes: str, no: str) -> str:
    """The word of a board that takes one record a call and cannot leave it out or answer twice."""
    if len(said.rulings) == 1:
        return word(said.rulings[0], yes, no)
    return f"{yes} {no}" if said.rulings else ""


def reference_told(said: Said, sent: str) -> str:
    """The reference in the answer to one record: the one that was sent, but for a mishap."""
    return said.rulings[0].reference if said.rulings else sent
