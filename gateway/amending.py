"""Changing one thing about an activity that is stored: closing it, opening it again, counting learners.

As when a record is saved, all that stands in the way is told at once. What was amiss with the activity
before is not held against the change.
"""

from __future__ import annotations

from gateway import rules
from gateway.lifecycle import Act
from gateway.records import Action, Activity, ActivityEntry, Finding, PlaceOf, RecordAction
from gateway.rules import detail
from gateway.saving import Decision, Judgement, Shelf, meant, mistaken, refused


def naming(
    activity_id: str | None, provider_activity_id: str | None, place: PlaceOf, number: int = 1
) -> ActivityEntry:
    """A record that does nothing but name an activity, by either id or by both where they agree."""
    return ActivityEntry(
        number,
        Activity(activity_id=activity_id, provider_activity_id=provider_activity_id),
        activity_id=activity_id,
        provider_activity_id=provider_activity_id,
        action=RecordAction.UPDATE,
        place=place,
    )


def quoting(entry: ActivityEntry) -> str:
    """What a finding at the id of an activity says of it: the one that was sent, which is not always ours."""
    return detail(entry.activity_id or entry.provider_activity_id)


def named(entry: ActivityEntry, shelf: Shelf, by: Judgement) -> Activity | None:
    """The activity that a record names, None where that is in doubt."""
    assert entry.activity is not None
    if mistaken(entry, entry.activity, shelf, by):
        return None
    slot = meant(entry.activity, shelf)
    return slot.activity if slot else None


def amend(entry: ActivityEntry, act: Act, shelf: Shelf, by: Judgement) -> Decision:
    """Decide on a change, which is the record's `onto`, and leave the activity so on the shelf."""
    assert entry.activity is not None
    wrong = mistaken(entry, entry.activity, shelf, by)
    slot = meant(entry.activity, shelf)
    if wrong or slot is None or slot.activity is None:
        return Decision(entry, Action.REFUSED, (*wrong, *entry.findings))
    before, after = slot.activity, entry.onto(slot.activity)
    findings = (
        *_refused(entry, act, before, after, by),
        *_worse(entry, before, after, by),
        *entry.noted(before, after),
        *entry.findings,
    )
    if any(found.blocks for found in findings):
        return Decision(entry, Action.REFUSED, findings, slot)
    if after == before:
        return Decision(entry, Action.UNCHANGED, findings, slot)
    return Decision(entry, Action.UPDATED, findings, shelf.settle(slot, after))


def _refused(
    entry: ActivityEntry, act: Act, before: Activity, after: Activity, by: Judgement
) -> tuple[Finding, ...]:
    """Why the table of the life cycle refuses it; counting is asked about only where a count changes."""
    if act is Act.COUNT and after == before:
        return ()
    return refused(entry, before, act, by.today, quoting(entry))


def _worse(entry: ActivityEntry, before: Activity, after: Activity, by: Judgement) -> tuple[Finding, ...]:
    """The rules that the activity breaks by the change."""
    context = rules.Context(by.today, by.provider_id, by.version, before)
    broken = {found.code for found in rules.judge(before, context, entry.place)}
    return tuple(found for found in rules.judge(after, context, entry.place) if found.code not in broken)
