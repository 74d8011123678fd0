"""How many activities are taken in a second, one a call, against the baseline and the aims of goal P1.

    python -m bench.activities [--postgresql] [--rounds N] [--calls N] [--quick]

SaveActivity over HTTP, durable, two workers, 32 connections; ours under granian, which is the server to
take for speed, and under gunicorn. The baseline stores the same number of activities and does nothing
else. All take turns within one run, and what is told is the middle of the rounds; only what lies in the
databases at the end counts.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cache

from lxml import etree

from bench import contestants
from bench.baseline import calls as baseline_calls
from bench.batches import CLOSED, ENVELOPE, PASSWORD, PROVIDER, USER
from bench.clients import clients
from bench.contest import Contestant
from bench.templates import POSTGRESQL, SQLITE, accounted, database
from gateway import assembly, samples
from gateway.records import Activity, replace
from gateway.settings import Settings

AIM, AIM_P99 = 3.0, 0.5
PROCESSES, CONNECTIONS = 2, 32
ROUNDS, CALLS = 5, 1_500
QUICK = {"rounds": 3, "calls": 200}
ELEMENTS, DESCRIPTION = 45, 1_400
SERVERS = ("granian", "gunicorn")
OWN_ID = "B-OWN-ID"
_STORED = re.compile(rb"SaveActivityResult>B-")


@cache
def record() -> Activity:
    """An invented activity of about 45 elements and 4 KB, for which nothing is found wrong."""
    reader = assembly.reader(Settings())
    version = reader.named("activity", "2.0")

    def distance(activity: Activity) -> int:
        return abs(sum(1 for _ in reader.write([activity], version)[0].iter()) - ELEMENTS)

    some = samples.activities((2, 0), 100, 1, date.today())  # noqa: DTZ011  only the week counts
    best = min((sample.activity for sample in some), key=distance)
    about = "Cases in small groups, then what to do on Monday. " * (DESCRIPTION // 50)
    return replace(best, provider_activity_id=OWN_ID, description=about.strip())


@cache
def _payload() -> tuple[bytes, bytes]:
    """The payload as it is sent, before and after the one thing that differs."""
    reader = assembly.reader(Settings())
    wrapper, _ = reader.write([record()], reader.named("activity", "2.0"))
    before, after = etree.tostring(wrapper).split(f">{OWN_ID}<".encode())
    return before, after


def call(number: int) -> bytes:
    """SaveActivity of payload version 2.0, with an activity nobody has."""
    before, after = _payload()
    head = (
        f'{ENVELOPE}<SaveActivity xmlns="urn:cme-gateway:service:v2"><ProviderId>{PROVIDER}</ProviderId>'
        f"<User>{USER}</User><Password>{PASSWORD}</Password>"
    )
    own_id = f">B-{number}<".encode()
    return b"".join((head.encode(), before, own_id, after, f"</SaveActivity>{CLOSED}".encode()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found: ours under each of the servers, the recommended one first."""

    kind: str
    ours: tuple[Contestant, ...]
    baseline: Contestant

    def ratio(self, one: Contestant) -> float:
        """How many times as fast as the baseline."""
        return one.times(self.baseline)

    def reached(self, one: Contestant) -> bool:
        """Whether the aims of rate and of the slowest answers are."""
        return self.ratio(one) >= AIM and one.p99 <= AIM_P99 * self.baseline.p99

    def lines(self) -> Iterator[str]:
        """What is told of it."""
        yield f"P1 on {self.kind}, {CONNECTIONS} connections, one activity a call"
        for one in (*self.ours, self.baseline):
            yield f"  {one.name:18} {one.rate:7,.0f} activities/s, p99 of a call {one.p99 * 1000:,.0f} ms"
        for one in self.ours:
            verdict = "reached" if self.reached(one) else "missed"
            slow = one.p99 / self.baseline.p99
            yield (
                f"  {one.name:18} ratio {self.ratio(one):.2f}, aim {AIM:.0f};"
                f" p99 {slow:.2f} of the baseline's, aim {AIM_P99}: {verdict}"
            )


def measure(kind: str, rounds: int, calls: int, servers: Sequence[str] = SERVERS) -> Outcome:
    """One run. Raises NotStored where what was acknowledged is not what is stored."""
    with ExitStack() as stack:
        group = stack.enter_context(clients(PROCESSES, CONNECTIONS))
        other = stack.enter_context(database(kind))
        settings = [stack.enter_context(accounted(kind)) for _ in servers]
        theirs = Contestant(
            "baseline",
            stack.enter_context(contestants.baseline(other)),
            lambda number: baseline_calls.activity(f"B-{number}"),
            lambda answer: len(_STORED.findall(answer)),
        )
        ours = [
            Contestant(
                f"ours, {server}",
                stack.enter_context(contestants.gateway(one, server=server)),
                call,
                lambda answer: answer.count(b">Added<"),
            )
            for server, one in zip(servers, settings, strict=True)
        ]
        for number in range(rounds + 1):
            work = range(number * calls, (number + 1) * calls)
            for contestant in (*ours, theirs):
                contestant.run(group, work, counts=number > 0)
        for contestant, one in zip(ours, settings, strict=True):
            contestant.check(one.database, "activities")
            contestant.check(one.database, "receipts")
        theirs.check(other, "activities")
    return Outcome(kind, tuple(ours), theirs)


def main(arguments: Sequence[str] = ()) -> int:
    """Measure and print; 1 where an aim is missed by the recommended server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--calls", type=int, default=CALLS, help="calls in a round")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    parser.add_argument("--servers", default=",".join(SERVERS), help="what ours is served by")
    parser.add_argument("--quick", action="store_true", help="a small run, which proves that it works")
    options = parser.parse_args(arguments)
    if options.quick:
        vars(options).update(QUICK)
    kind = POSTGRESQL if options.postgresql else SQLITE
    outcome = measure(kind, options.rounds, options.calls, options.servers.split(","))
    sys.stdout.writelines(f"{line}\n" for line in outcome.lines())
    return 0 if outcome.reached(outcome.ours[0]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
