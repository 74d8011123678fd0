"""Closing an activity on purpose, and opening one again that was closed by mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from gateway import saving
from gateway.amending import amend
from gateway.errors import Malformed
from gateway.lifecycle import Act
from gateway.operations.call import Call, Terms, judgement, perform
from gateway.records import Action, Activity, ActivityEntry, Finding, Receipt, Reopening, Result, replace
from gateway.saving import Decision
from gateway.store import Store, Unit


def close_activity(
    call: Call, entry: ActivityEntry, notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Close an activity: the deliberate act, refused with every gate that is missing (SEED1).

    One that is closed stays so, Unchanged. `entry` names the activity. Raises what `perform` raises.
    """
    closing = replace(entry, onto=lambda stored: replace(stored, closed=True))

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        return _amended(call, closing, Act.CLOSE, unit, now, terms, lambda kept: None)

    return perform(call, save, notices, store, terms)


def reopen_activity(
    call: Call, entry: ActivityEntry, reason: str, notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Open an activity again that was closed by mistake; who did it and why is kept.

    Its status follows from its data again. What closed by itself, as records of 1.0 do, is refused: it
    takes changes as it is (docs/decisions/0006). `entry` names the activity. Raises Malformed without a
    reason, and what `perform` raises.
    """
    if not reason.strip():
        raise Malformed("Reason is not given.", remedy="Say why the activity is opened again.")
    opening = replace(entry, onto=lambda stored: replace(stored, closed=False))

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        def keep(opened: Activity) -> None:
            activity_id = opened.activity_id or ""
            kept = Reopening(activity_id=activity_id, user=call.caller.user, at=now, reason=reason)
            unit.reopenings.add(kept)

        return _amended(call, opening, Act.REOPEN, unit, now, terms, keep)

    return perform(call, save, notices, store, terms)


def _amended(
    call: Call,
    entry: ActivityEntry,
    act: Act,
    unit: Unit,
    now: datetime,
    terms: Terms,
    keep: Callable[[Activity], None],
) -> tuple[Result, ...]:
    """Do one change to one activity; `keep` what is to be kept besides it."""
    by = judgement(call, unit, terms.day(now))
    shelf = saving.Shelf(unit.activities, [entry])
    decision = amend(entry, act, shelf, by)
    if not call.validate_only:
        shelf.put_back(by.today.year)
        _changed(decision, keep)
    return (saving.result(decision, by.today),)


def _changed(decision: Decision, keep: Callable[[Activity], None]) -> None:
    if decision.action is Action.UPDATED and decision.slot and decision.slot.activity:
        keep(decision.slot.activity)
