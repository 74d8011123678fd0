"""A provider's year: which steps of reporting are open, when they are due, and what the year comes to.

The steps are those PARS asks of every provider (SEED2, SEED3). Of a year are the activities of which a day
lies in it, whatever year they were reported for: enduring material is reported once for all its years.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import MAXYEAR, date
from decimal import Decimal

from gateway import lifecycle
from gateway.records import (
    Activity,
    Checked,
    CountAsOf,
    CreditFigures,
    Figures,
    Finding,
    FormatFigures,
    ProgramSummary,
    Status,
    Step,
    Taken,
    replace,
)
from gateway.rules import finding
from gateway.vocabulary import ENDURING

DUE = "03-31"
"""The day, as MM-DD of the following year, by which a year is reported, unless a provider's accreditor
asks for it earlier."""

DUE_DAYS = {2023: date(2024, 4, 1)}
"""Years that were due on another day: in 2024, 31 March was a Sunday (SEED2)."""

MOST_NAMED = 100
"""How many of the activities that a step waits for are named."""
MOST_SHOWN = 5
"""How many of them are shown in what is found."""

History = Mapping[str, Sequence[CountAsOf]]


def due_day(year: int, own: str | None) -> date:
    """When a year is due; `own` is the provider's day as MM-DD of the following year, if it has one."""
    if own is None and year in DUE_DAYS:
        return DUE_DAYS[year]
    month, day = (own or DUE).split("-")
    return date(min(year + 1, MAXYEAR), int(month), int(day))


def is_overdue(taken: Iterable[Taken], due: date, today: date) -> bool:
    """Whether a year's program summary should have been submitted by now, and was not."""
    return today > due and all(one.step is not Step.SUMMARY for one in taken)


class Tally:
    """A year's activities, counted one after the other: nothing is kept of one but what is still open."""

    def __init__(self, year: int, today: date) -> None:
        self.year = year
        self._today = today
        self._last_day = date(year, 12, 31)
        self._open: dict[str, list[tuple[Activity, Status]]] = defaultdict(list)
        self._waiting: Counter[str] = Counter()
        self._formats: dict[str | None, Counter[str]] = defaultdict(Counter)
        self._credits: dict[str | None, tuple[int, Decimal]] = {}
        self._total: Counter[str] = Counter()
        self._hours = Decimal(0)

    def take(self, activities: Iterable[Activity], history: History) -> None:
        """Count activities; `history` has the figures of enduring material as of each 31 December."""
        for activity in activities:
            told = [one for one in history.get(activity.activity_id or "", ()) if activity.runs_in(one.year)]
            status = lifecycle.status(activity, self._today)
            self._look(activity, status, next((one for one in told if one.year == self.year), None))
            self._add(activity, status, self._as_of(activity, told))

    def figures(self) -> Figures:
        """What they come to."""
        formats = sorted(self._formats.items(), key=lambda item: item[0] or "")
        credits = sorted(self._credits.items(), key=lambda item: item[0] or "")
        return Figures(
            **self._total,
            hours=self._hours,
            formats=tuple(_format_figures(name, sums) for name, sums in formats),
            credits=tuple(CreditFigures(name, *sums) for name, sums in credits),
        )

    def checked(self, step: Step, *codes: str) -> Checked:
        """A step that waits for activities: done where none is found by any of these codes."""
        found = tuple(self._told(code) for code in codes if self._waiting[code])
        named = [one for code in codes for one in self._open[code]]
        waiting = sum(self._waiting[code] for code in codes)
        return Checked(step, found, waiting, tuple(named[:MOST_NAMED]))

    def _told(self, code: str) -> Finding:
        number, first = self._waiting[code], self._open[code][:MOST_SHOWN]
        shown = ", ".join(activity.activity_id or "one without an id" for activity, _ in first)
        others = " and others" if number > len(first) else ""
        return finding(
            code, detail=f"They are {number:,}: {shown}{others}." if number > 1 else f"It is {shown}."
        )

    def _look(self, activity: Activity, status: Status, asof: CountAsOf | None) -> None:
        for code in self._missing(activity, status, asof):
            self._waiting[code] += 1
            if self._waiting[code] <= MOST_NAMED:
                self._open[code].append((activity, status))

    def _missing(self, activity: Activity, status: Status, asof: CountAsOf | None) -> Iterator[str]:
        """What the steps wait for with one activity."""
        goes_on = activity.end_date is None or activity.end_date > self._last_day
        if status is Status.DRAFT:
            yield "P902"
        elif status is Status.READY_TO_CLOSE and not goes_on:
            yield "P903"
        if activity.format == ENDURING and goes_on and status is not Status.CLOSED and not _counted(asof):
            yield "P904"

    def _as_of(self, activity: Activity, told: Sequence[CountAsOf]) -> Activity | CountAsOf:
        """What tells the learners of an activity up to the end of the year. What enduring material has now
        does so only where nothing was told as of any year: learners of later years are not of this one."""
        if activity.format != ENDURING or not told:
            return activity
        upto = (one for one in reversed(told) if one.year <= self.year)
        return next(upto, CountAsOf(self.year))

    def _add(self, activity: Activity, status: Status, counted: Activity | CountAsOf) -> None:
        """Add one to the figures, with the learners that were counted; what was not is none."""
        physicians, others = counted.physicians or 0, counted.other_learners or 0
        self._formats[activity.format].update(
            {"activities": 1, "physicians": physicians, "others": others, status: 1}
        )
        for credit in activity.credits:
            if credit.amount is not None:
                number, amount = self._credits.get(credit.certification, (0, Decimal(0)))
                self._credits[credit.certification] = number + 1, amount + credit.amount
        self._hours += activity.hours_of_instruction or 0
        self._total.update(
            activities=1,
            physicians=physicians,
            other_learners=others,
            support=sum(one.amount or 0 for one in activity.monetary_supports),
            supported_in_kind=int(bool(activity.in_kind_supports)),
        )


def summary(tally: Tally, taken: Sequence[Taken], own_due: str | None, today: date) -> ProgramSummary:
    """How a year stands, of its activities and the steps that were taken, oldest first."""
    latest = {one.step: one for one in taken}
    figures, due = tally.figures(), due_day(tally.year, own_due)
    submitted = latest.get(Step.SUMMARY)
    return ProgramSummary(
        year=tally.year,
        due=due,
        overdue=is_overdue(taken, due, today),
        steps=(
            _taken(Step.AGREEMENT, latest, "P901"),
            tally.checked(Step.ACTIVITIES, "P902", "P903"),
            tally.checked(Step.COUNTS, "P904"),
            _taken(Step.CONTACTS, latest, "P905"),
            _taken(Step.SUMMARY, latest, "P906"),
        ),
        figures=figures,
        changed=submitted is not None and not same(figures, submitted.figures),
    )


def in_the_way(standing: ProgramSummary, today: date) -> tuple[Finding, ...]:
    """Why the summary of a year cannot be submitted: everything that is open, at once."""
    early = (finding("P907"),) if today <= date(standing.year, 12, 31) else ()
    others = (step for step in standing.steps if step.step is not Step.SUMMARY)
    return (*early, *(found for step in others for found in step.findings))


def same(figures: Figures, others: Figures | None) -> bool:
    """Whether two figures say the same; which status each activity has moves on with the day alone."""
    return others is not None and _settled(figures) == _settled(others)


def _settled(figures: Figures) -> Figures:
    return replace(figures, formats=tuple(replace(one, statuses=()) for one in figures.formats))


def _taken(step: Step, latest: Mapping[Step, Taken], code: str) -> Checked:
    taken = latest.get(step)
    return Checked(step, () if taken else (finding(code),), taken=taken)


def _counted(asof: CountAsOf | None) -> bool:
    return asof is not None and None not in (asof.physicians, asof.other_learners)


def _format_figures(name: str | None, sums: Counter[str]) -> FormatFigures:
    statuses = tuple((status, sums[status]) for status in Status)
    return FormatFigures(name, sums["activities"], sums["physicians"], sums["others"], statuses)
