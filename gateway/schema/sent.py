"""A record as it was sent: where everything stood in it, and what is found while it is read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from gateway.fields import Gathered
from gateway.findings import finding, shown
from gateway.records import Finding, Place, replace
from gateway.shape import line_of
from gateway.version import Element, PayloadVersion


class Sent:
    """A record as it was sent: findings point into it, whatever tidying does to the record since.

    `above` is the path of what holds it, `position` is its own among others: both of use only where
    something is told, so that a record without findings costs next to nothing here. `label` names a field
    that the version cannot say.
    """

    __slots__ = ("_above", "_kept", "_label", "_position", "_record", "_version")

    def __init__(
        self,
        record: Element,
        above: str,
        position: int | None,
        version: PayloadVersion,
        label: Callable[[str], str],
    ) -> None:
        self._record = record
        self._above = above
        self._position = position
        self._version = version
        self._label = label
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
        steps, kept, name = [], self._kept or {}, self._version.step
        as_sent, line = kept.get(element) or (element, line_of(element))
        root, _ = kept.get(self._record) or (self._record, None)
        for step in (as_sent, *as_sent.iterancestors()):
            if step is root:
                break
            steps.append(name(step) + _position(step))
        position = "" if self._position is None else f"[{self._position}]"
        return Place("/".join((self._above, name(root) + position, *reversed(steps))), line)

    def field(self, name: str) -> Place:
        """Where a field stands or would have to stand, and by which name; the record itself for none."""
        if not name:
            return self.top
        find, others = self._version.table.find, self._version.instead.get(name, ())
        spots = [find(self._record, one) for one in (name, *others)]
        spot = next((spot for spot in spots if not spot.path), spots[0])
        there, label = self.place(spot.element), spot.label or self._label(name)
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
            yield finding("X032", place, name=field.label, reason=reason)
    for element in () if wrong else gathered.unused:
        yield finding("X031", sent.place(element), name=shown(element.tag.rpartition("}")[2]))
