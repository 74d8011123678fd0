"""A record as it was sent: where everything stood in it, and what is found while it is read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from gateway.fields import Gathered, Spot
from gateway.findings import finding, shown
from gateway.model import local_name, shown_name
from gateway.records import Finding, Place, replace
from gateway.shape import line_of
from gateway.version import Element, PayloadVersion

OWN_TEXT = "."
"""The path of a part that is the text of its record's element, and goes by the name of that."""


class Sent:
    """A record as it was sent: findings point into it, whatever tidying does to the record since.

    `above` is the path of what holds it, `position` is its own among others: both of use only where
    something is told, so that a record without findings costs next to nothing here. `label` names a field
    that the version cannot say, `newer` are the versions after it, the newest first.
    """

    __slots__ = ("_above", "_kept", "_label", "_newer", "_position", "_record", "_version")

    def __init__(
        self,
        record: Element,
        above: str,
        position: int | None,
        version: PayloadVersion,
        label: Callable[[str], str],
        newer: Sequence[PayloadVersion] = (),
    ) -> None:
        self._record = record
        self._above = above
        self._position = position
        self._version = version
        self._label = label
        self._newer = newer
        self._kept: dict[Element, tuple[Element, int | None]] | None = None

    @property
    def top(self) -> Place:
        """Where the record itself stood."""
        return self.place(self._record)

    def keep(self) -> None:
        """Remember the record as it is now, since it is about to be tidied."""
        copies = copy.deepcopy(self._record).iter()
        self._kept = {
            one: (as_sent, line_of(one)) for one, as_sent in zip(self._record.iter(), copies, strict=True)
        }

    def place(self, element: Element) -> Place:
        """Where an element stood, as an XPath from the document's root."""
        return self._place(*(self._kept or {}).get(element, (element, line_of(element))))

    def _blank(self, spot: Spot) -> Place | None:
        """The place of the element that stood where a field is missing: it was sent, and said nothing."""
        kept = self._kept or {}
        above, _ = kept.get(spot.element, (spot.element, None))
        element = spot.path.partition("/@")[0]
        found: Any = above.xpath(element, namespaces=self._version.table.namespaces)
        blank = next((one for one in found if isinstance(one, Element)), None)
        if blank is None:
            return None
        lines = (line for as_sent, line in kept.values() if as_sent is blank)
        return self._place(blank, next(lines, line_of(blank)))

    def _place(self, as_sent: Element, line: int | None) -> Place:
        steps, kept, name = [], self._kept or {}, self._version.step
        root, _ = kept.get(self._record) or (self._record, None)
        for step in (as_sent, *as_sent.iterancestors()):
            if step is root:
                break
            steps.append(name(step) + _position(step))
        position = "" if self._position is None else f"[{self._position}]"
        return Place("/".join((self._above, name(root) + position, *reversed(steps))), line)

    def unused(self, element: Element) -> Finding:
        """That no field uses an element; by which words one would, where it is told by a word, and in which
        version, if there is one."""
        place, name = self.place(element), shown_name(element)
        unknown, version = self._version.table.unknown(element), self._read_in(element)
        if unknown is None:
            return finding("X031", place, name=name, version=version)
        value, wanted = f"“{shown(unknown[0])}”", " or ".join(unknown[1])
        return finding("X034", place, name=name, value=value, wanted=wanted, version=version)

    def _read_in(self, element: Element) -> str | None:
        """The newest version that reads an element this one does not; what stands once too often it does."""
        steps = [element, *takewhile(lambda one: one is not self._record, element.iterancestors())][::-1]
        if self._version.table.reads(steps):
            return None
        return next((one.title for one in self._newer if one.table.reads(steps)), None)

    def field(self, name: str) -> Place:
        """Where a field stands or would have to stand, and by which name; the record itself for none."""
        if not name:
            return self.top
        find, others = self._version.table.find, self._version.instead.get(name, ())
        spots = [find(self._record, one) for one in (name, *others)]
        spot = next((spot for spot in spots if not spot.path), spots[0])
        label = spot.label or self._label(name)
        if spot.path and (blank := self._blank(spot)) is not None:
            return replace(blank, field=label)
        there = self.place(spot.element)
        return replace(there, path=f"{there.path}/{spot.path}" if spot.path else there.path, field=label)


def _position(element: Element) -> str:
    before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    alone = not before and next(element.itersiblings(element.tag), None) is None
    return "" if alone else f"[{before + 1}]"


def unread(gathered: Gathered, findings: list[Finding], sent: Sent) -> Iterator[Finding]:
    """What reading found of the record, but for the elements that were found wrong before."""
    wrong = {found.path for found in findings if found.blocks}
    for field, element, reason in gathered.unreadable:
        if (place := sent.place(element)).path not in wrong:
            name = local_name(element.tag) if field.path == OWN_TEXT else field.label
            yield finding("X032", place, name=name, reason=reason)
    for element in () if wrong else gathered.unused:
        yield sent.unused(element)
