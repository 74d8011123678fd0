"""Verifying: does every row stand where it was sealed, as it was sealed, up to the end that was noted?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.audit.chain import START, Chain
from gateway.audit.heads import TIME, Head, Noted
from gateway.audit.trail import Trail
from gateway.records import AuditAnchor, AuditLink, AuditRow

PAGE = 5_000  # rows read at a time


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it: how many sealed rows were looked at, how many wait to be sealed, how many heads
    there were to hold them against, and the first thing that is wrong."""

    rows: int
    unsealed: int
    heads: int
    broken: str | None


def verify(trail: Trail, chain: Chain, noted: Noted) -> Verified:
    """Follow the chain from its first row to its last, up to the first that is wrong."""
    walk = _Walk(trail, chain, noted)
    broken = walk.broken()
    return Verified(walk.rows, trail.unsealed(), len(noted.places), broken)


def overdue(trail: Trail, now: datetime, every: timedelta) -> bool:
    """Whether heads should have been noted by now, because rows have been sealed for so long."""
    first = next(iter(trail.rows(_before(trail.anchor()).position, 1)), None)
    if first is None:
        return False
    try:
        return now - datetime.fromisoformat(str(first.at)).replace(tzinfo=UTC) > every
    except ValueError:
        return True


class _Walk:
    """One way along the chain. `rows` counts those that are as they should be."""

    def __init__(self, trail: Trail, chain: Chain, noted: Noted) -> None:
        self._trail = trail
        self._chain = chain
        self._noted = noted
        self.rows = 0

    def broken(self) -> str | None:
        """What is wrong first, for humans; nothing if all is well."""
        anchor = self._trail.anchor()
        if anchor is not None and not self._chain.anchored(anchor):
            return f"The anchor at position {anchor.position}, where the log was pruned to, was forged."
        last = _before(anchor)
        wrong = self._against_head(last, f"The anchor at position {last.position}")
        for row in () if wrong else self._all(-1):
            here = self._chain.follow(last, row)
            wrong = self._wrong(last, row, here)
            if wrong or here is None:
                break
            last = here
            self.rows += 1
        return wrong or self._cut(last) or self._forged()

    def _all(self, after: int) -> Iterator[AuditRow]:
        while page := self._trail.rows(after, PAGE):
            yield from page
            last = page[-1].position
            if not isinstance(last, int):
                return
            after = last

    def _wrong(self, previous: AuditLink, row: AuditRow, here: AuditLink | None) -> str | None:
        """What is wrong with a row behind `previous`, of which `here` is the place if it follows."""
        if row.position != previous.position + 1:
            return self._misplaced(previous.position + 1, row)
        if here is None:
            return self._changed(previous, row)
        return self._against_head(here, f"Row {row.id} at position {row.position}")

    def _misplaced(self, position: int, row: AuditRow) -> str:
        if not isinstance(row.position, int):
            return f"Row {row.id} has a position that is no number; position {position} is the next."
        if row.position < position:
            return f"Row {row.id} does not belong at position {row.position}, which is taken or pruned."
        missing = _positions(position, row.position - 1)
        return f"{missing} missing; row {row.id} at position {row.position} comes next."

    def _changed(self, previous: AuditLink, row: AuditRow) -> str:
        """Look for the row that belongs there: whoever has it was swapped with this one."""
        for other in self._all(previous.position):
            hash = self._chain.link(previous.hash, other.content)
            if other != row and hash in (row.hash, other.hash):
                return (
                    f"Row {row.id} at position {row.position} does not belong there, "
                    f"but row {other.id} of position {other.position}: they were swapped."
                )
        return (
            f"Row {row.id} at position {row.position} was changed, or a row before it was taken out and "
            "those behind were numbered anew."
        )

    def _against_head(self, here: AuditLink, what: str) -> str | None:
        head = self._noted.places.get(here.position)
        if head is None or head.place.hash == here.hash:
            return None
        return f"{what} is not the one that {_named(head)} knows: the log was cut and went on, or is another."

    def _cut(self, last: AuditLink) -> str | None:
        """Whether the end was noted further on."""
        furthest = max(self._noted.places, default=0)
        if furthest <= last.position:
            return None
        return (
            f"{_positions(last.position + 1, furthest)} missing at the end, which "
            f"{_named(self._noted.places[furthest])} knows: they were cut off, or the database was restored."
        )

    def _forged(self) -> str | None:
        if self._noted.forged is None:
            return None
        return f"Line {self._noted.forged} of the head file was forged, or a line before it was taken out."


def _before(anchor: AuditAnchor | None) -> AuditLink:
    return AuditLink(anchor.position, anchor.hash) if anchor else START


def _positions(first: int, last: int) -> str:
    return (
        f"The row at position {first} is" if first == last else f"The rows at positions {first} to {last} are"
    )


def _named(head: Head) -> str:
    return f"the head of {head.at:{TIME}}"
