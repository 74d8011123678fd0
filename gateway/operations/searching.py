"""Searching the provider's activities, and the credits of its learners, page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, time, timedelta

from gateway.errors import Malformed
from gateway.matching import Keys
from gateway.operations.activities import ActivityView, view
from gateway.operations.call import Terms
from gateway.operations.paging import USUAL_PAGE, check_days, check_size, check_text, tokens
from gateway.records import Board, Caller, Sought, SoughtActivities, Status, StoredCredit
from gateway.store import Store
from gateway.vocabulary import FORMATS, format_named

# --- activities ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySearch:
    """What activities are searched by; both days included. `page` is the token of the page before."""

    year: int | None = None
    status: str | None = None
    format: str | None = None
    title: str | None = None
    first: date | None = None
    last: date | None = None
    board: str | None = None
    repeats_of: str | None = None
    size: int = USUAL_PAGE
    page: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """What a search found, newest first, and the token for what comes after, if anything may."""

    activities: tuple[ActivityView, ...]
    next: str | None = None


def find_activities(caller: Caller, search: ActivitySearch, store: Store, terms: Terms) -> ActivityPage:
    """Search the provider's activities, in pages; those added last come first (SEED1).

    An activity is of all years of its reporting dates. A page may be shorter than asked for while there
    is a next one: a search looks at so many activities at a time. Raises Malformed for a page token that
    is not of this search, a page size out of bounds, a title that is too long, dates the wrong way round,
    and words that are no status, format or board.
    """
    check_size(search.size)
    sought = _sought_activities(search, terms)
    asked = astuple(replace(sought, today=date.min))  # a search goes on past midnight
    pages = tokens("FindActivities", caller, asked, terms)
    after = pages.row(search.page)
    found = store.read(caller.provider_id, lambda unit: unit.activities.search(sought, after, search.size))
    views = tuple(view(activity, sought.today) for activity in found.activities)
    return ActivityPage(views, pages.token(found.next))


def _sought_activities(search: ActivitySearch, terms: Terms) -> SoughtActivities:
    check_text("Title", search.title, "Give a part of it.")
    check_days(("DateFrom", search.first), ("DateUntil", search.last))
    return SoughtActivities(
        today=terms.day(terms.clock()),
        year=search.year,
        status=_status(search.status),
        format=_format(search.format),
        title=search.title,
        first=search.first,
        last=search.last,
        board=_board(search.board, terms.boards),
        repeats_of=search.repeats_of,
    )


def _status(name: str | None) -> Status | None:
    if name is None:
        return None
    try:
        return Status(name)
    except ValueError:
        raise Malformed("Status is none of an activity's.", remedy=_one_of(Status)) from None


def _format(name: str | None) -> str | None:
    known = format_named(name) if name else None
    if name and known is None:
        raise Malformed("Format is none there is.", remedy=_one_of(format.name for format in FORMATS))
    return known.name if known else None


def _board(name: str | None, boards: Mapping[str, Board]) -> str | None:
    if name is not None and name.upper() not in boards:
        raise Malformed("Board is none that is known.", remedy=_one_of(sorted(boards)))
    return name.upper() if name else None


def _one_of(words: Iterable[str]) -> str:
    return f"Use one of: {', '.join(words)}."


# --- credits of learners ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Search:
    """What learners are searched by; both days included. `page` is the token of the page before."""

    last_name: str | None = None
    submitted_from: date | None = None
    submitted_until: date | None = None
    activity_title: str | None = None
    activity_id: str | None = None
    status: str | None = None
    size: int = USUAL_PAGE
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a search found, newest first, and the token for what comes after, if anything does."""

    credits: tuple[StoredCredit, ...]
    next: str | None = None


def find_learners(caller: Caller, search: Search, store: Store, terms: Terms) -> Page:
    """Search the provider's learners' credits, in pages.

    Raises Malformed without a last name, a submission date range or an activity title (SEED4), for a
    name or title that is too long, a page token that is not of this search, and a page size out of bounds.
    """
    if not (search.last_name or search.submitted_from or search.activity_title):
        raise Malformed(
            "A last name, a range of submission dates or an activity title is asked for.",
            remedy="Give LastName, SubmittedFrom (with or without SubmittedUntil) or ActivityTitle.",
        )
    check_days(("SubmittedFrom", search.submitted_from), ("SubmittedUntil", search.submitted_until))
    remedy = "Give a last name as it was reported, or a part of a title."
    for name, text in (("LastName", search.last_name), ("ActivityTitle", search.activity_title)):
        check_text(name, text, remedy)
    check_size(search.size)
    sought = _sought_credits(search, terms)
    pages = tokens("FindLearners", caller, astuple(sought), terms)
    after = pages.row(search.page)
    found = store.read(caller.provider_id, lambda unit: unit.credits.search(sought, after, search.size + 1))
    shown = tuple(found[: search.size])
    return Page(shown, pages.token(shown[-1].row if len(found) > search.size else None))


def _sought_credits(search: Search, terms: Terms) -> Sought:
    name, until = search.last_name, search.submitted_until
    return Sought(
        family=Keys(terms.digest).family_key(name) if name else None,
        title=search.activity_title,
        submitted_from=_midnight(search.submitted_from, terms),
        submitted_until=_midnight(until + timedelta(days=1), terms) if until and until < date.max else None,
        activity_id=search.activity_id,
        status=search.status,
    )


def _midnight(day: date | None, terms: Terms) -> datetime | None:
    return datetime.combine(day, time(), terms.zone) if day else None
