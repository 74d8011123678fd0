"""How many learners completed an activity: one figure, or one as of each 31 December for what endures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from gateway import saving
from gateway.amending import amend, named, quoting
from gateway.lifecycle import Act
from gateway.operations.call import Call, Terms, judgement, perform
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    CountAsOf,
    Finding,
    Place,
    Receipt,
    RecordAction,
    Result,
    replace,
)
from gateway.rules import finding
from gateway.saving import Decision, Judgement, Shelf, meant, refused
from gateway.store import Counts, Store, Unit
from gateway.vocabulary import ENDURING

_REPORTED_UNTIL = (3, 31)
"""Month and day until which the year before is the one that is reported (CHK, SEED2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many learners completed an activity, which `entry` names with what is wrong with its form. For
    enduring material it is all of them up to 31 December of `year`, or to its end; None is the year that
    is being reported."""

    entry: ActivityEntry
    physicians: int | None = None
    other_learners: int | None = None
    year: int | None = None


@dataclass(slots=True)
class History:
    """The figures of the call's enduring material: as they are kept, and as the call leaves them; and by
    which record the count of an activity, or of a year of it, was changed last."""

    kept: Mapping[str, tuple[CountAsOf, ...]]
    new: dict[str, dict[int, CountAsOf]] = field(default_factory=dict)
    said: dict[tuple[str | None, int | None], int] = field(default_factory=dict)

    def of(self, activity: Activity | None) -> tuple[CountAsOf, ...]:
        """The figures of an activity, oldest first: of the years in which it is offered, as its dates are
        now. Of others nothing can be sent any more, so they stand in nobody's way."""
        if activity is None:
            return ()
        years = {one.year: one for one in self.kept.get(activity.activity_id or "", ())}
        years |= self.new.get(activity.activity_id or "", {})
        return tuple(years[year] for year in sorted(years) if activity.runs_in(year))

    def note(self, activity_id: str | None, count: CountAsOf) -> None:
        """Let a figure stand."""
        self.new.setdefault(activity_id or "", {})[count.year] = count

    def put_back(self, counts: Counts) -> None:
        """Keep what the call has brought."""
        for activity_id, years in self.new.items():
            for count in years.values():
                if count not in self.kept.get(activity_id, ()):
                    counts.keep(activity_id, count)


def update_learner_counts(
    call: Call, counted: Sequence[Counted], notices: Iterable[Finding], store: Store, terms: Terms
) -> Receipt:
    """Keep the learner counts of one or many activities, each on its own unless all or nothing is asked.

    Of enduring material the figure of each 31 December is kept, and the newest is the activity's. Such
    figures count everybody since the beginning, so none is lower than the one before (SEED2, FAQ-79). The
    receipt has one result per record, in order, with all figures of enduring material. Raises what
    `perform` raises.
    """

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        by = judgement(call, unit, terms.day(now))
        shelf = Shelf(unit.activities, [one.entry for one in counted])
        history = History(unit.counts.of(_enduring(counted, shelf, by)))
        decisions = [_decide(one, shelf, history, by) for one in counted]
        if call.all_or_nothing and any(decision.action is Action.REFUSED for decision in decisions):
            return tuple(saving.not_done(one, by.today) for one in decisions)
        if not call.validate_only:
            shelf.put_back(by.today.year)
            history.put_back(unit.counts)
        return tuple(_result(decision, history, by.today) for decision in decisions)

    return perform(call, save, notices, store, terms)


def watch(
    entries: Sequence[ActivityEntry], shelf: Shelf, unit: Unit, today: date
) -> tuple[ActivityEntry, ...]:
    """Records to be saved, with what is wrong with the counts they bring of enduring material on file:
    these never fall, whichever way they come, and stay where a record brings none."""
    brought = {one.number: kept for one in entries if (kept := _recounts(one, shelf))}
    if not brought:
        return tuple(entries)
    history = unit.counts.of({kept.activity_id or "" for kept in brought.values()})
    return tuple(
        _watched(one, brought[one.number], history, today) if one.number in brought else one
        for one in entries
    )


def _recounts(entry: ActivityEntry, shelf: Shelf) -> Activity | None:
    """The enduring material on file that a record brings other counts of."""
    slot = meant(entry.activity, shelf) if entry.activity else None
    kept = slot.activity if slot and entry.action is not RecordAction.DELETE else None
    if kept is None or kept.format != ENDURING:
        return None
    after = entry.onto(kept)
    same = (after.physicians, after.other_learners) == (kept.physicians, kept.other_learners)
    return None if same else kept


def _watched(
    entry: ActivityEntry, kept: Activity, history: Mapping[str, tuple[CountAsOf, ...]], today: date
) -> ActivityEntry:
    told, after = history.get(kept.activity_id or "", ()), entry.onto(kept)
    known = [one for one in told if after.runs_in(one.year)]
    if told:
        newest = (known or told)[-1]
        entry = replace(entry, onto=partial(_still_counted, onto=entry.onto, newest=newest))
        after = entry.onto(kept)
    count = CountAsOf(reported_year(after, today), after.physicians, after.other_learners)
    wrong = _falling(entry, count, known)
    return replace(entry, findings=(*wrong, *entry.findings))


def _still_counted(stored: Activity, onto: Callable[[Activity], Activity], newest: CountAsOf) -> Activity:
    """A record laid over enduring material, whose newest figure stands where the record brings none."""
    after = onto(stored)
    if after.format != ENDURING:
        return after
    if after.physicians is None:
        after = replace(after, physicians=newest.physicians)
    if after.other_learners is None:
        after = replace(after, other_learners=newest.other_learners, participants=stored.participants)
    return after


def note_saved(decisions: Iterable[Decision], unit: Unit, today: date) -> None:
    """Keep the counts that records of enduring material brought along: senders that have no other way to
    say them say them so, and mean those of the year that is being reported."""
    said = {
        one.slot.activity.activity_id or "": one.slot.activity
        for one in decisions
        if _brought(one) and one.slot and one.slot.activity and not one.slot.activity.closed
    }
    history = History(unit.counts.of(said) if said else {})
    for activity_id, kept in said.items():
        year = reported_year(kept, today)
        history.note(activity_id, CountAsOf(year, kept.physicians, kept.other_learners))
    history.put_back(unit.counts)


def _brought(one: Decision) -> bool:
    said = one.entry.activity
    kept = one.slot.activity if one.slot and one.action not in {Action.REFUSED, Action.DELETED} else None
    if said is None or kept is None or kept.format != ENDURING:
        return False
    return said.physicians is not None or said.other_learners is not None


def _enduring(counted: Iterable[Counted], shelf: Shelf, by: Judgement) -> set[str]:
    activities = (named(one.entry, shelf, by) for one in counted)
    return {one.activity_id for one in activities if one and one.activity_id and one.format == ENDURING}


def _decide(one: Counted, shelf: Shelf, history: History, by: Judgement) -> Decision:
    activity, amiss = named(one.entry, shelf, by), one.entry.findings
    entry = replace(one.entry, noted=partial(_dropped, place=one.entry.place("other_learners")))
    if any(found.blocks for found in amiss):  # its figures could not be read
        return amend(replace(one.entry, onto=lambda stored: stored), Act.COUNT, shelf, by)
    if activity is None or activity.format != ENDURING:
        findings = (*_uncounted(one), *_undated(one, activity), *amiss)
        said = replace(entry, findings=findings, onto=lambda stored: _recounted(stored, one))
        return _again(amend(said, Act.COUNT, shelf, by), activity, None, history)
    known = history.of(activity)
    count = _as_of(one, activity, known, by.today)
    newest = max((*known, count), key=lambda each: (each.year, each is count))
    findings = (
        *_uncounted(one),
        *_wrong_year(one, activity, count, by),
        *_falling(one.entry, count, known),
        *_over_and_done(one, activity, count, known, by),
        *amiss,
    )
    said = replace(entry, findings=findings, onto=lambda stored: _recounted(stored, newest))
    return _again(
        _noted(amend(said, Act.COUNT, shelf, by), activity, count, history), activity, count.year, history
    )


def _noted(decision: Decision, activity: Activity, count: CountAsOf, history: History) -> Decision:
    """An earlier year's figure changes the history alone."""
    if decision.action is Action.REFUSED:
        return decision
    known = count in history.of(activity)
    history.note(activity.activity_id, count)
    return decision if known else replace(decision, action=Action.UPDATED)


def _again(decision: Decision, activity: Activity | None, year: int | None, history: History) -> Decision:
    """Tell of what is changed twice in a call: as with records to be saved, the later counts."""
    if activity is None or decision.action is not Action.UPDATED:
        return decision
    entry, key = decision.entry, (activity.activity_id, year)
    before = history.said.get(key)
    history.said[key] = entry.number
    if before is None:
        return decision
    twice = finding("A911", entry.place("activity_id"), f"Record {before}.")
    return replace(decision, findings=(twice, *decision.findings))


def _recounted(activity: Activity, said: Counted | CountAsOf) -> Activity:
    """The activity with other totals; what was told by category is dropped where it no longer agrees."""
    changed = replace(
        activity,
        physicians=activity.physicians if said.physicians is None else said.physicians,
        other_learners=activity.other_learners if said.other_learners is None else said.other_learners,
    )
    agrees = changed.others_by_category in (None, changed.other_learners)
    return changed if agrees else replace(changed, participants=())


def _dropped(before: Activity | None, after: Activity, place: Place) -> tuple[Finding, ...]:
    lost = before is not None and before.participants and not after.participants
    return (finding("A922", place),) if lost else ()


def reported_year(activity: Activity, today: date) -> int:
    """The year of whose 31 December a figure is, if nobody says: the one that is being reported, within
    those of the activity."""
    year = today.year - 1 if (today.month, today.day) <= _REPORTED_UNTIL else today.year
    first, last = _years(activity, today)
    return max(first, min(year, last))


def _years(activity: Activity, today: date) -> tuple[int, int]:
    """The years of an activity of which there can be a figure: up to now."""
    first = activity.start_date.year if activity.start_date else today.year
    last = activity.end_date.year if activity.end_date else today.year
    return first, min(last, today.year)


def _as_of(one: Counted, activity: Activity, known: Sequence[CountAsOf], today: date) -> CountAsOf:
    """The figures as they are to be kept: what is not said stays as it was then. What the activity itself
    says is of the year that is being reported, and nothing is known by it of those before."""
    reported = reported_year(activity, today)
    year = reported if one.year is None else one.year
    then = next((each for each in reversed(known) if each.year <= year), None)
    before = then or (activity if year >= reported else CountAsOf(year))
    return CountAsOf(
        year,
        before.physicians if one.physicians is None else one.physicians,
        before.other_learners if one.other_learners is None else one.other_learners,
    )


# --- what is wrong -------------------------------------------------------------------------------------


def _uncounted(one: Counted) -> Iterator[Finding]:
    if one.physicians is None and one.other_learners is None:
        yield finding("A917", one.entry.place("physicians"))


def _undated(one: Counted, activity: Activity | None) -> Iterator[Finding]:
    if activity is not None and one.year is not None:
        yield finding("A918", one.entry.place("as_of"))


def _wrong_year(one: Counted, activity: Activity, count: CountAsOf, by: Judgement) -> Iterator[Finding]:
    first, last = _years(activity, by.today)
    if not first <= count.year <= last:
        known = f"It is of {first} to {last}." if first < last else f"It is of {first}."
        yield finding("A919", one.entry.place("as_of"), known)


def _falling(entry: ActivityEntry, count: CountAsOf, known: Iterable[CountAsOf]) -> Iterator[Finding]:
    """Figures that are lower than one of a year before, or higher than one of a year after."""
    for name in ("physicians", "other_learners"):
        pairs = (((count, other) if count.year < other.year else (other, count)) for other in known)
        told = [
            f"It was {low} as of {earlier.year}, and {high} as of {later.year}."
            for earlier, later in pairs
            for low, high in ((getattr(earlier, name), getattr(later, name)),)
            if earlier.year < later.year and None not in (low, high) and low > high
        ]
        if told:
            yield finding("A920", entry.place(name), told[-1])


def _over_and_done(
    one: Counted, activity: Activity, count: CountAsOf, known: Sequence[CountAsOf], by: Judgement
) -> Iterator[Finding]:
    """What is closed is not counted anew, nor is an earlier year of it, of which its count tells nothing."""
    newer = any(each.year > count.year for each in known)
    if newer and count not in known:
        yield from refused(one.entry, activity, Act.COUNT, by.today, quoting(one.entry))


def _result(decision: Decision, history: History, today: date) -> Result:
    activity = decision.slot.activity if decision.slot else None
    return replace(saving.result(decision, today), counts=history.of(activity))
