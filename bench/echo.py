"""Is the baseline as good as it was? What an echo costs it, beside the floor.

    python -m bench.echo

When it was recorded, it echoed 819 activities of 4 KB a second on a core of its own, of each of which
spyne and Python had 1,006 microseconds, and parsing with validation took 29. If an echo now takes so many
more floors than then that its rate would be under 80 % of that, the baseline is not what an engineer
would write any more, and no ratio against it counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

from bench import contestants
from bench.templates import SQLITE, database

RECORDED = 1_006 / 29
LEAST = 0.8


@dataclass(frozen=True, slots=True)
class Fitness:
    """Microseconds of an echo of the baseline, and of its floor."""

    echo: float
    floor: float

    @property
    def share(self) -> float:
        """Its rate, of what was recorded: 1.0 is as good."""
        return RECORDED / (self.echo / self.floor)

    @property
    def fit(self) -> bool:
        """Whether it may be measured against."""
        return self.share >= LEAST

    def line(self) -> str:
        """What is told of it."""
        verdict = "fit" if self.fit else "too slow to be measured against"
        floors = f"an echo takes {self.echo / self.floor:.1f} floors, recorded {RECORDED:.1f}"
        return f"baseline: {floors}, {self.share:.0%} of the recorded rate: {verdict}"


def measure() -> Fitness:
    """Echo and floor, in a process of their own."""
    with database(SQLITE) as url:
        told = {**os.environ, "BASELINE_DATABASE": url, "PYTHONPATH": contestants.ROOT}
        command = [sys.executable, "-m", "bench.baseline.floor"]
        done = subprocess.run(command, env=told, check=True, capture_output=True, text=True)  # noqa: S603  ours
    echo, floor = map(float, done.stdout.split())
    return Fitness(echo, floor)


def main() -> int:
    """Measure and print; 1 where the baseline is too slow to be measured against."""
    fitness = measure()
    sys.stdout.write(f"{fitness.line()}\n")
    return 0 if fitness.fit else 1


if __name__ == "__main__":
    sys.exit(main())
