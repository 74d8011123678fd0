"""A provider's activities in the store."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from sqlalchemy import select
from stored import FULL_ACTIVITY, NOW, OTHER_PROVIDER, PROVIDER

from gateway.errors import Busy, Failed
from gateway.records import Activity, StoredActivity, replace
from storage import Store, Unit
from storage.tables import activities


def add(store: Store, *new: Activity, provider: str = PROVIDER) -> None:
    """Store activities."""
    store.write(provider, lambda unit: unit.activities.add(new))


def find(store: Store, *ids: str, provider: str = PROVIDER) -> list[Activity]:
    """The activities that bear one of the ids, whichever kind of id it is."""
    found = store.read(provider, lambda unit: unit.activities.find(ids, ids))
    return [stored.activity for stored in found]


def rename(stored: StoredActivity, identity: str | None) -> StoredActivity:
    """The same activity under another of the provider's own ids."""
    return replace(stored, activity=replace(stored.activity, provider_activity_id=identity))


def test_sample_says_something_in_every_field() -> None:
    """The sample of the next test fills each field, or that test would not show that it is kept."""
    plain = Activity()
    fields = dataclasses.fields(Activity)
    same = [f.name for f in fields if getattr(plain, f.name) == getattr(FULL_ACTIVITY, f.name)]
    assert [] == same


def test_every_field_comes_back(store: Store) -> None:
    """What was added is found by either id, equal in every field, amounts to the digit."""
    add(store, FULL_ACTIVITY)
    assert [FULL_ACTIVITY] == find(store, "202600001")
    assert [FULL_ACTIVITY] == find(store, "SPRING-26")
    assert "1.50" == str(find(store, "SPRING-26")[0].credits[0].amount)


def test_bare_activity_comes_back(store: Store) -> None:
    """An activity of which only the id is known is kept as such."""
    bare = Activity(activity_id="202600001")
    add(store, bare)
    assert [bare] == find(store, "202600001")


def test_searchable_copies_follow_the_record(store: Store) -> None:
    """The columns that are searched say what the record says, after a change too, with aware times."""
    add(store, FULL_ACTIVITY)
    changed = replace(FULL_ACTIVITY, title="New", closed=False, end_date=None)

    def change(unit: Unit) -> None:
        (stored,) = unit.activities.find(["202600001"], [])
        unit.activities.change([replace(stored, activity=changed)])

    store.write(PROVIDER, change)
    with store._engine.connect() as connection:
        row = connection.execute(select(activities)).one()
    expected = ("New", False, None, FULL_ACTIVITY.start_date, "Live Course", "1.0", NOW, NOW, None)
    actual = (row.title, row.closed, row.end_date, row.start_date, row.format, row.born)
    assert expected == (*actual, row.created_at, row.updated_at, row.deleted_at)


def test_found_once_and_in_order(store: Store) -> None:
    """An activity named by both ids is found once, and all in the order they were added."""
    new = [Activity(activity_id=f"20260000{n}", provider_activity_id=f"P{9 - n}") for n in (3, 1, 2)]
    add(store, *new)
    assert new == find(store, "P6", "P8", "P7", "202600001", "202600003", "unknown")


def test_many_in_one_call(store: Store) -> None:
    """2,000 activities are issued, added, found, changed and deleted, each in one go; and IN lists
    longer than a database takes are cut."""

    def work(unit: Unit) -> tuple[int, int]:
        ids = unit.activities.issue(2_000, 2026)
        unit.activities.add([Activity(activity_id=each, provider_activity_id=each) for each in ids])
        found = unit.activities.find(ids, [*ids, *(f"none-{n}" for n in range(40_000))])
        unit.activities.change([rename(stored, f"new-{stored.row}") for stored in found])
        again = unit.activities.find(ids, [])
        unit.activities.delete(again[:500])
        left = unit.activities.find([], [f"new-{stored.row}" for stored in again])
        return len(found), len(left)

    assert (2_000, 1_500) == store.write(PROVIDER, work)


def test_nothing_to_do_is_no_work(store: Store) -> None:
    """Empty lists are taken, and do nothing."""

    def work(unit: Unit) -> tuple[list[str], list[StoredActivity]]:
        unit.activities.add([])
        unit.activities.change([])
        unit.activities.delete([])
        return unit.activities.issue(0, 2026), unit.activities.find([], [])

    assert ([], []) == store.write(PROVIDER, work)
    assert ["202600001"] == store.write(PROVIDER, lambda unit: unit.activities.issue(1, 2026))


def test_own_id_is_unique_for_a_provider(store: Store) -> None:
    """Two live activities of a provider cannot bear one of its ids; those of two providers can, and
    any number can bear none."""
    add(store, Activity(activity_id="1", provider_activity_id="A"))
    with pytest.raises(Busy):
        add(store, Activity(activity_id="2", provider_activity_id="A"))
    add(store, Activity(activity_id="3", provider_activity_id="A"), provider=OTHER_PROVIDER)
    add(store, Activity(activity_id="4"), Activity(activity_id="5"))
    assert [["1"], ["3"]] == [
        [found.activity_id for found in find(store, "A", provider=provider)]
        for provider in (PROVIDER, OTHER_PROVIDER)
    ]


def test_deleting_frees_the_own_id_only(store: Store) -> None:
    """A deleted activity is not found, its own id can be used again, its ACCME id never."""
    add(store, Activity(activity_id="1", provider_activity_id="A"))
    store.write(PROVIDER, lambda unit: unit.activities.delete(unit.activities.find(["1"], [])))
    assert [] == find(store, "1", "A")
    again = Activity(activity_id="2", provider_activity_id="A")
    add(store, again)
    assert [again] == find(store, "A")
    with pytest.raises(Busy):
        add(store, Activity(activity_id="1"), provider=OTHER_PROVIDER)


def test_ids_may_be_swapped_in_one_call(store: Store) -> None:
    """Activities take over one another's own ids in one call, though each is unique at all times."""
    add(store, *(Activity(activity_id=f"{n}", provider_activity_id=f"{n}") for n in (11, 12, 13)))

    def work(unit: Unit) -> None:
        found = unit.activities.find(["11", "12", "13"], [])
        unit.activities.change([rename(s, i) for s, i in zip(found, ("12", "13", "11"), strict=True)])

    store.write(PROVIDER, work)
    found = find(store, "11", "12", "13")
    assert [("11", "12"), ("12", "13"), ("13", "11")] == [
        (each.activity_id, each.provider_activity_id) for each in found
    ]


def test_another_providers_activity_is_out_of_reach(store: Store) -> None:
    """A unit bound to one provider neither finds, changes nor deletes what is another's."""
    add(store, FULL_ACTIVITY)
    (foreign,) = store.read(PROVIDER, lambda unit: unit.activities.find(["202600001"], []))
    assert [] == find(store, "202600001", "SPRING-26", provider=OTHER_PROVIDER)
    with pytest.raises(Failed):
        store.write(OTHER_PROVIDER, lambda unit: unit.activities.change([rename(foreign, "X")]))
    with pytest.raises(Failed):
        store.write(OTHER_PROVIDER, lambda unit: unit.activities.delete([foreign]))
    assert [FULL_ACTIVITY] == find(store, "202600001")


def test_ids_are_issued_over_all_providers(store: Store) -> None:
    """The numbers of a year start at year x 100000 + 1 and are counted over all providers."""
    first = store.write(PROVIDER, lambda unit: unit.activities.issue(2, 2026))
    second = store.write(OTHER_PROVIDER, lambda unit: unit.activities.issue(1, 2026))
    assert ["202600001", "202600002", "202600003"] == [*first, *second]


def test_ids_are_never_short(store: Store) -> None:
    """After 99,999 in a year they run on into the next year's; no year turns the counter back."""
    store.write(PROVIDER, lambda unit: unit.activities.issue(99_998, 2026))
    over = store.write(PROVIDER, lambda unit: unit.activities.issue(3, 2026))
    next_year = store.write(PROVIDER, lambda unit: unit.activities.issue(2, 2027))
    back = store.write(PROVIDER, lambda unit: unit.activities.issue(1, 2026))
    later = store.write(PROVIDER, lambda unit: unit.activities.issue(1, 2028))
    assert ["202699999", "202700000", "202700001"] == over
    assert ["202700002", "202700003"] == next_year
    assert ["202700004", "202800001"] == [*back, *later]


def test_forgotten_unit_leaves_nothing(store: Store) -> None:
    """What a forgotten unit wrote is gone, numbers it was issued too, and its answer is given."""

    def work(unit: Unit) -> list[str]:
        ids = unit.activities.issue(1, 2026)
        unit.activities.add([Activity(activity_id=ids[0])])
        unit.forget()
        return ids

    assert ["202600001"] == store.write(PROVIDER, work)
    assert [] == find(store, "202600001")
    assert ["202600001"] == store.write(PROVIDER, lambda unit: unit.activities.issue(1, 2026))


def test_raising_work_leaves_nothing(store: Store) -> None:
    """What work wrote before it raised is gone, and what it raised arrives as it is."""

    def work(unit: Unit) -> None:
        unit.activities.add([FULL_ACTIVITY])
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        store.write(PROVIDER, work)
    assert [] == find(store, "202600001")


def test_reading_keeps_nothing(store: Store) -> None:
    """A reading transaction never leaves anything written behind, whatever its work tries."""
    with contextlib.suppress(Failed):  # PostgreSQL refuses at once
        store.read(PROVIDER, lambda unit: unit.activities.add([FULL_ACTIVITY]))
    assert [] == find(store, "202600001")


def test_refusal_of_the_database_says_nothing_of_the_row(store: Store) -> None:
    """What the database will not take is a failure of ours, without the driver's words or values."""
    with pytest.raises(Failed) as caught:
        add(store, Activity(title="Secret title"))
    assert (Failed, None) == (type(caught.value), caught.value.__cause__)
    assert "Secret" not in caught.value.text
