"""Runs the benchmarks and prints one table: what, ours, against what, ratio, aim, reached.

    python -m bench [--quick] [--people N] [--only P1,P2,P3,P5,P6,P7,P8,P9,road]

First the baseline is made sure of. Each benchmark is also a command of its own, which tells more. Exit
code 1 where an aim is missed, 2 where a benchmark could not be finished. `--quick` is small, and proves
that all of them work: then only what could not be finished counts, since its figures mean little.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench import activities, completions, contestants, echo, floors, invalid, matching, search, start
from bench.contest import NotStored
from bench.templates import POSTGRESQL, SQLITE, template
from gateway import assembly

QUICK_PEOPLE, QUICK_CREDITS, CREDITS = 20_000, 2_000, 30_000
QUICK_ROAD, ROAD = 400, 10_000
WIDTH = 140  # of the table where it goes into a file
VERDICTS_AIM, VERDICTS_SAID = 5_000, re.compile(r"([\d,]+) verdicts/s")
ROAD_AIM, WRONG_SAID = 1.2, re.compile("^wrong: (.*?);", re.MULTILINE)
SLOWER_SAID = re.compile(r"(\d+) ms with both boards, (\d+) ms with .* dead: ([\d.]+) times")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is."""

    quick: bool
    people: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table; `reached` is None where there is no aim, or where it was not found out."""

    what: str
    ours: str
    against: str = ""
    ratio: str = ""
    aim: str = ""
    reached: bool | None = None

    @property
    def verdict(self) -> str:
        """What is told of the aim."""
        return {True: "reached", False: "missed", None: "not run"}[self.reached]


def p1(size: Size) -> Iterator[Row]:
    """Activities a second, one a call, on both databases and under both servers."""
    rounds, calls = (
        (activities.QUICK["rounds"], activities.QUICK["calls"])
        if size.quick
        else (activities.ROUNDS, activities.CALLS)
    )
    for kind in (SQLITE, POSTGRESQL):
        found = activities.measure(kind, rounds, calls)
        other = found.baseline
        for ours in found.ours:
            yield Row(
                f"P1 activities taken, {kind}, {ours.name.removeprefix('ours, ')}",
                f"{ours.rate:,.0f}/s, p99 {ours.p99 * 1000:,.0f} ms",
                f"baseline {other.rate:,.0f}/s, p99 {other.p99 * 1000:,.0f} ms",
                f"{found.ratio(ours):.2f}",
                f">= {activities.AIM:.0f} times, p99 <= half",
                found.reached(ours),
            )


def p3(size: Size) -> Iterator[Row]:
    """An activity in process, beside its floor."""
    for kind in (SQLITE, POSTGRESQL):
        found = floors.measure(kind, floors.QUICK if size.quick else floors.CALLS)
        yield Row(
            f"P3 an activity in process, {kind}",
            f"{found.ours * 1e6:,.0f} us",
            f"floor {found.floor * 1e6:,.0f} us",
            f"{found.ratio:.2f}",
            f"<= {floors.AIM:.0f} floors",
            found.reached,
        )


def p2(size: Size) -> Iterator[Row]:
    """Completions a second, on both databases."""
    rounds, calls = (
        (completions.QUICK["rounds"], completions.QUICK["calls"])
        if size.quick
        else (completions.ROUNDS, completions.CALLS)
    )
    for kind in (SQLITE, POSTGRESQL):
        found = completions.measure(kind, size.people, rounds, calls)
        ours, other = found.ours, found.baseline
        yield Row(
            f"P2 completions taken, {kind}",
            f"{ours.rate:,.0f}/s, p99 {ours.p99 * 1000:,.0f} ms",
            f"baseline {other.rate:,.0f}/s, p99 {other.p99 * 1000:,.0f} ms",
            f"{found.ratio:.2f}",
            f">= {completions.AIMS[kind]:.0f} times",
            found.reached,
        )


def p5(size: Size) -> Iterator[Row]:
    """Activities found among few and among many, on both databases."""
    few, many, calls = search.QUICK if size.quick else (search.FEW, search.MANY, search.CALLS)
    for kind in (SQLITE, POSTGRESQL):
        told = search.measure(kind, few, many, calls)
        yield Row(
            f"P5 FindActivities, {many:,} on file, {kind}, p95",
            f"{told.many.p95() * 1000:,.1f} ms",
            f"{few:,} on file {told.few.p95() * 1000:,.1f} ms",
            f"{told.ratio:.2f}",
            f"<= {search.AIM:g} times",
            told.ratio <= search.AIM,
        )


def p6(size: Size) -> Iterator[Row]:
    """Learners matched a second, and what the match of one adds to a call."""
    with (
        template(size.people).copied() as settings,
        closing(assembly.store(settings)) as store,
    ):
        some = matching.learners(size.people, matching.LEARNERS * (4 if size.quick else matching.CHUNKS))
        rate, share = matching.bulk(store, some)
        empty, full = matching.calls(store, some[: matching.CALLS])
    yield Row(
        f"P6 matching, {size.people:,} people",
        f"{rate:,.0f}/s, {share:.0%} matched",
        aim=f">= {matching.AIM_BULK:,}/s",
        reached=rate >= matching.AIM_BULK,
    )
    yield Row(
        "P6 one match in a call, p95",
        f"{(full - empty) * 1000:.2f} ms more",
        f"empty call {empty * 1000:.2f} ms",
        aim=f"<= {matching.AIM_CALL * 1000:.0f} ms",
        reached=full - empty <= matching.AIM_CALL,
    )


def p7(size: Size) -> Iterator[Row]:
    """Verdicts of boards recorded a second, by one worker."""
    told = _run("bench.verdicts", "--credits", str(QUICK_CREDITS if size.quick else CREDITS)).stdout
    said = VERDICTS_SAID.search(told)
    if said is None:
        raise RuntimeError(f"bench.verdicts told no rate: {told[-500:]}")
    rate = int(said[1].replace(",", ""))
    yield Row(
        "P7 verdicts recorded, SQLite",
        f"{rate:,}/s",
        "instant board",
        aim=f">= {VERDICTS_AIM:,}/s",
        reached=rate >= VERDICTS_AIM,
    )


def p8(size: Size) -> Iterator[Row]:
    """The worst invalid document beside the same document valid."""
    found = invalid.measure(invalid.QUICK if size.quick else invalid.CALLS)
    yield Row(
        f"P8 a hundred completions, {found.worst}",
        f"{found.seconds[found.worst] * 1000:,.0f} ms",
        f"valid {found.seconds[invalid.VALID] * 1000:,.0f} ms",
        f"{found.ratio(found.worst):.2f}",
        f"<= {invalid.AIM} times",
        found.reached,
    )


def p9(size: Size) -> Iterator[Row]:
    """The start of a server, and the memory of a worker."""
    for server in activities.SERVERS:
        found = start.measure(server, 1 if size.quick else start.TIMES)
        yield Row(
            f"P9 start of serve, {server}",
            f"{found.seconds:.2f} s, a worker {found.seen:.0f} MB",
            f"without what is shared {found.share:.0f} MB",
            aim=f"<= {start.AIM} s, {start.AIM_MEMORY:.0f} MB",
            reached=found.reached,
        )


def road(size: Size) -> Iterator[Row]:
    """Completions driven to their verdicts, with trouble on the way."""
    done = _run("bench.road", "--count", str(QUICK_ROAD if size.quick else ROAD))
    found, slower = WRONG_SAID.search(done.stdout), SLOWER_SAID.search(done.stdout)
    if found is None or slower is None:
        raise RuntimeError(f"bench.road found nothing out: {(done.stdout + done.stderr).strip()[-200:]}")
    fine = found[1] == "nothing"
    yield Row("road to the verdicts", f"wrong: {found[1]}", aim="nothing lost or twice", reached=fine)
    yield Row(
        "road: p95 of a call, a board dead",
        f"{slower[2]} ms",
        f"both boards {slower[1]} ms",
        slower[3],
        f"<= {ROAD_AIM} times",
        float(slower[3]) <= ROAD_AIM,
    )


BENCHMARKS: dict[str, Callable[[Size], Iterator[Row]]] = {
    "P1": p1,
    "P2": p2,
    "P3": p3,
    "P5": p5,
    "P6": p6,
    "P7": p7,
    "P8": p8,
    "P9": p9,
    "road": road,
}


def _run(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(command, cwd=contestants.ROOT, capture_output=True, text=True)  # noqa: S603  ours


def table(rows: Sequence[Row]) -> Table:
    """The rows as they are printed."""
    made = Table("what", "ours", "against", "ratio", "aim", "", box=None)
    for row in rows:
        made.add_row(row.what, row.ours, row.against, row.ratio, row.aim, row.verdict)
    return made


def run(names: Sequence[str], size: Size) -> tuple[list[Row], bool]:
    """The rows of these benchmarks, and whether all of them could be finished."""
    rows, whole = list[Row](), True
    for name in names:
        try:
            rows += BENCHMARKS[name](size)
        except (NotStored, RuntimeError, OSError) as error:
            rows.append(Row(name, str(error)[:300]))
            whole = False
    return rows, whole


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small, to prove that all of it works")
    parser.add_argument("--people", type=int, help="people in the register")
    parser.add_argument("--only", default=",".join(BENCHMARKS), help="some of the benchmarks")
    options = parser.parse_args(arguments)
    people = options.people or (QUICK_PEOPLE if options.quick else completions.PEOPLE)
    console, fitness = Console(width=None if sys.stdout.isatty() else WIDTH), echo.measure()
    console.print(fitness.line(), highlight=False, soft_wrap=True)
    if not fitness.fit:
        return 2
    rows, whole = run(options.only.split(","), Size(options.quick, people))
    console.print(table(rows), soft_wrap=True)
    if not whole:
        return 2
    return 0 if options.quick or all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
