"""The whole road: a served gateway with a register of learners, boards to practise on, workers between."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from served import Served, serving
from waiting import until

from gateway import simulators
from gateway.records import RegisterRow
from gateway.registry import COLUMNS
from gateway.simulators import Boards

QUICK = {
    "WORKER_BEAT_SECONDS": "0.3",
    "WORKER_SILENCE_SECONDS": "8",
    "WORKER_LOOK_SECONDS": "0.05",
    "BOARD_CONNECT_SECONDS": "1",
    "BOARD_READ_SECONDS": "0.5",
    "BOARD_TOTAL_SECONDS": "1",
    "BOARD_RETRY_SECONDS": "0.2",
    "BOARD_RETRY_MOST": "1",
    "BOARD_POLL_SECONDS": "0.1",
    "BOARD_REST_SECONDS": "1",
}
"""A worker's clocks, scaled down."""


@dataclass
class Road:
    """A gateway that is served, and what it takes to bring its credits to the boards."""

    served: Served
    boards: Boards
    folder: Path
    environment: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def enrol(self, people: Iterable[RegisterRow]) -> None:
        """Load people into the register, by the command an operator has."""
        path = self.folder / "register.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for row in people:
                rows.writerow([getattr(row, "birthday" if name == "birth_md" else name) for name in COLUMNS])
        command = [sys.executable, "-m", "gateway.cli", "registry", "import", str(path)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=120)

    def work(self) -> subprocess.Popen[bytes]:
        """Start a worker; what it says goes into a file of its own."""
        return self._start("-m", "gateway.cli", "worker")

    def watched(self) -> subprocess.Popen[bytes]:
        """Start a worker that notes how long each of its calls would wait."""
        script = Path(__file__).with_name("watched_worker.py")
        # -P: or the folder of the tests of storage would be taken for storage.
        return self._start("-P", str(script), str(self.folder / "waits"), "worker")

    def waits(self) -> list[str]:
        """What watched workers noted: seconds to connect and to read, a line a call."""
        return (self.folder / "waits").read_text().splitlines()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, *command], env=self.environment, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def said(self) -> str:
        """All that the workers said."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something holds."""
        until(holds, lambda: f"{what}\n{self.said()[-5000:]}", seconds)


@contextmanager
def open_road(database: str, folder: Path) -> Iterator[Road]:
    """A road on an empty database, without workers yet; at its end all of it is stopped."""
    with serving(database, folder) as served, simulators.serving(ledger=folder / "boards.db") as boards:
        told = {
            **QUICK,
            "DATABASE": database,
            "KEY_FILE": str(folder / "gateway.key"),
            "BOARDS": ",".join(f"{name}={url}" for name, url in boards.urls().items()),
        }
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("CME_GATEWAY_")}
        told = {f"CME_GATEWAY_{name}": text for name, text in told.items()}
        road = Road(served, boards, folder, {**inherited, **told})
        try:
            yield road
        finally:
            for worker in road.workers:
                worker.kill()
                worker.wait()
    said = road.said()
    assert "Traceback" not in said, said
    assert "database is locked" not in said, said
