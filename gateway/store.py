"""What the operations need of a store; `storage` provides it, tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from gateway.records import (
    Activity,
    AuditEntry,
    CountAsOf,
    CreditsAlike,
    Errand,
    FoundActivities,
    Question,
    Registered,
    Reopening,
    Reply,
    Run,
    Sought,
    SoughtActivities,
    StoredActivity,
    StoredCredit,
    StoredParticipant,
    StoredReceipt,
    Taken,
)

T = TypeVar("T")


class Activities(Protocol):
    """The live activities of one provider."""

    def find(
        self, activity_ids: Collection[str], provider_activity_ids: Collection[str]
    ) -> list[StoredActivity]:
        """Those that have one of these ids; what is written to is locked until the end."""

    def named(self, activity_ids: Collection[str]) -> dict[str, Activity]:
        """Those of these ids, to look at: they may not vanish until the end, and no one waits."""

    def search(self, sought: SoughtActivities, after: int, most: int) -> FoundActivities:
        """Those that fit, newest first from before row `after` (0: from the newest), at most `most`; so
        many are looked at in one go that a page may be short, and still not be the last."""

    def issue(self, count: int, year: int) -> list[str]:
        """New ACCME Activity IDs, never given out before."""

    def add(self, activities: Sequence[Activity]) -> None:
        """Keep new ones, whose ids are issued."""

    def change(self, activities: Sequence[StoredActivity]) -> None:
        """Keep new states of stored ones."""

    def delete(self, activities: Sequence[StoredActivity]) -> None:
        """Let go of stored ones; their own ids are free again."""


class Counts(Protocol):
    """How many learners the provider's enduring material had, as of 31 December of each year."""

    def of(self, activity_ids: Collection[str]) -> Mapping[str, tuple[CountAsOf, ...]]:
        """The figures of these activities, oldest first; those without any are left out, and years that
        count nothing."""

    def keep(self, activity_id: str, count: CountAsOf) -> None:
        """Keep the figures of a year; those that were there before are corrected, or taken back by one that
        counts nothing."""


class Reopenings(Protocol):
    """Which of the provider's closed activities were opened again, and why."""

    def of(self, activity_id: str) -> Sequence[Reopening]:
        """Those of an activity, in their order."""

    def add(self, one: Reopening) -> None:
        """Keep one, its reason sealed."""


class Program(Protocol):
    """The provider's years of reporting."""

    def taken(self, year: int) -> Sequence[Taken]:
        """The steps taken for a year, oldest first."""

    def take(self, taken: Taken) -> None:
        """Note that a step was taken."""

    def due_day(self, year: int) -> str | None:
        """The day by which this provider's year is due, as MM-DD of the following year; None for the
        usual one."""


class Credits(Protocol):
    """The learners' credits of one provider, and its REMS participants."""

    def rows(self, count: int) -> range:
        """Numbers for so many new credits or participants, never given out before."""

    def find(
        self, credit_ids: Collection[str], learner_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredCredit]:
        """The living ones with one of these ids, or of one of these learners and activities; without
        their learner."""

    def standing(self, credit_id: str) -> StoredCredit | None:
        """The living one of this id, with learner and activity title."""

    def of_learner(self, activity_id: str, birthday: bytes) -> list[StoredCredit]:
        """The living ones of an activity whose learner has this birthday (a keyed hash), with learner."""

    def search(self, sought: Sought, after: int, most: int) -> list[StoredCredit]:
        """The living ones that fit, newest first from before row `after` (0: from the newest), with
        learner and activity title; at most `most`."""

    def reported(self, activity_ids: Collection[str]) -> set[str]:
        """Those of the activities for which a credit or a participant lives."""

    def boards(self, activity_id: str) -> set[str]:
        """The boards that have accepted credit of an activity, or may yet: of living ones."""

    def alike(self, activity_id: str) -> Sequence[CreditsAlike]:
        """The living ones of an activity that were reported and not rejected, counted by what they are."""

    def add(self, credits: Sequence[StoredCredit]) -> None:
        """Keep new ones, each with its learner, whose rows are given."""

    def delete(self, rows: Collection[int]) -> Mapping[str, Sequence[int]]:
        """Let go of these; their ids are free again. Gives, by board, those a board has accepted,
        or was asked about without an answer."""

    def delete_yield(self, rows: Collection[int]) -> list[int]:
        """Let go of the CME credit that these board credits yielded; gives those that had yielded any."""

    def yield_again(self, rows: Collection[int]) -> None:
        """Give the learners of these deleted credits the CME credit that their other board credits yield,
        those that are accepted by now. Waits for verdicts that are being kept."""

    def participants(
        self, local_keys: Collection[bytes], activity_ids: Collection[str]
    ) -> list[StoredParticipant]:
        """The living participants of these keys and activities."""

    def add_participants(self, participants: Sequence[StoredParticipant]) -> None:
        """Keep new ones, whose rows are given."""

    def delete_participants(self, rows: Collection[int]) -> None:
        """Let go of these."""


class Register(Protocol):
    """The register of learners, which all providers are matched against."""

    def find(self, keys: Collection[bytes]) -> dict[bytes, list[Registered]]:
        """The rows that have one of these keys as licence, NPI, board id or form, by key."""

    def spend(self, lookups: int, misses: int) -> tuple[int, int]:
        """Count what this provider asked, and say how often it did so within this hour."""


class Questions(Protocol):
    """The way to the boards."""

    def put(self, board: str, errand: Errand, rows: Sequence[int]) -> None:
        """Put credits to a board, in this very transaction: neither is ever kept without the other."""


class Receipts(Protocol):
    """The receipts of one provider."""

    def by_key(self, operation: str, key: str, since: datetime) -> StoredReceipt | None:
        """The one that still answers for a submission key."""

    def by_id(self, receipt_id: str) -> StoredReceipt | None:
        """The one of that id."""

    def latest_with_key(self, key: str) -> StoredReceipt | None:
        """The newest that was given for a submission key, of whatever operation."""

    def same_content(self, operation: str, digest: bytes, since: datetime) -> StoredReceipt | None:
        """The newest for the same content that was no failure."""

    def add(self, stored: StoredReceipt, payload: bytes, since: datetime) -> None:
        """Keep a receipt and the payload it is for; its key is free again if the holder is older."""


class Audit(Protocol):
    """The audit log, to which is only ever added."""

    def add(self, entry: AuditEntry) -> None:
        """Note what happened, in the transaction in which it happened."""


class Unit(Protocol):
    """One transaction, bound to one provider."""

    @property
    def activities(self) -> Activities:
        """The provider's activities."""

    @property
    def counts(self) -> Counts:
        """The history of its enduring material's counts."""

    @property
    def reopenings(self) -> Reopenings:
        """What it opened again."""

    @property
    def program(self) -> Program:
        """The provider's years of reporting."""

    @property
    def receipts(self) -> Receipts:
        """The provider's receipts."""

    @property
    def audit(self) -> Audit:
        """The audit log."""

    @property
    def credits(self) -> Credits:
        """The provider's learners' credits."""

    @property
    def register(self) -> Register:
        """The register of learners."""

    @property
    def questions(self) -> Questions:
        """The way to the boards."""

    def forget(self) -> None:
        """Undo everything at the end instead of keeping it."""


class Store(Protocol):
    """Runs work in one transaction; work that lost a race is run again from its start."""

    def write(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run work that changes things; all of it is kept, or nothing if it raises."""

    def read(self, provider_id: str, work: Callable[[Unit], T]) -> T:
        """Run work that only reads."""


class Callouts(Protocol):
    """What a worker needs of a store; it works for all providers. Each call is one transaction.

    A question goes from attempt to attempt, and whoever holds an older one than the stored can change
    nothing. All of it raises TakenForDead once the worker was buried.
    """

    def take(self, question_id: str, attempt: int) -> Question | None:
        """A question with the claims that still wait for an answer, noted as asked; None when no one
        waits any more, or the attempt is not the current one. A credit that was deleted is reported no
        more; one whose deleted predecessor (same learner, activity, credit type) the board holds, or may
        hold, is left out for now, so there may be no claims at all."""

    def record(self, question: Question, reply: Reply, delay: float) -> int:
        """Keep what a board said, once: late and repeated verdicts change nothing. Accepted board credit
        yields the activity's CME credit (credit match), unless it was deleted meanwhile. While anything is
        open, the next attempt is enqueued in the same transaction, after `delay` seconds. Gives the number
        still open."""

    def put_off(self, question_id: str, attempt: int, delay: float) -> None:
        """Ask again after `delay` seconds, if this attempt is the current one; a question that waits
        for too long gets the operator's mark `unanswered`."""


class Workers(Protocol):
    """The workers there are, as one of them sees it."""

    @property
    def me(self) -> str:
        """Its own name."""

    def enter(self) -> None:
        """Note that this worker begins."""

    def beat(self, resting: Collection[str] = ()) -> None:
        """Note that this worker lives, and which boards it leaves alone for now."""

    def leave(self) -> None:
        """Note that this worker has ended, so that its work is taken over at once."""

    def beats(self) -> dict[str, datetime]:
        """When each worker was last heard of, by its own clock."""

    def bury(self, executor: str, beat: datetime) -> None:
        """Hold a worker for dead, unless it was heard of again since that beat."""


class Queue(Protocol):
    """The durable queue of attempts, as one worker sees it."""

    def start(
        self,
        boards: Collection[str],
        work: Callable[[str, str, int], None],
        *,
        at_once: int,
        rate: int,
        pause: float,
    ) -> None:
        """Begin to take attempts of these boards, on threads: `work(board, question_id, attempt)`.

        Of each board `at_once` are taken at a time, and looked for every `pause` seconds; `rate` are
        started in a second by all workers together, 0 is no limit. What raises counts as unfinished."""

    def stop(self, patience: float) -> None:
        """Take no more, and wait so many seconds for what is being done."""

    def unfinished(self) -> list[Run]:
        """The attempts that are being made, by whom; and those that ended badly, by nobody."""

    def forget(self, runs: Collection[Run]) -> None:
        """Remove attempts that others have taken over."""

    def sweep(self, before: datetime) -> int:
        """Remove attempts that ended well before then; gives how many, a page of them at most."""
