"""Deleting what was reported of completions: the credits named, all of a learner's, or participants."""

from __future__ import annotations

from collections.abc import Iterator

from gateway import rules
from gateway.crediting.case import Case, Decision, done, refused, standing
from gateway.ledger import Someone
from gateway.matching import number_of
from gateway.records import Action, Finding, StoredCredit, StoredParticipant
from gateway.rules import finding
from gateway.vocabulary import CME_CREDIT


def delete(case: Case, found: tuple[Finding, ...]) -> Decision:
    """Let go of what a record names, all of it or nothing."""
    gone, participants = _credits(case), _participants(case)
    wrong = tuple(_not_there(case)) or (() if gone or participants else tuple(_nothing(case)))
    findings = (*wrong, *found)
    if any(one.blocks for one in findings):
        return refused(case, findings, _theirs(case))
    for credit in gone:
        case.ledger.remove(credit)
        _remove_yield(case, credit)
    for participant in participants:
        case.ledger.remove(participant)
    return done(case, Action.DELETED, findings, tuple(map(standing, gone)), gone)


def _credits(case: Case) -> list[StoredCredit]:
    """The credits a deletion names, or all the learner has for the activity where it names none."""
    if case.said.credits:
        named = (case.ledger.credit(credit.credit_id) for credit in case.said.credits)
        return list({credit.row: credit for credit in named if credit is not None}.values())
    keys = case.learner.keys if case.learner else ()
    return [one for key in keys for one in case.ledger.of_learner(key, case.activity_id).values()]


def _theirs(case: Case) -> Iterator[StoredCredit]:
    """The credits a deletion names that are of its activity and learner."""
    for credit in case.said.credits:
        stored = case.ledger.credit(credit.credit_id)
        if stored is not None and not _is_elsewhere(case, stored):
            yield stored


def _participants(case: Case) -> list[StoredParticipant]:
    known = map(case.participant, case.said.participants)
    return list({one.row: one for one in known if one is not None}.values())


def _not_there(case: Case) -> Iterator[Finding]:
    for n, credit in enumerate(case.said.credits):
        stored = case.ledger.credit(credit.credit_id)
        if stored is None:
            yield finding("C904", case.place_of_id(n), rules.detail(credit.credit_id))
        elif _is_elsewhere(case, stored):
            yield finding("C905", case.place_of_id(n))
    for n, participant in enumerate(case.said.participants):
        if case.participant(participant) is None:
            yield finding("C904", case.entry.place(f"participants[{n}]"))


def _is_elsewhere(case: Case, stored: StoredCredit) -> bool:
    return stored.activity_id != case.activity_id or _is_of_another(case, stored)


def _is_of_another(case: Case, stored: StoredCredit) -> bool:
    """Whether a credit is of another person than the one the deletion speaks of: by the register, or where
    that does not know both, because neither last name, birthday nor a number is the same. Whoever corrects
    one of them may write the right one already."""
    if case.learner is None:
        return False
    if None not in (case.learner.match.person, stored.person):
        return case.learner.match.person != stored.person
    return not _is_alike(case, case.learner, stored)


def _is_alike(case: Case, someone: Someone, stored: StoredCredit) -> bool:
    if someone.family_key == stored.family_key or someone.birth_key == stored.birth_key:
        return True
    said, kept = case.said.learner, case.ledger.learner(stored)
    if said is None or kept is None:  # erased: nothing is left to compare
        return True
    said_numbers, kept_numbers = ({number_of(one.value) for one in who.identifiers} for who in (said, kept))
    return bool(said_numbers & kept_numbers - {""})


def _nothing(case: Case) -> Iterator[Finding]:
    yield finding("C904", case.entry.place("learner"))


def _remove_yield(case: Case, gone: StoredCredit) -> None:
    """With a board credit goes the CME credit it yielded; what other board credits yield is given anew."""
    if gone.board is None:
        return
    others = case.ledger.of_learner(gone.learner_key, gone.activity_id)
    yielded = others.get((None, CME_CREDIT))
    if yielded is None or yielded.matched_from is None:
        return
    if all(one.row != yielded.matched_from for one in others.values()):
        case.ledger.remove(yielded)
