"""A store on each database, with two providers in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stored import NOW, OTHER_PROVIDER, PROVIDER

from gateway.lifecycle import lasting
from gateway.records import Provider
from storage import Store, open_store


class Mirror:
    """A sealer for tests: what it sealed is not what it was given, and no secret."""

    def seal(self, plain: bytes) -> bytes:
        """Turn it round."""
        return plain[::-1]

    def unseal(self, sealed: bytes) -> bytes:
        """Turn it back."""
        return sealed[::-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gateway.db'}"
    fresh_postgres: Callable[[], str] = request.getfixturevalue("fresh_postgres")
    return fresh_postgres()


@pytest.fixture
def open_one() -> Iterator[Callable[[str], Store]]:
    """A function that opens a store, to be closed when the test ends."""
    opened: list[Store] = []

    def open_it(url: str) -> Store:
        opened.append(open_store(url, Mirror(), lambda: NOW, lasting))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def empty_store(url: str, open_one: Callable[[str], Store]) -> Store:
    """A store on a database without tables."""
    return open_one(url)


@pytest.fixture
def store(empty_store: Store) -> Store:
    """A store with two providers in it."""
    empty_store.migrate()
    empty_store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    empty_store.accounts.add_provider(Provider(OTHER_PROVIDER, "Sample College of Examples"))
    return empty_store
