"""What is done with activities, and with the receipts of any call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway import lifecycle, saving
from gateway.errors import Malformed, NotFound
from gateway.operations.call import Call, Terms, judgement, perform
from gateway.operations.enduring import follow, history_of, note_saved, watched
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    Caller,
    Finding,
    NextStatus,
    Receipt,
    Result,
    Status,
    StoredReceipt,
)
from gateway.repeating import decide_all, own_ids
from gateway.store import Store, Unit


@dataclass(frozen=True, slots=True)
class ActivityView:
    """An activity with its status, and what it can become."""

    activity: Activity
    status: Status
    next_statuses: tuple[NextStatus, ...]


def view(activity: Activity, today: date) -> ActivityView:
    """An activity with the status it has on a day."""
    return ActivityView(activity, lifecycle.status(activity, today), lifecycle.next_statuses(activity, today))


def save_activity(
    call: Call, entries: Sequence[ActivityEntry], notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Add, update, delete or close activities, each record on its own unless all or nothing is asked.

    The receipt has one result per entry, in order; `notices` go to the first. Raises Conflict when
    the submission key was used with other content, Failed when the store fails.
    """

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        today = terms.day(now)
        shelf = saving.Shelf(unit.activities, entries, own_ids(entries))
        by = judgement(call, unit, today)
        history = history_of(entries, shelf, unit.counts)
        decisions = [
            follow(decide_all(watched(entry, history, today), shelf, by), history) for entry in entries
        ]
        if call.all_or_nothing and any(decision.action is Action.REFUSED for decision in decisions):
            return tuple(saving.not_done(one, by.today) for one in decisions)
        if not call.validate_only:
            shelf.put_back(today.year)
            note_saved(decisions, history, today)
        return tuple(saving.result(decision, today) for decision in decisions)

    return perform(call, save, notices, store, terms)


def get_activity(
    caller: Caller, activity_id: str | None, provider_activity_id: str | None, store: Store, terms: Terms
) -> ActivityView:
    """Read one activity of the caller's provider, by either id or by both where they agree.

    Raises NotFound, also for what belongs to another provider; Malformed without an id.
    """
    if not activity_id and not provider_activity_id:
        raise Malformed(
            "Neither ActivityId nor ProviderActivityId is given.", remedy="Give one of them, or both."
        )
    wanted = {"activity_id": activity_id, "provider_activity_id": provider_activity_id}
    found = store.read(
        caller.provider_id,
        lambda unit: unit.activities.find(_set(activity_id), _set(provider_activity_id)),
    )
    for stored in found:
        if all(value in (None, getattr(stored.activity, name)) for name, value in wanted.items()):
            return view(stored.activity, terms.day(terms.clock()))
    raise NotFound("This provider has no activity of that id.")


def get_receipt(caller: Caller, receipt_id: str | None, submission_key: str | None, store: Store) -> Receipt:
    """Give the stored result of an earlier call again, by receipt id or submission key (the latest).

    Raises NotFound, also for what belongs to another provider; Malformed without either.
    """
    if not receipt_id and not submission_key:
        raise Malformed("Neither ReceiptId nor SubmissionKey is given.", remedy="Give one of them.")

    def work(unit: Unit) -> StoredReceipt | None:
        if receipt_id:
            return unit.receipts.by_id(receipt_id)
        return unit.receipts.latest_with_key(submission_key or "")

    stored = store.read(caller.provider_id, work)
    if stored is None or (receipt_id and submission_key not in (None, stored.submission_key)):
        raise NotFound(
            "This provider has no such receipt.",
            remedy="Check the id or key; a call that got a fault left no receipt and may be sent again.",
        )
    return stored.receipt


def _set(value: str | None) -> frozenset[str]:
    return frozenset((value,)) if value else frozenset()
