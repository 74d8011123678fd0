"""The credits a call speaks of: what the store knows, fetched at once and put back at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gateway import matching
from gateway.matching import Keys, Sought
from gateway.records import (
    Activity,
    Caller,
    Completion,
    CompletionEntry,
    CreditStatus,
    Errand,
    Match,
    MatchKind,
    StoredCredit,
    StoredParticipant,
    replace,
)
from gateway.store import Store, Unit

Stored = StoredCredit | StoredParticipant

UNMATCHED = Match(MatchKind.NONE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the completions of a call: their activities by id, and, by the number of the
    record, whom its learner was matched with and the keys under which the learner's credits may stand:
    the person's, if it is one, and that of what was said of a learner whom nobody knew."""

    matches: Mapping[int, Match]
    learner_keys: Mapping[int, tuple[bytes, ...]]
    activities: Mapping[str, Activity] = field(default_factory=dict)

    @property
    def misses(self) -> int:
        """How many learners are not one known person."""
        return sum(match.kind is not MatchKind.MATCH for match in self.matches.values())


def find_out(entries: Sequence[CompletionEntry], caller: Caller, store: Store, keys: Keys) -> Facts:
    """Match the learners of all entries by the register as it is now, with one question.

    It needs no lock, so it is done before the transaction that writes: there others would wait for it.
    """
    sought = {number: keys.sought(one.learner) for number, one in _said(entries) if one.learner}
    wanted = {key for one in sought.values() for key in one.keys}
    found = store.read(caller.provider_id, lambda unit: unit.register.find(wanted)) if wanted else {}
    matches = {number: matching.judge(one, found) for number, one in sought.items()}
    return Facts(matches, {n: _learner_keys(one, matches[n], keys) for n, one in sought.items()})


def with_activities(facts: Facts, entries: Sequence[CompletionEntry], unit: Unit) -> Facts:
    """Look up the activities of all entries too, which then stay as they are until the end."""
    named = {said.activity_id for _, said in _said(entries) if said.activity_id}
    return replace(facts, activities=unit.activities.named(named))


def _said(entries: Iterable[CompletionEntry]) -> Iterator[tuple[int, Completion]]:
    return ((entry.number, entry.completion) for entry in entries if entry.completion is not None)


class Ledger:
    """The living credits and participants a call speaks of; a record sees what earlier ones did."""

    def __init__(self, entries: Sequence[CompletionEntry], facts: Facts, unit: Unit, keys: Keys) -> None:
        self._unit = unit
        self._by_id: dict[str, StoredCredit] = {}
        self._by_learner: dict[tuple[bytes, str], dict[str, StoredCredit]] = {}
        self._participants: dict[tuple[bytes, str], StoredParticipant] = {}
        self._learner_keys = facts.learner_keys
        self._made: dict[int, int] = {}
        self._new: dict[int, Stored] = {}
        self._gone: dict[int, Stored] = {}
        self._fetch(dict(_said(entries)), keys)
        size = sum(len(said.credits) + len(said.participants) for _, said in _said(entries))
        self._rows = iter(unit.credits.rows(size))

    def credit(self, credit_id: str | None) -> StoredCredit | None:
        """The credit of that id."""
        return self._by_id.get(credit_id or "")

    def learner_keys(self, number: int) -> tuple[bytes, ...]:
        """What the credits of record `number`'s learner may be stored under; new ones are under the first,
        and the last is that of what is said of the learner."""
        return self._learner_keys.get(number, ())

    def of_learner(self, learner_key: bytes, activity_id: str) -> Mapping[str, StoredCredit]:
        """The credits of a learner for an activity, by credit type."""
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
            self._by_learner.get((gone.learner_key, gone.activity_id), {}).pop(gone.credit_type, None)
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
        credits.delete_yield(self._overtaken(held))
        credits.delete_participants([one.row for one in gone_participants])
        credits.add(new)
        credits.add_participants(new_participants)
        credits.yield_again(self._undecided_beside(gone))
        for board, rows in sorted(held.items()):
            questions.put(board, Errand.WITHDRAW, rows)
        for board, rows in sorted(_submitted(new).items()):
            questions.put(board, Errand.REPORT, rows)

    def _overtaken(self, held: Mapping[str, Sequence[int]]) -> list[int]:
        """Those deleted credits whose verdict may have come in while this call was on its way."""
        rows = (row for of_board in held.values() for row in of_board)
        return [row for row in rows if getattr(self._gone[row], "status", None) is CreditStatus.SUBMITTED]

    def _undecided_beside(self, gone: Iterable[StoredCredit]) -> list[int]:
        """The learners' other credits whose verdict may have come in while this call was on its way."""
        beside = (one for each in gone for one in self._beside(each) if one.row not in self._new)
        return sorted({row for rows in _submitted(beside).values() for row in rows})

    def _beside(self, gone: StoredCredit) -> Iterable[StoredCredit]:
        return self.of_learner(gone.learner_key, gone.activity_id).values()

    def _fetch(self, said: Mapping[int, Completion], keys: Keys) -> None:
        credits = self._unit.credits
        ids = {credit.credit_id for one in said.values() for credit in one.credits if credit.credit_id}
        learners = {key for of_one in self._learner_keys.values() for key in of_one}
        local = {keys.participant_key(each) for one in said.values() for each in one.participants}
        named = {one.activity_id for one in said.values() if one.activity_id}
        for credit in credits.find(ids, learners, named):
            self._keep(credit)
        others = {credit.learner_key for credit in self._by_id.values()} - learners
        for credit in credits.find((), others, named) if others else ():
            self._keep(credit)
        for participant in credits.participants(local, named) if local else ():
            self._keep(participant)

    def _keep(self, one: Stored) -> None:
        if isinstance(one, StoredCredit):
            self._by_id[one.credit_id] = one
            self._by_learner.setdefault((one.learner_key, one.activity_id), {})[one.credit_type] = one
        else:
            self._participants[one.local_key, one.activity_id] = one


def _learner_keys(sought: Sought, match: Match, keys: Keys) -> tuple[bytes, ...]:
    said = keys.said_key(sought)
    return (said,) if match.person is None else (keys.person_key(match.person), said)


def _apart(mixed: Mapping[int, Stored]) -> tuple[list[StoredCredit], list[StoredParticipant]]:
    credits = [one for one in mixed.values() if isinstance(one, StoredCredit)]
    return credits, [one for one in mixed.values() if isinstance(one, StoredParticipant)]


def _submitted(credits: Iterable[StoredCredit]) -> dict[str, list[int]]:
    by_board: dict[str, list[int]] = {}
    for credit in credits:
        if credit.status is CreditStatus.SUBMITTED and credit.board is not None:
            by_board.setdefault(credit.board, []).append(credit.row)
    return by_board
