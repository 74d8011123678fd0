"""One completion of a submission with all that is known of it, and what is to become of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway import lifecycle, rules
from gateway.ledger import Known, Ledger, Someone
from gateway.matching import Keys
from gateway.records import (
    Action,
    Activity,
    Board,
    Completion,
    CompletionEntry,
    CreditResult,
    CreditStatus,
    Finding,
    LearnerAction,
    Participant,
    Place,
    StoredCredit,
    StoredParticipant,
    Version,
    replace,
)

NOT_STORED = "The record was refused; nothing of it was stored."
AS_IT_WAS = "The record was refused; this credit stands as it was."


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the completions of a call are judged by: `activities` by id, `learners` by record."""

    provider_id: str
    version: Version
    now: datetime
    today: date
    boards: Mapping[str, Board]
    keys: Keys
    activities: Mapping[str, Activity]
    learners: Known
    contexts: dict[tuple[str, LearnerAction | None], rules.CompletionContext] = field(default_factory=dict)

    def context(self, activity_id: str, action: LearnerAction | None) -> rules.CompletionContext:
        """What rules may know besides a completion, made once for all that do the same to one activity."""
        known = self.contexts.get((activity_id, action))
        if known is None:
            activity = self.activities.get(activity_id)
            known = self.contexts[activity_id, action] = rules.CompletionContext(
                today=self.today,
                provider_id=self.provider_id,
                version=self.version,
                activity=activity,
                status=lifecycle.status(activity, self.today) if activity else None,
                boards=self.boards,
                action=action,
            )
        return known


@dataclass(frozen=True, slots=True)
class Case:
    """One record with all that is known of it; `learner` is None where it names none."""

    entry: CompletionEntry
    said: Completion
    activity_id: str
    learner: Someone | None
    ledger: Ledger
    by: Judgement

    def place_of_id(self, n: int) -> Place:
        """Where the id of the n-th credit stands."""
        return self.entry.place(f"credits[{n}].credit_id")

    def within(self, n: int, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Those of the findings that stand within the n-th credit."""
        if not findings:  # nearly always; to find a place takes as long as to decide of the record
            return ()
        path = self.entry.place(f"credits[{n}]").path
        return tuple(found for found in findings if path and found.path.startswith(path))

    def participant(self, one: Participant) -> StoredParticipant | None:
        """What is stored of a participant."""
        return self.ledger.participant(self.by.keys.participant_key(one), self.activity_id)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one record, and of each of its credits; `stored` are the ids of those that are
    stored already as the record says them, and so stand whatever becomes of it."""

    entry: CompletionEntry
    action: Action
    findings: tuple[Finding, ...]
    credits: tuple[CreditResult, ...] = ()
    stored: frozenset[str] = frozenset()


def refused(case: Case, findings: Iterable[Finding], known: Iterable[StoredCredit] = ()) -> Decision:
    """Nothing of the record is stored; each credit tells what concerns it, and those that are `known`
    already, as the record says them, how they stand."""
    told, stored = tuple(findings), {one.credit_id: standing(one) for one in _before(case, known)}
    credits = tuple(
        undone(
            stored.get(credit.credit_id or "") or CreditResult(credit.credit_id, CreditStatus.REJECTED),
            case.within(n, told),
            stands=credit.credit_id in stored,
        )
        for n, credit in enumerate(case.said.credits)
    )
    return Decision(case.entry, Action.REFUSED, told, credits)


def done(
    case: Case,
    action: Action,
    findings: tuple[Finding, ...],
    credits: tuple[CreditResult, ...],
    known: Iterable[StoredCredit],
) -> Decision:
    """What was done with a record, some of whose credits were `known` before."""
    stored = frozenset(one.credit_id for one in _before(case, known))
    return Decision(case.entry, action, findings, credits, stored)


def _before(case: Case, known: Iterable[StoredCredit]) -> Iterator[StoredCredit]:
    """Those that no earlier record of this very call has made."""
    return (one for one in known if case.ledger.number_of(one) is None)


def undone(credit: CreditResult, findings: tuple[Finding, ...] = (), *, stands: bool) -> CreditResult:
    """What is told of a credit whose record was refused: how it stands if it was there before."""
    if not stands:
        return CreditResult(credit.credit_id, CreditStatus.REJECTED, credit.board, NOT_STORED, findings)
    return replace(credit, reason=f"{AS_IT_WAS} {credit.reason or ''}".rstrip(), findings=findings)


def standing(credit: StoredCredit, findings: tuple[Finding, ...] = ()) -> CreditResult:
    """How a stored credit stands."""
    return CreditResult(credit.credit_id, credit.status, credit.board, credit.reason, findings)
