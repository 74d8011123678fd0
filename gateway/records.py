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
