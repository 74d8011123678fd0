"""A provider's years in the store: steps that were taken, and days of its own by which they are due."""

from __future__ import annotations

from decimal import Decimal

import pytest
from stored import NOW, OTHER_PROVIDER, PROVIDER

from gateway.errors import NotFound
from gateway.records import CreditFigures, Figures, FormatFigures, Status, Step, Taken
from storage import Store

FIGURES = Figures(
    activities=3,
    physicians=12,
    other_learners=4,
    hours=Decimal("2.50"),
    support=2_500_000_000,
    supported_in_kind=1,
    credits=(CreditFigures("AMA PRA Category 1", 2, Decimal("3.25")), CreditFigures(None, 1, Decimal(1))),
    formats=(
        FormatFigures(None, 1, 2, 0),
        FormatFigures("Live Course", 2, 10, 4, ((Status.DRAFT, 1), (Status.CLOSED, 1))),
    ),
)
AGREED = Taken(2025, Step.AGREEMENT, "lms", NOW)
SUBMITTED = Taken(2025, Step.SUMMARY, "lms", NOW, FIGURES)


def take(store: Store, *taken: Taken, provider: str = PROVIDER) -> None:
    """Take steps, each in a transaction of its own."""
    for one in taken:
        store.write(provider, lambda unit, one=one: unit.program.take(one))  # type: ignore[misc]


def taken(store: Store, year: int = 2025, provider: str = PROVIDER) -> list[Taken]:
    """The steps of a year."""
    return store.read(provider, lambda unit: unit.program.taken(year))


def due_day(store: Store, year: int, provider: str = PROVIDER) -> str | None:
    """The provider's own day for a year."""
    return store.read(provider, lambda unit: unit.program.due_day(year))


def test_what_was_taken_comes_back(store: Store) -> None:
    """Oldest first, equal in every field, and twice where it was taken twice."""
    take(store, AGREED, SUBMITTED, AGREED)
    assert [AGREED, SUBMITTED, AGREED] == taken(store)


def test_a_year_is_its_providers_alone(store: Store) -> None:
    """Neither another year nor another provider has taken anything by it."""
    take(store, AGREED)
    assert [] == taken(store, 2024)
    assert [] == taken(store, provider=OTHER_PROVIDER)


def test_what_is_forgotten_was_not_taken(store: Store) -> None:
    """A call that only validates leaves nothing."""

    def work(unit: object) -> None:
        unit.program.take(AGREED)  # type: ignore[attr-defined]
        unit.forget()  # type: ignore[attr-defined]

    store.write(PROVIDER, work)
    assert [] == taken(store)


def test_a_day_of_its_own_counts_from_its_year_on(store: Store) -> None:
    """The newest that is not later than the year; none before the first, none for others."""
    store.accounts.set_due_day(PROVIDER, 2024, "02-15")
    store.accounts.set_due_day(PROVIDER, 2026, "01-31")
    assert [None, "02-15", "02-15", "01-31", "01-31"] == [due_day(store, year) for year in range(2023, 2028)]
    assert due_day(store, 2026, OTHER_PROVIDER) is None
    assert {PROVIDER: {2024: "02-15", 2026: "01-31"}} == store.accounts.due_days()


def test_a_day_can_be_corrected(store: Store) -> None:
    """Said again for the same year, the new one counts."""
    for day in ("02-15", "03-01"):
        store.accounts.set_due_day(PROVIDER, 2024, day)
    assert "03-01" == due_day(store, 2024)


def test_nobody_has_no_day(store: Store) -> None:
    """A provider there is not is not found."""
    with pytest.raises(NotFound):
        store.accounts.set_due_day("0009999", 2024, "02-15")
