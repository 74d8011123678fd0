"""What an activity went through: its counts year by year, and why it was opened again."""

from __future__ import annotations

from sqlalchemy import text
from stored import NOW, OTHER_PROVIDER, PROVIDER

from gateway.records import CountAsOf, Reopening
from storage import Store, Unit

ONE, TWO = "202600001", "202600002"
REASON = "Closed by Zacharias, a year too early"


def keep(store: Store, activity_id: str, *counts: CountAsOf, provider: str = PROVIDER) -> None:
    """Keep figures."""

    def work(unit: Unit) -> None:
        for count in counts:
            unit.counts.keep(activity_id, count)

    store.write(provider, work)


def test_figures_come_back_oldest_first(store: Store) -> None:
    """Of each activity its own; what is not known stays unknown."""
    keep(store, ONE, CountAsOf(2026, 12, None), CountAsOf(2025, 0, 3_000_000_000))
    keep(store, TWO, CountAsOf(2026, 1, 1))
    found = store.read(PROVIDER, lambda unit: unit.counts.of([ONE, TWO, "202600003"]))
    expected = {
        ONE: (CountAsOf(2025, 0, 3_000_000_000), CountAsOf(2026, 12, None)),
        TWO: (CountAsOf(2026, 1, 1),),
    }
    assert expected == found
    assert {} == store.read(PROVIDER, lambda unit: unit.counts.of([]))


def test_a_year_is_corrected(store: Store) -> None:
    """The same year again takes the place of what was there."""
    keep(store, ONE, CountAsOf(2026, 12, 1), CountAsOf(2026, 13, 0))
    assert {ONE: (CountAsOf(2026, 13, 0),)} == store.read(PROVIDER, lambda unit: unit.counts.of([ONE]))


def test_a_year_that_counts_nothing_is_taken_back(store: Store) -> None:
    """It can be counted again."""
    keep(store, ONE, CountAsOf(2025, 12, 1), CountAsOf(2025))
    assert {} == store.read(PROVIDER, lambda unit: unit.counts.of([ONE]))
    keep(store, ONE, CountAsOf(2025, None, 0))
    assert {ONE: (CountAsOf(2025, None, 0),)} == store.read(PROVIDER, lambda unit: unit.counts.of([ONE]))


def test_figures_of_others_are_out_of_reach(store: Store) -> None:
    """Neither read nor corrected."""
    keep(store, ONE, CountAsOf(2026, 12, 1))
    keep(store, ONE, CountAsOf(2026, 99, 99), provider=OTHER_PROVIDER)
    assert {ONE: (CountAsOf(2026, 12, 1),)} == store.read(PROVIDER, lambda unit: unit.counts.of([ONE]))


def reopened(store: Store, provider: str = PROVIDER) -> list[Reopening]:
    """What was opened again of the first activity."""
    return store.read(provider, lambda unit: unit.reopenings.of(ONE))


def test_why_an_activity_was_opened_again_is_kept(store: Store) -> None:
    """In the order it happened, and for its provider alone."""
    kept = [Reopening(activity_id=ONE, user="office", at=NOW, reason=reason) for reason in (REASON, "Again")]

    def work(unit: Unit) -> None:
        for one in kept:
            unit.reopenings.add(one)

    store.write(PROVIDER, work)
    assert (kept, []) == (reopened(store), reopened(store, OTHER_PROVIDER))


def test_the_reason_lies_sealed(store: Store) -> None:
    """It is a person's words, and may name another."""
    one = Reopening(activity_id=ONE, user="office", at=NOW, reason=REASON)
    store.write(PROVIDER, lambda unit: unit.reopenings.add(one))
    with store._engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM reopenings")).one()
    assert b"Zacharias" not in bytes(row.sealed)
    assert "Zacharias" not in repr(row)
