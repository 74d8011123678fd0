"""How fast activities are found, with few and with many on file: FindActivities is to be flat.

    python -m bench.search [--few N] [--many N] [--calls N] [--postgresql]

One provider has all of them, over twenty years, in every status and format. Each kind of search is asked
for its first page and for one deep down, in process, through the operation. The two sizes are asked by
turns, and what counts is the ratio of their p95.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from itertools import islice
from random import Random

from bench.batches import PROVIDER
from bench.templates import POSTGRESQL, SQLITE, accounted
from gateway import assembly, operations
from gateway.operations import ActivitySearch, Terms
from gateway.records import Activity, Caller, MocRegistration, Status, replace
from gateway.samples import demo_activities
from gateway.sealing import load_key
from gateway.settings import Settings
from gateway.vocabulary import FORMATS
from storage import Store, Unit

FEW, MANY, CALLS = 10_000, 1_000_000, 60
QUICK = (400, 2_000, 5)
AIM = 1.3
CHUNK, YEARS, SEED = 2_000, 20, 1
WORDS = ("Asthma", "Sleep", "Heart Failure", "Diabetes", "Stroke", "Opioids", "Sepsis", "Imaging")
PLACES = ("in Schools", "in Shift Work", "Update", "for Beginners", "Grand Rounds", "Simulated")
RARE = "Zebra"
"""A word of one title, that of the activity added first of all: to find it everything has to be looked at."""

TODAY = date.today()  # noqa: DTZ011  of the activities only the year counts
SEARCHES: Mapping[str, ActivitySearch] = {
    "nothing": ActivitySearch(),
    "a year": ActivitySearch(year=TODAY.year - 7),
    "a year's Drafts": ActivitySearch(year=TODAY.year - 7, status=Status.DRAFT),
    **{f"{status} ones": ActivitySearch(status=status) for status in Status},
    "a format": ActivitySearch(format="Manuscript Review"),
    "a board": ActivitySearch(board="ABP"),
    "a month": ActivitySearch(first=date(TODAY.year - 3, 5, 1), last=date(TODAY.year - 3, 5, 31)),
    "a word of many titles": ActivitySearch(title="sepsis"),
    "a word of one title": ActivitySearch(title=RARE),
}


def invented(count: int) -> Iterator[Activity]:
    """So many activities of one provider, in the order in which they took place."""
    chance, courses = Random(SEED), demo_activities(TODAY)  # noqa: S311  always the same
    begun = TODAY - timedelta(days=365 * YEARS)
    for number in range(count):
        start = begun + timedelta(days=365 * (YEARS + 1) * number // count + chance.randrange(60))
        end = start + timedelta(days=1_000 if chance.random() < 0.2 else 1)
        title = f"{chance.choice(WORDS)} {chance.choice(PLACES)} {number}"
        yield replace(
            chance.choice(courses),
            activity_id=str(100_000_000 + number),
            provider_activity_id=f"S-{number}",
            title=title if number else f"{RARE} {title}",
            format=chance.choice(FORMATS).name,
            start_date=start,
            end_date=end,
            reporting_start=start,
            reporting_end=end,
            closed=end < TODAY and chance.random() < 0.8,
            born="2.0",
            moc_registrations=(MocRegistration("ABP"),) if chance.random() < 0.05 else (),
        )


def fill(store: Store, count: int) -> float:
    """Keep so many; the seconds it took."""
    begun, some = time.perf_counter(), invented(count)
    while part := [*islice(some, CHUNK)]:
        store.write(PROVIDER, partial(_add, part=part))
    return time.perf_counter() - begun


def _add(unit: Unit, part: list[Activity]) -> None:
    unit.activities.add(part)


@dataclass(slots=True)
class Shelf:
    """A gateway with so many activities, and the seconds each search of it took."""

    count: int
    store: Store
    terms: Terms
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, name: str, search: ActivitySearch) -> None:
        """Ask for a first page and the one after it, and note what each took."""
        page: str | None = None
        for _ in range(2):
            begun = time.perf_counter()
            found = operations.find_activities(
                Caller(PROVIDER, "bench"), replace(search, page=page), self.store, self.terms
            )
            self.seconds.setdefault(name, []).append(time.perf_counter() - begun)
            page = found.next
            if page is None:
                return

    def p95(self, name: str | None = None) -> float:
        """The p95 of a search, or of all together."""
        taken = self.seconds[name] if name else [one for some in self.seconds.values() for one in some]
        return statistics.quantiles(taken, n=20)[-1]


@dataclass(frozen=True, slots=True)
class Found:
    """The two sizes, after they were measured."""

    few: Shelf
    many: Shelf

    @property
    def ratio(self) -> float:
        """By how much a search takes longer where there are many."""
        return self.many.p95() / self.few.p95()

    def lines(self) -> Iterator[str]:
        """What is told."""
        for name in self.few.seconds:
            few, many = self.few.p95(name), self.many.p95(name)
            yield f"{name:24} {few * 1000:8.1f} ms {many * 1000:8.1f} ms   {many / few:.2f}"
        few, many = self.few.p95(), self.many.p95()
        yield f"{'all of them, p95':24} {few * 1000:8.1f} ms {many * 1000:8.1f} ms   {self.ratio:.2f}"


def measure(kind: str, few: int = FEW, many: int = MANY, calls: int = CALLS) -> Found:
    """Fill a database of each size, and ask both the same by turns."""
    with ExitStack() as open_until_the_end:
        shelves = []
        for count in (few, many):
            settings = open_until_the_end.enter_context(accounted(kind))
            store = open_until_the_end.enter_context(closing(assembly.store(settings)))
            fill(store, count)
            shelves.append(Shelf(count, store, _terms(settings)))
        for turn in range(calls + 1):
            for name, search in SEARCHES.items():
                for shelf in shelves:
                    shelf.ask(name, search)
            if turn == 0:  # the first time statements are written out, once for all
                for shelf in shelves:
                    shelf.seconds.clear()
    return Found(*shelves)


def _terms(settings: Settings) -> Terms:
    return assembly.terms(settings, load_key(settings.key_file))


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--calls", type=int, default=CALLS, help="how often each search is asked for")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    options = parser.parse_args(arguments)
    kind = POSTGRESQL if options.postgresql else SQLITE
    found = measure(kind, options.few, options.many, options.calls)
    sys.stdout.write(f"{kind}: {options.few:,} activities beside {options.many:,}, p95 and their ratio\n")
    sys.stdout.writelines(f"{line}\n" for line in found.lines())
    sys.stdout.write(f"aim: at most {AIM} times\n")


if __name__ == "__main__":
    main(sys.argv[1:])
