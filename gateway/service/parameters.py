"""The parameters of a request: what stands beside its payload, taken apart and judged.

Some operations take records as parameters, rows of fields. Each is judged by itself, so that a wrong one
stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lxml import etree

from gateway.errors import Malformed
from gateway.explaining import Teller, explain_carrier
from gateway.findings import MOST_PER_DOCUMENT, finding, shown
from gateway.model import XSI, stray_text
from gateway.records import Finding, Place, replace
from gateway.service.element import lines_of, place_of, texts_of
from gateway.shape import Judge, keep_line, line_of

Element = etree._Element


@dataclass(frozen=True, slots=True)
class Row:
    """A record among the parameters: its texts by element name, the line it stands on and theirs, and
    what is wrong with their shape."""

    texts: Mapping[str, str]
    line: int | None
    lines: Mapping[str, int | None]
    findings: tuple[Finding, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the texts can be read."""
        return not any(found.blocks for found in self.findings)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was asked: texts by element name and the lines they stand on, the rows apart, and what is told
    of the call as a whole."""

    texts: Mapping[str, str]
    lines: Mapping[str, int | None]
    rows: tuple[Row, ...]
    notices: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """Takes an operation's element apart: `rows` is what its records are called, where it has any;
    `taken` is the payload it takes, for whoever sends something else."""

    judge: Judge
    rows: str | None = None
    taken: str | None = None

    def read(
        self, element: Element, payload: Element | None, aside: Iterable[Element | None] = ()
    ) -> Parameters:
        """The parameters, and those that were taken `aside` before. Raises Malformed."""
        wrong = list(explain_carrier(element, Teller(lambda at: place_of(at, element))))
        asked = self._beside(element, payload, aside)
        waiting = [child for child in asked if self._is_row(child)]
        if not waiting:
            found, rows = self.judge.judge(asked, lambda at: place_of(at, asked)), list[Row]()
        elif self.judge.accepts(asked):
            found, rows = [], [_row(row) for row in waiting]
        else:
            found, rows = self._row_by_row(asked, waiting)
        if wrong or any(one.blocks for one in found):
            raise Malformed(findings=[*wrong, *found])
        return Parameters(texts_of(asked), lines_of(asked), tuple(rows), tuple(found))

    def _beside(self, element: Element, payload: Element | None, aside: Iterable[Element | None]) -> Element:
        """The parameters alone, as an element of their own, and all text that stands between them: to take
        a large payload out of its document costs the square of its namespaces, to leave it there nothing."""
        asked = etree.Element(element.tag, nsmap={"svc": etree.QName(element).namespace})
        keep_line(asked, element)  # with which is told what is missing in it
        asked.text = (element.text or "") + (payload.tail or "" if payload is not None else "")
        for child in [child for child in element if child is not payload]:
            if len(child) and not self._is_row(child):
                raise Malformed(findings=[self._unexpected(child, element, payload)])
            asked.append(child)
        first = 1 if len(asked) and etree.QName(asked[0]).localname == "ProviderId" else 0
        asked[first:first] = [one for one in aside if one is not None]  # which is where they belong
        return asked

    def _is_row(self, child: Element) -> bool:
        return etree.QName(child).localname == self.rows

    def _unexpected(self, child: Element, element: Element, payload: Element | None) -> Finding:
        """What holds elements is neither a parameter nor a payload that is known, or a second one."""
        name, model = etree.QName(child).localname, self.judge.model(element.tag)
        place = place_of(child, element)
        if payload is not None and name == etree.QName(payload).localname:
            return finding("X022", place, name=name, most=1, parent=etree.QName(element).localname)
        if model is not None and name in model.by_name:
            return finding("X025", place, name=name)
        known = f"Send {self.taken}." if self.taken else "Leave it out."
        return finding("X020", place, name=shown(name), known=known)

    def _row_by_row(self, asked: Element, waiting: Sequence[Element]) -> tuple[list[Finding], list[Row]]:
        """Judge each row as if it were the only one, and tell what is wrong beside them once."""
        for row in waiting:
            if not any(stray_text(one) for one in row.iter()):
                row.attrib.pop(XSI + "nil", "")  # one that says nothing is a record too, and refused as such
            asked.remove(row)
        beside, rows, told = dict[Finding, None](), list[Row](), 0
        for number, row in enumerate(waiting, 1):
            asked.append(row)
            over = row if told >= MOST_PER_DOCUMENT else None
            found = self.judge.judge(asked, partial(self._place, asked, number), over)
            told += sum(one.blocks for one in found)
            of_row = tuple(one for one in found if f":{self.rows}[{number}]" in one.path)
            rows.append(_row(row, of_row))
            beside.update(dict.fromkeys(one for one in found if one not in of_row))
            asked.remove(row)
        return list(beside), rows

    def _place(self, asked: Element, number: int, at: Element) -> Place:
        """Where something stands, of which row number `number` is the only one left."""
        place, step = place_of(at, asked), f":{self.rows}"
        if self._is_row(at):
            return replace(place, path=f"{place.path}[{number}]")
        return replace(place, path=place.path.replace(f"{step}[1]/", f"{step}[{number}]/"))


def _row(element: Element, findings: tuple[Finding, ...] = ()) -> Row:
    return Row(texts_of(element), line_of(element), lines_of(element), findings)
