"""FindActivities and FindLearners: what may be asked, pages that belong to their search, and nothing of
somebody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from amended import keep
from desk import Desk
from entries import COMPLETE, DRAFT, LEGACY, entry
from fakes import PROVIDER
from reports import ADA, ADA_ROW, BOARD_CREDIT, CME_CREDIT, COURSE, REMS_COURSE, TODAY, completion, report

from gateway import operations
from gateway.errors import Malformed
from gateway.operations import ActivityPage, ActivitySearch, Page, Search
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


# --- credits of learners -------------------------------------------------------------------------------


NAMED = {"last_name": "QUIMBY TORRES"}
OTHERS: tuple[dict[str, Any], ...] = (
    {"status": "Accepted"},
    {"activity_id": "202600001"},
    {"activity_title": "a"},
    {"submitted_from": TODAY},
    {"submitted_until": TODAY},
    {"last_name": "Quimby"},
)


@pytest.fixture
def crowd() -> Desk:
    """A gateway to which two credits of a learner were reported."""
    desk = Desk()
    desk.store.write(PROVIDER, lambda unit: unit.activities.add([COURSE, REMS_COURSE]))
    desk.store.tables.enrol(ADA_ROW)
    desk.save(report(completion(ADA, CME_CREDIT, BOARD_CREDIT)))
    return desk


def learners(desk: Desk, **search: Any) -> Page:
    """Ask for a page."""
    return operations.find_learners(desk.caller, Search(**search), desk.store, desk.terms)


def test_a_page_of_learners_is_asked_for_with_the_token_alone(crowd: Desk) -> None:
    """A row number will not do; nor a token that was changed, of another search or of another operation. The
    size of the next page may differ, and so may the spelling of the name."""
    page, activities = learners(crowd, **NAMED, size=1), find(crowd, size=1).next
    assert page.next and activities
    assert 1 == len(learners(crowd, last_name="quimby-torres", size=5, page=page.next).credits)
    garbage = ("1", str(page.credits[0].row), "ä", f"{page.next[:-1]}!")
    foreign = [{**NAMED, "page": token} for token in (*garbage, activities)]
    for asked in [*foreign, *({**NAMED, **other, "page": page.next} for other in OTHERS)]:
        with pytest.raises(Malformed, match="PageToken is not one of this search"):
            learners(crowd, **asked)


def test_a_token_of_another_providers_learners_is_refused(crowd: Desk) -> None:
    """The same search by somebody else is another one."""
    token = learners(crowd, **NAMED, size=1).next
    assert learners(crowd, **NAMED, page=token).credits
    with pytest.raises(Malformed, match="PageToken is not one of this search"):
        learners(crowd.of_other_provider(), **NAMED, page=token)


def test_a_search_asks_for_a_name_a_range_or_a_title(crowd: Desk) -> None:
    """Nothing else alone will do."""
    searches: tuple[dict[str, Any], ...] = (
        {},
        {"status": "Accepted"},
        {"activity_id": "202600001"},
        {"submitted_until": TODAY},
    )
    for search in searches:
        with pytest.raises(Malformed, match="last name"):
            learners(crowd, **search)


def test_a_search_by_name_forgives_spelling_and_pages(crowd: Desk) -> None:
    """Case, hyphen and accents do not count; page after page gives everything once."""
    assert 2 == len(learners(crowd, **NAMED).credits)
    first = learners(crowd, **NAMED, size=1)
    second = learners(crowd, **NAMED, size=1, page=first.next)
    assert ["ccid:demo:2", "ccid:demo:1"] == [*(c.credit_id for c in (*first.credits, *second.credits))]
    assert (None, ADA) == (second.next, second.credits[0].learner)


@pytest.mark.parametrize(
    "bad",
    [
        *({"size": 0}, {"size": 501}, {"page": "x"}, {"page": "-1"}, {"page": "9" * 30}),
        {"submitted_from": date(2026, 2, 2), "submitted_until": date(2026, 2, 1)},
    ],
)
def test_a_search_that_is_none_is_refused(crowd: Desk, bad: dict[str, Any]) -> None:
    """A size out of bounds, a token that is not ours, days in the wrong order."""
    with pytest.raises(Malformed):
        learners(crowd, last_name="X", **bad)


@pytest.mark.parametrize("name", ["last_name", "activity_title"])
def test_a_text_too_long_to_be_sought_is_refused(crowd: Desk, name: str) -> None:
    """200 characters are taken, one more is not, and the answer does not repeat it."""
    learners(crowd, **{name: "x" * 200})
    with pytest.raises(Malformed) as caught:
        learners(crowd, **{name: "x" * 201})
    assert (True, False) == ("200" in caught.value.text, "xx" in caught.value.text)
