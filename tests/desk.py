"""The operations of a gateway on fakes, called as one provider's user."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from fakes import NOW, OTHER_PROVIDER, PROVIDER, USER, Clock, FakeStore, terms, yielded_by

from gateway import operations
from gateway.operations import Call
from gateway.records import (
    Activity,
    ActivityEntry,
    Caller,
    CompletionEntry,
    CreditStatus,
    Receipt,
    StoredCredit,
)


class Desk:
    """Calls the operations of one gateway, as one provider's user."""

    def __init__(self, provider_id: str = PROVIDER) -> None:
        self.store = FakeStore()
        self.clock = Clock()
        self.terms = terms(self.clock)
        self.caller = Caller(provider_id, USER)

    def of_other_provider(self) -> Desk:
        """The same gateway, called by another provider."""
        other = Desk(OTHER_PROVIDER)
        other.store, other.clock, other.terms = self.store, self.clock, self.terms
        return other

    def save(self, *entries: ActivityEntry | CompletionEntry, content: str = "", **call: Any) -> Receipt:
        """Save activities, or completions; `content` stands for the message, by default told from the
        entries."""
        learners = isinstance(entries[0], CompletionEntry)
        save: Any = operations.save_learner_activity if learners else operations.save_activity
        raw = (content or repr([_told(one) for one in entries])).encode()
        made = Call(
            operation="SaveLearnerActivity" if learners else "SaveActivity",
            caller=self.caller,
            trace_id="t1",
            version=(2, 0),
            raw=raw,
            digest=hashlib.sha256(raw).digest(),
            **call,
        )
        receipt: Receipt = save(made, entries, (), self.store, self.terms)
        return receipt

    def receipt(self, receipt_id: str | None = None, key: str | None = None) -> Receipt:
        """Read a receipt."""
        return operations.get_receipt(self.caller, receipt_id, key, self.store)

    def get(self, activity_id: str | None = None, own_id: str | None = None) -> Activity:
        """Read an activity."""
        return operations.get_activity(self.caller, activity_id, own_id, self.store, self.terms).activity

    def credits(self) -> dict[str, StoredCredit]:
        """What is stored of learners, by credit id."""
        return {one.credit_id: one for _, one in self.store.tables.credits.values()}

    def decide(self, credit_id: str, status: CreditStatus, reason: str | None = None) -> StoredCredit:
        """Let a board's verdict come in."""
        stored = self.credits()[credit_id]
        decided = replace(stored, status=status, reason=reason, decided_at=NOW)
        self.store.tables.credits[stored.row] = (self.caller.provider_id, decided)
        return decided

    def change(self, activity: Activity, **changes: Any) -> None:
        """Let an activity stand otherwise by now."""
        for row, (provider_id, one) in self.store.tables.activities.items():
            if one.activity_id == activity.activity_id:
                changed = replace(one, **changes)
                self.store.tables.activities[row] = (provider_id, changed)

    def accept(self, credit_id: str) -> StoredCredit:
        """Let a board accept, which yields CME credit."""
        board = self.decide(credit_id, CreditStatus.ACCEPTED)
        self.store.tables.credits[99] = (self.caller.provider_id, yielded_by(board, 99))
        return board


def _told(one: ActivityEntry | CompletionEntry) -> object:
    """What makes two entries the same content: not their places, which are functions."""
    if isinstance(one, CompletionEntry):
        return one.completion and one.completion.credits, one.action, one.number
    return one.activity, one.action, one.close
