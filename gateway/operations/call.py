"""The frame of every call: what operations go by, sending again, and the receipt.

A writing operation is one transaction: records, receipt and audit row together, or not at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway import rules
from gateway.duration import months
from gateway.errors import Conflict
from gateway.records import (
    Action,
    AuditEntry,
    Board,
    Caller,
    Finding,
    Outcome,
    Place,
    Receipt,
    Result,
    StoredReceipt,
    Version,
    dotted,
    replace,
)
from gateway.rules import finding, moment
from gateway.saving import Judgement
from gateway.store import Store, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What operations go by: the clock (UTC), the zone that decides what today is, and for how long
    submission keys (months) and equal contents (hours) are remembered.

    `digest` makes the keyed hashes learners are found by (gateway.sealing), `boards` are those of
    the collaboration; `lookups` and `misses` bound what one provider may ask of the register in an hour.
    """

    clock: Callable[[], datetime]
    zone: ZoneInfo
    key_months: int
    duplicate_hours: int
    digest: Callable[[str], bytes]
    boards: Mapping[str, Board]
    lookups: int
    misses: int

    def day(self, now: datetime) -> date:
        """The calendar day of a moment, in the one zone that decides."""
        return now.astimezone(self.zone).date()

    def keys_since(self, now: datetime) -> datetime:
        """The moment before which a submission key is forgotten."""
        return now - months(self.key_months)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that writes: who, what, in which payload version, and under which key.

    `raw` is the request without its credentials and key, `digest` the SHA-256 of it: the same digest
    means the same content.
    """

    operation: str
    caller: Caller
    trace_id: str
    version: Version
    raw: bytes
    digest: bytes
    submission_key: str | None = None
    validate_only: bool = False
    all_or_nothing: bool = False


def judgement(call: Call, unit: Unit, today: date) -> Judgement:
    """What the activities of a call are judged by."""
    credits = unit.credits
    return Judgement(
        call.caller.provider_id, call.version, today, credits.reported, credits.boards, credits.alike
    )


Save = Callable[[Unit, datetime], tuple[Result, ...]]


def perform(call: Call, save: Save, notices: Iterable[Finding], store: Store, terms: Terms) -> Receipt:
    """Do a call's work once, whatever is sent again, and give the receipt for it.

    `save` does it within the transaction and says what became of each record; it may be run again.
    `notices` go to the first record. Raises Conflict when the submission key was used with other
    content, Failed when the store fails.
    """
    now = terms.clock()

    def work(unit: Unit) -> Receipt:
        earlier = _earlier(call, unit, now, terms)
        if earlier is not None:
            return replace(earlier, replayed=True)
        repeated = _repeated(call, unit, now, terms)
        results = save(unit, now)
        return _acknowledged(call, _noticed(results, (*notices, *repeated)), unit, now, terms)

    return store.write(call.caller.provider_id, work)


# --- sending again (docs/wire.md) ----------------------------------------------------------------------


def _earlier(call: Call, unit: Unit, now: datetime, terms: Terms) -> Receipt | None:
    """The receipt that already answers for this submission key, if any."""
    if not call.submission_key or call.validate_only:
        return None
    stored = unit.receipts.by_key(call.operation, call.submission_key, terms.keys_since(now))
    if stored is not None and stored.digest != call.digest:
        raise Conflict(
            "The submission key was used before with other content "
            f"(receipt {stored.receipt.id} of {moment(stored.receipt.received_at)})."
        )
    return stored.receipt if stored else None


def _repeated(call: Call, unit: Unit, now: datetime, terms: Terms) -> Iterable[Finding]:
    """Without a key, the same content within some hours is done again and told."""
    if call.submission_key or call.validate_only:
        return ()
    since = now - timedelta(hours=terms.duplicate_hours)
    stored = unit.receipts.same_content(call.operation, call.digest, since)
    if stored is None:
        return ()
    detail = f"Receipt {stored.receipt.id} of {moment(stored.receipt.received_at)}."
    return (finding("A910", detail=detail),)


# --- the receipt ---------------------------------------------------------------------------------------


def _noticed(results: tuple[Result, ...], notices: Sequence[Finding]) -> tuple[Result, ...]:
    """What is to be told of the call as a whole is told with its first record."""
    if not notices or not results:
        return results
    first = results[0]
    told = (*notices, *first.findings)
    blocked = any(found.blocks for found in told)
    place = Place(notices[0].path, notices[0].line)
    told = told[: rules.MOST_FINDINGS] if blocked else rules.told(told, place)
    return (replace(first, findings=told), *results[1:])


def _acknowledged(
    call: Call, results: tuple[Result, ...], unit: Unit, now: datetime, terms: Terms
) -> Receipt:
    refused = sum(result.action is Action.REFUSED for result in results)
    outcome = _outcome(refused, len(results))
    version = dotted(call.version)
    if call.validate_only:
        unit.forget()
        return Receipt(None, now, version, outcome, results)
    receipt = Receipt(_new_receipt_id(terms.day(now)), now, version, outcome, results)
    holds_key = call.submission_key is not None and outcome is not Outcome.FAILURE
    stored = StoredReceipt(receipt, call.operation, call.digest, call.submission_key, holds_key)
    unit.receipts.add(stored, call.raw, terms.keys_since(now))
    unit.audit.add(
        AuditEntry(
            at=now,
            provider_id=call.caller.provider_id,
            user=call.caller.user,
            operation=call.operation,
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
