"""What the store holds of activities, completions and receipts, and how it is searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from gateway.records.activity import Activity, Status
from gateway.records.completion import CreditStatus, Learner, Participant
from gateway.records.receipt import Receipt

Kind = tuple[str | None, str]
"""A board's acronym, None for CME credit, and a type of credit, which several boards may call alike."""


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity as the store holds it; `row` is the store's own number, opaque to others."""

    row: int
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredit:
    """A learner's credit as the store holds it.

    `row` is the gateway's own number of it, given when it is made and never reused. `learner_key` is the
    person's, or that of what was said of a person who was not matched: learner + activity + `kind` are
    unique among the living. `said_key` is that of what was said of the learner, whoever was matched:
    another one is other content. `learner` is sealed on disk. `board` is None for CME credit.
    `matched_from` is the row of the board credit that yielded this one (credit match), `yielded_by` its
    credit id.
    """

    row: int
    activity_id: str
    credit_id: str
    credit_type: str
    amount: Decimal
    completed_on: date
    learner_key: bytes = field(repr=False)
    said_key: bytes = field(default=b"", repr=False)
    family_key: bytes | None = field(default=None, repr=False)
    birth_key: bytes | None = field(default=None, repr=False)
    person: str | None = field(default=None, repr=False)
    learner: Learner | None = field(default=None, repr=False)
    activity_title: str | None = None
    board: str | None = None
    status: CreditStatus = CreditStatus.SUBMITTED
    reason: str | None = None
    submitted_at: datetime
    decided_at: datetime | None = None
    matched_from: int | None = None
    yielded_by: str | None = None

    @property
    def kind(self) -> Kind:
        """Whose credit of which type it is."""
        return self.board, self.credit_type


@dataclass(frozen=True, slots=True)
class CreditsAlike:
    """How many credits of one activity are alike in all that an activity decides on."""

    board: str | None
    credit_type: str
    amount: Decimal
    completed_on: date
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParticipant:
    """A REMS participant as the store holds it, sealed on disk; `local_key` is a keyed hash of the
    participant's own number, unique per activity."""

    row: int
    activity_id: str
    local_key: bytes
    completed_on: date
    submitted_at: datetime
    participant: Participant = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt with what a later call is compared with: `digest` is the SHA-256 of the request's
    content, `holds_key` whether its submission key still answers for it (docs/wire.md)."""

    receipt: Receipt
    operation: str
    digest: bytes
    submission_key: str | None = None
    holds_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What credits are searched by; None means that it does not matter. `family` is a keyed hash of
    the last name, `title` a part of the activity's title, whatever the case; both days included."""

    family: bytes | None = field(default=None, repr=False)
    title: str | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    activity_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoughtActivities:
    """What activities are searched by; None means that it does not matter.

    `status` is that of the day `today`, `title` a part of the title, whatever the case. Between `first`
    and `last`, both included, lies a day of the activity at least. `repeats_of` is the ACCME Activity ID
    of the first of some repeats, which is found too.
    """

    today: date
    year: int | None = None
    status: Status | None = None
    format: str | None = None
    title: str | None = None
    first: date | None = None
    last: date | None = None
    board: str | None = None
    repeats_of: str | None = None


@dataclass(frozen=True, slots=True)
class FoundActivities:
    """Activities that were found, newest first; `next` is the row before which the search goes on, None
    where it has ended. A search looks at so many at a time, so a page may be short, or empty."""

    activities: tuple[Activity, ...] = ()
    next: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening:
    """That a closed activity was opened again, by whom and why: the words of a person, sealed on disk."""

    activity_id: str
    user: str
    at: datetime
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptActivity:
    """A living activity of any provider, as it lies in the store."""

    row: int
    provider_id: str
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptCredit:
    """A credit as it lies in the store, deleted or not, when one person is to be erased from it.

    `may_be_held`: a board was asked about it, has not rejected it, and has not been told to forget it.
    """

    row: int
    provider_id: str
    person: str | None
    learner: Learner
    board: str | None
    status: CreditStatus
    living: bool
    may_be_held: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptPayload:
    """A raw request as it is kept for proof of a receipt; `row` is the receipt's."""

    row: int
    receipt_id: str
    provider_id: str
    content: bytes
