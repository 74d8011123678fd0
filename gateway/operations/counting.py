"""How many learners completed an activity: one figure, or one as of each 31 December for what endures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from gateway import saving
from gateway.amending import amend, named, quoting
from gateway.lifecycle import Act
from gateway.operations.call import Call, Terms, judgement, perform
from gateway.operations.enduring import History, falling, reported_year, years_of
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    CountAsOf,
    Finding,
    Place,
    Receipt,
    Result,
    replace,
)
from gateway.rules import finding
from gateway.saving import Decision, Judgement, Shelf, refused
from gateway.store import Store, Unit
from gateway.vocabulary import ENDURING

Whole = Mapping[str | None, Sequence[CountAsOf]]
"""Figures of activities, by their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many learners completed an activity, which `entry` names with what is wrong with its form. For
    enduring material it is all of them up to 31 December of `year`, or to its end; None is the year that
    is being reported."""

    entry: ActivityEntry
    physicians: int | None = None
    other_learners: int | None = None
    year: int | None = None


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
        history = History(unit.counts)
        history.fetch(_enduring(counted, shelf, by))
        whole = _whole(counted, shelf, history, by)
        decisions = [_decide(one, shelf, history, whole, by) for one in counted]
        if call.all_or_nothing and any(decision.action is Action.REFUSED for decision in decisions):
            return tuple(saving.not_done(one, by.today) for one in decisions)
        if not call.validate_only:
            shelf.put_back(by.today.year)
            history.put_back()
        return tuple(_result(decision, history, by.today) for decision in decisions)

    return perform(call, save, notices, store, terms)


def _enduring(counted: Iterable[Counted], shelf: Shelf, by: Judgement) -> set[str]:
    activities = (named(one.entry, shelf, by) for one in counted)
    return {one.activity_id for one in activities if one and one.activity_id and one.format == ENDURING}


def _whole(counted: Iterable[Counted], shelf: Shelf, history: History, by: Judgement) -> Whole:
    """The figures as a call as a whole would leave them, of the activities of which none falls then: what
    raises several years is not in its own way."""
    then, told = History(history.counts, history.kept), list[tuple[Counted, Activity, CountAsOf]]()
    for one in counted:
        activity = named(one.entry, shelf, by)
        if activity is None or activity.format != ENDURING or activity.closed or _amiss(one):
            continue
        count = _as_of(one, activity, then.of(activity), by.today)
        if not any(_wrong_year(one, activity, count, by)):
            then.note(activity.activity_id, count)
            told.append((one, activity, count))
    whole = {activity.activity_id: then.of(activity) for _, activity, _ in told}
    fallen = {it.activity_id for one, it, count in told if any(falling(one.entry, count, then.of(it)))}
    return {activity_id: counts for activity_id, counts in whole.items() if activity_id not in fallen}


def _amiss(one: Counted) -> bool:
    return any(found.blocks for found in (*_uncounted(one), *one.entry.findings))


def _decide(one: Counted, shelf: Shelf, history: History, whole: Whole, by: Judgement) -> Decision:
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
        *(
            tuple(_wrong_year(one, activity, count, by))
            or falling(one.entry, count, whole.get(activity.activity_id, known))
        ),
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


def _as_of(one: Counted, activity: Activity, known: Sequence[CountAsOf], today: date) -> CountAsOf:
    """The figures as they are to be kept: what is not said stays as it was then. What the activity itself
    says is of the year that is being reported, and nothing is known by it of those before."""
    reported = reported_year(activity, today)
    year = reported if one.year is None else one.year
    then = next((each for each in reversed(known) if each.year <= year), None)
    before = then or (activity if year >= reported and not known else CountAsOf(year))
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
    first, last = years_of(activity, by.today)
    if not first <= count.year <= last:
        known = f"It is of {first} to {last}." if first < last else f"It is of {first}."
        yield finding("A919", one.entry.place("as_of"), known)


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
