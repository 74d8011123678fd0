"""How many completions are taken in a second, against the baseline and the aims of goal P2.

    python -m bench.completions [--people N] [--postgresql] [--rounds N] [--calls N] [--quick]

SaveLearnerActivity over HTTP with two workers, a hundred completions a call, half of them with board
credit, rules and matching against a register of N people on. The baseline stores the same completions
and does nothing else. Both take turns within one run, and what is told is the middle of the rounds;
only what lies in the databases at the end counts.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bench import batches, contestants
from bench.baseline import calls as baseline_calls
from bench.clients import clients
from bench.contest import Contestant, NotStored, count
from bench.templates import POSTGRESQL, SQLITE, database, template

AIMS = {SQLITE: 3.0, POSTGRESQL: 2.0}
PROCESSES, CONNECTIONS = 2, 8
PEOPLE, ROUNDS, CALLS = 1_000_000, 5, 40
QUICK = {"people": 20_000, "rounds": 3, "calls": 10}
_STORED = re.compile(rb"SaveCompletionsResult>(\d+)<")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found, completions a second and seconds."""

    kind: str
    people: int
    ours: Contestant
    baseline: Contestant

    @property
    def ratio(self) -> float:
        """How many times as fast ours is, in the middle of the rounds, each against its own neighbour."""
        return self.ours.times(self.baseline)

    @property
    def reached(self) -> bool:
        """Whether the aim is."""
        return self.ratio >= AIMS[self.kind]

    def lines(self) -> Iterator[str]:
        """What is told of it."""
        yield f"P2 on {self.kind}, {self.people:,} people on file, {batches.BATCH} completions a call"
        for one in (self.ours, self.baseline):
            yield f"  {one.name:8} {one.rate:9,.0f} completions/s, p99 of a call {one.p99 * 1000:,.0f} ms"
        verdict = "reached" if self.reached else "missed"
        yield f"  ratio {self.ratio:.2f}, aim {AIMS[self.kind]:.0f}: {verdict}"


def measure(kind: str, people: int, rounds: int, calls: int) -> Outcome:
    """One run. Raises NotStored where what was acknowledged is not what is stored."""
    made = template(people, kind)
    work = batches.all_of(made.people)
    with (
        made.copied() as settings,
        database(kind) as other,
        contestants.gateway(settings) as our_url,
        contestants.baseline(other) as their_url,
        clients(PROCESSES, CONNECTIONS) as group,
    ):
        ours = Contestant("ours", our_url, batches.call, lambda answer: answer.count(b">Added<"))
        theirs = Contestant("baseline", their_url, baseline_calls.completions, _told)
        for number in range(rounds + 1):
            batch = list(islice(work, calls if number else CONNECTIONS))
            for one in (ours, theirs):
                one.run(group, batch, counts=number > 0)
        ours.check(settings.database, "credits WHERE deleted_at IS NULL AND person IS NOT NULL")
        theirs.check(other, "completions")
        _check_enqueued(settings.database, ours.acknowledged // 2)
    return Outcome(kind, people, ours, theirs)


def _told(answer: bytes) -> int:
    found = _STORED.search(answer)
    return int(found[1]) if found else 0


def _check_enqueued(url: str, expected: int) -> None:
    """Each board credit is in one question to its board."""
    each = "json_array_length(credits)" if url.startswith("sqlite") else "json_array_length(credits::json)"
    put = count(url, f"SELECT sum({each}) FROM questions")  # noqa: S608  our own words
    if put != expected:
        raise NotStored(f"{expected:,} board credits were taken, {put:,} are on their way to the board.")


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls in a round")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--quick", action="store_true", help="a small run, which proves that it works")
    options = parser.parse_args(arguments)
    if options.quick:
        vars(options).update(QUICK)
    kind = POSTGRESQL if options.postgresql else SQLITE
    outcome = measure(kind, options.people, options.rounds, options.calls)
    sys.stdout.writelines(f"{line}\n" for line in outcome.lines())
    return 0 if outcome.reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
