"""The way to what was first reported in an old version: all providers', the living ones, in pages."""

from __future__ import annotations

from stored import OTHER_PROVIDER, PROVIDER

from gateway.records import Activity, KeptActivity
from storage import Store


def _add(store: Store, provider: str, *activities: Activity) -> None:
    store.write(provider, lambda unit: unit.activities.add(activities))


def _bury(store: Store, activity_id: str) -> None:
    store.write(PROVIDER, lambda unit: unit.activities.delete(unit.activities.find({activity_id}, ())))


def test_pages_hold_the_living_of_a_version(store: Store) -> None:
    """Every provider's activities of the version come, in the order of rows, and none that was deleted."""
    old = [Activity(activity_id=f"20210000{n}", born="1.0") for n in range(1, 5)]
    _add(store, PROVIDER, old[0], Activity(activity_id="202100009", born="2.0"), old[1])
    _add(store, OTHER_PROVIDER, old[2], old[3])
    _bury(store, "202100002")
    assert 3 == store.legacy.size("1.0")
    first = store.legacy.page("1.0", 0, 2)
    assert [(PROVIDER, old[0]), (OTHER_PROVIDER, old[2])] == [_held(one) for one in first]
    assert [(OTHER_PROVIDER, old[3])] == [_held(one) for one in store.legacy.page("1.0", first[-1].row, 2)]
    assert [] == store.legacy.page("1.0", 10**9, 2)


def _held(one: KeptActivity) -> tuple[str, Activity]:
    return one.provider_id, one.activity
