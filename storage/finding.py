"""How activities are searched for: newest first, at the same pace however many there are.

A search walks an index in the order of the answer and looks at so many activities at a time, so that one
that hardly anything fits ends in time too, with a page that is short and a place to go on from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select

from gateway.records import Activity, SoughtActivities, Status
from storage.scope import Owned, Scope, Values, owned
from storage.tables import ENDLESS, LONG, MOST_YEARS, SEARCHED_ACTIVITIES, UNCLOSED, activities, living
from storage.values import title_key

LOOKED_AT = 10_000
"""How many activities one question looks at, at most."""

_LOOKED_FOR = {
    "format": ("format",),
    "title": ("title_key",),
    "board": ("boards",),
    "first": ("start_date", "end_date"),
    "last": ("start_date",),
    "status": ("end_date", "closed", "complete", "complete_then"),
}
"""The columns that what is asked for is told from: what needs no others can be answered by an index."""


def copies(activity: Activity) -> Values:
    """What is searched by and no field of a record; the last year of what claims too many is ENDLESS."""
    days = (activity.reporting_start, activity.reporting_end, activity.start_date, activity.end_date)
    years = [day.year for day in days if day is not None]
    first, last = min(years, default=None), max(years, default=None)
    endless = first is not None and last is not None and last - first >= MOST_YEARS
    boards = ",".join(one.board or "" for one in activity.moc_registrations)
    return {
        "first_year": first,
        "last_year": ENDLESS if endless else last,
        "boards": f",{boards}," if boards else None,
    }


def is_of(activity: Activity, year: int | None) -> bool:
    """Whether an activity is reported for a year: a walk through that year also meets those that are held
    in it and reported for another one, and those that claim many years, as hardly any does."""
    first = activity.reporting_start or activity.start_date
    last = activity.reporting_end or activity.end_date or first
    return year is None or bool(first and last and first.year <= year <= last.year)


@dataclass(frozen=True, slots=True)
class Looked:
    """The rows one question found, newest first, and the last one it looked at; `floor` is None where
    there were no more to look at."""

    rows: Sequence[int]
    floor: int | None


def search(scope: Scope, sought: SoughtActivities, after: int, most: int) -> tuple[list[int], int | None]:
    """The rows of those that fit, newest first from before row `after` (0: from the newest), `most` at
    the most, and the row before which there may be more."""
    looked = [_look(scope, sought, walk, most) for walk in walks(sought, after)]
    floor = max((one.floor for one in looked if one.floor is not None), default=None)
    found = sorted((row for one in looked for row in one.rows if row >= (floor or 0)), reverse=True)
    return found[:most], found[most - 1] if len(found) > most else floor


def walks(sought: SoughtActivities, after: int) -> list[Select[Any]]:
    """The ways to walk: each gives some of the activities in question in the order of the answer, none
    of them twice."""
    asked = (names for field, names in _LOOKED_FOR.items() if getattr(sought, field) is not None)
    columns = [activities.c[name] for name in dict.fromkeys(("row", *chain.from_iterable(asked)))]
    below = [activities.c.row < after] if after else []
    return [select(*columns).where(*way, *below).order_by(activities.c.row.desc()) for way in _ways(sought)]


def _ways(sought: SoughtActivities) -> Iterator[tuple[ColumnElement[bool], ...]]:
    if sought.repeats_of is not None:
        yield living(activities), activities.c.activity_id == sought.repeats_of
        yield living(activities), activities.c.repeat_of == sought.repeats_of
    elif (years := _years(sought)) is not None:
        first, last = years
        for year in range(first, last + 1):
            yield living(activities), activities.c.last_year == year
        for year in range(last + 1, last + MOST_YEARS):
            yield LONG, activities.c.last_year == year, activities.c.first_year <= last
        yield living(activities), activities.c.last_year == ENDLESS, activities.c.first_year <= last
    else:
        yield (SEARCHED_ACTIVITIES if sought.status in {None, Status.CLOSED} else UNCLOSED,)


def _years(sought: SoughtActivities) -> tuple[int, int] | None:
    """The years to walk through: the one that is asked for, or the few in which the days in question lie."""
    if sought.year is not None:
        return sought.year, sought.year
    if sought.first is None or sought.last is None or sought.last.year - sought.first.year >= MOST_YEARS:
        return None
    return sought.first.year, sought.last.year


def fitting(sought: SoughtActivities, walk: Select[Any], most: int) -> Owned:
    """The first rows of a walk that fit, one more than `most`, in its order.

    To ask for that order again would have SQLite sort all that was looked at, and stop no sooner.
    """
    bound = owned(walk.limit(LOOKED_AT), activities)
    looked = bound.statement.subquery()  # type: ignore[attr-defined]  # a select, as it came
    wanted = select(looked.c.row).where(*_conditions(sought, looked.c))
    return Owned(wanted.limit(most + 1), bound.key)


def _look(scope: Scope, sought: SoughtActivities, walk: Select[Any], most: int) -> Looked:
    rows = [row.row for row in scope.ask(fitting(sought, walk, most))]
    if len(rows) > most:
        return Looked(rows, rows[-1])
    ends = owned(walk.with_only_columns(activities.c.row).offset(LOOKED_AT - 1).limit(1), activities)
    return Looked(rows, next((row.row for row in scope.ask(ends)), None))


def _conditions(sought: SoughtActivities, of: Any) -> Iterator[ColumnElement[bool]]:
    if sought.format is not None:
        yield of["format"] == sought.format
    if sought.title is not None:
        yield of["title_key"].contains(title_key(sought.title), autoescape=True)
    if sought.board is not None:
        yield of["boards"].contains(f",{sought.board},", autoescape=True)
    if sought.last is not None:
        yield of["start_date"] <= sought.last
    if sought.first is not None:
        ends = of["end_date"] >= sought.first
        yield or_(ends, and_(of["end_date"].is_(None), of["start_date"] >= sought.first))
    if sought.status is not None:
        yield _stands(sought, of)


def _stands(sought: SoughtActivities, of: Any) -> ColumnElement[bool]:
    """Whether an activity has a status on a day (gateway/lifecycle), told from what is kept of it."""
    over = and_(of["end_date"].is_not(None), of["end_date"] < sought.today)
    closed = or_(of["closed"].is_(True), and_(of["complete_then"].is_(True), over))
    match sought.status:
        case Status.CLOSED:
            return closed
        case Status.DRAFT:
            return and_(not_(closed), of["complete"].is_not(True))
        case Status.ACTIVE:
            return and_(not_(closed), of["complete"].is_(True), not_(over))
        case _:
            return and_(not_(closed), of["complete"].is_(True), over)
