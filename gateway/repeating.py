"""An activity that is held several times and told once: each date and place becomes an activity of its
own, linked to the first (SEED2; docs/wire.md).

They are done together or not at all, and found again by own ids that follow from that of the first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count

from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    Finding,
    Location,
    MocRegistration,
    Place,
    RecordAction,
    Repeat,
    replace,
)
from gateway.rules import finding
from gateway.saving import Decision, Judgement, Shelf, Slot, decide, meant, mistaken
from gateway.vocabulary import ENDURING, SERIES, format_named

# What each instance has of its own: who came, and who paid. It is not taken from the first.
_NOT_SHARED = (
    *("physicians", "other_learners", "participants"),
    *("commercial_support", "monetary_supports", "in_kind_supports"),
)
_NOTHING = Activity()
# Where a repeat tells what the first instance has in a field.
_TOLD = {
    **dict.fromkeys(("start_date", "reporting_start"), "start_date"),
    **dict.fromkeys(("end_date", "reporting_end"), "end_date"),
    **dict.fromkeys(("location", "location.country"), "country"),
    "location.city": "city",
    "location.state": "state",
}
_ONCE = {ENDURING: "A924", SERIES: "A925"}
SECOND, MARK = 2, "#"
AHEAD = 8
"""Own ids that must be free in a row before no further instance is looked for."""


@dataclass(frozen=True, slots=True)
class Held:
    """When and where one instance is held; `position` counts the repeats as they were sent, from 0, and
    `number` the instances as they were added: the record itself is 1."""

    position: int
    start: date | None
    end: date | None
    location: Location | None
    number: int = 0


def decide_all(entry: ActivityEntry, shelf: Shelf, by: Judgement) -> Decision:
    """Decide what becomes of a record, and of the further instances it names."""
    if not entry.repeats or entry.activity is None or entry.action is RecordAction.DELETE:
        return decide(entry, shelf, by)
    if mistaken(entry, entry.activity, shelf, by, may_rename=True):
        return decide(entry, shelf, by)  # which activity is meant is in doubt, and so is what repeats it
    held = _numbered([*_instances(entry.repeats, entry.activity)], entry.activity, shelf, by)
    before = _marks(entry.activity, shelf)
    first = decide(entry, shelf, by)
    decisions = [first]
    for further in _entries(entry, entry.activity, held, first.slot):
        assert further.activity is not None
        before += _marks(further.activity, shelf)
        decisions.append(decide(further, shelf, by))
    return _together(entry, decisions, before, shelf)


def unfit(entry: ActivityEntry) -> Iterator[Finding]:
    """What is told of repeats of what is reported once, for all its time or with all its sessions; and of
    those that are told already."""
    format = format_named(entry.activity.format) if entry.activity else None
    code = _ONCE.get(format.name) if format and entry.repeats else None
    if code:
        yield finding(code, entry.place("repeats"))
    taken = {held.position for held in _instances(entry.repeats, entry.activity or _NOTHING)}
    for position, repeat in enumerate(entry.repeats):
        if position not in taken and repeat.start_date:
            yield finding("A933", entry.place(f"repeats[{position}]"), f"It is that of {repeat.start_date}.")


def own_ids(entries: Iterable[ActivityEntry]) -> set[str]:
    """The own ids that the further instances of records may have, to be fetched with them."""
    named = [(entry, entry.activity.provider_activity_id) for entry in entries if entry.activity]
    return {
        _own_id(own_id, number)
        for entry, own_id in named
        if own_id and entry.repeats
        for number in range(SECOND, SECOND + len(entry.repeats) + AHEAD)
    }


Mark = tuple[Slot, Activity | None, int | None]
"""An activity of the call, and how it was before a record."""


def _marks(activity: Activity, shelf: Shelf) -> list[Mark]:
    slot = meant(activity, shelf)
    return [(slot, slot.activity, slot.number)] if slot else []


def _together(
    entry: ActivityEntry, decisions: Sequence[Decision], before: Iterable[Mark], shelf: Shelf
) -> Decision:
    """One decision on all instances: where one is refused, all are as they were."""
    first = decisions[0]
    findings = tuple(dict.fromkeys((*unfit(entry), *_untold(decisions), *_all_found(*decisions))))
    if any(found.blocks for found in findings):
        _undo(decisions, before, shelf)
        return Decision(entry, Action.REFUSED, findings, first.slot)
    for one in decisions[1:]:
        if one.slot is not None:  # also one that is stored: what it repeated may have been deleted
            one.slot.first = first.slot
    return Decision(entry, _sum_up(decisions), findings, first.slot, tuple(decisions))


def _all_found(first: Decision, *further: Decision) -> Iterator[Finding]:
    """What is found of the record, and of its repeats alone: that is told at the repeat, and of which."""
    yield from first.findings
    known = {(found.code, found.path) for found in first.findings}
    for one in further:
        alone = (found for found in one.findings if (found.code, found.path) not in known)
        yield from (_of_repeat(found, one.entry) for found in alone)


def _of_repeat(found: Finding, entry: ActivityEntry) -> Finding:
    place = entry.place("activity_id")
    if not place.path or found.path.startswith(place.path):
        return found
    assert entry.activity is not None
    _, mark, number = (entry.provider_activity_id or "").rpartition(MARK)
    named = f", with your own id and {mark}{number} behind it" if number else ""
    text = f"{found.text} This is said of the repeat of {entry.activity.start_date}{named}."
    field = place.field or found.field
    return replace(found, text=text, field=field, path=place.path, line=place.line, column=place.column)


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


def _own_id(own_id: str, number: int) -> str:
    return f"{own_id}{MARK}{number}"


def _entries(
    entry: ActivityEntry, said: Activity, instances: Iterable[Held], first: Slot | None
) -> Iterator[ActivityEntry]:
    kept, own_id = first.activity if first else None, said.provider_activity_id
    for held in instances:
        named = _own_id(own_id, held.number) if own_id else None
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
            noted=partial(_noted, entry=entry, held=held),
            findings=(),
            place=partial(_place, entry=entry, position=held.position),
        )


def _instances(repeats: Sequence[Repeat], said: Activity) -> Iterator[Held]:
    """The further instances; what is the record's own, or stands twice, is the same instance."""
    known = {(said.start_date, said.end_date, _folded(said.location))}
    for position, repeat in enumerate(repeats):
        given = Location(repeat.city, repeat.state, repeat.country)
        location = said.location if given == Location() else given
        end = repeat.end_date or (said.ending(repeat.start_date) if repeat.start_date else None)
        key = (repeat.start_date, end, _folded(location))
        if key not in known:
            known.add(key)
            yield Held(position, repeat.start_date, end, location)


def _folded(location: Location | None) -> tuple[str, ...]:
    """A place as places are compared: however its names are spelled."""
    at = location or Location()
    parts = (at.city, at.state, at.country)
    return tuple(" ".join((part or "").casefold().split()) for part in parts)


def _numbered(instances: Sequence[Held], said: Activity, shelf: Shelf, by: Judgement) -> list[Held]:
    """Tell which of the instances there are each one is: that of its day and place. Another one is that of
    its turn, held at another time now, unless learners are reported for that; or else it is a new one."""
    own_id, turns = said.provider_activity_id, range(SECOND, SECOND + len(instances))
    if own_id is None:
        return [replace(held, number=number) for number, held in zip(turns, instances, strict=True)]
    known = _known(own_id, len(instances), shelf)
    found = _met(instances, known)
    met = {*found.values()}
    moved = {turn: known[turn] for turn in turns if turn in known and turn not in found and turn not in met}
    fixed = by.reported([one.activity_id for one in moved.values() if one.activity_id])
    found |= {turn: turn for turn, one in moved.items() if one.activity_id not in fixed}
    free = (number for number in count(SECOND) if not _stands(shelf.look_for(_own_id(own_id, number))))
    return [
        replace(held, number=found.get(turn) or next(free))
        for turn, held in zip(turns, instances, strict=True)
    ]


def _met(instances: Sequence[Held], known: Mapping[int, Activity]) -> dict[int, int]:
    """The numbers of the instances that are there on their day and at their place, by turn."""
    there = defaultdict[object, deque[int]](deque)
    for number, one in known.items():
        there[one.start_date, _folded(one.location)].append(number)
    keys = ((turn, there[held.start, _folded(held.location)]) for turn, held in enumerate(instances, SECOND))
    return {turn: numbers.popleft() for turn, numbers in keys if numbers}


def _known(own_id: str, least: int, shelf: Shelf) -> dict[int, Activity]:
    """The further instances there are, by number: looked for under as many own ids as instances are told,
    and behind those until some in a row are free. What only looks like one is none."""
    known, free, number = dict[int, Activity](), 0, SECOND
    while number < SECOND + least or free < AHEAD:
        slot = shelf.look_for(_own_id(own_id, number))
        free = 0 if _stands(slot) else free + 1
        if slot and slot.activity and (slot.first or slot.activity.repeat_of):
            known[number] = slot.activity
        number += 1
    return known


def _stands(slot: Slot | None) -> bool:
    return slot is not None and slot.activity is not None


def _moved(activity: Activity, held: Held, before: Activity = _NOTHING) -> Activity:
    """The activity as it is held; a claim date over by then is left out, or stays as it was."""
    own = {one.board: one.claim_date for one in before.moc_registrations if not _is_over(one, held)}
    return replace(
        activity,
        start_date=held.start,
        end_date=held.end,
        reporting_start=held.start,
        reporting_end=held.end,
        location=held.location,
        moc_registrations=tuple(
            replace(one, claim_date=own.get(one.board)) if _is_over(one, held) else one
            for one in activity.moc_registrations
        ),
    )


def _is_over(registration: MocRegistration, held: Held) -> bool:
    claimed = registration.claim_date
    return claimed is not None and held.start is not None and claimed < held.start


def _onto(stored: Activity, entry: ActivityEntry, held: Held, first: Activity | None) -> Activity:
    """Lay the record over an instance that is stored, but for what is the instance's own."""
    own = {name: getattr(stored, name) for name in (*_NOT_SHARED, "provider_activity_id")}
    link = (first.activity_id if first else None) or stored.repeat_of
    return replace(_moved(entry.onto(stored), held, stored), **own, repeat_of=link)


def _noted(before: Activity | None, after: Activity, entry: ActivityEntry, held: Held) -> tuple[Finding, ...]:
    """What is told of the record, and the boards whose claim date was left out of the instance."""
    left = {one.board for one in after.moc_registrations if one.claim_date is None}
    said = entry.activity.moc_registrations if entry.activity else ()
    over = [one.board for one in said if one.board in left and _is_over(one, held)]
    place = entry.place(f"repeats[{held.position}]")
    return (
        *entry.noted(before, after),
        *(finding("A934", place, f"It is that of the {board}.") for board in over),
    )


def _place(field: str, entry: ActivityEntry, position: int) -> Place:
    """Where a field of an instance was told: with the repeat, or with the record as a whole."""
    if field == "activity_id":  # which activity is meant: the instance itself
        return entry.place(f"repeats[{position}]")
    part = _TOLD.get(field)
    return entry.place(f"repeats[{position}].{part}" if part else field)
