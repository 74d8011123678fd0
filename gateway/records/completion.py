"""The completion: who completed which activity, and the credits it earned.

What identifies a person has no repr: it must not get into a log or a traceback by accident.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


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


class CreditStatus(enum.StrEnum):
    """The three statuses of a learner's credit (docs/sources.md, SEED4)."""

    SUBMITTED = "Submitted"
    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
