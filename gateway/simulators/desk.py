"""A simulated board's desk: it decides on records, counts each reference once, and keeps the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.simulators.ledger import ACCEPTED, Entry, Ledger, Page
from gateway.simulators.magic import UNDONE, Mishap, Oddity, Reason, Record, magic, reason
from gateway.simulators.mood import Mood


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the board says of one reference; `again`: it was decided before this call. `oddity` is what
    is wrong with the way it is said."""

    reference: str
    accepted: bool
    reason: str | None = None
    again: bool = False
    oddity: Oddity | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What became of a withdrawal. `held`: the reference has counted; `again`: it was withdrawn before."""

    reference: str
    held: bool
    again: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a call about records brought. `remaining` records are not told of yet, but by the ticket.

    `mishap` befalls the answer: the board has decided, and will fail to say so.
    """

    rulings: list[Ruling]
    mishap: Mishap | None = None
    ticket: str | None = None
    remaining: int = 0


class Struck(Exception):
    """A mishap that comes before anything is decided."""

    def __init__(self, mishap: Mishap) -> None:
        super().__init__(str(mishap))
        self.mishap = mishap


class Desk:
    """Where one board takes calls; each method raises Struck where a mishap comes first."""

    def __init__(self, board: str, ledger: Ledger, mood: Mood) -> None:
        self.board = board
        self._ledger = ledger
        self._mood = mood

    def report(self, records: Sequence[Record]) -> Said:
        """Decide on the records of a call, taking as long as they ask for."""
        rulings, mishap, delays = self._decided(records)
        self._mood.pause(self._mood.latency + max(delays.values(), default=0))
        return Said(_told(rulings), mishap)

    def take_in(self, records: Sequence[Record], *, at_once: bool) -> Said:
        """Decide on the records of a call, and give a ticket to come back with.

        The ticket is for all of them, or, with `at_once`, for those that take their time; all others
        are told of in the answer.
        """
        rulings, mishap, delays = self._decided(records)
        self._mood.pause(self._mood.latency)
        late = {name for name, seconds in delays.items() if seconds or not at_once}
        told = [
            (ruling.reference, ruling.oddity, time.time() + delays[ruling.reference])
            for ruling in rulings
            if ruling.reference in late
        ]
        ticket = self._ledger.keep_ticket(self.board, told) if told else None
        now = [ruling for ruling in rulings if ruling.reference not in late]
        return Said(_told(now), mishap, ticket, len(told))

    def collect(self, ticket: str) -> Said | None:
        """What is decided of a ticket's records by now; None where the ticket is unknown."""
        mishap = self._drawn()
        self._mood.pause(self._mood.latency)
        told = self._ledger.ticket(self.board, ticket)
        if told is None:
            return None
        ready = {reference: oddity for reference, oddity, then in told if then <= time.time()}
        with self._ledger.page(self.board, ready) as page:
            rulings = [
                _ruling(entry, again=True, oddity=Oddity(odd) if odd else None)
                for entry in page.entries.values()
                for odd in [ready[entry.reference]]
            ]
        return Said(_told(_misnamed(rulings, mishap)), mishap, ticket, len(told) - len(ready))

    def withdraw(self, references: Iterable[str]) -> tuple[list[Withdrawal], Mishap | None]:
        """Let references no longer count; those not known are noted, and will never count."""
        mishap = self._drawn()
        self._mood.pause(self._mood.latency)
        with self._ledger.page(self.board, references) as page:
            done = [_withdrawn(entry) for entry in page.entries.values()]
        if mishap is Mishap.WRONG_REFERENCE:
            done = [replace(one, reference=_other(one.reference)) for one in done]
        return done, mishap

    def _drawn(self) -> Mishap | None:
        mishap = self._mood.draw()
        if mishap in UNDONE:
            raise Struck(mishap)
        return mishap

    def _decided(self, records: Sequence[Record]) -> tuple[list[Ruling], Mishap | None, dict[str, float]]:
        """The rulings in the order of the records, what befalls the answer, and the delays of each."""
        drawn = self._mood.draw()
        marks = {record.reference: self._ledger.mark(self.board, record) for record in records}
        with self._ledger.page(self.board, marks, set(marks.values())) as page:
            for entry in page.entries.values():
                entry.received += 1
            mishap = drawn or _befallen(records, page)
            if mishap not in UNDONE:
                rulings = [_decide(record, marks[record.reference], page) for record in records]
        if mishap in UNDONE:
            raise Struck(mishap)
        return (
            _misnamed(rulings, mishap),
            mishap,
            {record.reference: _delay(record, page) for record in records},
        )


def _befallen(records: Iterable[Record], page: Page) -> Mishap | None:
    """The mishap of the first record that still brings one."""
    for record in records:
        row = magic(record.board_id)
        if row.mishap and page.entries[record.reference].received <= row.times:
            return row.mishap
    return None


def _decide(record: Record, mark: bytes, page: Page) -> Ruling:
    """Rule on a record; the same reference gets the same verdict."""
    entry, row = page.entries[record.reference], magic(record.board_id)
    again = entry.verdict is not None
    if not again:
        why = _objection(record, entry, taken=mark in page.holders)
        if why is not None:
            entry.reject(why)
        else:
            entry.accept()
            entry.mark, page.holders[mark] = mark, entry.reference
    return _ruling(entry, again=again, oddity=row.oddity if entry.received <= row.times else None)


def _objection(record: Record, entry: Entry, *, taken: bool) -> Reason | None:
    if entry.withdrawals:
        return Reason.WITHDRAWN
    return reason(record) or (Reason.DUPLICATE if taken else None)


def _ruling(entry: Entry, *, again: bool, oddity: Oddity | None) -> Ruling:
    return Ruling(entry.reference, entry.verdict == ACCEPTED, entry.reason, again, oddity)


def _withdrawn(entry: Entry) -> Withdrawal:
    entry.withdrawals += 1
    entry.effective = False
    return Withdrawal(entry.reference, held=entry.times_effective > 0, again=entry.withdrawals > 1)


def _delay(record: Record, page: Page) -> float:
    return magic(record.board_id).seconds if page.entries[record.reference].received == 1 else 0


def _misnamed(rulings: list[Ruling], mishap: Mishap | None) -> list[Ruling]:
    if mishap is not Mishap.WRONG_REFERENCE:
        return rulings
    return [replace(ruling, oddity=Oddity.MISNAMED) for ruling in rulings]


def _other(reference: str) -> str:
    """A reference that nobody sent."""
    return f"{reference}-x"


def _told(rulings: Sequence[Ruling]) -> list[Ruling]:
    """The rulings as they are told: under other references, some twice, some not at all."""
    told: list[Ruling] = []
    for ruling in rulings:
        if ruling.oddity is Oddity.MISNAMED:
            told.append(replace(ruling, reference=_other(ruling.reference)))
        elif ruling.oddity is not Oddity.LEFT_OUT:
            told.append(ruling)
        if ruling.oddity is Oddity.CONTRADICTED:
            told.append(replace(ruling, accepted=not ruling.accepted, reason=Reason.TOO_LATE))
    return told
