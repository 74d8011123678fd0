"""Making a new draft from an activity that exists (SEED2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from gateway import rules, saving
from gateway.amending import naming
from gateway.boards import takes_part
from gateway.operations.call import Call, Terms, judgement, perform
from gateway.records import (
    Action,
    Activity,
    ActivityEntry,
    Finding,
    Receipt,
    Result,
    Version,
    dotted,
    replace,
)
from gateway.rules import detail, finding
from gateway.saving import Decision, Judgement, Shelf, meant, mistaken
from gateway.store import Store, Unit

# What an activity is, and how it is offered. All else belongs to the one that took place: its ids, its
# learners and how many there were, what was measured, who paid, what a pharmacy's numbers name, what was
# asked for before November 2021, and what is promised anew each time: to be listed in CME Passport, until
# when board credit may be claimed, and the attestation to a board.
COPIED = (
    *("title", "description", "url", "format", "delivery_methods", "location", "credits", "providership"),
    *("specialties", "fee", "registration", "commendation_tags", "moc_registrations", "mips", "rems_type"),
    *("professions", "interprofessional", "content_outlines", "has_state_content", "state_content"),
    *("pharmacy_type", "pharmacy_topic"),
)


OF_THE_COPY = "provider_activity_id of the copy"
"""By what name a finding about the copy's own id asks for its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is said of the new draft; None is taken from the source, but for its own id."""

    provider_activity_id: str | None = None
    title: str | None = None
    start_date: date | None = None
    end_date: date | None = None


def copy_activity(
    call: Call,
    entry: ActivityEntry,
    copy: Copy,
    notices: Iterable[Finding],
    store: Store,
    terms: Terms,
) -> Receipt:
    """Add a draft with what one activity and the next have in common; `entry` names the source.

    Always a Draft, since it is not said whether CME Passport lists it: somebody has to look at it. A
    draft has dates (FAQ-status), so those that are not given are the source's; with a new start alone it
    takes as long as the source. Raises what `perform` raises.
    """

    def save(unit: Unit, now: datetime) -> tuple[Result, ...]:
        by = judgement(call, unit, terms.day(now))
        shelf = Shelf(unit.activities, [entry, naming(None, copy.provider_activity_id, entry.place)])
        decision = _decide(entry, copy, shelf, by)
        if not call.validate_only:
            shelf.put_back(by.today.year)
        return (saving.result(decision, by.today),)

    return perform(call, save, notices, store, terms)


def _decide(entry: ActivityEntry, copy: Copy, shelf: Shelf, by: Judgement) -> Decision:
    assert entry.activity is not None
    asked = replace(entry, activity_id=None, provider_activity_id=copy.provider_activity_id)
    wrong = (*mistaken(entry, entry.activity, shelf, by), *_taken(entry, copy, shelf))
    source = meant(entry.activity, shelf)
    if wrong or source is None or source.activity is None:
        return Decision(asked, Action.REFUSED, wrong)
    made = made_from(source.activity, copy, by.version)
    findings = (*_judged(made, entry, by), *_nameless(entry, copy))
    if any(found.blocks for found in findings):
        return Decision(asked, Action.REFUSED, findings)
    return Decision(entry, Action.ADDED, findings, shelf.settle(None, made))


def _judged(made: Activity, entry: ActivityEntry, by: Judgement) -> Iterator[Finding]:
    """What is wrong with the copy. Its boards are those of the source, so where one does not take part on
    its dates, it is of these."""
    context = rules.Context(by.today, by.provider_id, by.version, None)
    for one in made.moc_registrations:
        if not takes_part(one.board, made.start_date, made.end_date):
            yield finding("A927", entry.place("start_date"), f"It is the {one.board}.")
    yield from (found for found in rules.judge(made, context, entry.place) if found.code != "A701")


def _taken(entry: ActivityEntry, copy: Copy, shelf: Shelf) -> Iterator[Finding]:
    if shelf.by_own_id(copy.provider_activity_id):
        place = entry.place(OF_THE_COPY)
        yield finding("A916", place, detail(copy.provider_activity_id))


def _nameless(entry: ActivityEntry, copy: Copy) -> Iterator[Finding]:
    if not copy.provider_activity_id:
        yield finding("A912", entry.place(OF_THE_COPY))


def made_from(source: Activity, copy: Copy, version: Version) -> Activity:
    """The draft that a copy of an activity is, first reported in a payload version."""
    kept = {name: getattr(source, name) for name in COPIED}
    start, end = copy.start_date or source.start_date, copy.end_date or _end(source, copy)
    made = Activity(
        **kept,
        provider_activity_id=copy.provider_activity_id,
        start_date=start,
        end_date=end,
        reporting_start=start,
        reporting_end=end,
        born=dotted(version),
    )
    promised = tuple(replace(one, claim_date=None, attested=None) for one in source.moc_registrations)
    return replace(made, title=copy.title or source.title, moc_registrations=promised)


def _end(source: Activity, copy: Copy) -> date | None:
    if copy.start_date is None or source.start_date is None or source.end_date is None:
        return source.end_date
    return source.ending(copy.start_date) or copy.start_date  # a rule refuses a start without an end
