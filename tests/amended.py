"""The operations on one stored activity, called on a desk as a client would."""

from __future__ import annotations

import hashlib
from typing import Any

from desk import Desk

from gateway import operations
from gateway.amending import naming
from gateway.operations import Call, Copy, Counted
from gateway.records import Activity, ActivityEntry, Place, Receipt, Result, replace

FIRST_ID = "202600001"


def call(desk: Desk, operation: str, content: object = "", **more: Any) -> Call:
    """A call of that operation; `content` stands for its message."""
    raw = f"{operation} {content!r}".encode()
    return Call(
        operation=operation,
        caller=desk.caller,
        trace_id="t1",
        version=(2, 1),
        raw=raw,
        digest=hashlib.sha256(raw).digest(),
        **more,
    )


def named(activity_id: str | None = FIRST_ID, own_id: str | None = None, number: int = 1) -> ActivityEntry:
    """A record that names an activity; every field stands at the path that is its name."""
    return naming(activity_id, own_id, lambda field: Place(f"/{field}", number), number)


def close(desk: Desk, entry: ActivityEntry | None = None, **more: Any) -> Receipt:
    """CloseActivity."""
    entry = entry or named()
    made = call(desk, "CloseActivity", entry.activity, **more)
    return operations.close_activity(made, entry, (), desk.store, desk.terms)


def reopen(
    desk: Desk, entry: ActivityEntry | None = None, reason: str = "Wrong year", **more: Any
) -> Receipt:
    """ReopenActivity."""
    entry = entry or named()
    made = call(desk, "ReopenActivity", (entry.activity, reason), **more)
    return operations.reopen_activity(made, entry, reason, (), desk.store, desk.terms)


def copy(desk: Desk, entry: ActivityEntry | None = None, *, key: str | None = None, **said: Any) -> Receipt:
    """CopyActivity."""
    entry = entry or named()
    made = call(desk, "CopyActivity", (entry.activity, said), submission_key=key)
    return operations.copy_activity(made, entry, Copy(**said), (), desk.store, desk.terms)


def count(desk: Desk, *counted: Counted, **more: Any) -> Receipt:
    """UpdateLearnerCounts."""
    told = [(one.entry.activity, one.physicians, one.other_learners, one.year) for one in counted]
    made = call(desk, "UpdateLearnerCounts", told, **more)
    return operations.update_learner_counts(made, counted, (), desk.store, desk.terms)


def keep(desk: Desk, *activities: Activity) -> list[Activity]:
    """Put activities into the store as they are, with ids in order."""
    first = int(FIRST_ID) + len(desk.store.tables.activities)
    kept = [replace(one, activity_id=str(first + n)) for n, one in enumerate(activities)]
    desk.store.write(desk.caller.provider_id, lambda unit: unit.activities.issue(len(kept), 2026))
    desk.store.write(desk.caller.provider_id, lambda unit: unit.activities.add(kept))
    return kept


def stored(desk: Desk) -> list[Activity]:
    """What the store holds, in the order it came."""
    return [activity for _, activity in desk.store.tables.activities.values()]


def only(receipt: Receipt) -> Result:
    """The one result of a call."""
    (result,) = receipt.results
    return result


def codes(result: Result) -> list[str]:
    """The codes of what was found about a record."""
    return [finding.code for finding in result.findings]
