"""Memory: what a process has, and what goes back when a call is over."""

from __future__ import annotations

import contextlib
import gc
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gateway import admission, memory
from gateway.admission import Admission

MEGABYTE = 1 << 20


def test_a_process_has_memory() -> None:
    """As much as the system says, which changes from one look to the next."""
    told = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert told is not None
    assert abs(memory.resident() - int(told[1]) * 1024) < 16 * MEGABYTE


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


SENDING = """
import random, sys
from lxml import etree
from gateway import admission, memory

admission.LOOK, admission.GROWTH = 1 << 20, int(sys.argv[1])
calls, chance = admission.Admission(), random.Random(5)

def send():
    for _ in range(24):
        names = "".join(f"<n{chance.random():.16f}/>" for _ in range(50_000))
        body = f"<a>{names}</a>".encode()
        calls.run(lambda: len(etree.fromstring(body)), len(body))
    return memory.resident()

held = [send() for _ in range(4)]
print(min(after - before for before, after in zip(held, held[1:])))
"""
"""A process that has calls with names nobody has read before, in four rounds; it tells by how much each but
the first has made it grow at least: what the C library keeps in pieces comes and goes, names only come."""


def grown(growth: int) -> float:
    """The megabytes by which it grows in each round where a thread may see it grow by so much."""
    command = [sys.executable, "-c", SENDING, str(growth)]
    return int(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout) / MEGABYTE


@pytest.mark.slow
def test_names_that_are_always_new_do_not_fill_the_memory() -> None:
    """libxml2 keeps them for each thread, so a thread that has read many makes way for another one."""
    assert grown(4 * MEGABYTE) < 8


@pytest.mark.slow
def test_a_thread_that_stays_keeps_all_names() -> None:
    """Negative control."""
    assert grown(1 << 40) > 16


def test_threads_are_relieved_one_by_one_and_nobody_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two calls each, and every call is done."""
    monkeypatch.setattr(admission, "GROWTH", -(1 << 40))
    monkeypatch.setattr(admission, "LOOK", 2)
    calls, threads = Admission(), list[threading.Thread]()
    for _ in range(10):
        calls.run(lambda: threads.append(threading.current_thread()), 1)
    assert 5 == len(set(threads))
    assert [2] * 5 == [threads.count(one) for one in dict.fromkeys(threads)]


def test_what_lasts_is_not_looked_through() -> None:
    """While it is made the collector rests, and afterwards it leaves it aside; also where making it fails."""
    before = gc.get_freeze_count()
    with contextlib.suppress(ValueError), memory.lasting():
        made = [[number] for number in range(1_000)]
        resting = not gc.isenabled()
        raise ValueError
    assert resting and gc.isenabled()
    assert gc.get_freeze_count() >= before + len(made)
    gc.unfreeze()
