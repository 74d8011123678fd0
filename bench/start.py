"""How long the gateway takes to be ready, and how much memory a worker has: goal P9.

    python -m bench.start [--times N] [--server granian]

Started as `cme-gateway serve` with two workers on a new SQLite database. Memory is looked at once calls
were answered: what of it is the worker's own or its share (PSS), and all that it can see (RSS).
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import activities, contestants
from bench.clients import clients
from bench.templates import SQLITE, accounted

AIM, AIM_MEMORY = 1.5, 120.0
TIMES, WORKERS, CALLS = 5, 2, 200
_PARENT = re.compile(r"\) \S (\d+) ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds to be ready, and MB of the largest worker: its share, and all it can see."""

    server: str
    seconds: float
    share: float
    seen: float

    def line(self) -> str:
        """What is told of it."""
        return (
            f"P9 under {self.server}: ready in {self.seconds:.2f} s, aim {AIM}; a worker has"
            f" {self.share:.0f} MB ({self.seen:.0f} MB with what is shared), aim {AIM_MEMORY:.0f}"
        )

    @property
    def reached(self) -> bool:
        """Whether both aims are."""
        return self.seconds <= AIM and self.seen <= AIM_MEMORY


def measure(server: str, times: int) -> Outcome:
    """Start it so many times; what is told is the middle of the starts, and the memory at the last one."""
    with accounted(SQLITE) as settings, clients(1, 8) as group:
        taken, memory = [], []
        for number in range(times):
            begun = time.monotonic()
            with contestants.serving(settings, WORKERS, server) as (address, process):
                _wait(f"{address}/ready")
                taken.append(time.monotonic() - begun)
                if number == times - 1:
                    bodies = [activities.call(each) for each in range(CALLS)]
                    group.send(f"{address}/soap/v2", bodies)
                    memory = [_memory(worker) for worker in _children(process)]
    return Outcome(server, statistics.median(taken), *(max(one) for one in zip(*memory, strict=True)))


def _wait(address: str) -> None:
    deadline = time.monotonic() + contestants.START_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  our own
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"{address} does not answer.")


def _children(process: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        found = _PARENT.search(stat.read_text())
        if found and int(found[1]) == process and "python" in (stat.parent / "cmdline").read_text():
            yield int(stat.parent.name)


def _memory(process: int) -> tuple[float, float]:
    """MB of a process: its share, and all it can see."""
    told = Path(f"/proc/{process}/smaps_rollup").read_text()
    share, seen = (re.search(rf"^{name}: +(\d+)", told, re.MULTILINE) for name in ("Pss", "Rss"))
    assert share and seen
    return int(share[1]) / 1000, int(seen[1]) / 1000


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--server", default="granian")
    options = parser.parse_args(arguments)
    outcome = measure(options.server, options.times)
    sys.stdout.write(f"{outcome.line()}\n")
    return 0 if outcome.reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
