"""Searching activities: all that fit and nothing else, newest first, page by page, by an index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from itertools import product
from random import Random
from typing import Any

import pytest
from entries import COMPLETE, LEGACY
from fakes import fits
from sqlalchemy import select
from stored import OTHER_PROVIDER, PROVIDER

from gateway import lifecycle
from gateway.lifecycle import lasting
from gateway.records import (
    Activity,
    FoundActivities,
    Location,
    MocRegistration,
    SoughtActivities,
    Status,
    replace,
)
from gateway.vocabulary import ENDURING
from storage import Store, Unit, finding, repositories
from storage.repositories import searchable
from storage.scope import Owned, owned
from storage.tables import activities, living

TODAY = date(2026, 11, 21)
FORMATS = ["Live Course", ENDURING, "Manuscript Review"]
TITLES = ["Asthma in Schools", "Sleep in Shift Work", "50% of A_B/C\\D, Straße"]


def some(count: int, seed: int = 1) -> list[Activity]:
    """Activities of every status, format and time, those of before November 2021 too."""
    chance = Random(seed)
    return [an_activity(number, chance) for number in range(1, count + 1)]


def an_activity(number: int, chance: Random) -> Activity:
    """One of them."""
    start = date(2023, 1, 1) + timedelta(days=chance.randrange(1_600))
    end = chance.choice([None, start, start + timedelta(days=1), start + timedelta(days=1_000)])
    return replace(
        chance.choice([COMPLETE, LEGACY]),
        activity_id=str(202600000 + number),
        provider_activity_id=None,
        title=chance.choice(TITLES),
        format=chance.choice(FORMATS),
        start_date=start,
        end_date=end,
        reporting_start=start,
        reporting_end=end or start,
        providership=chance.choice([None, "direct"]),
        location=Location("Duluth", "MN", "USA"),
        closed=chance.random() < 0.2,
        repeat_of=chance.choice([None, None, "202600001"]),
        moc_registrations=tuple(MocRegistration(board) for board in chance.sample(["ABIM", "ABP"], 1)),
    )


def add(store: Store, new: list[Activity], provider: str = PROVIDER) -> None:
    """Keep activities."""
    store.write(provider, lambda unit: unit.activities.add(new))


def pages(store: Store, sought: SoughtActivities, size: int = 1_000) -> Iterator[list[Activity]]:
    """Page after page, each from where the one before ended."""
    after: int | None = 0
    while after is not None:
        found = store.read(PROVIDER, partial(_page, sought=sought, after=after, size=size))
        yield list(found.activities)
        assert found.next is None or after == 0 or found.next < after
        after = found.next


def _page(unit: Unit, sought: SoughtActivities, after: int, size: int) -> FoundActivities:
    return unit.activities.search(sought, after, size)


def search(store: Store, size: int = 1_000, **sought: Any) -> list[Activity]:
    """All that a search finds."""
    asked = SoughtActivities(**{"today": TODAY, **sought})
    return [activity for page in pages(store, asked, size) for activity in page]


SEARCHES: list[dict[str, Any]] = [
    {},
    *({"status": status} for status in Status),
    *({"year": year} for year in (2022, 2023, 2024, 2025, 2026, 2027, 2029)),
    {"format": ENDURING},
    {"title": "IN SCHOOL"},
    {"title": "a_b/c\\d, STRASSE"},
    {"board": "ABP"},
    {"first": date(2025, 3, 1)},
    {"last": date(2024, 3, 1)},
    {"first": date(2025, 3, 1), "last": date(2025, 5, 1)},
    {"first": date(2023, 3, 1), "last": date(2025, 5, 1), "title": "asthma"},
    {"first": date(2020, 3, 1), "last": date(2025, 5, 1)},
    {"repeats_of": "202600001"},
    {"year": 2026, "status": Status.DRAFT, "board": "ABIM"},
    {"year": 2025, "format": "Live Course", "title": "sleep", "first": date(2025, 3, 1)},
    {"today": date(2030, 1, 1), "status": Status.CLOSED},
]


@pytest.mark.parametrize("looked_at", [7, 10_000])
def test_a_search_finds_all_that_fit_newest_first(
    store: Store, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    """Whatever is asked and however few are looked at in one go: what the records themselves say."""
    monkeypatch.setattr(finding, "LOOKED_AT", looked_at)
    known = some(300)
    add(store, known)
    add(store, [replace(one, activity_id=f"9{one.activity_id}") for one in known[:9]], OTHER_PROVIDER)
    for sought in SEARCHES:
        asked = SoughtActivities(**{"today": TODAY, **sought})
        expected = [one for one in reversed(known) if fits(asked, PROVIDER, one)]
        assert expected == search(store, 50, **sought), sought
        assert expected or sought == {"year": 2022}


def test_the_sample_stands_in_every_status() -> None:
    """The control of the test above: it would prove little if one were missing."""
    statuses = {lifecycle.standing(one, TODAY) for one in some(300)}
    assert set(lifecycle.Standing) == statuses


def test_a_page_is_short_when_too_much_had_to_be_looked_at(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search for what hardly anything fits ends in time, and says where it goes on."""
    monkeypatch.setattr(finding, "LOOKED_AT", 10)
    rare = replace(some(1)[0], title="Rare")
    add(store, [rare, *(replace(one, activity_id=f"2{one.activity_id}") for one in some(35))])
    found = list(pages(store, SoughtActivities(today=TODAY, title="rare")))
    assert [[], [], [], [rare]] == found


def test_pages_have_the_size_that_is_asked_for(store: Store) -> None:
    """And the last one does not promise another."""
    add(store, some(10))
    assert [4, 4, 2] == [len(page) for page in pages(store, SoughtActivities(today=TODAY), 4)]
    assert [5, 5] == [len(page) for page in pages(store, SoughtActivities(today=TODAY), 5)]


def test_what_is_added_meanwhile_moves_no_page(store: Store) -> None:
    """Pages go by the row they ended at, so nothing is told twice or left out."""
    add(store, known := some(6))
    walk = pages(store, SoughtActivities(today=TODAY), 3)
    seen = next(walk)
    add(store, [replace(known[0], activity_id="202600099")])
    seen += [one for page in walk for one in page]
    assert [*reversed(known)] == seen


def test_a_search_follows_a_change_and_a_deletion(store: Store) -> None:
    """What is searched by is kept with each write."""
    add(store, [replace(some(1)[0], title="Old", reporting_start=date(2020, 1, 1))])

    def change(unit: Any) -> None:
        (stored,) = unit.activities.find(["202600001"], [])
        told = {"title": "New", "reporting_start": date(2026, 1, 1), "reporting_end": date(2026, 1, 1)}
        unit.activities.change([replace(stored, activity=replace(stored.activity, **told))])

    store.write(PROVIDER, change)
    assert [0, 1, 0, 1] == [
        len(search(store, **asked))
        for asked in ({"title": "old"}, {"title": "new"}, {"year": 2020}, {"year": 2026})
    ]
    store.write(PROVIDER, lambda unit: unit.activities.delete(unit.activities.find(["202600001"], [])))
    assert [] == search(store)


def test_an_activity_is_of_all_its_years(store: Store) -> None:
    """However many they are."""
    long = {"reporting_start": date(1995, 1, 1), "reporting_end": date(2030, 1, 1)}
    add(store, [replace(some(1)[0], **long)])
    found = [year for year in range(1990, 2035) if search(store, year=year)]
    assert [*range(1995, 2031)] == found


def test_the_year_is_that_of_the_reporting_dates(store: Store) -> None:
    """Where they disagree with the days on which it is held, a warning says so; by those it is found too."""
    reported = {"reporting_start": date(2019, 1, 1), "reporting_end": date(2019, 1, 1)}
    held = {"start_date": date(2021, 3, 9), "end_date": date(2021, 3, 10)}
    add(store, [replace(some(1)[0], **reported, **held)])
    assert [2019] == [year for year in range(2015, 2025) if search(store, year=year)]
    assert 1 == len(search(store, first=date(2021, 3, 10), last=date(2021, 4, 1)))
    assert [] == search(store, first=date(2019, 1, 1), last=date(2019, 12, 31))


def test_what_was_kept_before_is_filled_by_migrating(store: Store) -> None:
    """Rows of an earlier version get what they are searched by, once; searches then find them."""
    add(store, known := some(20))
    with store._engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE activities SET first_year = NULL, last_year = NULL, complete = NULL,"
            " complete_then = NULL, boards = NULL"
        )
    assert [] == search(store, year=2025)
    store.migrate()
    expected = [
        one for one in reversed(known) if fits(SoughtActivities(today=TODAY, year=2025), PROVIDER, one)
    ]
    assert expected == search(store, year=2025)
    with store._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT row, complete FROM activities ORDER BY row").all()
    assert [bool(searchable(one, lasting)["complete"]) for one in known] == [bool(row[1]) for row in rows]


# --- plans -----------------------------------------------------------------------------------------------


def _plans(store: Store, after: int = 0, **sought: Any) -> list[str]:
    """How the database finds a page, and where it ends, in its own words."""
    asked = SoughtActivities(today=TODAY, **sought)
    return [_plan(store, finding.fitting(asked, walk, 100)) for walk in finding.walks(asked, after)]


def _plan(store: Store, query: Owned) -> str:
    asking = "EXPLAIN QUERY PLAN " if store._engine.dialect.name == "sqlite" else "EXPLAIN "
    asked: Any = query.statement
    with store._engine.connect() as connection:
        statement = asked.compile(connection, compile_kwargs={"render_postcompile": True})
        values = statement.construct_params({query.key: PROVIDER})
        binds = statement.positiontup
        given = tuple(_written(values[name]) for name in binds) if binds else values
        return str(connection.exec_driver_sql(asking + str(statement), given).all())


def _written(value: Any) -> Any:
    """A value as SQLite keeps it."""
    return value.isoformat() if isinstance(value, date) else value


YEARS = ["year", "long", "long", "long", "year"]
PLANS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["newest"]),
    ({"title": "rare"}, ["newest"]),
    ({"board": "ABIM", "format": ENDURING}, ["newest"]),
    ({"status": Status.CLOSED}, ["newest"]),
    ({"status": Status.DRAFT}, ["unclosed"]),
    ({"year": 2025}, YEARS),
    ({"year": 2025, "status": Status.ACTIVE}, YEARS),
    ({"first": date(2025, 3, 1), "last": date(2025, 3, 31)}, YEARS),
    ({"first": date(2024, 3, 1), "last": date(2025, 3, 31), "title": "sleep"}, ["year", *YEARS]),
    ({"first": date(2020, 3, 1), "last": date(2025, 3, 31)}, ["newest"]),
]


def test_a_search_walks_an_index_in_the_order_of_the_answer(store: Store) -> None:
    """The provider's own rows, newest first, with nothing to sort: beside a provider that is larger, with
    and without statistics."""
    if store._engine.dialect.name == "postgresql":
        with store._engine.begin() as connection:  # or its own look at the tables comes in between
            connection.exec_driver_sql("ALTER TABLE activities SET (autovacuum_enabled = false)")
    add(store, [replace(one, activity_id=f"1{one.activity_id}") for one in some(3_000)], OTHER_PROVIDER)
    add(store, some(60))
    for _ in range(2):
        for (sought, indexes), after in product(PLANS, (0, 3_030)):
            plans = _plans(store, after, **sought)
            assert len(indexes) == len(plans)
            for index, plan in zip(indexes, plans, strict=True):
                assert f"ix_activities_{index}" in plan, plan
                assert "TEMP B-TREE" not in plan, plan
                assert "Sort" not in plan or index in {"year", "long"}, plan  # of a few, PostgreSQL may
        with store._engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def test_the_indexes_of_searches_are_for_searches_alone(store: Store) -> None:
    """What every submission looks up goes by its own index: by that of searches it would walk all of the
    provider's rows."""
    add(store, some(500))
    for _ in range(2):
        for column in repositories._IDENTITIES:
            query = select(activities).where(living(activities), column == "202600007")
            plan = _plan(store, owned(query, activities))
            assert not any(f"ix_activities_{name}" in plan for name in ("newest", "unclosed", "long")), plan
        with store._engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")
