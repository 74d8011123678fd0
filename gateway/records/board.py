"""The certifying boards: what is known of them, what they are asked, and what they say."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache


@dataclass(frozen=True, slots=True)
class CreditType:
    """A board's own type of credit: its name on a learner's record, other spellings a registration
    may use, and the days between which an activity may start that offers it."""

    name: str
    also: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PracticeArea:
    """A field in which a board certifies, and the days between which an activity may start that is
    registered for it."""

    name: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A certifying board of the collaboration, with its lists as they are publicly known.

    `since` is the first day on which an activity may start that is registered with it, None where
    it is not publicly known; `running`: on which it may still run. `id_shape` is a regular expression
    of its learner ids, None where any text will do. `one_report`: a learner is reported once per
    activity, and with the registered points. `outlined`: its activities are tagged by its content
    outline. An empty list means no check.
    """

    acronym: str
    name: str
    since: date | None = None
    until: date | None = None
    running: bool = False
    id_shape: str | None = None
    credit_types: tuple[CreditType, ...] = ()
    practice_areas: tuple[PracticeArea, ...] = ()
    one_report: bool = False
    outlined: bool = False

    def gives(self, number: str) -> bool:
        """Whether a number of a learner looks as this board gives them out."""
        return self.id_shape is None or bool(_shape(self.id_shape).fullmatch(number))


_shape = cache(re.compile)  # one a board; re's own cache takes longer to ask


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
