"""What is done with a provider's year: it is looked at, its agreement accepted, its summary submitted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from gateway import program
from gateway.operations.call import Call, Terms, perform
from gateway.program import Tally
from gateway.records import (
    Action,
    Caller,
    Finding,
    Place,
    ProgramSummary,
    Receipt,
    Result,
    SoughtActivities,
    Step,
    Taken,
    replace,
)
from gateway.rules import finding
from gateway.store import Store, Unit

PAGE = 500
"""How many activities are in memory at a time."""


def get_program_summary(caller: Caller, year: int, store: Store, terms: Terms) -> ProgramSummary:
    """How the year of the caller's provider stands, and what it comes to."""
    today = terms.day(terms.clock())
    return store.read(caller.provider_id, lambda unit: _standing(unit, _tallied(unit, year, today), today))


def accept_agreement(
    call: Call,
    year: int,
    place: Place,
    contacts: bool,
    notices: Iterable[Finding],
    store: Store,
    terms: Terms,
) -> Receipt:
    """Accept a year's agreement, and note that the contacts were reviewed where that is said.

    `place` is where the year stands in what was sent. Sent again it changes nothing. Raises Conflict when
    the submission key was used with other content, Failed when the store fails.
    """

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        if year > terms.day(now).year:
            return (Result(1, Action.REFUSED, findings=_at(place, (finding("P908"),))),)
        said = {Step.AGREEMENT} | ({Step.CONTACTS} if contacts else set())
        known = {one.step for one in unit.program.taken(year)}
        _note(unit, call, year, said - known, now)
        if said <= known:
            return (Result(1, Action.UNCHANGED),)
        return (Result(1, Action.UPDATED if Step.AGREEMENT in known else Action.ADDED),)

    return perform(call, save, notices, store, terms)


def submit_program_summary(
    call: Call,
    year: int,
    place: Place,
    contacts: bool,
    notices: Iterable[Finding],
    store: Store,
    terms: Terms,
) -> Receipt:
    """Submit a year's program summary with its figures of now, where no other step of the year is open.

    A summary with other figures takes the place of an earlier one. The activities are counted before the
    writing transaction, which other calls wait for: what is saved meanwhile shows as a change (P910).
    Raises as accept_agreement does.
    """
    today = terms.day(terms.clock())
    tally = store.read(call.caller.provider_id, lambda unit: _tallied(unit, year, today))

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        result = _submitted(unit, call, tally, contacts, now, today)
        return (replace(result, findings=_at(place, result.findings)),)

    return perform(call, save, notices, store, terms)


def _at(place: Place, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(replace(one, path=place.path, line=place.line) for one in findings)


def _submitted(unit: Unit, call: Call, tally: Tally, contacts: bool, now: datetime, today: date) -> Result:
    year = tally.year
    reviewed = (Taken(year, Step.CONTACTS, call.caller.user, now),) if contacts else ()
    standing = _standing(unit, tally, today, reviewed)
    findings = program.in_the_way(standing, today)
    if findings:
        return Result(1, Action.REFUSED, findings=findings)
    known = {one.step for one in unit.program.taken(year)}
    _note(unit, call, year, {one.step for one in reviewed} - known, now)
    if Step.SUMMARY in known and not standing.changed:
        return Result(1, Action.UNCHANGED)
    unit.program.take(Taken(year, Step.SUMMARY, call.caller.user, now, standing.figures))
    if Step.SUMMARY in known:
        return Result(1, Action.UPDATED)
    late = (finding("P909", detail=f"It was due on {standing.due}."),) if standing.overdue else ()
    return Result(1, Action.ADDED, findings=late)


def _note(unit: Unit, call: Call, year: int, steps: set[Step], now: datetime) -> None:
    for step in Step:
        if step in steps:
            unit.program.take(Taken(year, step, call.caller.user, now))


def _standing(unit: Unit, tally: Tally, today: date, also: tuple[Taken, ...] = ()) -> ProgramSummary:
    """How a year stands, with steps that are taken by this very call."""
    taken = (*unit.program.taken(tally.year), *also)
    return program.summary(tally, taken, unit.program.due_day(tally.year), today)


def _tallied(unit: Unit, year: int, today: date) -> Tally:
    """A year's activities, counted page by page."""
    tally, after = Tally(year, today), 0
    sought = SoughtActivities(today=today, first=date(year, 1, 1), last=date(year, 12, 31))
    while True:
        found = unit.activities.search(sought, after, PAGE)
        ids = [one.activity_id for one in found.activities if one.activity_id]
        tally.take(found.activities, unit.counts.of(ids))
        if found.next is None:
            return tally
        after = found.next
