"""The figures of enduring material, one as of each 31 December: what stands, and what saving does to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from gateway.records import Action, Activity, ActivityEntry, CountAsOf, Finding, RecordAction, replace
from gateway.rules import finding
from gateway.saving import Decision, Shelf, meant
from gateway.store import Counts
from gateway.vocabulary import ENDURING

_REPORTED_UNTIL = (3, 31)
"""Month and day until which the year before is the one that is reported (CHK, SEED2)."""
_NAMES = {"physicians": "physicians", "other_learners": "other learners"}


@dataclass(slots=True)
class History:
    """The figures of the call's enduring material: as they are kept, and as the call leaves them; and by
    which record the count of an activity, or of a year of it, was changed last."""

    counts: Counts
    kept: dict[str, tuple[CountAsOf, ...]] = field(default_factory=dict)
    new: dict[str, dict[int, CountAsOf]] = field(default_factory=dict)
    said: dict[tuple[str | None, int | None], int] = field(default_factory=dict)

    def fetch(self, activity_ids: Collection[str]) -> None:
        """Ask for the figures of activities, once."""
        asked = {*activity_ids}.difference(self.kept)
        if asked:
            self.kept |= dict.fromkeys(asked, ()) | dict(self.counts.of(asked))

    def of(self, activity: Activity | None) -> tuple[CountAsOf, ...]:
        """The figures of an activity, oldest first: of the years in which it is offered as enduring
        material. Of others nothing can be sent, so they stand in nobody's way."""
        if activity is None or activity.format != ENDURING:
            return ()
        return tuple(one for one in self._all(activity) if activity.runs_in(one.year))

    def left(self, before: Activity, after: Activity) -> tuple[CountAsOf, ...]:
        """The figures that a change leaves behind: of years in which it is, or was, not offered as
        enduring material."""
        if ENDURING not in {before.format, after.format}:
            return ()
        stay = {*self.of(before)}.intersection(self.of(after))
        return tuple(one for one in self._all(before) if one not in stay)

    def _all(self, activity: Activity) -> tuple[CountAsOf, ...]:
        activity_id = activity.activity_id or ""
        self.fetch({activity_id})
        years = {one.year: one for one in self.kept[activity_id]} | self.new.get(activity_id, {})
        return tuple(years[year] for year in sorted(years) if years[year] != CountAsOf(year))

    def note(self, activity_id: str | None, count: CountAsOf) -> None:
        """Let a figure stand; one that counts nothing takes back what was told of its year."""
        self.new.setdefault(activity_id or "", {})[count.year] = count

    def put_back(self) -> None:
        """Keep what the call has brought."""
        self.fetch(self.new)
        for activity_id, years in self.new.items():
            for count in years.values():
                if count not in self.kept[activity_id]:
                    self.counts.keep(activity_id, count)


# --- counts that come with a record ----------------------------------------------------------------------


def history_of(entries: Iterable[ActivityEntry], shelf: Shelf, counts: Counts) -> History:
    """The figures of enduring material on file that records would change, fetched at once."""
    changed = (_changed(entry, shelf) for entry in entries)
    history = History(counts)
    history.fetch({one.activity_id for one in changed if one and one.activity_id})
    return history


def _changed(entry: ActivityEntry, shelf: Shelf) -> Activity | None:
    slot = meant(entry.activity, shelf) if entry.activity else None
    kept = slot.activity if slot and entry.action is not RecordAction.DELETE else None
    if kept is None or kept.format != ENDURING or entry.onto(kept) == kept:
        return None
    return kept


def watched(entry: ActivityEntry, history: History, today: date) -> ActivityEntry:
    """A record to be saved, which tells what is wrong with the counts it brings of enduring material on
    file: these never fall, whichever way they come, and stay where a record brings none."""
    return replace(
        entry,
        onto=partial(_still_counted, entry=entry, history=history),
        noted=partial(_noted, entry=entry, history=history, today=today),
    )


def _still_counted(stored: Activity, entry: ActivityEntry, history: History) -> Activity:
    """A record laid over enduring material, whose newest figure stands where the record brings none."""
    after = entry.onto(stored)
    silent = None in (after.physicians, after.other_learners)
    told = history.of(stored) if silent and after.format == ENDURING else ()
    if not told:
        return after
    newest = ([one for one in told if after.runs_in(one.year)] or told)[-1]
    if after.physicians is None:
        after = replace(after, physicians=newest.physicians)
    if after.other_learners is None:
        after = replace(after, other_learners=newest.other_learners, participants=stored.participants)
    return after


def _noted(
    before: Activity | None, after: Activity, entry: ActivityEntry, history: History, today: date
) -> tuple[Finding, ...]:
    found = entry.noted(before, after)
    if before is None or before == after:
        return found
    return (*_fallen(before, after, entry, history, today), *_left(before, after, entry, history), *found)


def _fallen(
    before: Activity, after: Activity, entry: ActivityEntry, history: History, today: date
) -> Iterator[Finding]:
    if (after.physicians, after.other_learners) != (before.physicians, before.other_learners):
        left = history.left(before, after)
        count = CountAsOf(reported_year(after, today), after.physicians, after.other_learners)
        yield from falling(entry, count, [one for one in history.of(after) if one not in left])


def _left(before: Activity, after: Activity, entry: ActivityEntry, history: History) -> Iterator[Finding]:
    """Figures that nobody could correct any more are no figures, but do not go without a word."""
    left = history.left(before, after)
    if left:
        late = after.start_date is not None and left[0].year < after.start_date.year
        moved = "start_date" if late else "end_date"
        field = moved if before.format == after.format else "format"
        yield finding("A935", entry.place(field), f"They were {'; '.join(map(_told, left))}.")


def _told(count: CountAsOf) -> str:
    told = ((getattr(count, name), word) for name, word in _NAMES.items())
    figures = " and ".join(f"{figure} {word}" for figure, word in told if figure is not None)
    return f"{figures} as of {count.year}"


def follow(decision: Decision, history: History) -> Decision:
    """Let go of the figures that a record, or an instance of it, leaves behind: now, as the next record of
    the call is judged by what is left."""
    for one in decision.instances or (decision,):
        stored = one.slot.stored.activity if one.slot and one.slot.stored else None
        if stored and one.slot and one.slot.activity and one.action is Action.UPDATED:
            for count in history.left(stored, one.slot.activity):
                history.note(stored.activity_id, CountAsOf(count.year))
    return decision


def note_saved(decisions: Iterable[Decision], history: History, today: date) -> None:
    """Keep the counts that records of enduring material brought along: senders that have no other way to
    say them say them so, and mean those of the year that is being reported."""
    said = {
        one.slot.activity.activity_id or "": one.slot.activity
        for one in decisions
        if _brought(one) and one.slot and one.slot.activity and not one.slot.activity.closed
    }
    for activity_id, kept in said.items():
        year = reported_year(kept, today)
        history.note(activity_id, CountAsOf(year, kept.physicians, kept.other_learners))
    history.put_back()


def _brought(one: Decision) -> bool:
    said = one.entry.activity
    kept = one.slot.activity if one.slot and one.action not in {Action.REFUSED, Action.DELETED} else None
    if said is None or kept is None or kept.format != ENDURING:
        return False
    return said.physicians is not None or said.other_learners is not None


# --- years and figures -----------------------------------------------------------------------------------


def reported_year(activity: Activity, today: date) -> int:
    """The year of whose 31 December a figure is, if nobody says: the one that is being reported, within
    those of the activity."""
    year = today.year - 1 if (today.month, today.day) <= _REPORTED_UNTIL else today.year
    first, last = years_of(activity, today)
    return max(first, min(year, last))


def years_of(activity: Activity, today: date) -> tuple[int, int]:
    """The years of an activity of which there can be a figure: up to now."""
    first = activity.start_date.year if activity.start_date else today.year
    last = activity.end_date.year if activity.end_date else today.year
    return first, min(last, today.year)


def falling(entry: ActivityEntry, count: CountAsOf, known: Sequence[CountAsOf]) -> Iterator[Finding]:
    """Figures that are lower than one of a year before, or higher than one of a year after."""
    for name in _NAMES:
        said = getattr(count, name)
        told = [
            f"Sent is {said} as of {count.year}; known is {figure} as of {other.year}."
            for other in known
            for figure in (getattr(other, name),)
            if None not in (said, figure)
            and ((other.year < count.year and figure > said) or (other.year > count.year and figure < said))
        ]
        if told:
            yield finding("A920", entry.place(name), told[-1])
