"""How often somebody may come: at once, in time, over threads and processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.accounts import Rate, Rates

SLOW = Rate(a_minute=60, burst=3)


class Counted:
    """A page with a clock of its own."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.rates = Rates(clock=lambda: self.now)

    def take(self, times: int, name: str = "a", rate: Rate = SLOW) -> list[float]:
        """Come so often."""
        return [self.rates.take(name, rate) for _ in range(times)]


@pytest.fixture
def counted() -> Iterator[Counted]:
    """A page in memory."""
    counted = Counted()
    with closing(counted.rates):
        yield counted


def test_the_burst_may_come_at_once(counted: Counted) -> None:
    """So many are let in at one moment, and the next is told when; that costs it nothing."""
    assert [0.0, 0.0, 0.0, 1.0, 1.0] == counted.take(5)


def test_time_gives_places_back(counted: Counted) -> None:
    """One a second, and never more than the burst however long nobody came."""
    counted.take(3)
    counted.now += 1.5
    assert [0.0, 0.5] == counted.take(2)
    counted.now += 3_600
    assert [0.0, 0.0, 0.0, 1.0] == counted.take(4)


def test_names_have_a_pace_each(counted: Counted) -> None:
    """Who comes too often keeps nobody else out."""
    counted.take(9)
    assert [0.0] == counted.take(1, "b")


def test_what_an_older_boot_left_keeps_nobody_out(counted: Counted) -> None:
    """A page may lie there from before the machine was started again, when its clock was far on."""
    counted.now = 1_000_000.0
    counted.take(3)
    counted.now = 10.0
    assert [0.0] == counted.take(1)


def test_a_rate_that_was_raised_counts_at_once(counted: Counted) -> None:
    """What was counted under a slower one does not keep out for longer than the new one can."""
    counted.take(3, rate=Rate(1, 3))
    assert [0.0] == counted.take(1, rate=Rate(6_000, 10))


def test_threads_share_a_pace(counted: Counted) -> None:
    """Of many threads that come at once the burst is let in, and no more."""
    came, let_in = threading.Barrier(8), list[float]()

    def come() -> None:
        came.wait()
        let_in.extend(counted.take(50, rate=Rate(60, 100)))

    threads = [threading.Thread(target=come) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 100 == let_in.count(0.0)


TAKER = """
import sys
from gateway.accounts import Rate, Rates
rates = Rates("test of the rates", clock=lambda: 1000.0)
print(sum(rates.take("a", Rate(60, 500)) == 0.0 for _ in range(400)))
rates.close()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, an empty one."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_processes_share_a_pace(folder: Path) -> None:
    """Of three processes that come at once the burst is let in, and no more; the control is a page each."""
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    for taker, most in ((TAKER, 500), (TAKER.replace('"test of the rates", ', ""), 1200)):
        command = [sys.executable, "-c", taker]
        takers = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
        assert most == sum(int(taker.communicate()[0]) for taker in takers)


@pytest.mark.parametrize(("place", "found"), [("own", "own"), ("missing", "")])
def test_the_page_lies_where_it_can(folder: Path, place: str, found: str) -> None:
    """In the folder that is named, or else among the temporary files."""
    (folder / "own").mkdir()
    with closing(Rates("x", folder / place)):
        [page] = folder.rglob("*.rates")
        assert folder / found == page.parent


def test_the_page_is_nobody_elses(folder: Path) -> None:
    """It is made for its owner alone; what others put in its place is not used, and nothing fails."""
    with closing(Rates("x")):
        [page] = folder.iterdir()
        assert 0o600 == page.stat().st_mode & 0o777
    page.unlink()
    other = folder / "other"
    other.write_bytes(b"")
    page.symlink_to(other)
    with closing(Rates("x")) as alone:
        assert 0.0 == alone.take("a", SLOW)
    assert b"" == other.read_bytes()
    page.unlink()
    page.touch(0o666)
    page.chmod(0o666)
    with closing(Rates("x")) as alone:
        assert 0.0 == alone.take("a", SLOW)
    assert 0 == page.stat().st_size
