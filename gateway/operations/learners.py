"""What is done with learners: their completions, how these stand, and who they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NoReturn

from gateway import crediting, matching
from gateway.errors import Malformed, NotFound, TooManyLookups
from gateway.ledger import Known, Ledger, Someone, activities_of, find_out, matched
from gateway.matching import Keys
from gateway.operations.call import Call, Terms, perform
from gateway.records import (
    Action,
    Caller,
    CompletionEntry,
    Finding,
    Learner,
    Match,
    MatchKind,
    Receipt,
    Result,
    StoredCredit,
    replace,
)
from gateway.store import Store, Unit
from gateway.vocabulary import BIRTHDAYS

# As everywhere the date as written counts, whatever its time and zone.
BIRTHDAY = re.compile(r"(?:--|\d{4}-)?(\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?\Z")


def save_learner_activity(
    call: Call, entries: Sequence[CompletionEntry], notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Add or delete completions, each record on its own unless all or nothing is asked.

    Whoever is not one known person is rejected, CME credit of a known one accepted, board credit put
    to its board within the same transaction. The receipt has one result per entry, in order. Raises
    Conflict when the submission key was used with other content, TooManyLookups for a call that only
    validates when the caller has asked too often who is who, Failed when the store fails.
    """
    keys = Keys(terms.digest)
    known = find_out(entries, call.caller, store, keys)

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        by = crediting.Judgement(
            provider_id=call.caller.provider_id,
            version=call.version,
            now=now,
            today=terms.day(now),
            boards=terms.boards,
            keys=keys,
            activities=activities_of(entries, unit),
            learners=known if call.validate_only else _guarded(known, unit, terms),
        )
        ledger = Ledger(entries, known, unit, keys)
        decisions = [crediting.decide(entry, ledger, by) for entry in entries]
        if call.all_or_nothing and any(decision.action is Action.REFUSED for decision in decisions):
            return tuple(map(crediting.not_done, decisions))
        if not call.validate_only:
            ledger.put_back()
        return tuple(map(crediting.result, decisions))

    receipt = perform(call, save, notices, store, terms)
    if call.validate_only:
        _spend(call.caller, [someone.match for someone in known.values()], store, terms)
    return receipt


def get_learner_match(
    caller: Caller, learners: Sequence[Learner], store: Store, terms: Terms
) -> tuple[Match, ...]:
    """Say of each learner whether the register knows them as one person, before credit is reported.

    Raises TooManyLookups when the caller has asked too often within this hour: nobody shall find out
    birthdays by trying.
    """
    keys = Keys(terms.digest)
    matches = matched([keys.sought(learner) for learner in learners], caller, store)
    _spend(caller, matches, store, terms)
    return tuple(matches)


def get_status_by_credit_id(caller: Caller, credit_id: str | None, store: Store) -> StoredCredit:
    """Say how a credit stands. Raises NotFound, also for what belongs to another provider."""
    if not credit_id:
        raise Malformed("CreditId is not given.", remedy="Give the CreditID of the credit.")
    found = store.read(caller.provider_id, lambda unit: unit.credits.standing(credit_id))
    return found or _no_credit("of that CreditID")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LearnerQuery:
    """By what the credits of one learner are asked for: the identifier as it was reported, its domain
    where the number alone is not enough, and the birthday as YYYY-MM-DD or MM-DD."""

    activity_id: str | None
    learner_id: str | None
    domain: str | None
    birthday: str | None
    completed_on: date | None = None


def get_status_by_learner(
    caller: Caller, query: LearnerQuery, store: Store, terms: Terms
) -> tuple[StoredCredit, ...]:
    """Say how the credits of a learner for an activity stand.

    Raises Malformed without activity, identifier and birthday; NotFound, also for what belongs to
    another provider.
    """
    if not (query.activity_id and query.learner_id and query.birthday):
        raise Malformed(
            "ActivityId, LearnerId and BirthDate are asked for.",
            remedy="Give all three, the birth date as YYYY-MM-DD or MM-DD.",
        )
    activity_id, birth_key = query.activity_id, Keys(terms.digest).birth_key(_birthday(query.birthday))
    found = store.read(caller.provider_id, lambda unit: unit.credits.of_learner(activity_id, birth_key))
    fitting = tuple(credit for credit in found if _fits(credit, query))
    return fitting or _no_credit("of that learner for that activity")


def _birthday(said: str) -> str:
    """Month and day, as MM-DD. Raises Malformed where there is no such day."""
    found = BIRTHDAY.match(said)
    if found is None or found[1] not in BIRTHDAYS:
        raise Malformed("BirthDate is no day.", remedy="Write it as YYYY-MM-DD or MM-DD.")
    return found[1]


def _fits(credit: StoredCredit, query: LearnerQuery) -> bool:
    if query.completed_on not in (None, credit.completed_on) or credit.learner is None:
        return False
    return any(matching.is_meant(one, query.learner_id, query.domain) for one in credit.learner.identifiers)


def _no_credit(which: str) -> NoReturn:
    raise NotFound(
        f"This provider has no credit {which}.",
        remedy="Check what you asked by; a record that was refused or deleted has no credit.",
    )


# --- who is who, but not too often ---------------------------------------------------------------------


def _misses(matches: Iterable[Match]) -> int:
    """How many learners are not one known person."""
    return sum(match.kind is not MatchKind.MATCH for match in matches)


def _spend(caller: Caller, matches: Sequence[Match], store: Store, terms: Terms) -> None:
    """Count what was asked, before it is answered. Raises TooManyLookups beyond the hour's measure."""
    lookups, misses = store.write(
        caller.provider_id, lambda unit: unit.register.spend(len(matches), _misses(matches))
    )
    if lookups > terms.lookups or misses > terms.misses:
        raise TooManyLookups


def _guarded(known: Known, unit: Unit, terms: Terms) -> Known:
    """Of so many misses as the hour still has a rejection tells which field disagreed, of no more."""
    missed = [n for n, someone in known.items() if not someone.matched]
    spent = unit.register.spend(0, len(missed))[1] if missed else 0
    left = max(terms.misses - (spent - len(missed)), 0)
    return {**known, **{n: _withheld(known[n]) for n in missed[left:]}}


def _withheld(someone: Someone) -> Someone:
    return replace(someone, match=replace(someone.match, fields=()))
