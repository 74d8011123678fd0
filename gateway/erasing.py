"""Erasing one person: everything that is kept of them is found, and let go of for good.

A credit is theirs if it was matched with them; one that was matched with nobody, if one of its numbers is
theirs, or name and birthday agree with the register. Of what they left only numbers without meaning stay:
receipts, audit rows, and the references that boards know.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Protocol, TypeVar

from lxml import etree

from gateway import intake, matching
from gateway.boards import BOARDS
from gateway.errors import Refused
from gateway.intake import Limits
from gateway.matching import Keys
from gateway.records import (
    AuditEntry,
    Enrolment,
    Errand,
    Identifier,
    KeptCredit,
    KeptPayload,
    KeyKind,
    Learner,
    MatchKind,
    Outcome,
    Registered,
    replace,
)
from gateway.schema import Reader
from gateway.store import Store, Unit
from gateway.vocabulary import US_STATES

Kept = TypeVar("Kept", KeptCredit, KeptPayload)

OPERATION, WITHDRAWAL = "EraseLearner", "WithdrawLearner"
USER = "operator"
CREDITS, PAYLOADS = 5_000, 50  # read at a time
LONGEST_NUMBER = 40  # characters, with all signs and blanks in it
UNBOUNDED = Limits(max_records=1 << 40, max_elements=1 << 40)
DOMAINS = (matching.NPI, *sorted(US_STATES), *sorted(BOARDS))

Advance = Callable[[int], None]
"""Told how much more was looked through."""


class Traces(Protocol):
    """What is kept of people, for all providers; `storage` provides it. Each call is one transaction."""

    def enrolled(self, person: str) -> list[Enrolment]:
        """The rows of the register that a person has."""

    def persons(self, keys: Collection[bytes]) -> set[str]:
        """Whom the register knows by one of these keys."""

    def sizes(self) -> tuple[int, int]:
        """How many credits there are, and how many payloads that may name people."""

    def credits(self, after: int, most: int) -> list[KeptCredit]:
        """The next credits beyond a row, the deleted too."""

    def payloads(self, after: int, most: int) -> list[KeptPayload]:
        """The next payloads that may name people, beyond a receipt's row."""

    def erase(self, entry: AuditEntry, rows: Collection[int], receipt_ids: Collection[str]) -> None:
        """Delete credits and payloads of one provider for good, and note it."""

    def strike(self, person: str) -> int:
        """Delete a person from the register."""


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Who is to be erased: by the register's own key, if they are in it, and by the keys of their numbers."""

    keys: Keys
    key: str | None
    numbers: frozenset[bytes]
    enrolled: tuple[Registered, ...] = ()

    def has(self, credit: KeptCredit) -> bool:
        """Whether a credit is theirs; what was matched with another person is not."""
        if None not in (credit.person, self.key):
            return credit.person == self.key
        return self.is_meant(credit.learner)

    def is_meant(self, learner: Learner) -> bool:
        """Whether a learner as reported has one of their numbers, or their name and birthday."""
        sought = self.keys.sought(learner)
        if not self.numbers.isdisjoint(sought.keys):
            return True
        named = replace(sought, numbers=((KeyKind.FORM, b""),), missing=())
        return matching.judge(named, {b"": self.enrolled}).kind is MatchKind.MATCH


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """Everything that is kept of a person."""

    person: Person
    credits: tuple[KeptCredit, ...]
    payloads: tuple[KeptPayload, ...] = field(default=())

    @property
    def providers(self) -> list[str]:
        """Who reported them."""
        reported = {one.provider_id for one in self.credits} | {one.provider_id for one in self.payloads}
        return sorted(reported)

    @property
    def held(self) -> list[KeptCredit]:
        """What boards may hold of them, by our references."""
        held = (one for one in self.credits if one.may_be_held)
        return sorted(held, key=lambda one: (one.board or "", one.row))

    def __bool__(self) -> bool:
        return bool(self.person.enrolled or self.credits or self.payloads)


def registered(person: str, keys: Keys, traces: Traces) -> Person:
    """Who has this key in the register, or had it: what was matched with them is still theirs."""
    rows = traces.enrolled(person)
    numbers = {key for row in rows for key in (row.licence_key, row.npi_key, row.board_key) if key}
    enrolled = tuple(Registered(row.person, row.family, row.given, row.first, row.birthday) for row in rows)
    return Person(keys, person, frozenset(numbers), enrolled)


def reported(number: Identifier, keys: Keys, traces: Traces) -> Person:
    """Who was reported with this number; the person of the register, where it has the number.

    Raises Refused where it says nothing, or where the register has it of several persons.
    """
    wanted = keys.sought(Learner(identifiers=(number,))).keys
    if not wanted or not matching.number_of(number.value):
        raise Refused("That is no number of anybody.", remedy="Give whose number it is, and the number.")
    persons = traces.persons(wanted)
    if len(persons) > 1:
        raise Refused(
            "The register has this number of several persons.", remedy="Name the one by the register's key."
        )
    if not persons:
        return Person(keys, None, frozenset(wanted))
    known = registered(persons.pop(), keys, traces)
    return replace(known, numbers=known.numbers | frozenset(wanted))


# --- finding -------------------------------------------------------------------------------------------


def find(person: Person, traces: Traces, reader: Reader, today: date, advance: Advance) -> Found:
    """Look through all credits and all payloads; it takes a while, and changes nothing."""
    credits = tuple(one for one in _all(traces.credits, CREDITS, advance) if person.has(one))
    keys = person.keys
    said = {keys.said_key(keys.sought(one.learner)) for one in credits}
    sought = _Payloads(person, said, reader, today)
    payloads = (one for one in _all(traces.payloads, PAYLOADS, advance) if sought.names(one.content))
    return Found(person, credits, tuple(replace(one, content=b"") for one in payloads))


def _all(page: Callable[[int, int], list[Kept]], most: int, advance: Advance) -> Iterator[Kept]:
    after = 0
    while part := page(after, most):
        yield from part
        after = part[-1].row
        advance(len(part))


@dataclass(frozen=True, slots=True, repr=False)
class _Payloads:
    """Tells the payloads that name a person: by what can be read of them, and by every number in them."""

    person: Person
    said: Collection[bytes]
    reader: Reader
    today: date

    def names(self, content: bytes) -> bool:
        request = intake.parse(content, UNBOUNDED).root
        return self._has_number(request) or any(map(self._is_meant, self._learners(request)))

    def _is_meant(self, learner: Learner) -> bool:
        keys = self.person.keys
        return keys.said_key(keys.sought(learner)) in self.said or self.person.is_meant(learner)

    def _learners(self, request: etree._Element) -> Iterator[Learner]:
        payload = next((child for child in request if self.reader.is_payload(child)), None)
        if payload is None:
            return
        try:
            entries = self.reader.read(payload, self.today).entries
        except Refused:  # of a version that is no longer read; its numbers were looked at
            return
        yield from (one.completion.learner for one in entries if one.completion and one.completion.learner)

    def _has_number(self, request: etree._Element) -> bool:
        """Whether a text or an attribute is one of the person's numbers, wherever it stands: records that
        could not be read hold them too."""
        said = {
            (_domain_of(element), str(text))
            for element in request.iter(etree.Element)
            for text in (element.text, *element.values())
            if text and _may_be_number(str(text))
        }
        return any(self._is_number(domain, text) for domain, text in said)

    def _is_number(self, domain: str | None, text: str) -> bool:
        number = matching.number_of(text)  # once for all domains
        numbers = tuple(Identifier(one, number) for one in ((domain,) if domain else DOMAINS))
        return not self.person.numbers.isdisjoint(self.person.keys.sought(Learner(identifiers=numbers)).keys)


def _may_be_number(text: str) -> bool:
    """A credit id is none, and there is one in every record."""
    short = len(text) <= LONGEST_NUMBER and not text.startswith("ccid:")
    return short and any(sign.isdigit() for sign in text)


def _domain_of(element: etree._Element) -> str | None:
    """Whose number a text is, where it stands beside it; the type after the last colon counts."""
    return (element.get("domain") or "").rpartition(":")[2].strip() or None


# --- letting go ----------------------------------------------------------------------------------------


def withdraw(found: Found, store: Store, now: datetime) -> int:
    """Delete the living credits as their providers could, which puts withdrawals to the boards.

    Gives how many boards' credits are withdrawn; what they are about is still kept, for the boards to be
    told, and is to be erased when they have answered. What was deleted before and a board may still hold
    is put to it once more: boards take a withdrawal twice.
    """
    return sum(_withdrawn(provider, found, store, now) for provider in found.providers)


def _withdrawn(provider: str, found: Found, store: Store, now: datetime) -> int:
    theirs = [one for one in found.credits if one.provider_id == provider]
    living = [one.row for one in theirs if one.living]
    deleted = [(one.board, one.row) for one in theirs if one.board and one.may_be_held and not one.living]

    def work(unit: Unit) -> int:
        # Which of the living are held is asked now: since they were found, boards have gone on answering.
        held = [(board, row) for board, rows in unit.credits.delete(living).items() for row in rows]
        unit.credits.delete_yield([one.row for one in theirs])
        for board, rows in groupby(sorted(held + deleted), key=itemgetter(0)):
            unit.questions.put(board, Errand.WITHDRAW, [row for _, row in rows])
        unit.audit.add(_entry(WITHDRAWAL, provider, len(living) + len(deleted), now))
        return len(held) + len(deleted)

    return store.write(provider, work) if living or deleted else 0


def erase(found: Found, traces: Traces, now: datetime) -> None:
    """Delete what was found, provider by provider, and the person from the register at last: whoever is
    stopped half way finds the rest by the register again."""
    for provider in found.providers:
        rows = [one.row for one in found.credits if one.provider_id == provider]
        receipts = [one.receipt_id for one in found.payloads if one.provider_id == provider]
        traces.erase(_entry(OPERATION, provider, len(rows) + len(receipts), now), rows, receipts)
    if found.person.key is not None:
        traces.strike(found.person.key)


def _entry(operation: str, provider: str, records: int, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        provider_id=provider,
        user=USER,
        operation=operation,
        outcome=Outcome.SUCCESS,
        receipt_id=None,
        trace_id=secrets.token_hex(8),
        records=records,
        refused=0,
    )


def counted(kept: Sequence[KeptCredit | KeptPayload], provider: str) -> int:
    """How many of these a provider reported."""
    return sum(one.provider_id == provider for one in kept)
