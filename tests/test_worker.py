"""Workers as processes of their own, which die, stall and stop in the middle of their work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asked import a_credit, matched, put, statuses
from command import run_command
from waiting import until

from gateway import assembly
from gateway.records import Provider
from gateway.sealing import make_key
from gateway.settings import Settings
from storage import Store

SCRIPT = Path(__file__).parent / "worker_process.py"
ROOT = SCRIPT.parent.parent
PROVIDER = Provider("0001234", "Demo Medical Society")
SILENCE = 1.0  # seconds after which those who wait for a dead worker take over
NEVER = 3600.0  # so long a worker is not silent, however busy the machine is
PATIENCE = 90.0  # in which workers start, also beside much else
NOTHING_YET = 3.0  # seconds in which another worker would have taken over three times
BURIED = 3
EACH = pytest.mark.parametrize("bench", ["sqlite", "postgresql"], indirect=True)
pytestmark = pytest.mark.slow


@dataclass
class Bench:
    """A database with a store, and the workers that are started on it."""

    folder: Path
    store: Store
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, seconds: float = 0.0, **settings: object) -> subprocess.Popen[str]:
        """Start a worker whose board takes so long to answer."""
        with (self.folder / f"log-{len(self.started)}").open("w") as log:
            worker = subprocess.Popen(
                [sys.executable, SCRIPT, self.folder, str(seconds)],
                env={**self.environment, **_variables(settings)},
                stderr=log,
                text=True,
            )
        self.started.append(worker)
        return worker

    @property
    def received(self) -> list[tuple[int, int]]:
        """What came in at the board: which process asked about which row."""
        ledger = self.folder / "received"
        lines = ledger.read_text().split("\n")[:-1] if ledger.exists() else []
        return [(int(who), int(row)) for who, row in (line.split() for line in lines)]

    @property
    def logs(self) -> str:
        """All that the workers said."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("log-*")))

    @property
    def effective(self) -> set[int]:
        """The references that counted."""
        return {int(path.name) for path in (self.folder / "effective").iterdir()}

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        until(holds, lambda: f"what the test waits for; the workers said:\n{self.logs}", PATIENCE)

    def decided(self, *rows: int) -> bool:
        """Whether all of these are accepted."""
        return {"Accepted"} == set(statuses(self.store, *rows))


def _variables(settings: dict[str, object]) -> dict[str, str]:
    return {f"CME_GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}


@pytest.fixture(params=["sqlite"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A migrated database; all workers started on it are killed at the end."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres")()
    settings: dict[str, object] = {
        "database": url,
        "key_file": str(tmp_path / "key"),
        "boards": "ABIM=http://127.0.0.1:9/",
        "worker_beat_seconds": 0.2,
        "worker_silence_seconds": NEVER,
        "worker_look_seconds": 0.05,
        "worker_stop_seconds": 5,
        "board_retry_seconds": 0.1,
    }
    make_key(str(settings["key_file"]))
    (tmp_path / "effective").mkdir()
    store = assembly.store(Settings(database=url, key_file=str(settings["key_file"])))
    store.migrate()
    store.accounts.add_provider(PROVIDER)
    path = os.pathsep.join([str(ROOT), str(SCRIPT.parent)])
    made = Bench(tmp_path, store, {**os.environ, "PYTHONPATH": path, **_variables(settings)})
    try:
        yield made
    finally:
        for worker in made.started:
            worker.kill()
            worker.wait()
        store.close()


def test_worker_asks_what_waits(bench: Bench) -> None:
    """What was put before and after its start is asked once and decided; told to stop, it is gone."""
    before = put(bench.store, *(a_credit() for _ in range(3)))
    worker = bench.start()
    bench.wait(lambda: bench.decided(*before))
    after = put(bench.store, *(a_credit() for _ in range(250)))
    bench.wait(lambda: bench.decided(*after))
    assert sorted(before + after) == sorted(row for _, row in bench.received)
    assert 253 == len(matched(bench.store))
    worker.send_signal(signal.SIGTERM)
    assert 0 == worker.wait(15)
    assert {} == bench.store.workers("me").beats()
    assert "" == bench.logs


@EACH
def test_killed_worker_is_replaced(bench: Bench) -> None:
    """Of two workers one is killed in the middle of a chunk: the other finishes it, and all counts once."""
    first = bench.start(seconds=60)
    rows = put(bench.store, *(a_credit() for _ in range(100)))
    bench.wait(lambda: len(bench.received) == 100)
    first.kill()
    second = bench.start(worker_silence_seconds=SILENCE)
    bench.wait(lambda: bench.decided(*rows))
    assert [first.pid, second.pid] == sorted(
        {who for who, _ in bench.received}, key=[first.pid, second.pid].index
    )
    assert (200, set(rows)) == (len(bench.received), bench.effective)
    assert 100 == len(matched(bench.store))


def test_without_takeover_the_question_stays_open(bench: Bench) -> None:
    """Negative control: where silence is never noticed, a killed worker's chunk is not done."""
    first = bench.start(seconds=60)
    rows = put(bench.store, a_credit())
    bench.wait(lambda: len(bench.received) == 1)
    first.kill()
    bench.start()
    other = put(bench.store, a_credit())
    bench.wait(lambda: bench.decided(*other))
    time.sleep(NOTHING_YET)
    assert ["Submitted"] == statuses(bench.store, *rows)


def test_work_of_the_living_is_left_to_them(bench: Bench) -> None:
    """A worker that takes twice as long as it may be silent, but beats, is not taken over from."""
    rows: list[int] = []
    first = bench.start(seconds=2 * NOTHING_YET)
    bench.wait(lambda: 1 == len(bench.store.workers("me").beats()))
    rows += put(bench.store, a_credit())
    bench.wait(lambda: len(bench.received) == 1)
    bench.start(worker_silence_seconds=NOTHING_YET)
    bench.wait(lambda: bench.decided(*rows))
    assert [(first.pid, rows[0])] == bench.received


@EACH
def test_stalled_worker_does_no_harm(bench: Bench) -> None:
    """A worker that is stopped, buried and woken records nothing, and ends for its supervisor."""
    first = bench.start(seconds=1.0)
    rows = put(bench.store, a_credit())
    bench.wait(lambda: len(bench.received) == 1)
    first.send_signal(signal.SIGSTOP)
    bench.start(worker_silence_seconds=SILENCE)
    bench.wait(lambda: bench.decided(*rows))
    first.send_signal(signal.SIGCONT)
    assert BURIED == first.wait(20)
    assert (2, 1) == (len(bench.received), len(matched(bench.store)))


def test_stopping_worker_finishes_what_it_asks(bench: Bench) -> None:
    """Told to stop in the middle of a call it waits for the answer, records it, and leaves."""
    worker = bench.start(seconds=1.5)
    rows = put(bench.store, a_credit())
    bench.wait(lambda: len(bench.received) == 1)
    worker.send_signal(signal.SIGTERM)
    assert 0 == worker.wait(15)
    assert bench.decided(*rows)


@EACH
def test_two_workers_share_the_work(bench: Bench) -> None:
    """Two workers at a time do each chunk once, and neither meets a locked database."""
    bench.start(seconds=0.02)
    bench.start(seconds=0.02)
    bench.wait(lambda: 2 == len(bench.store.workers("me").beats()))
    rows = [row for _ in range(40) for row in put(bench.store, *(a_credit() for _ in range(10)))]
    bench.wait(lambda: bench.decided(*rows))
    assert sorted(rows) == sorted(row for _, row in bench.received)
    assert "locked" not in bench.logs


def test_worker_needs_a_board(tmp_path: Path) -> None:
    """Without the address of a board the command says so in one line."""
    ended = run_command(tmp_path, "worker")
    assert 1 == ended.code and "No board is connected." in ended.err
