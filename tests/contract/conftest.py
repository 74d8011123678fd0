"""One running gateway a database, shared by all tests; each test reports activities of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from served import Served, serving

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def served_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway on SQLite."""
    folder = tmp_path_factory.mktemp("sqlite")
    with serving(f"sqlite:///{folder / 'gateway.db'}", folder) as served:
        yield served


@pytest.fixture(scope="session")
def served_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: Any) -> Iterator[Served]:
    """A gateway on PostgreSQL."""
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE contract")
    with serving(postgres_server.get_uri("contract"), tmp_path_factory.mktemp("postgresql")) as served:
        yield served


@pytest.fixture(params=["sqlite", "postgresql"])
def served(request: pytest.FixtureRequest) -> Served:
    """The gateway on each database in turn."""
    gateway: Served = request.getfixturevalue(f"served_on_{request.param}")
    return gateway


@pytest.fixture
def new_id() -> Callable[[], str]:
    """A function that gives an id of the provider's own that nothing else in this session has."""
    return lambda: f"CONTRACT-{next(_numbers)}"


@pytest.fixture
def own_id(new_id: Callable[[], str]) -> str:
    """One such id."""
    return new_id()
