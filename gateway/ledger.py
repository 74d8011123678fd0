"""The credits a call speaks of: what the store knows, fetched at once and put back at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway import matching
from gateway.matching import Keys, Sought
from gateway.records import (
    Activity,
    Caller,
    Completion,
    CompletionEntry,
    CreditStatus,
    Errand,
    Kind,
    Learner,
    Match,
    MatchKind,
    StoredCredit,
    StoredParticipant,
)
from gateway.store import Store, Unit

Stored = StoredCredit | StoredParticipant

Known = Mapping[int, "Someone"]
"""The learners of a call, by the numbers of their records."""


@dataclass(frozen=True, slots=True, repr=False)
class Someone:
    """A learner whom a record speaks of: whom they were matched with, and the keys they are found by.

    The learner's credits may stand under each of `keys`, new ones under the first: that of the person,
    if it is one. The last is that of what was said of a learner, whoever that is.
    """

    match: Match
    keys: tuple[bytes, ...]
    family_key: bytes
    birth_key: bytes

    @property
    def matched(self) -> bool:
        """Whether it is one known person."""
        return self.match.kind is MatchKind.MATCH


def matched(sought: Collection[Sought], caller: Caller, store: Store) -> list[Match]:
    """Match learners by the register as it is now, with one question.

    It needs no lock, so it is done before a transaction that writes: there others would wait for it.
    """
    wanted = {key for one in sought for key in one.keys}
    found = store.read(caller.provider_id, lambda unit: unit.register.find(wanted)) if wanted else {}
    return [matching.judge(one, found) for one in sought]


def find_out(entries: Sequence[CompletionEntry], caller: Caller, store: Store, keys: Keys) -> Known:
    """Find out who the learners of all entries are."""
    sought = {number: keys.sought(said.learner) for number, said in _said(entries) if said.learner}
    matches = matched(sought.values(), caller, store)
    each = zip(sought.items(), matches, strict=True)
    return {number: _someone(one, match, keys) for (number, one), match in each}


def _someone(sought: Sought, match: Match, keys: Keys) -> Someone:
    said = keys.said_key(sought)
    stored = (said,) if match.person is None else (keys.person_key(match.person), said)
    return Someone(match, stored, keys.family_key(sought), keys.birth_key(sought.birthday))


def activities_of(entries: Iterable[CompletionEntry], unit: Unit) -> Mapping[str, Activity]:
    """The activities of all entries by id, which then stay as they are until the end."""
    return unit.activities.named({said.activity_id for _, said in _said(entries) if said.activity_id})


def _said(entries: Iterable[CompletionEntry]) -> Iterator[tuple[int, Completion]]:
    return ((entry.number, entry.completion) for entry in entries if entry.completion is not None)


class Ledger:
    """The living credits and participants a call speaks of; a record sees what earlier ones did."""

    def __init__(self, entries: Sequence[CompletionEntry], known: Known, unit: Unit, keys: Keys) -> None:
        self._unit = unit
        self._by_id: dict[str, StoredCredit] = {}
        self._by_learner: dict[tuple[bytes, str], dict[Kind, StoredCredit]] = {}
        self._participants: dict[tuple[bytes, str], StoredParticipant] = {}
        self._made: dict[int, int] = {}
        self._new: dict[int, Stored] = {}
        self._gone: dict[int, Stored] = {}
        records = [said for _, said in _said(entries)]
        self._fetch(records, {key for someone in known.values() for key in someone.keys}, keys)
        size = sum(len(said.credits) + len(said.participants) for said in records)
        self._rows = iter(unit.credits.rows(size))

    def credit(self, credit_id: str | None) -> StoredCredit | None:
        """The credit of that id."""
        return self._by_id.get(credit_id or "")

    def learner(self, credit: StoredCredit) -> Learner | None:
        """Whom a credit was reported for, where that was not erased; looked up, since few have to know."""
        standing = None if credit.learner else self._unit.credits.standing(credit.credit_id)
        return standing.learner if standing else credit.learner

    def of_learner(self, learner_key: bytes, activity_id: str) -> Mapping[Kind, StoredCredit]:
        """The credits of a learner for an activity, by board and type."""
        return self._by_learner.get((learner_key, activity_id), {})

    def participant(self, local_key: bytes, activity_id: str) -> StoredParticipant | None:
        """The participant of that key."""
        return self._participants.get((local_key, activity_id))

    def number_of(self, one: Stored) -> int | None:
        """The record of this call that made it, if one did."""
        return self._made.get(one.row)

    def next_row(self) -> int:
        """The number of a new row; there is one for each credit and participant of the call."""
        return next(self._rows)

    def add(self, made: Stored, number: int) -> None:
        """Take up what record `number` of this call made."""
        self._new[made.row] = made
        self._made[made.row] = number
        self._keep(made)

    def remove(self, gone: Stored) -> None:
        """Let go of what is stored, or was made by an earlier record of this call."""
        if isinstance(gone, StoredCredit):
            self._by_id.pop(gone.credit_id, None)
            self._by_learner.get((gone.learner_key, gone.activity_id), {}).pop(gone.kind, None)
        else:
            self._participants.pop((gone.local_key, gone.activity_id), None)
        if self._new.pop(gone.row, None) is None:
            self._gone[gone.row] = gone

    def put_back(self) -> None:
        """Write what changed, and put to the boards what they have to know of, all in this transaction."""
        credits, questions = self._unit.credits, self._unit.questions
        gone, gone_participants = _apart(self._gone)
        new, new_participants = _apart(self._new)
        held = credits.delete([one.row for one in gone])
        known = [row for of_board in held.values() for row in of_board]
        bereft = self._bereft(gone).union(credits.delete_yield(known))  # a verdict may just have come in
        credits.delete_participants([one.row for one in gone_participants])
        credits.add(new)
        credits.add_participants(new_participants)
        credits.yield_again(bereft)
        for board, rows in sorted(held.items()):
            questions.put(board, Errand.WITHDRAW, rows)
        for board, rows in sorted(_submitted(new).items()):
            questions.put(board, Errand.REPORT, rows)

    def _bereft(self, gone: Iterable[StoredCredit]) -> set[int]:
        """The deleted credits whose yield goes with them, so that the learners' others are to yield again;
        not those that live, for then the yield was named itself."""
        sources = {one.matched_from for one in gone if one.matched_from is not None}
        return sources.difference(one.row for one in self._by_id.values()) if sources else set()

    def _fetch(self, records: Sequence[Completion], learners: Collection[bytes], keys: Keys) -> None:
        credits = self._unit.credits
        ids = {credit.credit_id for said in records for credit in said.credits if credit.credit_id}
        local = {keys.participant_key(one) for said in records for one in said.participants}
        named = {said.activity_id for said in records if said.activity_id}
        for credit in credits.find(ids, learners, named):
            self._keep(credit)
        others = {credit.learner_key for credit in self._by_id.values()}.difference(learners)
        for credit in credits.find((), others, named) if others else ():
            self._keep(credit)
        for participant in credits.participants(local, named) if local else ():
            self._keep(participant)

    def _keep(self, one: Stored) -> None:
        if isinstance(one, StoredCredit):
            self._by_id[one.credit_id] = one
            self._by_learner.setdefault((one.learner_key, one.activity_id), {})[one.kind] = one
        else:
            self._participants[one.local_key, one.activity_id] = one


def _apart(mixed: Mapping[int, Stored]) -> tuple[list[StoredCredit], list[StoredParticipant]]:
    credits = [one for one in mixed.values() if isinstance(one, StoredCredit)]
    return credits, [one for one in mixed.values() if isinstance(one, StoredParticipant)]


def _submitted(credits: Iterable[StoredCredit]) -> dict[str, list[int]]:
    by_board: dict[str, list[int]] = {}
    for credit in credits:
        if credit.status is CreditStatus.SUBMITTED and credit.board is not None:
            by_board.setdefault(credit.board, []).append(credit.row)
    return by_board
