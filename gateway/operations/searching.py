"""Searching the provider's activities, page by page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date

from gateway import lifecycle
from gateway.errors import Malformed
from gateway.operations.activities import ActivityView
from gateway.operations.call import Terms
from gateway.operations.learners import LONGEST_SOUGHT, MOST_FOUND, USUAL_PAGE, check_days
from gateway.records import Activity, Board, Caller, SoughtActivities, Status
from gateway.store import Store
from gateway.vocabulary import FORMATS, format_named

_ROW_BYTES, _PROOF_BYTES = 8, 12


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
    if not 1 <= search.size <= MOST_FOUND:
        raise Malformed(
            f"PageSize is not between 1 and {MOST_FOUND}.", remedy=f"Leave it out for {USUAL_PAGE}."
        )
    sought = _sought(search, terms)
    sign = _signing(caller, sought, terms)
    after = _row(search.page, sign)
    found = store.read(caller.provider_id, lambda unit: unit.activities.search(sought, after, search.size))
    views = tuple(view(activity, sought.today) for activity in found.activities)
    return ActivityPage(views, None if found.next is None else _token(found.next, sign))


def view(activity: Activity, today: date) -> ActivityView:
    """An activity with the status it has on a day."""
    return ActivityView(activity, lifecycle.status(activity, today), lifecycle.next_statuses(activity, today))


# --- what is asked ---------------------------------------------------------------------------------------


def _sought(search: ActivitySearch, terms: Terms) -> SoughtActivities:
    if len(search.title or "") > LONGEST_SOUGHT:
        raise Malformed(f"Title is longer than {LONGEST_SOUGHT} characters.", remedy="Give a part of it.")
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


# --- from page to page -----------------------------------------------------------------------------------


Sign = Callable[[int], bytes]
"""The proof that a row is one at which a page of a search ended."""


def _signing(caller: Caller, sought: SoughtActivities, terms: Terms) -> Sign:
    asked = astuple(replace(sought, today=date.min))  # a search goes on past midnight
    return lambda row: terms.digest(f"page|{caller.provider_id}|{asked!r}|{row}")[:_PROOF_BYTES]


def _token(row: int, sign: Sign) -> str:
    return base64.urlsafe_b64encode(row.to_bytes(_ROW_BYTES, "big") + sign(row)).decode().rstrip("=")


def _row(token: str | None, sign: Sign) -> int:
    """The row a page token stands for, 0 without one. Raises Malformed where it is of another search."""
    if not token:
        return 0
    try:
        told = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        told = b""
    row = int.from_bytes(told[:_ROW_BYTES], "big")
    if told[_ROW_BYTES:] != sign(row) or not row:
        raise Malformed(
            "PageToken is not one of this search.",
            remedy="Send the NextPageToken of the page before, with everything else as it was.",
        )
    return row
