"""An activity that is held several times and told once: each date and place becomes an activity of its
own, linked to the first (SEED2; docs/wire.md).

They are done together or not at all, and found again by own ids that follow from that of the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    Finding,
    Location,
    Place,
    RecordAction,
    Repeat,
    replace,
)
from gateway.rules import finding
from gateway.saving import Decision, Judgement, Shelf, Slot, decide, mistaken

# What each instance has of its own: who came, and who paid. It is not taken from the first.
_NOT_SHARED = (
    *("physicians", "other_learners", "participants"),
    *("commercial_support", "monetary_supports", "in_kind_supports"),
)
_NOTHING = Activity()


@dataclass(frozen=True, slots=True)
class Held:
    """When and where one instance is held; `number` counts the instances, the record itself is 1, and
    `position` the repeats as they were sent, from 0."""

    number: int
    position: int
    start: date | None
    end: date | None
    location: Location | None


def decide_all(entry: ActivityEntry, shelf: Shelf, by: Judgement) -> Decision:
    """Decide what becomes of a record, and of the further instances it names."""
    if not entry.repeats or entry.activity is None or entry.action is RecordAction.DELETE:
        return decide(entry, shelf, by)
    if mistaken(entry, entry.activity, shelf, by):
        return decide(entry, shelf, by)  # which activity is meant is in doubt, and so is what repeats it
    before = _marks(entry.activity, shelf)
    first = decide(entry, shelf, by)
    decisions = [first]
    for further in _entries(entry, entry.activity, first.slot):
        assert further.activity is not None
        before += _marks(further.activity, shelf)
        decisions.append(decide(further, shelf, by))
    return _together(entry, decisions, before, shelf)


def instances(entries: Iterable[ActivityEntry]) -> list[ActivityEntry]:
    """The further instances that records name, to be fetched with them."""
    named = [(entry, entry.activity) for entry in entries if entry.repeats and entry.activity]
    return [further for entry, said in named for further in _entries(entry, said, None)]


Mark = tuple[Slot, Activity | None, int | None]
"""An activity of the call, and how it was before a record."""


def _marks(activity: Activity, shelf: Shelf) -> list[Mark]:
    slot = shelf.by_activity_id(activity.activity_id) or shelf.by_own_id(activity.provider_activity_id)
    return [(slot, slot.activity, slot.number)] if slot else []


def _together(
    entry: ActivityEntry, decisions: Sequence[Decision], before: Iterable[Mark], shelf: Shelf
) -> Decision:
    """One decision on all instances: where one is refused, all are as they were."""
    first = decisions[0]
    findings = tuple(dict.fromkeys((*_untold(decisions), *(f for one in decisions for f in one.findings))))
    if any(found.blocks for found in findings):
        _undo(decisions, before, shelf)
        return Decision(entry, Action.REFUSED, findings, first.slot)
    for one in decisions[1:]:
        if one.slot is not None:  # also one that is stored: what it repeated may have been deleted
            one.slot.first = first.slot
    return Decision(entry, _sum_up(decisions), findings, first.slot, tuple(decisions))


def _untold(decisions: Sequence[Decision]) -> Iterator[Finding]:
    """Without an own id, what repeats a stored activity could not be found again: it would be added with
    each call."""
    first, *further = decisions
    known = first.slot is not None and first.slot.stored is not None
    if known and any(one.entry.provider_activity_id is None for one in further):
        yield finding("A915", first.entry.place("provider_activity_id"))


def _undo(decisions: Iterable[Decision], before: Iterable[Mark], shelf: Shelf) -> None:
    known = {id(slot): (activity, number) for slot, activity, number in reversed([*before])}
    for slot in [one.slot for one in decisions if one.slot and one.action is not Action.REFUSED]:
        activity, number = known.get(id(slot), (None, None))
        shelf.settle(slot, activity)
        slot.number = number


def _sum_up(decisions: Sequence[Decision]) -> Action:
    actions = {one.action for one in decisions}
    return decisions[0].action if len(actions) == 1 or Action.ADDED is decisions[0].action else Action.UPDATED


# --- the instances -----------------------------------------------------------------------------------


def _entries(entry: ActivityEntry, said: Activity, first: Slot | None) -> Iterator[ActivityEntry]:
    kept, own_id = first.activity if first else None, said.provider_activity_id
    for held in _instances(entry.repeats, said):
        named = f"{own_id}#{held.number}" if own_id else None
        blank = {name: getattr(_NOTHING, name) for name in _NOT_SHARED}
        yield replace(
            entry,
            activity=replace(_moved(said, held), activity_id=None, provider_activity_id=named, **blank),
            activity_id=None,
            provider_activity_id=named,
            action=RecordAction.ADD if entry.action is RecordAction.ADD else None,
            close=None,  # each is closed on its own, when its learners are counted
            repeats=(),
            onto=partial(_onto, entry=entry, held=held, first=kept),
            findings=(),
            place=partial(_place, entry=entry, position=held.position),
        )


def _instances(repeats: Sequence[Repeat], said: Activity) -> Iterator[Held]:
    """The further instances; what is the record's own, or stands twice, is the same instance."""
    known = {(said.start_date, said.end_date, said.location)}
    for position, repeat in enumerate(repeats):
        given = Location(repeat.city, repeat.state, repeat.country)
        location = said.location if given == Location() else given
        end = repeat.end_date or _last_day(repeat.start_date, said)
        if (repeat.start_date, end, location) not in known:
            known.add((repeat.start_date, end, location))
            yield Held(len(known), position, repeat.start_date, end, location)


def _last_day(start: date | None, said: Activity) -> date | None:
    """Without an end of its own an instance takes as long as the record's."""
    if start is None or said.start_date is None or said.end_date is None:
        return None
    try:
        return start + (said.end_date - said.start_date)
    except OverflowError:  # a rule refuses such a start
        return None


def _moved(activity: Activity, held: Held) -> Activity:
    return replace(
        activity,
        start_date=held.start,
        end_date=held.end,
        reporting_start=held.start,
        reporting_end=held.end,
        location=held.location,
    )


def _onto(stored: Activity, entry: ActivityEntry, held: Held, first: Activity | None) -> Activity:
    """Lay the record over an instance that is stored, but for what is the instance's own."""
    own = {name: getattr(stored, name) for name in (*_NOT_SHARED, "provider_activity_id")}
    link = (first.activity_id if first else None) or stored.repeat_of
    return replace(_moved(entry.onto(stored), held), **own, repeat_of=link)


def _place(field: str, entry: ActivityEntry, position: int) -> Place:
    """Where a field of an instance was told: with the repeat, or with the record as a whole."""
    told = {"start_date", "end_date", "location", "reporting_start", "reporting_end"}
    if field not in told:
        return entry.place(field)
    part = {"location": "country", "reporting_start": "start_date", "reporting_end": "end_date"}
    return entry.place(f"repeats[{position}].{part.get(field, field)}")
