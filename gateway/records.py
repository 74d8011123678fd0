"""The nouns of the gateway: what is reported, what is answered, and by whom.

Every record is frozen. Dates are calendar dates without a zone, amounts of credit are decimals in
steps of a quarter, amounts of money are whole units of their currency.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

replace = dataclasses.replace


class Severity(enum.StrEnum):
    """Whether a finding stops its record."""

    ERROR = "Error"
    WARNING = "Warning"


class Status(enum.StrEnum):
    """The four statuses of an activity (docs/sources.md, FAQ-status)."""

    DRAFT = "Draft"
    ACTIVE = "Active"
    READY_TO_CLOSE = "Ready to Close"
    CLOSED = "Closed"


class RecordAction(enum.StrEnum):
    """What the sender asks for, by the record's own `activityRecordAction`."""

    ADD = "Add"
    UPDATE = "Update"
    DELETE = "Delete"


class Action(enum.StrEnum):
    """What became of a record."""

    ADDED = "Added"
    UPDATED = "Updated"
    DELETED = "Deleted"
    UNCHANGED = "Unchanged"
    REFUSED = "Refused"


class Outcome(enum.StrEnum):
    """What became of a call as a whole, in the words of the MedBiquitous services."""

    SUCCESS = "Success"
    PARTIAL = "Partial success"
    FAILURE = "Failure"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about one record: a value, never raised; an Error blocks, a Warning informs."""

    code: str
    severity: Severity
    text: str
    remedy: str
    field: str = ""
    path: str = ""
    line: int | None = None
    column: int | None = None

    @property
    def blocks(self) -> bool:
        """Whether the record is refused because of this."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands, or would have to stand, in what was sent (XPath, or sheet cell), and by
    which name its sender knows it."""

    path: str = ""
    line: int | None = None
    column: int | None = None
    field: str = ""


# --- the activity ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Location:
    """Where an in-person activity is held; state as two letters in the USA, country as three."""

    city: str | None = None
    state: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit an activity is certified for, with the joint providers named beside it on the wire."""

    certification: str | None = None
    amount: Decimal | None = None
    joint_providers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonetarySupport:
    """Commercial support in money: whole units of the currency."""

    amount: int | None = None
    source: str | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class InKindSupport:
    """Commercial support in kind; the kinds were asked for until November 2021 only."""

    source: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredOutcome:
    """An outcome that was measured, objectively, subjectively or both (since November 2021)."""

    outcome: str | None = None
    measurement_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MocRegistration:
    """The registration of an activity with one certifying board for MOC credit."""

    board: str | None = None
    points: Decimal | None = None
    credit_types: tuple[str, ...] = ()
    claim_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A CME activity: everything any payload version can say of it.

    The fields up to `specialties` are shared by all versions, the next block belongs to PARS before
    November 2021 (payload 1.0), the one after to PARS since (2.0 on). The last block is the
    gateway's own: what 1.0 could not say and was derived, whether the activity was closed on
    purpose, and the payload version in which it was first reported.
    """

    activity_id: str | None = None
    provider_activity_id: str | None = None
    url: str | None = None
    title: str | None = None
    description: str | None = None
    reporting_start: date | None = None
    reporting_end: date | None = None
    credits: tuple[Credit, ...] = ()
    location: Location | None = None
    start_date: date | None = None
    end_date: date | None = None
    providership: str | None = None
    format: str | None = None
    commercial_support: bool | None = None
    monetary_supports: tuple[MonetarySupport, ...] = ()
    in_kind_supports: tuple[InKindSupport, ...] = ()
    physicians: int | None = None
    other_learners: int | None = None
    specialties: tuple[str, ...] = ()

    legacy_type: str | None = None
    hours_of_instruction: Decimal | None = None
    competencies: tuple[str, ...] = ()
    designed_competence: bool | None = None
    designed_performance: bool | None = None
    designed_outcomes: bool | None = None
    measured_competence: bool | None = None
    measured_performance: bool | None = None
    measured_outcomes: bool | None = None
    exhibit_income: int | None = None
    other_income: int | None = None
    expenses: int | None = None

    delivery_methods: tuple[str, ...] = ()
    passport: bool | None = None
    fee: str | None = None
    registration: str | None = None
    outcomes: tuple[MeasuredOutcome, ...] = ()
    commendation_tags: tuple[str, ...] = ()
    moc_registrations: tuple[MocRegistration, ...] = ()
    mips: bool | None = None
    rems_type: str | None = None

    derived: frozenset[str] = frozenset()
    closed: bool = False
    born: str = ""

    @property
    def joint_providers(self) -> tuple[str, ...]:
        """All joint providers, whichever credit they stand beside."""
        return tuple(name for credit in self.credits for name in credit.joint_providers)

    @property
    def credit_amounts(self) -> tuple[Decimal, ...]:
        """The amounts of the credits that state one."""
        return tuple(credit.amount for credit in self.credits if credit.amount is not None)


# --- the completion --------------------------------------------------------------------------------
#
# What identifies a person has no repr: it must not get into a log or a traceback by accident.


@dataclass(frozen=True, slots=True, repr=False)
class Identifier:
    """A number a learner is known by: `domain` is NPI, a board's acronym or a state's two letters."""

    domain: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Learner:
    """A person as a sender names them; `birthday` is month and day as MM-DD, a year is never kept."""

    given_names: tuple[str, ...] = ()
    family_names: tuple[str, ...] = ()
    suffix: str | None = None
    birthday: str | None = None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimedCredit:
    """A credit a learner earned: CME, or a board's own type; `amount` in points, steps of a quarter."""

    credit_id: str | None = None
    credit_type: str | None = None
    unit: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Participant:
    """A participant of a REMS activity: profession and practice, no name (since learner 2.0)."""

    local_id: str | None = None
    local_domain: str | None = None
    state: str | None = None
    dea_registration: str | None = None
    profession: str | None = None
    practice_area: str | None = None
    surgical: bool | None = None
    time_in_practice: str | None = None


@dataclass(frozen=True, slots=True)
class Regulation:
    """A regulation an activity complies with, and where it is published (since learner 2.0)."""

    label: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One ActivityReport: one learner, or participants without names, completed one activity.

    `provider_organization` is the reporting provider's seven digits, as PARS overloads it.
    """

    organization: str | None = None
    learner: Learner | None = None
    participants: tuple[Participant, ...] = ()
    provider_organization: str | None = None
    activity_name: str | None = None
    regulations: tuple[Regulation, ...] = ()
    activity_id: str | None = None
    module_name: str | None = None
    status: str | None = None
    completed_on: date | None = None
    credits: tuple[ClaimedCredit, ...] = ()


class LearnerAction(enum.StrEnum):
    """What the sender asks for, by the record's own `LearnerRecordAction`."""

    ADD = "add"
    DELETE = "delete"


class CreditStatus(enum.StrEnum):
    """The three statuses of a learner's credit (docs/sources.md, SEED4)."""

    SUBMITTED = "Submitted"
    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class MatchKind(enum.StrEnum):
    """Whether a learner is one known person."""

    MATCH = "match"
    NONE = "none"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Match:
    """What matching found: the register's own key of the person, and which fields disagreed, by the
    names of the wire; never what the register holds."""

    kind: MatchKind
    person: str | None = dataclasses.field(default=None, repr=False)
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class RegisterRow:
    """One licence of one person, as the register of learners is loaded (docs/wire.md)."""

    person: str
    state: str
    licence: str
    npi: str
    board: str
    board_id: str
    given: str
    family: str
    suffix: str
    birthday: str


class KeyKind(enum.IntEnum):
    """What a key of the register is made of; the key's first byte."""

    LICENCE = 1
    NPI = 2
    BOARD = 3
    FORM = 4


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """A row of the register on its way to the store: all that is kept of a RegisterRow, by the names
    of the store's columns; `id` is the same whenever the same licence of the same person is loaded."""

    id: bytes
    person: str
    licence_key: bytes | None
    npi_key: bytes | None
    board_key: bytes | None
    form_key: bytes
    family: bytes
    given: bytes
    first: bytes
    birthday: bytes


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of rows of the register that were loaded."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """A row of the register as it is kept: keyed hashes, from which nobody reads a value."""

    person: str
    family: bytes
    given: bytes
    first: bytes
    birthday: bytes


# --- the boards ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreditType:
    """A board's own type of credit: its name on a learner's record, other spellings a registration
    may use, and the days between which an activity may start that offers it."""

    name: str
    also: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A certifying board of the collaboration, with its lists as they are publicly known.

    `since` is the first day on which an activity may start that is registered with it, None where
    it is not publicly known. `id_shape` is a regular expression of its learner ids, None where any
    text will do. `one_report`: a learner is reported once per activity, and with the registered
    points. An empty list means no check.
    """

    acronym: str
    name: str
    since: date | None = None
    until: date | None = None
    id_shape: str | None = None
    credit_types: tuple[CreditType, ...] = ()
    practice_areas: tuple[str, ...] = ()
    one_report: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claim:
    """What a board is asked about: one credit of one matched learner.

    `reference` is the gateway's own, the same whenever the same credit is asked about again; a board
    that keeps its contract lets it count once.
    """

    reference: str
    board_id: str
    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    birthday: str
    provider_id: str
    activity_id: str
    activity_title: str
    credit_type: str
    amount: Decimal
    completed_on: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """A board's word on one claim; `reason` is the board's own, where it rejects."""

    reference: str
    accepted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What one conversation with a board brought: verdicts so far, and the ticket to come back with
    where the board answers later."""

    verdicts: tuple[Verdict, ...] = ()
    ticket: str | None = None


class Errand(enum.StrEnum):
    """What a board is asked to do."""

    REPORT = "report"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Question:
    """A chunk of claims on their way to one board. `attempt` counts from 1; `since` is when it was
    first put, `ticket` what the board gave to come back with."""

    id: str
    board: str
    errand: Errand
    attempt: int
    since: datetime
    ticket: str | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """An attempt at a question that has begun and not ended well: `executor` is the worker that makes
    it, None where it failed."""

    question_id: str
    attempt: int
    executor: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a board: its open questions, since when the oldest, and how many are unanswered
    for longer than a board should take."""

    board: str
    open: int
    since: datetime
    unanswered: int


# --- what comes in, what goes out ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One record of a submission as it was read: number from 1, and where its fields stand.

    `activity` is None when its shape could not be read; then `findings` say why, and the two ids
    are what could still be made out. `onto` lays the record over the one that is stored: an update
    replaces exactly the fields its version can hold, all others stay (docs/wire.md). `derived` tells
    which derived fields the record has in the end.
    """

    number: int
    activity: Activity | None
    activity_id: str | None = None
    provider_activity_id: str | None = None
    action: RecordAction | None = None
    close: bool | None = None
    provider_id: str | None = None
    onto: Callable[[Activity], Activity] = lambda stored: stored
    derived: Callable[[Activity], tuple[Finding, ...]] = lambda kept: ()
    findings: tuple[Finding, ...] = ()
    place: Callable[[str], Place] = lambda field: Place()


@dataclass(frozen=True, slots=True)
class CompletionEntry:
    """One completion of a submission as it was read: number from 1, and where its fields stand.

    `completion` is None when its shape could not be read; then `findings` say why. `place` knows the
    fields of a Completion and of its learner, and of the n-th credit (from 0) `credits[n]` and
    `credits[n].amount`, of an identifier `identifiers[n]`, of a participant `participants[n]`.
    """

    number: int
    completion: Completion | None
    activity_id: str | None = None
    action: LearnerAction | None = None
    provider_id: str | None = None
    findings: tuple[Finding, ...] = ()
    place: Callable[[str], Place] = lambda field: Place()


@dataclass(frozen=True, slots=True)
class CreditResult:
    """What became of one credit of a completion; its findings stand in the record's result too."""

    credit_id: str | None
    status: CreditStatus
    board: str | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingGate:
    """One thing a status still waits for."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class NextStatus:
    """A status an activity can move to, and what is missing for it."""

    status: Status
    missing: tuple[MissingGate, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one record."""

    number: int
    action: Action
    activity_id: str | None = None
    provider_activity_id: str | None = None
    status: Status | None = None
    next_statuses: tuple[NextStatus, ...] = ()
    credits: tuple[CreditResult, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a call that writes; it exists only after what it acknowledges (`id` is None
    for a call that only validated). `received_at` is UTC, `schema_version` the version found."""

    id: str | None
    received_at: datetime
    schema_version: str
    outcome: Outcome
    results: tuple[Result, ...]
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class StoredActivity:
    """An activity as the store holds it; `row` is the store's own number, opaque to others."""

    row: int
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredit:
    """A learner's credit as the store holds it.

    `row` is the gateway's own number of it, given when it is made and never reused. `learner_key` is the
    person's, or that of what was said of a person who was not matched: learner + activity + credit type
    are unique among the living. `said_key` is that of what was said of the learner, whoever was matched:
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
    learner_key: bytes = dataclasses.field(repr=False)
    said_key: bytes = dataclasses.field(default=b"", repr=False)
    family_key: bytes | None = dataclasses.field(default=None, repr=False)
    birth_key: bytes | None = dataclasses.field(default=None, repr=False)
    person: str | None = dataclasses.field(default=None, repr=False)
    learner: Learner | None = dataclasses.field(default=None, repr=False)
    activity_title: str | None = None
    board: str | None = None
    status: CreditStatus = CreditStatus.SUBMITTED
    reason: str | None = None
    submitted_at: datetime
    decided_at: datetime | None = None
    matched_from: int | None = None
    yielded_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParticipant:
    """A REMS participant as the store holds it, sealed on disk; `local_key` is a keyed hash of the
    participant's own number, unique per activity."""

    row: int
    activity_id: str
    local_key: bytes
    completed_on: date
    submitted_at: datetime
    participant: Participant = dataclasses.field(repr=False)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What credits are searched by; None means that it does not matter. `family` is a keyed hash of
    the last name, `title` a part of the activity's title, whatever the case; both days included."""

    family: bytes | None = dataclasses.field(default=None, repr=False)
    title: str | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    activity_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A receipt with what a later call is compared with: `digest` is the SHA-256 of the request's
    content, `holds_key` whether its submission key still answers for it (docs/wire.md)."""

    receipt: Receipt
    operation: str
    digest: bytes
    submission_key: str | None = None
    holds_key: bool = False


# --- who calls ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller showed, taken out of the message before anything else sees it."""

    provider_id: str | None = None
    user: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of a provider as the store knows it; `secret` is sealed."""

    provider_id: str
    user: str
    secret: bytes = dataclasses.field(repr=False)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, once proven; every query is bound to `provider_id`."""

    provider_id: str
    user: str


@dataclass(frozen=True, slots=True)
class Provider:
    """An accredited provider: seven digits, leading zeros kept."""

    id: str
    name: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What happened, without any personal value."""

    at: datetime
    provider_id: str
    user: str
    operation: str
    outcome: str
    receipt_id: str | None
    trace_id: str
    records: int
    refused: int
