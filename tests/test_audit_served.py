"""The audit log of a served gateway: sealed within seconds, and to its end when the gateway stops."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command import run_command
from served import PROVIDER, USER, serving
from waiting import until
from wire import course, post, saving

pytestmark = [pytest.mark.network, pytest.mark.slow]


def sealed(database: Path) -> list[tuple[object, ...]]:
    """Code, times, provider, user and place of every row."""
    query = 'SELECT code, times, provider_id, "user", position FROM audit ORDER BY id'
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def test_calls_and_failures_are_sealed(tmp_path: Path) -> None:
    """Beside the calls while it serves, and the rest when it stops; verify finds it whole."""
    database = tmp_path / "gateway.db"
    with serving(f"sqlite:///{database}", tmp_path) as served:
        assert 200 == post(served, "v2", saving("v2", course("A-1"))).status
        until(lambda: all(row[-1] for row in sealed(database)), "every row is sealed")
        assert [(None, None, PROVIDER, USER, 1)] == sealed(database)
        wrong = saving("v2", course("A-2"), Password="wrong")
        for _ in range(3):
            assert 500 == post(served, "v2", wrong).status
    rows = sealed(database)
    assert {("S001", PROVIDER, USER)} == {(code, provider, user) for code, _, provider, user, _ in rows[1:]}
    assert 3 == sum(int(str(times)) for _, times, *_ in rows[1:])
    _verified(tmp_path, database, len(rows))


def _verified(folder: Path, database: Path, rows: int) -> None:
    environment = {
        "CME_GATEWAY_DATABASE": f"sqlite:///{database}",
        "CME_GATEWAY_KEY_FILE": str(folder / "gateway.key"),
    }
    ended = run_command(folder, "audit", "verify", environment=environment)
    assert (0, "") == (ended.code, ended.err)
    assert ended.out.startswith(f"{rows} rows follow from one another, 0 wait to be sealed")
    last = (folder / "gateway.heads").read_text().splitlines()[-1]
    assert str(rows) == last.split()[3]
