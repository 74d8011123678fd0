"""What becomes of each record of a submission: found, merged, judged, then added, changed or refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gateway import lifecycle, rules
from gateway.lifecycle import Act
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    CreditsAlike,
    Finding,
    Instance,
    RecordAction,
    Result,
    Status,
    StoredActivity,
    Version,
    replace,
)
from gateway.rules import detail, finding, quoted
from gateway.store import Activities


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records of a call are judged by; `reported` tells for which of some activities learners are
    reported, `crediting` from which boards learners have credit of an activity, or may yet get it,
    `credited` what this credit and theirs of CME is."""

    provider_id: str
    version: Version
    today: date
    reported: Callable[[Collection[str]], Collection[str]] = lambda activity_ids: ()
    crediting: Callable[[str], Collection[str]] = lambda activity_id: ()
    credited: Callable[[str], Collection[CreditsAlike]] = lambda activity_id: ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one record; `slot` is the activity it speaks of, if there is one, `instances`
    are the decisions on an activity that is held several times, itself the first."""

    entry: ActivityEntry
    action: Action
    findings: tuple[Finding, ...]
    slot: Slot | None = None
    instances: tuple[Decision, ...] = ()


@dataclass(slots=True, eq=False)
class Slot:
    """One activity during a call: as it is stored, as the call leaves it (None: deleted), the record of
    the call that left it so, and the first of the repeats it is one of."""

    stored: StoredActivity | None
    activity: Activity | None
    number: int | None = None
    first: Slot | None = None


class Shelf:
    """The activities a call speaks of, fetched at once and put back at once; `further` are own ids that
    may be looked for too.

    A record sees what earlier records of the same call did.
    """

    def __init__(
        self, activities: Activities, entries: Sequence[ActivityEntry], further: Collection[str] = ()
    ) -> None:
        self._activities = activities
        self._slots: list[Slot] = []
        self._by_activity_id: dict[str, Slot] = {}
        self._by_own_id: dict[str, Slot] = {}
        self._asked: set[str] = set()
        named = [entry.activity for entry in entries if entry.activity is not None]
        ids = {activity.activity_id for activity in named if activity.activity_id}
        own_ids = {activity.provider_activity_id for activity in named if activity.provider_activity_id}
        self._fetch(ids, own_ids.union(further))

    def by_activity_id(self, activity_id: str | None) -> Slot | None:
        """The activity of that ACCME Activity ID."""
        return self._by_activity_id.get(activity_id or "")

    def by_own_id(self, provider_activity_id: str | None) -> Slot | None:
        """The activity of that id of the provider's own."""
        return self._by_own_id.get(provider_activity_id or "")

    def look_for(self, provider_activity_id: str) -> Slot | None:
        """The same, of an id that no record names: asked of the store unless it was before."""
        if provider_activity_id not in self._asked:
            self._fetch(set(), {provider_activity_id})
        return self.by_own_id(provider_activity_id)

    def settle(self, slot: Slot | None, activity: Activity | None) -> Slot:
        """Leave an activity in a new state; without a slot it is a new one."""
        slot = slot or self._new(None)
        if slot.activity is not None:
            self._by_activity_id.pop(slot.activity.activity_id or "", None)
            self._by_own_id.pop(slot.activity.provider_activity_id or "", None)
        return self._keep(slot, activity)

    def put_back(self, year: int) -> None:
        """Write what changed; new activities get their ids here."""
        new = [slot for slot in self._slots if slot.stored is None and slot.activity is not None]
        self._name(new, year)
        stored = [slot for slot in self._slots if slot.stored is not None]
        self._activities.delete([s.stored for s in stored if s.stored and s.activity is None])
        self._activities.change(
            [
                StoredActivity(s.stored.row, s.activity)
                for s in stored
                if s.stored and s.activity and s.activity != s.stored.activity
            ]
        )
        if new:
            self._activities.add([slot.activity for slot in new if slot.activity is not None])

    def _name(self, new: Sequence[Slot], year: int) -> None:
        """Give what is new its id, and what repeats it that id."""
        for slot, activity_id in zip(new, self._activities.issue(len(new), year) if new else (), strict=True):
            assert slot.activity is not None
            slot.activity = replace(slot.activity, activity_id=activity_id)
        for slot in self._slots:
            first = slot.first.activity if slot.first else None
            if first is not None and slot.activity is not None:
                slot.activity = replace(slot.activity, repeat_of=first.activity_id)

    def _fetch(self, activity_ids: Collection[str], own_ids: Collection[str]) -> None:
        self._asked.update(own_ids)
        here = {slot.stored.row for slot in self._slots if slot.stored}  # some by another id now
        for stored in self._activities.find(activity_ids, own_ids):
            if stored.row not in here:
                self._keep(self._new(stored), stored.activity)

    def _new(self, stored: StoredActivity | None) -> Slot:
        self._slots.append(Slot(stored, None))
        return self._slots[-1]

    def _keep(self, slot: Slot, activity: Activity | None) -> Slot:
        slot.activity = activity
        if activity is not None and activity.activity_id:
            self._by_activity_id[activity.activity_id] = slot
        if activity is not None and activity.provider_activity_id:
            self._by_own_id[activity.provider_activity_id] = slot
        return slot


# --- deciding ----------------------------------------------------------------------------------------


def decide(entry: ActivityEntry, shelf: Shelf, by: Judgement) -> Decision:
    """Decide what becomes of one record, and leave its activity in that state on the shelf."""
    activity = entry.activity
    if activity is None:
        return Decision(entry, Action.REFUSED, (*entry.findings, *_besides(entry, by)))
    slot = meant(activity, shelf)
    wrong = mistaken(entry, activity, shelf, by, may_rename=entry.action is not RecordAction.DELETE)
    if wrong:  # no slot: whose activity is meant is just what is in doubt
        return Decision(entry, Action.REFUSED, (*wrong, *_alone(entry, activity, by), *entry.findings))
    if entry.action is RecordAction.DELETE:
        assert slot is not None
        return _delete(entry, slot, shelf, by)
    return _save(entry, activity, slot, shelf, by)


def _besides(entry: ActivityEntry, by: Judgement) -> tuple[Finding, ...]:
    """What else is wrong with a record of wrong shape."""
    return rules.besides(entry.findings, entry.legible, _by_itself(entry, by), entry.place)


def _alone(entry: ActivityEntry, activity: Activity, by: Judgement) -> tuple[Finding, ...]:
    """What is wrong with a record as it stands, whosever it is."""
    return rules.judge(activity, _by_itself(entry, by), entry.place)


def _by_itself(entry: ActivityEntry, by: Judgement) -> rules.Context:
    deleting = entry.action is RecordAction.DELETE
    return rules.Context(by.today, by.provider_id, by.version, deleting=deleting)


def meant(activity: Activity, shelf: Shelf) -> Slot | None:
    """The activity that is named: by its ACCME Activity ID, else by the provider's own id."""
    return shelf.by_activity_id(activity.activity_id) or shelf.by_own_id(activity.provider_activity_id)


def mistaken(
    entry: ActivityEntry, activity: Activity, shelf: Shelf, by: Judgement, *, may_rename: bool = False
) -> tuple[Finding, ...]:
    """What is wrong with whom and what a record names; empty where it is clear. An own id that is nobody's
    may be a new one of the activity where that is saved, and is a wrong one where it is but named."""
    return (*_wrong_provider(entry, by), *_wrong_identity(entry, activity, shelf, may_rename))


def _wrong_provider(entry: ActivityEntry, by: Judgement) -> Iterator[Finding]:
    if entry.provider_id not in (None, by.provider_id):
        yield finding("A904", entry.place("provider_id"), detail(entry.provider_id))


def _wrong_identity(
    entry: ActivityEntry, activity: Activity, shelf: Shelf, may_rename: bool
) -> Iterator[Finding]:
    must_exist = entry.action in {RecordAction.UPDATE, RecordAction.DELETE}
    by_id = shelf.by_activity_id(activity.activity_id)
    own_id = activity.provider_activity_id
    by_own = shelf.by_own_id(own_id)
    is_new = by_own is None and may_rename
    if must_exist and not activity.activity_id and not own_id:
        yield finding("A900", entry.place("activity_id"))
    elif activity.activity_id and by_id is None:
        yield finding("A901", entry.place("activity_id"), detail(activity.activity_id))
    elif must_exist and by_id is None and by_own is None:
        yield finding("A901", entry.place("provider_activity_id"), detail(own_id))
    elif by_id is not None and own_id and by_own is not by_id and not is_new:
        yield finding("A902", entry.place("provider_activity_id"), detail(own_id))


def _delete(entry: ActivityEntry, slot: Slot, shelf: Shelf, by: Judgement) -> Decision:
    gone = slot.activity
    assert gone is not None
    wrong = refused(
        entry, gone, Act.DELETE, by.today, learners=lambda: bool(by.reported({gone.activity_id or ""}))
    )
    if wrong:
        return Decision(entry, Action.REFUSED, (*wrong, *entry.findings), slot)
    shelf.settle(slot, None)
    return Decision(entry, Action.DELETED, (), Slot(slot.stored, gone))


def _save(
    entry: ActivityEntry, activity: Activity, slot: Slot | None, shelf: Shelf, by: Judgement
) -> Decision:
    before = slot.activity if slot else None
    after = entry.onto(before) if before else activity
    context = rules.Context(by.today, by.provider_id, by.version, before)
    findings = [  # what is said first survives the cut at the most a record is answered with
        *_closing(entry, before, after, by),
        *_disturbing(entry, before, after, by),
        *rules.judge(after, context, entry.place),
        *entry.noted(before, after),
        *entry.findings,
    ]
    if any(found.blocks for found in findings):
        return Decision(entry, Action.REFUSED, tuple(findings), slot)
    if before is None and not after.provider_activity_id:
        findings.insert(0, finding("A912", entry.place("provider_activity_id")))
    after = replace(after, closed=after.closed or bool(entry.close))
    if after == before:
        return Decision(entry, Action.UNCHANGED, tuple(findings), slot)
    if slot is not None and slot.number:
        findings.insert(0, finding("A911", entry.place("provider_activity_id"), f"Record {slot.number}."))
    if before is not None and entry.action is RecordAction.ADD:
        findings.insert(0, finding("A903", entry.place("activity_id"), _known(before)))
    findings[:0] = _ungrounding(entry, before, after, by) if before is not None else ()
    action = Action.ADDED if before is None else Action.UPDATED
    slot = shelf.settle(slot, after)
    slot.number = entry.number
    return Decision(entry, action, tuple(findings), slot)


def _closing(
    entry: ActivityEntry, before: Activity | None, after: Activity, by: Judgement
) -> Iterator[Finding]:
    """A closed activity stays as it is; one that is to be closed must have passed every gate."""
    if before is not None and after != before:
        yield from refused(entry, before, Act.SAVE, by.today, _known(before))
    elif before is not None and before.closed and entry.close is False:
        yield finding("A926", entry.place("close"))
    if entry.close and not (before and before.closed):
        yield from refused(entry, after, Act.CLOSE, by.today)


def _known(before: Activity) -> str:
    """Which activity it is: by an id that was issued, and need not stand where the finding does."""
    return f"It is {quoted(before.activity_id)}."


def _disturbing(
    entry: ActivityEntry, before: Activity | None, after: Activity, by: Judgement
) -> Iterator[Finding]:
    """Of a board that gives all learners the same points, these stay while learners have credit of it."""
    boards = rules.disturbed(before, after) if before is not None else ()
    if before is None or not boards:
        return
    for board in sorted(set(by.crediting(before.activity_id or "")).intersection(boards)):
        yield finding("A921", entry.place(_registered(entry, board, "points")), f"It is the {board}.")


def _ungrounding(entry: ActivityEntry, before: Activity, after: Activity, by: Judgement) -> Iterator[Finding]:
    """Reported credit stays when its ground is taken away, but not without a word; only what takes away
    any asks whether there is such credit."""
    draft, was = lifecycle.status(after, by.today), lifecycle.status(before, by.today)
    drafted = draft is Status.DRAFT and was is not Status.DRAFT
    if not drafted and rules.grounds(before) == rules.grounds(after):
        return
    credits = by.credited(before.activity_id or "")
    if drafted and credits:
        yield finding("A929", entry.place(""), f"They are {sum(one.number for one in credits):,}.")
    for (field, board, type), number in rules.lost(before, after, credits).items():
        whose = f"{board}, {quoted(type)}" if board else quoted(type)
        place = entry.place(_registered(entry, board, field) if board else field)
        yield finding("A928", place, f"They are {number:,}, of {whose}: {rules.WHY[field]}.")


def _registered(entry: ActivityEntry, board: str, part: str) -> str:
    """A part of the registration with a board, where it is said; the registrations, where it is not."""
    if part not in {"points", "credit_types", "claim_date", "moc_registrations"}:
        return part
    said = [one.board for one in entry.activity.moc_registrations] if entry.activity else []
    return f"moc_registrations[{said.index(board)}].{part}" if board in said else "moc_registrations"


def refused(
    entry: ActivityEntry,
    activity: Activity,
    act: Act,
    today: date,
    said: str = "",
    learners: Callable[[], bool] = lambda: False,
) -> tuple[Finding, ...]:
    """Why the table of the life cycle refuses an act, in the catalogue's words; `said` where it adds none."""
    return tuple(
        finding(no.code, entry.place(no.field), no.text or said)
        for no in lifecycle.refusals(activity, act, today, learners)
    )


# --- results -----------------------------------------------------------------------------------------


def result(decision: Decision, today: date) -> Result:
    """Say what became of a record; of an activity that is not there (any more) no status."""
    activity = decision.slot.activity if decision.slot else None
    told = _told(decision.entry, decision.action, decision.findings, activity, today)
    return replace(told, instances=tuple(_instance(one, today) for one in decision.instances))


def not_done(decision: Decision, today: date) -> Result:
    """Say of a record that it was not done because another one of its AllOrNothing call was refused, and
    how the activity stands as it was before."""
    entry, stored = decision.entry, decision.slot.stored if decision.slot else None
    findings = decision.findings
    if decision.action is not Action.REFUSED:
        findings = (finding("A909", entry.place("action")), *findings)
    return _told(entry, Action.REFUSED, findings, stored.activity if stored else None, today)


def _told(
    entry: ActivityEntry,
    action: Action,
    findings: Sequence[Finding],
    activity: Activity | None,
    today: date,
) -> Result:
    ids, shown = activity or entry, None if action is Action.DELETED else activity
    return Result(
        entry.number,
        action,
        activity_id=ids.activity_id,
        provider_activity_id=ids.provider_activity_id,
        status=lifecycle.status(shown, today) if shown else None,
        next_statuses=lifecycle.next_statuses(shown, today) if shown else (),
        findings=rules.told(findings, entry.place("")),
    )


def _instance(decision: Decision, today: date) -> Instance:
    activity = decision.slot.activity if decision.slot else None
    assert activity is not None
    return Instance(
        decision.action,
        activity.activity_id,
        activity.provider_activity_id,
        activity.start_date,
        activity.end_date,
        activity.location.city if activity.location else None,
        lifecycle.status(activity, today),
        lifecycle.next_statuses(activity, today),
    )
