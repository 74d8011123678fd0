"""How fast learners are matched with a million people on file, against the aims of goal P6.

    python -m bench.matching [--people N] [--postgresql]

Bulk: chunks of 2,000 learners as a large submission brings them, in one process. One call: the match
of a single learner in a transaction, against an empty transaction. The figures are those of one run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from bench.processes import postgresql
from gateway.lifecycle import lasting
from gateway.matching import Keys, judge
from gateway.records import Identifier, Learner, Match, MatchKind, Provider, RegisterRow
from gateway.registry import CHUNK
from gateway.sealing import Key
from storage import Store, Unit, open_store
from tools.register import people

PROVIDER = "0001234"
SEED = 1
LEARNERS, CHUNKS, CALLS = 2_000, 20, 500
AIM_BULK, AIM_CALL = 20_000, 0.005
KEYS = Keys(Key(bytes(32)).digest)


def match(unit: Unit, learners: Sequence[Learner]) -> list[Match]:
    """Match learners as the operations do: one question to the register for all of them."""
    sought = [KEYS.sought(learner) for learner in learners]
    found = unit.register.find({key for one in sought for key in one.keys})
    return [judge(one, found) for one in sought]


def load(store: Store, count: int) -> float:
    """Load so many invented people; the seconds it took."""
    rows, begun = people(count, SEED), time.perf_counter()
    with store.loading as loading:
        while part := [KEYS.enrol(row) for row in islice(rows, CHUNK)]:
            loading.keep(part)
    return time.perf_counter() - begun


def learner(row: RegisterRow, random: Random) -> Learner:
    """A person as a sender writes them: by licence, NPI, board id or none, now and then wrongly."""
    ways = [Identifier(row.state, row.licence), Identifier("NPI", row.npi), Identifier(row.state)]
    if row.board:
        ways.append(Identifier(row.board, row.board_id))
    family = "Wrongly" if random.random() < 0.05 else row.family.upper()
    return Learner((row.given.split()[0],), (family,), None, row.birthday, (random.choice(ways),))


def learners(count: int, wanted: int) -> list[Learner]:
    """People of the register, from all over it, in no order."""
    random = Random(SEED)  # noqa: S311  seeded on purpose
    step = max(1, count // wanted)
    some = [learner(row, random) for row in people(count, SEED) if int(row.person[1:]) % step == 0]
    random.shuffle(some)
    return some[:wanted]


def bulk(store: Store, some: Sequence[Learner]) -> tuple[float, float]:
    """Matches a second in the middle one of the chunks, and the share that is one person."""
    rates, matched = [], 0
    for start in range(0, len(some), LEARNERS):
        part, begun = some[start : start + LEARNERS], time.perf_counter()
        answers = store.read(PROVIDER, partial(match, learners=part))
        rates.append(len(part) / (time.perf_counter() - begun))
        matched += sum(answer.kind is MatchKind.MATCH for answer in answers)
    return statistics.median(rates), matched / len(some)


def calls(store: Store, some: Sequence[Learner]) -> tuple[float, float]:
    """p95 in seconds of an empty transaction, and of one that matches one learner, by turns."""
    empty = [_seconds(lambda: store.read(PROVIDER, lambda unit: None)) for _ in some]
    full = [_seconds(partial(store.read, PROVIDER, partial(match, learners=[one]))) for one in some]
    return statistics.quantiles(empty, n=20)[-1], statistics.quantiles(full, n=20)[-1]


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@contextmanager
def sqlite() -> Iterator[str]:
    """The URL of an empty database, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.db'}"


def measure(url: str, count: int) -> list[str]:
    """The lines of one run."""
    with closing(open_store(url, Key(bytes(32)), lambda: datetime.now(UTC), lasting)) as store:
        store.migrate()
        store.accounts.add_provider(Provider(PROVIDER, "Bench"))
        loaded, some = load(store, count), learners(count, LEARNERS * CHUNKS)
        rate, share = bulk(store, some)
        empty, full = calls(store, some[:CALLS])
    return [
        f"P6 register of {count:,} people loaded in {loaded:.1f} s",
        f"P6 bulk matching: {rate:,.0f}/s, aim {AIM_BULK:,}/s ({share:.0%} of the learners matched)",
        f"P6 one call: p95 {(full - empty) * 1000:.2f} ms above an empty one, aim {AIM_CALL * 1000:.0f} ms",
    ]


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    options = parser.parse_args(arguments)
    with postgresql() if options.postgresql else sqlite() as url:
        sys.stdout.writelines(f"{line}\n" for line in measure(url, options.people))


if __name__ == "__main__":
    main(sys.argv[1:])
