"""Memory: what a process has, and what goes back when a call is over."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest
from lxml import etree

from gateway import admission, memory
from gateway.admission import Admission

MEGABYTE = 1 << 20
CALLS, NAMES = 24, 50_000


def test_a_process_has_memory() -> None:
    """More when more is held."""
    before = memory.resident()
    held = b"x" * (16 * MEGABYTE)
    assert memory.resident() - before > 8 * MEGABYTE < len(held)


def test_memory_of_a_large_call_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large one, not of every one; and where there is no way to, nothing happens."""
    asked: list[int] = []
    monkeypatch.setattr(memory, "_trim", asked.append)
    memory.give_back(memory.LARGE - 1)
    assert [] == asked
    memory.give_back(memory.LARGE)
    assert [0] == asked
    monkeypatch.setattr(memory, "_trim", None)
    memory.give_back(memory.LARGE)


# --- names that are always new ---------------------------------------------------------------------------


@pytest.fixture
def grown(monkeypatch: pytest.MonkeyPatch) -> Callable[[], float]:
    """Send calls whose names nobody has read before; gives the megabytes the process has grown by."""
    monkeypatch.setattr(admission, "LOOK", MEGABYTE)
    monkeypatch.setattr(admission, "GROWTH", 4 * MEGABYTE)
    chance = random.Random(5)

    def send() -> float:
        calls = Admission()
        before = memory.resident()
        for _ in range(CALLS):
            names = "".join(f"<n{chance.random():.16f}/>" for _ in range(NAMES))
            body = f"<a>{names}</a>".encode()
            calls.run(lambda body=body: len(etree.fromstring(body)), len(body))  # type: ignore[misc]
        return (memory.resident() - before) / MEGABYTE

    return send


@pytest.mark.slow
def test_names_that_are_always_new_do_not_fill_the_memory(grown: Callable[[], float]) -> None:
    """libxml2 keeps them for each thread, so a thread that has read many makes way for another one."""
    grown()  # what is taken up once
    assert grown() < 16


@pytest.mark.slow
def test_a_thread_that_stays_keeps_all_names(
    grown: Callable[[], float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    grown()
    monkeypatch.setattr(admission, "GROWTH", 1 << 40)
    assert grown() > 32


def test_threads_are_relieved_one_by_one_and_nobody_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call is answered, in order, by whichever thread."""
    monkeypatch.setattr(admission, "GROWTH", -(1 << 40))
    monkeypatch.setattr(admission, "LOOK", 2)
    calls, threads = Admission(), set[threading.Thread]()
    done = [calls.run(lambda one=one: threads.add(threading.current_thread()) or one, 1) for one in range(10)]  # type: ignore[misc]
    assert list(range(10)) == done
    assert len(threads) == 5
