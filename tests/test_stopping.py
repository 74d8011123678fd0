"""Served processes, stopped and killed: what was acknowledged is kept, and the address is free again."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from trust import messages
from trust.client import ACKED, FAILED, UNKNOWN, UNSENT, Line
from trust.stage import Stage, staged
from waiting import until

pytestmark = [pytest.mark.network, pytest.mark.slow]

CLIENTS = 8
PATIENCE = 60.0  # seconds
SERVERS = ["gunicorn", "granian"]


@pytest.fixture(params=SERVERS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A gateway that is served by each of the servers in turn."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    with staged(tmp_path, server=request.param, workers=2) as stage:
        stage.start()
        yield stage


def _save(stage: Stage, name: str, line: Line) -> str:
    return line.send(messages.save_activity(name, "Probe", "Add", datetime.now(UTC).year)).fate


@contextmanager
def _callers(stage: Stage) -> Iterator[list[tuple[str, str]]]:
    """Clients that call without a pause; what came of each call, by the name of its record."""
    done, fates = threading.Event(), list[tuple[str, str]]()

    def call(number: int) -> None:
        with closing(Line(str(stage.plan["bind"]), PATIENCE)) as line:
            for count in range(100_000):
                if done.is_set():
                    return
                name = f"S{number}-{count}"
                fates.append((name, _save(stage, name, line)))
                done.wait(0.2 if fates[-1][1] == UNSENT else 0)

    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [pool.submit(call, number) for number in range(CLIENTS)]
        try:
            yield fates
        finally:
            done.set()
    for future in futures:
        future.result()


def _until_acked(fates: list[tuple[str, str]], more: int) -> None:
    enough = sum(fate == ACKED for _, fate in fates) + more
    until(
        lambda: sum(fate == ACKED for _, fate in fates) >= enough,
        lambda: f"{more} more are answered; the last: {fates[-10:]}",
        PATIENCE,
    )


def _stored(stage: Stage) -> set[str]:
    engine = create_engine(stage.database)
    with engine.connect() as connection:
        found = set(connection.execute(text("SELECT provider_activity_id FROM activities")).scalars())
    engine.dispose()
    return found


def test_stop_under_load_loses_nothing(stage: Stage) -> None:
    """SIGTERM under load: it ends with 0, every acknowledged call is stored, and no call fails half-way."""
    process = stage.process
    assert process is not None
    with _callers(stage) as fates:
        _until_acked(fates, 50)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE)
    acked = {name for name, fate in fates if fate == ACKED}
    assert acked <= _stored(stage)
    unanswered = [name for name, fate in fates if fate == UNKNOWN]
    assert {fate for _, fate in fates} <= {ACKED, FAILED, UNSENT, UNKNOWN}
    assert CLIENTS >= len(unanswered)  # at most what was on its way when the address closed


def test_worker_that_dies_is_replaced(stage: Stage) -> None:
    """One worker is killed: the others go on, and a new one takes its place."""
    before = set(stage.workers())
    with _callers(stage) as fates:
        _until_acked(fates, 20)
        stage.kill_worker()
        _until_acked(fates, 50)
        until(lambda: _replaced(before, set(stage.workers())), "the dead worker is replaced", PATIENCE)
    assert {name for name, fate in fates if fate == ACKED} <= _stored(stage)


def _replaced(before: set[int], now: set[int]) -> bool:
    return len(now) >= len(before) and now != before


def test_orphans_end_and_free_the_address(stage: Stage) -> None:
    """The master is killed: its workers end by themselves, and the same address is served again."""
    orphans = stage.workers()
    stage.kill_master()
    until(
        lambda: all(_is_dead(pid) for pid in orphans),
        "every orphan has ended",
        PATIENCE,
    )
    stage.start()
    assert stage.ready()


def _is_dead(pid: int) -> bool:
    """Whether a process waits for nothing but to be looked after, which nobody may do here."""
    with contextlib.suppress(OSError):
        return re.search(r"\) [ZX] ", Path(f"/proc/{pid}/stat").read_text()) is not None
    return True
