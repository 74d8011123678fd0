"""A store in memory, a clock that stands still, and a gateway on both: what the unit tests run on.

The fake keeps a store's promises (one provider, all or nothing, unique ids and keys) and breaks with
an AssertionError when an operation leans on more.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from gateway import boards, lifecycle, schemas
from gateway.accounts import Gatekeeper, hash_secret
from gateway.intake import Limits
from gateway.matching import Keys
from gateway.operations import Terms
from gateway.records import (
    Account,
    Activity,
    AuditEntry,
    CountAsOf,
    CreditsAlike,
    CreditStatus,
    Errand,
    FoundActivities,
    Kind,
    Outcome,
    Registered,
    RegisterRow,
    Reopening,
    Sought,
    SoughtActivities,
    StoredActivity,
    StoredCredit,
    StoredParticipant,
    StoredReceipt,
    Taken,
)
from gateway.schema import Reader
from gateway.service import Gateway
from gateway.vocabulary import CME_CREDIT

T = TypeVar("T")

NOW = datetime(2026, 11, 21, 15, 4, 5, 678901, tzinfo=UTC)
PROVIDER = "0001234"
OTHER_PROVIDER = "0005678"
USER, PASSWORD = "lms", "pass-word-of-the-tests"


def digest(text: str) -> bytes:
    """A hash with no key."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


KEYS = Keys(digest)


@dataclass(slots=True)
class Clock:
    """A clock that goes only when it is told to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def advance(self, **span: float) -> None:
        """Let time pass: days, hours, seconds."""
        self.now += timedelta(**span)


@dataclass(slots=True)
class Tables:
    """Everything a store holds; the rows of all providers."""

    activities: dict[int, tuple[str, Activity]] = field(default_factory=dict)
    receipts: list[tuple[str, StoredReceipt, bytes]] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    credits: dict[int, tuple[str, StoredCredit]] = field(default_factory=dict)
    gone: dict[int, StoredCredit] = field(default_factory=dict)
    participants: dict[int, tuple[str, StoredParticipant]] = field(default_factory=dict)
    register: dict[bytes, list[Registered]] = field(default_factory=dict)
    counts: dict[str, dict[int, CountAsOf]] = field(default_factory=dict)
    reopenings: list[Reopening] = field(default_factory=list)
    taken: list[tuple[str, Taken]] = field(default_factory=list)
    due_days: dict[str, str] = field(default_factory=dict)
    questions: list[tuple[str, Errand, tuple[int, ...]]] = field(default_factory=list)
    lookups: int = 0
    misses: int = 0
    rows: int = 0
    issued: int = 0

    def copy(self) -> Tables:
        """A draft that can be thrown away; the records in it are frozen."""
        return replace(
            self,
            activities=dict(self.activities),
            receipts=list(self.receipts),
            audit=list(self.audit),
            credits=dict(self.credits),
            gone=dict(self.gone),
            participants=dict(self.participants),
            questions=list(self.questions),
            counts=dict(self.counts),
            reopenings=list(self.reopenings),
            taken=list(self.taken),
        )

    def enrol(self, *rows: RegisterRow) -> None:
        """Take people up into the register."""
        for row in rows:
            kept = KEYS.enrol(row)
            registered = Registered(kept.person, kept.family, kept.given, kept.first, kept.birthday)
            for key in (kept.licence_key, kept.npi_key, kept.board_key, kept.form_key):
                if key is not None:
                    self.register.setdefault(key, []).append(registered)


class FakeStore:
    """Runs work on a draft of the tables, and keeps the draft if the work ends well."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.broken: Exception | None = None
        self._lock = threading.Lock()

    @property
    def is_locked(self) -> bool:
        """Whether somebody writes."""
        return self._lock.locked()

    def write(self, provider_id: str, work: Callable[[FakeUnit], T]) -> T:
        """Run work that changes things."""
        with self._lock:
            unit = FakeUnit(self.tables.copy(), provider_id)
            answer = self.read(provider_id, lambda _: work(unit))
            if not unit.forgotten:
                self.tables = unit.tables
            return answer

    def read(self, provider_id: str, work: Callable[[FakeUnit], T]) -> T:
        """Run work that only reads."""
        if self.broken is not None:
            raise self.broken
        return work(FakeUnit(self.tables.copy(), provider_id))


class FakeUnit:
    """One transaction of one provider; activities, receipts and audit log in one."""

    def __init__(self, tables: Tables, provider_id: str) -> None:
        self.tables = tables
        self.activities = FakeActivities(tables, provider_id)
        self.counts = FakeCounts(tables)
        self.reopenings = FakeReopenings(tables)
        self.program = FakeProgram(tables, provider_id)
        self.receipts = FakeReceipts(tables, provider_id)
        self.audit = FakeAudit(tables)
        self.credits = FakeCredits(tables, provider_id)
        self.register = FakeRegister(tables)
        self.questions = FakeQuestions(tables)
        self.forgotten = False

    def forget(self) -> None:
        """Keep nothing of this unit."""
        self.forgotten = True


@dataclass(slots=True)
class FakeActivities:
    """The live activities of one provider."""

    tables: Tables
    provider_id: str

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that have one of these ids."""
        assert None not in {*activity_ids, *provider_activity_ids}
        return [
            StoredActivity(row, activity)
            for row, (provider_id, activity) in self.tables.activities.items()
            if provider_id == self.provider_id
            and (
                activity.activity_id in activity_ids or activity.provider_activity_id in provider_activity_ids
            )
        ]

    def named(self, activity_ids: Collection[str]) -> dict[str, Activity]:
        """Those of these ids."""
        return {
            one.activity.activity_id: one.activity
            for one in self.find(activity_ids, ())
            if one.activity.activity_id
        }

    def search(self, sought: SoughtActivities, after: int, most: int) -> FoundActivities:
        """Those that fit, newest first."""
        rows = [
            row
            for row in sorted(self.tables.activities, reverse=True)
            if (not after or row < after) and fits(sought, *self.tables.activities[row], self.provider_id)
        ]
        page = tuple(self.tables.activities[row][1] for row in rows[:most])
        return FoundActivities(page, rows[most - 1] if len(rows) > most else None)

    def issue(self, count: int, year: int) -> list[str]:
        """New ids, never given out before."""
        first = max(self.tables.issued, year * 100_000) + 1
        self.tables.issued = first + count - 1
        return [str(number) for number in range(first, first + count)]

    def add(self, activities: Sequence[Activity]) -> None:
        """Keep new ones."""
        for activity in activities:
            self.tables.rows += 1
            self._keep(self.tables.rows, activity)

    def change(self, activities: Sequence[StoredActivity]) -> None:
        """Keep new states."""
        for stored in activities:
            self._keep(stored.row, stored.activity)

    def delete(self, activities: Sequence[StoredActivity]) -> None:
        """Let go of stored ones."""
        for stored in activities:
            del self.tables.activities[stored.row]

    def _keep(self, row: int, activity: Activity) -> None:
        assert activity.activity_id is not None
        own_id = activity.provider_activity_id
        twins = self.find({activity.activity_id}, {own_id} if own_id else ())
        assert [] == [twin for twin in twins if twin.row != row], "two activities of one identity"
        self.tables.activities[row] = (self.provider_id, activity)


def fits(sought: SoughtActivities, provider_id: str, one: Activity, caller: str = PROVIDER) -> bool:
    """Whether an activity is sought, told from the record itself."""
    first = one.reporting_start or one.start_date or date.max
    last = one.reporting_end or one.end_date or first
    ends = one.end_date or one.start_date
    return (
        provider_id == caller
        and (sought.year is None or first.year <= sought.year <= last.year)
        and sought.status in (None, lifecycle.status(one, sought.today))
        and sought.format in (None, one.format)
        and (sought.title or "").casefold() in (one.title or "").casefold()
        and (sought.last is None or bool(one.start_date and one.start_date <= sought.last))
        and (sought.first is None or bool(ends and ends >= sought.first))
        and (sought.board is None or sought.board in {moc.board for moc in one.moc_registrations})
        and (sought.repeats_of is None or sought.repeats_of in {one.activity_id, one.repeat_of})
    )


@dataclass(slots=True)
class FakeCounts:
    """The history of counts."""

    tables: Tables

    def of(self, activity_ids: Collection[str]) -> dict[str, tuple[CountAsOf, ...]]:
        """The figures of these, oldest first."""
        found = {
            one: tuple(count for year, count in sorted(years.items()) if count != CountAsOf(year))
            for one, years in self.tables.counts.items()
            if one in activity_ids
        }
        return {one: counts for one, counts in found.items() if counts}

    def keep(self, activity_id: str, count: CountAsOf) -> None:
        """Keep the figures of a year."""
        before = self.tables.counts.get(activity_id, {})
        self.tables.counts[activity_id] = {**before, count.year: count}


@dataclass(slots=True)
class FakeProgram:
    """A provider's years."""

    tables: Tables
    provider_id: str

    def taken(self, year: int) -> list[Taken]:
        """The steps taken for a year."""
        return [one for of, one in self.tables.taken if (of, one.year) == (self.provider_id, year)]

    def take(self, taken: Taken) -> None:
        """Keep one."""
        self.tables.taken.append((self.provider_id, taken))

    def due_day(self, year: int) -> str | None:
        """The provider's own day."""
        return self.tables.due_days.get(self.provider_id)


@dataclass(slots=True)
class FakeReopenings:
    """What was opened again."""

    tables: Tables

    def of(self, activity_id: str) -> list[Reopening]:
        """Those of an activity."""
        return [one for one in self.tables.reopenings if one.activity_id == activity_id]

    def add(self, one: Reopening) -> None:
        """Keep one."""
        self.tables.reopenings.append(one)


@dataclass(slots=True)
class FakeCredits:
    """The learners' credits of one provider."""

    tables: Tables
    provider_id: str

    def rows(self, count: int) -> range:
        """Numbers never given out before."""
        self.tables.rows += count
        return range(self.tables.rows - count + 1, self.tables.rows + 1)

    def find(
        self, credit_ids: Collection[str], learner_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredCredit]:
        """Those with one of these ids, or of one of these learners and activities."""
        return [
            replace(one, learner=None)
            for one in self._own()
            if one.credit_id in credit_ids
            or (one.learner_key in learner_keys and one.activity_id in activity_ids)
        ]

    def standing(self, credit_id: str) -> StoredCredit | None:
        """The one of this id."""
        return next((one for one in self._own() if one.credit_id == credit_id), None)

    def of_learner(self, activity_id: str, birthday: bytes) -> list[StoredCredit]:
        """Those of an activity whose learner has this birthday."""
        return [one for one in self._own() if (one.activity_id, one.birth_key) == (activity_id, birthday)]

    def search(self, sought: Sought, after: int, most: int) -> list[StoredCredit]:
        """Those that fit, newest first."""
        fitting = (
            one
            for one in sorted(self._own(), key=lambda one: -one.row)
            if (not after or one.row < after)
            and sought.family in (None, one.family_key)
            and sought.activity_id in (None, one.activity_id)
            and sought.status in (None, one.status)
        )
        return list(fitting)[:most]

    def reported(self, activity_ids: Collection[str]) -> set[str]:
        """Those of the activities for which something lives."""
        known = {one.activity_id for one in self._own()} | {
            one.activity_id for _, one in self.tables.participants.values()
        }
        return known & set(activity_ids)

    def boards(self, activity_id: str) -> set[str]:
        """The boards of those of an activity that are not rejected."""
        of_activity = [one for one in self._own() if one.activity_id == activity_id and one.board]
        return {one.board for one in of_activity if one.board and one.status is not CreditStatus.REJECTED}

    def alike(self, activity_id: str) -> list[CreditsAlike]:
        """Those of an activity that were reported and are not rejected."""
        found = Counter(
            (one.board, one.credit_type, one.amount, one.completed_on)
            for one in self._own()
            if one.activity_id == activity_id
            and one.status is not CreditStatus.REJECTED
            and one.matched_from is None
        )
        return [CreditsAlike(*key, number) for key, number in found.items()]

    def add(self, credits: Sequence[StoredCredit]) -> None:
        """Keep new ones."""
        for one in credits:
            assert one.learner is not None and one.row not in self.tables.credits
            assert self.standing(one.credit_id) is None, "two credits of one id"
            twins = [other for other in self._own() if _identity(other) == _identity(one)]
            assert [] == twins, "one learner has one credit of a type for an activity"
            self.tables.credits[one.row] = (self.provider_id, one)

    def delete(self, rows: Collection[int]) -> dict[str, list[int]]:
        """Let go of these; those that a board has accepted, by board."""
        accepted: dict[str, list[int]] = {}
        for row in rows:
            _, gone = self.tables.credits.pop(row)
            self.tables.gone[row] = gone
            if gone.board is not None and gone.status is CreditStatus.ACCEPTED:
                accepted.setdefault(gone.board, []).append(row)
        return accepted

    def delete_yield(self, rows: Collection[int]) -> list[int]:
        """Let go of what these yielded; gives those that had yielded."""
        yielded = [one for one in self._own() if one.matched_from in set(rows)]
        for one in yielded:
            self.tables.gone[one.row] = self.tables.credits.pop(one.row)[1]
        return [one.matched_from for one in yielded if one.matched_from is not None]

    def yield_again(self, rows: Collection[int]) -> None:
        """Let the largest accepted board credit of each learner yield, under the next number."""
        for learner in {_whose(self.tables.gone[row]) for row in rows}:
            mine = [one for one in self._own() if _whose(one) == learner]
            accepted = [one for one in mine if one.board and one.status is CreditStatus.ACCEPTED]
            if accepted and not any(one.kind == (None, CME_CREDIT) for one in mine):
                board = max(accepted, key=lambda one: (one.amount, -one.row))
                (row,) = self.rows(1)
                self.tables.credits[row] = (self.provider_id, yielded_by(board, row))

    def participants(
        self, local_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredParticipant]:
        """The participants of these keys and activities."""
        return [
            one
            for provider_id, one in self.tables.participants.values()
            if provider_id == self.provider_id
            and one.local_key in local_keys
            and one.activity_id in activity_ids
        ]

    def add_participants(self, participants: Sequence[StoredParticipant]) -> None:
        """Keep new ones."""
        for one in participants:
            self.tables.participants[one.row] = (self.provider_id, one)

    def delete_participants(self, rows: Collection[int]) -> None:
        """Let go of these."""
        for row in rows:
            del self.tables.participants[row]

    def _own(self) -> list[StoredCredit]:
        return [one for provider_id, one in self.tables.credits.values() if provider_id == self.provider_id]


def yielded_by(board: StoredCredit, row: int) -> StoredCredit:
    """The CME credit that a board credit yields."""
    own_id = f"ccid:cme-gateway:{row}"
    return replace(
        board, row=row, credit_id=own_id, credit_type=CME_CREDIT, board=None, matched_from=board.row
    )


def _whose(credit: StoredCredit) -> tuple[bytes, str]:
    return credit.learner_key, credit.activity_id


def _identity(credit: StoredCredit) -> tuple[bytes, str, Kind]:
    return credit.learner_key, credit.activity_id, credit.kind


@dataclass(slots=True)
class FakeRegister:
    """The register of learners."""

    tables: Tables

    def find(self, keys: Collection[bytes]) -> dict[bytes, list[Registered]]:
        """The rows that have one of these keys."""
        return {key: self.tables.register[key] for key in keys if key in self.tables.register}

    def spend(self, lookups: int, misses: int) -> tuple[int, int]:
        """Count what was asked."""
        self.tables.lookups += lookups
        self.tables.misses += misses
        return self.tables.lookups, self.tables.misses


@dataclass(slots=True)
class FakeQuestions:
    """The way to the boards."""

    tables: Tables

    def put(self, board: str, errand: Errand, rows: Sequence[int]) -> None:
        """Put credits to a board."""
        self.tables.questions.append((board, errand, tuple(rows)))


@dataclass(slots=True)
class FakeReceipts:
    """The receipts of one provider."""

    tables: Tables
    provider_id: str

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The one that still answers for a submission key."""
        return self._newest(
            lambda stored: (
                stored.holds_key
                and (stored.operation, stored.submission_key) == (operation, key)
                and stored.receipt.received_at >= since
            )
        )

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The one of that id."""
        return self._newest(lambda stored: stored.receipt.id == receipt_id)

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest that was given for a submission key."""
        return self._newest(lambda stored: stored.submission_key == key)

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest for the same content that was no failure."""
        return self._newest(
            lambda stored: (
                (stored.operation, stored.digest) == (operation, digest)
                and stored.receipt.received_at >= since
                and stored.receipt.outcome is not Outcome.FAILURE
            )
        )

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Keep a receipt; an expired holder of its key lets go."""
        if stored.holds_key:
            assert stored.submission_key is not None
            assert self.by_key(stored.operation, stored.submission_key, since) is None, "a key held twice"
        self.tables.receipts.append((self.provider_id, stored, payload))

    def _newest(self, fits: Callable[[StoredReceipt], bool]) -> StoredReceipt | None:
        fitting = (
            stored
            for provider_id, stored, _ in reversed(self.tables.receipts)
            if provider_id == self.provider_id and fits(stored)
        )
        return next(fitting, None)


@dataclass(slots=True)
class FakeAudit:
    """The audit log."""

    tables: Tables

    def add(self, entry: AuditEntry) -> None:
        """Note what happened."""
        self.tables.audit.append(entry)


class Mirror:
    """A sealer: what it sealed is not what it was given, and no secret."""

    def seal(self, plain: bytes) -> bytes:
        """Turn it round."""
        return plain[::-1]

    unseal = seal


_SECRET = hash_secret(PASSWORD, Mirror())  # once: argon2 is slow on purpose


def find_account(provider_id: str, user: str, source: str = "") -> Account | None:
    """The one user of each of the two providers."""
    known = provider_id in {PROVIDER, OTHER_PROVIDER} and user == USER
    return Account(provider_id, user, _SECRET) if known else None


def terms(clock: Callable[[], datetime]) -> Terms:
    """The terms of the default settings."""
    return Terms(
        clock=clock,
        zone=ZoneInfo("America/Chicago"),
        key_months=13,
        duplicate_hours=24,
        digest=digest,
        boards=boards.BOARDS,
        lookups=100,
        misses=10,
    )


GATEKEEPER = Gatekeeper(find_account, Mirror(), seconds=3600)


def make_gateway(store: FakeStore, clock: Callable[[], datetime], limits: Limits | None = None) -> Gateway:
    """A whole gateway on a fake store."""
    limits = limits or Limits()
    return Gateway(
        store=store,
        reader=Reader(schemas.VERSIONS, limits),
        gatekeeper=GATEKEEPER,
        terms=terms(clock),
        limits=limits,
    )
