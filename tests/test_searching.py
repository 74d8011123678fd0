"""FindActivities: what may be asked, pages that belong to their search, and nobody else's activities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from amended import keep
from desk import Desk
from entries import COMPLETE, DRAFT, LEGACY, entry

from gateway import operations
from gateway.errors import Malformed
from gateway.operations import ActivityPage, ActivitySearch
from gateway.records import Status


@pytest.fixture
def desk() -> Desk:
    """A gateway with three activities, the last added a course that is Ready to Close."""
    desk = Desk()
    keep(desk, DRAFT, LEGACY, COMPLETE)
    return desk


def find(desk: Desk, **search: Any) -> ActivityPage:
    """Ask for a page."""
    return operations.find_activities(desk.caller, ActivitySearch(**search), desk.store, desk.terms)


def ids(page: ActivityPage) -> list[str | None]:
    """Which activities stand on a page."""
    return [view.activity.activity_id for view in page.activities]


def test_what_was_added_last_comes_first(desk: Desk) -> None:
    """SEED1: the newly added activity is at the top of the list, with its status and what it lacks."""
    page = find(desk)
    assert (["202600003", "202600002", "202600001"], None) == (ids(page), page.next)
    assert [Status.READY_TO_CLOSE, Status.CLOSED, Status.DRAFT] == [view.status for view in page.activities]
    assert page.activities[2].next_statuses[0].missing


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ({"status": "Ready to Close"}, ["202600003"]),
        ({"status": "Closed"}, ["202600002"]),
        ({"year": 2027}, ["202600001"]),
        ({"title": "ASTHMA"}, ["202600001"]),
        ({"format": "live course", "year": 2027}, ["202600001"]),
        ({"board": "abim"}, ["202600003"]),
        ({"first": date(2027, 1, 11)}, ["202600001"]),
        ({"first": date(2027, 1, 12)}, []),
        ({"last": date(2027, 1, 9), "year": 2027}, []),
    ],
)
def test_it_is_searched_by_what_is_given(desk: Desk, search: dict[str, Any], found: list[str]) -> None:
    """Words whatever their case, as people write them."""
    assert found == ids(find(desk, **search))


@pytest.mark.parametrize(
    ("search", "text"),
    [
        ({"size": 0}, "PageSize"),
        ({"size": 501}, "PageSize"),
        ({"title": "T" * 201}, "Title"),
        ({"status": "Open"}, "Status"),
        ({"format": "Lunch"}, "Format"),
        ({"board": "ABXX"}, "Board"),
        ({"first": date(2027, 1, 2), "last": date(2027, 1, 1)}, "DateUntil"),
        ({"page": "7"}, "PageToken"),
        ({"page": "not a token!"}, "PageToken"),
        ({"page": "ä"}, "PageToken"),
    ],
)
def test_what_cannot_be_searched_by_is_refused(desk: Desk, search: dict[str, Any], text: str) -> None:
    """The parameter is named, and what would do."""
    with pytest.raises(Malformed, match=text) as refused:
        find(desk, **search)
    assert refused.value.remedy


def test_pages_follow_one_another(desk: Desk) -> None:
    """Each from the token of the one before, until there is none."""
    first = find(desk, size=2)
    second = find(desk, size=2, page=first.next)
    assert (["202600003", "202600002"], ["202600001"], None) == (ids(first), ids(second), second.next)


@pytest.mark.parametrize("other", [{"year": 2027}, {"title": "a"}, {"status": "Closed"}, {"board": "ABIM"}])
def test_a_token_of_another_search_is_refused(desk: Desk, other: dict[str, Any]) -> None:
    """A page is one of the search it came from; the size of the next may differ."""
    token = find(desk, size=1).next
    assert ["202600002", "202600001"] == ids(find(desk, size=2, page=token))
    with pytest.raises(Malformed, match="PageToken"):
        find(desk, size=1, page=token, **other)


def test_a_token_of_another_provider_is_refused(desk: Desk) -> None:
    """So that nothing can be told from it."""
    token = find(desk, size=1).next
    with pytest.raises(Malformed, match="PageToken"):
        find(desk.of_other_provider(), size=1, page=token)


def test_a_token_that_was_changed_is_refused(desk: Desk) -> None:
    """Each sign of it counts."""
    token = find(desk, size=1).next or ""
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Malformed, match="PageToken"):
            find(desk, size=1, page=token[:place] + other + token[place + 1 :])


def test_a_search_goes_on_past_midnight(desk: Desk) -> None:
    """The token is not of a day, though the status is."""
    token = find(desk, size=1).next
    desk.clock.advance(days=1)
    assert ["202600002"] == ids(find(desk, size=1, page=token))


def test_what_is_another_providers_is_not_found(desk: Desk) -> None:
    """Whatever is asked for."""
    assert [] == ids(find(desk.of_other_provider()))
    assert [] == ids(find(desk.of_other_provider(), year=2027))


def test_repeats_are_found_together(desk: Desk) -> None:
    """The first by its id, the others by the same."""
    repeats = [replace(DRAFT, provider_activity_id=f"R-{n}", repeat_of="202600001") for n in (2, 3)]
    keep(desk, *repeats)
    assert ["202600005", "202600004", "202600001"] == ids(find(desk, repeats_of="202600001"))


def test_what_is_saved_is_found(desk: Desk) -> None:
    """At once, and at the top."""
    desk.save(entry(replace(DRAFT, provider_activity_id="NEW")))
    assert "202600004" == ids(find(desk))[0]
