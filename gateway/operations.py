"""The verbs: one function per operation, on records and a store; no XML, no SQL, no network here.

A writing operation is one transaction: records, receipt and audit row together, or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway import lifecycle, rules, saving
from gateway.errors import Conflict, Malformed, NotFound
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    AuditEntry,
    Caller,
    Finding,
    NextStatus,
    Outcome,
    Receipt,
    Result,
    Status,
    StoredReceipt,
    replace,
)
from gateway.rules import finding
from gateway.store import Store, Unit

SAVE_ACTIVITY = "SaveActivity"
LONGEST_MONTH = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What operations go by: the clock (UTC), the zone that decides what today is, and for how long
    submission keys (months) and equal contents (hours) are remembered."""

    clock: Callable[[], datetime]
    zone: ZoneInfo
    key_months: int
    duplicate_hours: int

    def day(self, now: datetime) -> date:
        """The calendar day of a moment, in the one zone that decides."""
        return now.astimezone(self.zone).date()

    def keys_since(self, now: datetime) -> datetime:
        """The moment before which a submission key is forgotten."""
        return now - timedelta(days=LONGEST_MONTH * self.key_months)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that writes: who, in which payload version, and under which key.

    `raw` is the request without its credentials and key, `digest` the SHA-256 of it: the same digest
    means the same content.
    """

    caller: Caller
    trace_id: str
    version: tuple[int, int]
    raw: bytes
    digest: bytes
    submission_key: str | None = None
    validate_only: bool = False
    all_or_nothing: bool = False


@dataclass(frozen=True, slots=True)
class ActivityView:
    """An activity with the status it has today."""

    activity: Activity
    status: Status
    next_statuses: tuple[NextStatus, ...]


def save_activity(
    call: Call, entries: Sequence[ActivityEntry], notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Add, update, delete or close activities, each record on its own unless all or nothing is asked.

    The receipt has one result per entry, in order; `notices` go to the first. Raises Conflict when
    the submission key was used with other content, Failed when the store fails.
    """
    now = terms.clock()

    def work(unit: Unit) -> Receipt:
        earlier = _earlier(call, unit, now, terms)
        if earlier is not None:
            return replace(earlier, replayed=True)
        repeated = _repeated(call, unit, now, terms)
        results = _saved(call, entries, unit, terms.day(now))
        return _acknowledged(call, _noticed(results, (*notices, *repeated)), unit, now, terms)

    return store.write(call.caller.provider_id, work)


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
            today = terms.day(terms.clock())
            activity = stored.activity
            return ActivityView(
                activity, lifecycle.status(activity, today), lifecycle.next_statuses(activity, today)
            )
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


# --- sending again (docs/wire.md) ----------------------------------------------------------------------


def _earlier(call: Call, unit: Unit, now: datetime, terms: Terms) -> Receipt | None:
    """The receipt that already answers for this submission key, if any."""
    if not call.submission_key or call.validate_only:
        return None
    stored = unit.receipts.by_key(SAVE_ACTIVITY, call.submission_key, terms.keys_since(now))
    if stored is not None and stored.digest != call.digest:
        raise Conflict(
            "The submission key was used before with other content "
            f"(receipt {stored.receipt.id} of {_moment(stored.receipt.received_at)})."
        )
    return stored.receipt if stored else None


def _repeated(call: Call, unit: Unit, now: datetime, terms: Terms) -> Iterable[Finding]:
    """Without a key, the same content within some hours is done again and told."""
    if call.submission_key or call.validate_only:
        return ()
    since = now - timedelta(hours=terms.duplicate_hours)
    stored = unit.receipts.same_content(SAVE_ACTIVITY, call.digest, since)
    if stored is None:
        return ()
    detail = f"Receipt {stored.receipt.id} of {_moment(stored.receipt.received_at)}"
    return (finding("A910", detail=detail),)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


# --- doing it, and the receipt for it --------------------------------------------------------------------


def _saved(call: Call, entries: Sequence[ActivityEntry], unit: Unit, today: date) -> tuple[Result, ...]:
    shelf = saving.Shelf(unit.activities, entries)
    by = saving.Judgement(call.caller.provider_id, call.version, today)
    decisions = [saving.decide(entry, shelf, by) for entry in entries]
    if call.all_or_nothing and any(decision.action is Action.REFUSED for decision in decisions):
        return tuple(map(saving.not_done, decisions))
    if not call.validate_only:
        shelf.put_back(today.year)
    return tuple(saving.result(decision, today) for decision in decisions)


def _noticed(results: tuple[Result, ...], notices: Sequence[Finding]) -> tuple[Result, ...]:
    """What is to be told of the call as a whole is told with its first record."""
    if not notices or not results:
        return results
    first = results[0]
    told = (*notices, *first.findings)[: rules.MOST_FINDINGS]
    return (replace(first, findings=told), *results[1:])


def _acknowledged(
    call: Call, results: tuple[Result, ...], unit: Unit, now: datetime, terms: Terms
) -> Receipt:
    refused = sum(result.action is Action.REFUSED for result in results)
    outcome = _outcome(refused, len(results))
    version = "{}.{}".format(*call.version)
    if call.validate_only:
        unit.forget()
        return Receipt(None, now, version, outcome, results)
    receipt = Receipt(_new_receipt_id(terms.day(now)), now, version, outcome, results)
    holds_key = call.submission_key is not None and outcome is not Outcome.FAILURE
    stored = StoredReceipt(receipt, SAVE_ACTIVITY, call.digest, call.submission_key, holds_key)
    unit.receipts.add(stored, call.raw, terms.keys_since(now))
    unit.audit.add(
        AuditEntry(
            at=now,
            provider_id=call.caller.provider_id,
            user=call.caller.user,
            operation=SAVE_ACTIVITY,
            outcome=outcome,
            receipt_id=receipt.id,
            trace_id=call.trace_id,
            records=len(results),
            refused=refused,
        )
    )
    return receipt


def _outcome(refused: int, records: int) -> Outcome:
    if not refused:
        return Outcome.SUCCESS
    return Outcome.FAILURE if refused == records else Outcome.PARTIAL


def _new_receipt_id(today: date) -> str:
    """A receipt id that can be read out over the telephone: the day, then twelve random digits."""
    return f"{today:%Y%m%d}-{secrets.randbelow(10**12):012d}"
