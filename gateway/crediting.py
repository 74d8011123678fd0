"""What becomes of each completion of a submission: matched, judged, then kept, decided or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from gateway import lifecycle, rules
from gateway.ledger import UNMATCHED, Facts, Ledger
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
    Match,
    MatchKind,
    Participant,
    Place,
    Result,
    StoredCredit,
    StoredParticipant,
    replace,
)
from gateway.rules import Certificate, finding
from gateway.vocabulary import CME_CREDIT

NOT_STORED = "The record was refused; nothing of it was stored."
UNMATCHED_CODES = frozenset({"L901", "L902"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the completions of a call are judged by."""

    provider_id: str
    version: tuple[int, int]
    now: datetime
    today: date
    boards: Mapping[str, Board]
    keys: Keys
    contexts: dict[tuple[str, LearnerAction | None], rules.CompletionContext] = field(default_factory=dict)

    def context(
        self, activity_id: str, activity: Activity | None, action: LearnerAction | None
    ) -> rules.CompletionContext:
        """What rules may know besides a completion, made once for all that do the same to one activity."""
        known = self.contexts.get((activity_id, action))
        if known is None:
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
class Decision:
    """What is to become of one record, and of each of its credits."""

    entry: CompletionEntry
    action: Action
    findings: tuple[Finding, ...]
    credits: tuple[CreditResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One record with all that is known of it."""

    entry: CompletionEntry
    said: Completion
    activity: Activity | None
    match: Match | None
    certificates: tuple[Certificate, ...]
    ledger: Ledger
    by: Judgement

    @property
    def activity_id(self) -> str:
        """The activity it speaks of."""
        return self.said.activity_id or ""

    @property
    def learner_keys(self) -> tuple[bytes, ...]:
        """What the learner's credits may be stored under; new ones are under the first."""
        return self.ledger.learner_keys(self.entry.number)

    @property
    def matched(self) -> bool:
        """Whether the learner is one known person."""
        return self.match is not None and self.match.kind is MatchKind.MATCH


def decide(entry: CompletionEntry, facts: Facts, ledger: Ledger, by: Judgement) -> Decision:
    """Decide what becomes of one record, and leave its credits in that state in the ledger."""
    said = entry.completion
    if said is None:
        return Decision(entry, Action.REFUSED, entry.findings)
    activity = facts.activities.get(said.activity_id or "")
    certificates = tuple(rules.certified(credit, said, activity, by.boards) for credit in said.credits)
    case = Case(entry, said, activity, facts.matches.get(entry.number), certificates, ledger, by)
    findings = (*_wrong_provider(case), *_judged(case), *entry.findings)
    return (_delete if entry.action is LearnerAction.DELETE else _add)(case, findings)


def _wrong_provider(case: Case) -> Iterator[Finding]:
    for name, said in (
        ("provider_id", case.entry.provider_id),
        ("provider_organization", case.said.provider_organization),
    ):
        if said not in (None, case.by.provider_id):
            yield finding("C906", case.entry.place(name), f"Found: {rules.quoted(said)}.")


def _judged(case: Case) -> tuple[Finding, ...]:
    context = case.by.context(case.activity_id, case.activity, case.entry.action)
    found = rules.judge(case.said, context, case.entry.place, case.certificates)
    if case.activity is None and case.activity_id:
        unknown = f"Found: {rules.quoted(case.activity_id)}."
        return (finding("C901", case.entry.place("activity_id"), unknown), *found)
    return found


def _refused(case: Case, findings: Iterable[Finding]) -> Decision:
    """Nothing of the record is stored; each credit tells what concerns it."""
    told = tuple(findings)
    credits = tuple(
        CreditResult(credit.credit_id, CreditStatus.REJECTED, None, NOT_STORED, _within(case, n, told))
        for n, credit in enumerate(case.said.credits)
    )
    return Decision(case.entry, Action.REFUSED, told, credits)


def _within(case: Case, n: int, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those of the findings that stand within the n-th credit."""
    if not findings:  # nearly always; to find a place takes as long as to decide of the record
        return ()
    path = case.entry.place(f"credits[{n}]").path
    return tuple(found for found in findings if path and found.path.startswith(path))


# --- adding ------------------------------------------------------------------------------------------


def _add(case: Case, found: tuple[Finding, ...]) -> Decision:
    findings = (*_conflicts(case), *found)
    if any(one.blocks for one in findings):
        return _refused(case, findings)
    told = (*_unmatched(case), *_repeated(case), *findings)
    before = len(case.said.credits) + len(case.said.participants)
    credits = [_credited(case, n, one, told) for n, one in enumerate(case.certificates)]
    new = [result for result, is_new in credits if is_new]
    added = [one for one in case.said.participants if _took_part(case, one)]
    action = Action.ADDED if new or added or not before else Action.UNCHANGED
    return Decision(case.entry, action, told, tuple(result for result, _ in credits))


def _unmatched(case: Case) -> Iterator[Finding]:
    """A learner who is not one known person is told of; the credits are then rejected."""
    if case.said.learner is None or case.matched:
        return
    match = case.match or UNMATCHED
    code = "L902" if match.kind is MatchKind.SEVERAL else "L901"
    detail = f"Disagreeing: {', '.join(match.fields)}." if match.fields else ""
    yield finding(code, case.entry.place("learner"), detail)


def _conflicts(case: Case) -> Iterator[Finding]:
    """A credit and its id are unique; what is stored is not changed but deleted and added again."""
    for n, claimed in enumerate(case.certificates):
        stored = case.ledger.credit(claimed.credit.credit_id)
        if stored is not None:
            if not _is_same(case, claimed, stored):
                yield finding("C902", _place_of_id(case, n), _earlier(case, stored))
        elif (twin := _twin(case, claimed)) is not None and twin.matched_from is None:
            detail = _earlier(case, twin) or f"It is {rules.quoted(twin.credit_id)}."
            yield finding("C903", _place_of_id(case, n), detail)
    for n, one in enumerate(case.said.participants):
        known = case.ledger.participant(case.by.keys.participant_key(one), case.activity_id)
        if known is not None and (known.participant, known.completed_on) != (one, case.said.completed_on):
            yield finding("C902", case.entry.place(f"participants[{n}]"), _earlier(case, known))


def _repeated(case: Case) -> Iterator[Finding]:
    """What is stored already with the same content is told of where the sender would not expect it."""
    for n, credit in enumerate(case.said.credits):
        stored = case.ledger.credit(credit.credit_id)
        if stored is None:
            continue
        if case.ledger.number_of(stored):
            yield finding("C907", _place_of_id(case, n), _earlier(case, stored))
        elif stored.status is CreditStatus.REJECTED:
            yield finding("C911", _place_of_id(case, n))
    for n, one in enumerate(case.said.participants):
        known = case.ledger.participant(case.by.keys.participant_key(one), case.activity_id)
        if known is not None and case.ledger.number_of(known):
            yield finding("C907", case.entry.place(f"participants[{n}]"), _earlier(case, known))


def _place_of_id(case: Case, n: int) -> Place:
    return case.entry.place(f"credits[{n}].credit_id")


def _earlier(case: Case, stored: StoredCredit | StoredParticipant) -> str:
    number = case.ledger.number_of(stored)
    return f"Record {number} of this call has it." if number else ""


def _twin(case: Case, claimed: Certificate) -> StoredCredit | None:
    """The same credit of the same learner under another id."""
    for key in case.learner_keys:
        twin = case.ledger.of_learner(key, case.activity_id).get(claimed.credit_type or "")
        if twin is not None:
            return twin
    return None


def _is_same(case: Case, claimed: Certificate, stored: StoredCredit) -> bool:
    said = (case.activity_id, claimed.credit_type, claimed.credit.amount, case.said.completed_on)
    known = (stored.activity_id, stored.credit_type, stored.amount, stored.completed_on)
    return said == known and stored.said_key == case.learner_keys[-1]


def _credited(case: Case, n: int, claimed: Certificate, told: Sequence[Finding]) -> tuple[CreditResult, bool]:
    """Keep a credit that is new; say how it stands, and whether it was new."""
    stored = case.ledger.credit(claimed.credit.credit_id)
    is_new = stored is None
    if stored is None:
        twin = _twin(case, claimed)
        if twin is not None:  # yielded by a board credit; now the sender reports it too
            case.ledger.remove(twin)
        stored = _new_credit(case, claimed)
        case.ledger.add(stored, case.entry.number)
    findings = _within(case, n, told)
    return CreditResult(stored.credit_id, stored.status, stored.board, stored.reason, findings), is_new


def _new_credit(case: Case, claimed: Certificate) -> StoredCredit:
    said, by, learner, credit = case.said, case.by, case.said.learner, claimed.credit
    assert learner is not None and said.completed_on is not None
    assert credit.credit_id and credit.amount is not None and claimed.credit_type
    board = claimed.board.acronym if claimed.board else None
    status = _status(case, board)
    return StoredCredit(
        row=case.ledger.next_row(),
        activity_id=case.activity_id,
        credit_id=credit.credit_id,
        credit_type=claimed.credit_type,
        amount=credit.amount,
        completed_on=said.completed_on,
        board=board,
        status=status,
        reason=next((one.text for one in _unmatched(case)), None),
        submitted_at=by.now,
        decided_at=None if status is CreditStatus.SUBMITTED else by.now,
        person=case.match.person if case.match else None,
        learner=learner,
        learner_key=case.learner_keys[0],
        said_key=case.learner_keys[-1],
        family_key=by.keys.family_key(" ".join(learner.family_names)),
        birth_key=by.keys.birth_key(learner.birthday or ""),
    )


def _status(case: Case, board: str | None) -> CreditStatus:
    """Only a matched learner is put to a board; CME credit is decided by matching alone."""
    if not case.matched:
        return CreditStatus.REJECTED
    return CreditStatus.ACCEPTED if board is None else CreditStatus.SUBMITTED


def _took_part(case: Case, one: Participant) -> bool:
    """Keep a participant who is new; say whether that was so."""
    key = case.by.keys.participant_key(one)
    if case.ledger.participant(key, case.activity_id) is not None:
        return False
    assert case.said.completed_on is not None
    stored = StoredParticipant(
        row=case.ledger.next_row(),
        activity_id=case.activity_id,
        local_key=key,
        completed_on=case.said.completed_on,
        submitted_at=case.by.now,
        participant=one,
    )
    case.ledger.add(stored, case.entry.number)
    return True


# --- deleting ----------------------------------------------------------------------------------------


def _delete(case: Case, found: tuple[Finding, ...]) -> Decision:
    gone = _meant(case)
    participants = _meant_participants(case)
    wrong = (*_not_there(case), *(() if gone or participants else _nothing(case)))
    if any(one.blocks for one in (*wrong, *found)):
        return _refused(case, (*wrong, *found))
    for credit in gone:
        case.ledger.remove(credit)
        _remove_yield(case, credit)
    for participant in participants:
        case.ledger.remove(participant)
    told = tuple(CreditResult(one.credit_id, one.status, one.board, one.reason) for one in gone)
    return Decision(case.entry, Action.DELETED, found, told)


def _meant(case: Case) -> list[StoredCredit]:
    """The credits a deletion names, or all the learner has for the activity where it names none."""
    if case.said.credits:
        named = (case.ledger.credit(credit.credit_id) for credit in case.said.credits)
        return list({credit.row: credit for credit in named if credit is not None}.values())
    all_of = (case.ledger.of_learner(key, case.activity_id) for key in case.learner_keys)
    return [credit for credits in all_of for credit in credits.values()]


def _meant_participants(case: Case) -> list[StoredParticipant]:
    known = (
        case.ledger.participant(case.by.keys.participant_key(one), case.activity_id)
        for one in case.said.participants
    )
    return [participant for participant in known if participant is not None]


def _not_there(case: Case) -> Iterator[Finding]:
    for n, credit in enumerate(case.said.credits):
        stored = case.ledger.credit(credit.credit_id)
        if stored is None:
            yield finding("C904", _place_of_id(case, n), f"Found: {rules.quoted(credit.credit_id)}.")
        elif stored.activity_id != case.activity_id or _is_of_another(case, stored):
            yield finding("C905", _place_of_id(case, n))


def _is_of_another(case: Case, stored: StoredCredit) -> bool:
    """Whether a credit is of another person than the one the deletion speaks of; whoever corrects a
    name may write the right one already."""
    person = case.match.person if case.match else None
    return None not in (person, stored.person) and person != stored.person


def _nothing(case: Case) -> Iterator[Finding]:
    if not case.said.credits:
        yield finding("C904", case.entry.place("learner" if case.said.learner else "participants"))


def _remove_yield(case: Case, gone: StoredCredit) -> None:
    """With a board credit goes the CME credit it yielded, unless another board credit stands for it."""
    others = case.ledger.of_learner(gone.learner_key, gone.activity_id)
    yielded = others.get(CME_CREDIT)
    if gone.board is None or yielded is None or yielded.matched_from is None:
        return
    if not any(one.board and one.status is CreditStatus.ACCEPTED for one in others.values()):
        case.ledger.remove(yielded)


# --- results -----------------------------------------------------------------------------------------


def result(decision: Decision) -> Result:
    """Say what became of a record."""
    return Result(
        decision.entry.number,
        decision.action,
        activity_id=decision.entry.activity_id,
        credits=decision.credits,
        findings=told(decision.findings),
    )


def not_done(decision: Decision) -> Result:
    """Say of a record that it was not done because another one of its AllOrNothing call was refused.

    Whether its learner is known is not told: nothing is stored, and guesses would cost nothing.
    """
    if decision.action is Action.REFUSED:
        return result(decision)
    found = (one for one in decision.findings if one.code not in UNMATCHED_CODES)
    findings = (finding("A909", decision.entry.place("action")), *found)
    credits = tuple(
        CreditResult(credit.credit_id, CreditStatus.REJECTED, credit.board, NOT_STORED)
        for credit in decision.credits
    )
    return result(replace(decision, action=Action.REFUSED, findings=findings, credits=credits))


def told(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The most a record is answered with, errors first, so that no flood of warnings hides what blocks."""
    return tuple(sorted(findings, key=lambda found: not found.blocks)[: rules.MOST_FINDINGS])
