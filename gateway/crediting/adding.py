"""Adding what a completion reports: credits of a learner, or participants without names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from gateway import rules
from gateway.crediting.case import Case, Decision, done, refused, standing
from gateway.records import (
    Action,
    CreditStatus,
    Finding,
    MatchKind,
    Participant,
    StoredCredit,
    StoredParticipant,
)
from gateway.rules import Certificate, finding, moment

UNMATCHED = {MatchKind.NONE: "L901", MatchKind.SEVERAL: "L902"}
WITHHELD = (
    "Which field disagrees is not told again before the next hour: so many look-ups of your provider found "
    "nobody that it could be an attempt to find people out (S006)."
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One credit of a record with what is stored of it: under its own id, or else under another the
    `twin`, the same learner's credit of the same kind."""

    certificate: Certificate
    stored: StoredCredit | None
    twin: StoredCredit | None


def claimed(case: Case, certificates: Sequence[Certificate]) -> list[Claimed]:
    """Look up what is stored of a record's credits: no two of a sound record are of one id or kind."""
    return [_claimed(case, certificate) for certificate in certificates]


def is_reported(case: Case, claims: Sequence[Claimed]) -> bool:
    """Whether a record is stored as a whole already, with the same content."""
    rows = {one.stored.row for one in claims if one.stored is not None}
    took_part = all(case.participant(one) is not None for one in case.said.participants)
    named = bool(claims or case.said.participants)
    return named and took_part and len(rows) == len(claims) and not any(_conflicts(case, claims))


def add(case: Case, claims: Sequence[Claimed], found: tuple[Finding, ...]) -> Decision:
    """Keep what is new of a record that nothing speaks against, and tell how all of it stands."""
    findings = (*_conflicts(case, claims), *found)
    if any(one.blocks for one in findings):
        return refused(case, findings, _unchanged(case, claims))
    unmatched = tuple(_unmatched(case))
    told = (*unmatched, *_repeated(case, claims), *findings)
    reason = unmatched[0].text if unmatched else None
    kept = [claimed.stored or _kept(case, claimed, reason) for claimed in claims]
    joined = [one for one in case.said.participants if _took_part(case, one)]
    is_new = joined or any(claimed.stored is None for claimed in claims)
    credits = tuple(standing(credit, case.within(n, told)) for n, credit in enumerate(kept))
    known = (claimed.stored for claimed in claims if claimed.stored is not None)
    return done(case, Action.ADDED if is_new else Action.UNCHANGED, told, credits, known)


def _claimed(case: Case, certificate: Certificate) -> Claimed:
    stored = case.ledger.credit(certificate.credit.credit_id)
    return Claimed(certificate, stored, _twin(case, certificate) if stored is None else None)


def _twin(case: Case, certificate: Certificate) -> StoredCredit | None:
    for key in case.learner.keys if case.learner else ():
        twin = case.ledger.of_learner(key, case.activity_id).get(certificate.kind)
        if twin is not None:
            return twin
    return None


# --- what is told ------------------------------------------------------------------------------------


def _unmatched(case: Case) -> Iterator[Finding]:
    """A learner who is not one known person is told of; the credits are then rejected."""
    if case.learner is None or case.learner.matched:
        return
    match = case.learner.match
    withheld = WITHHELD if match.kind is MatchKind.NONE else ""
    detail = f"Disagreeing: {', '.join(match.fields)}." if match.fields else withheld
    yield finding(UNMATCHED[match.kind], case.entry.place("learner"), detail)


def _conflicts(case: Case, claims: Sequence[Claimed]) -> Iterator[Finding]:
    """A credit and its id are unique; what is stored is not changed but deleted and added again."""
    for n, one in enumerate(claims):
        if one.stored is not None:
            if other := _differing(case, n, one.certificate, one.stored):
                yield finding("C902", case.place_of_id(n), _told(case, other, one.stored))
        elif one.twin is not None and one.twin.matched_from is None:
            named = f"It is {rules.quoted(one.twin.credit_id)}."
            yield finding("C903", case.place_of_id(n), f"{named} {_earlier(case, one.twin)}")
    for n, participant in enumerate(case.said.participants):
        known = case.participant(participant)
        if known and (other := _differing_participant(case, n, participant, known)):
            yield finding("C902", case.entry.place(f"participants[{n}]"), _told(case, other, known))


def _unchanged(case: Case, claims: Sequence[Claimed]) -> Iterator[StoredCredit]:
    """What is stored of a record with the same content."""
    for n, one in enumerate(claims):
        if one.stored is not None and not _differing(case, n, one.certificate, one.stored):
            yield one.stored


def _differing(case: Case, n: int, claimed: Certificate, stored: StoredCredit) -> list[str]:
    """The fields of a record that are not as they were when its n-th credit was reported."""
    # The type by its own board, since the activity may be registered with others by now.
    type = rules.spelled(claimed.credit.credit_type or "", case.by.boards.get(stored.board or ""))
    same = {
        "activity_id": case.activity_id == stored.activity_id,
        "learner": case.learner is not None and case.learner.keys[-1] == stored.said_key,
        "completed_on": case.said.completed_on == stored.completed_on,
        f"credits[{n}].credit_type": type == stored.credit_type,
        f"credits[{n}].amount": claimed.credit.amount == stored.amount,
    }
    return [name for name, holds in same.items() if not holds]


def _differing_participant(case: Case, n: int, said: Participant, known: StoredParticipant) -> list[str]:
    names = (field.name for field in fields(said))
    same = {
        "completed_on": case.said.completed_on == known.completed_on,
        **{
            f"participants[{n}].{one}": getattr(said, one) == getattr(known.participant, one) for one in names
        },
    }
    return [name for name, holds in same.items() if not holds]


def _told(case: Case, differing: Sequence[str], stored: StoredCredit | StoredParticipant) -> str:
    """Which fields differ, by the sender's names of them and never by what stands in them."""
    names = dict.fromkeys(case.entry.place(name).field or name for name in differing)
    return f"Different: {', '.join(names)}. {_earlier(case, stored)}"


def _repeated(case: Case, claims: Sequence[Claimed]) -> Iterator[Finding]:
    """What is stored already with the same content is told of where the sender would not expect it."""
    for n, one in enumerate(claims):
        if one.stored is None:
            continue
        if case.ledger.number_of(one.stored):
            yield finding("C907", case.place_of_id(n), _earlier(case, one.stored))
        elif one.stored.status is CreditStatus.REJECTED:
            yield finding("C911", case.place_of_id(n))
    for n, participant in enumerate(case.said.participants):
        known = case.participant(participant)
        if known is not None and case.ledger.number_of(known):
            yield finding("C907", case.entry.place(f"participants[{n}]"), _earlier(case, known))


def _earlier(case: Case, stored: StoredCredit | StoredParticipant) -> str:
    """When something was reported, and how it stands."""
    if number := case.ledger.number_of(stored):
        return f"Record {number} of this call has it."
    when = f"It was submitted on {moment(stored.submitted_at)}"
    return f"{when} and is {stored.status}." if isinstance(stored, StoredCredit) else f"{when}."


# --- what is kept ------------------------------------------------------------------------------------


def _kept(case: Case, claimed: Claimed, reason: str | None) -> StoredCredit:
    """Keep a credit that is new; `reason` is why it is rejected, if it is."""
    if claimed.twin is not None:  # yielded by a board credit; now the sender reports it too
        case.ledger.remove(claimed.twin)
    credit = _new_credit(case, claimed.certificate, reason)
    case.ledger.add(credit, case.entry.number)
    return credit


def _new_credit(case: Case, claimed: Certificate, reason: str | None) -> StoredCredit:
    said, someone, credit = case.said, case.learner, claimed.credit
    assert someone is not None and said.completed_on is not None
    assert credit.credit_id and credit.amount is not None and claimed.credit_type
    board, credit_type = claimed.kind
    status = _status(someone.matched, board)
    return StoredCredit(
        row=case.ledger.next_row(),
        activity_id=case.activity_id,
        credit_id=credit.credit_id,
        credit_type=credit_type,
        amount=credit.amount,
        completed_on=said.completed_on,
        board=board,
        status=status,
        reason=reason,
        submitted_at=case.by.now,
        decided_at=None if status is CreditStatus.SUBMITTED else case.by.now,
        person=someone.match.person,
        learner=said.learner,
        learner_key=someone.keys[0],
        said_key=someone.keys[-1],
        family_key=someone.family_key,
        birth_key=someone.birth_key,
    )


def _status(matched: bool, board: str | None) -> CreditStatus:
    """Only a matched learner is put to a board; CME credit is decided by matching alone."""
    if not matched:
        return CreditStatus.REJECTED
    return CreditStatus.ACCEPTED if board is None else CreditStatus.SUBMITTED


def _took_part(case: Case, one: Participant) -> bool:
    """Keep a participant who is new; say whether that was so."""
    if case.participant(one) is not None:
        return False
    assert case.said.completed_on is not None
    stored = StoredParticipant(
        row=case.ledger.next_row(),
        activity_id=case.activity_id,
        local_key=case.by.keys.participant_key(one),
        completed_on=case.said.completed_on,
        submitted_at=case.by.now,
        participant=one,
    )
    case.ledger.add(stored, case.entry.number)
    return True
