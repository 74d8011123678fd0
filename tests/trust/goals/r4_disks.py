"""R4: a disk that is full, failing or read-only costs no acknowledged record, and no restart afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from trust import dump, judge, load, machine, mounts, tracing
from trust.client import ACKED, FAILED, UNKNOWN, UNSENT, Client, Journal, Line
from trust.face import Form, NotRun, Outcome
from trust.goals.r1_kills import answer_first
from trust.stage import Stage, staged

GOAL = "R4"
ANSWER, RED, HEALED = 2.0, 5.0, 10.0  # seconds
GIVEN_UP = 3 * HEALED
CLIENTS, PROBER = 2, 90
MEGABYTES = 16
FREE = 2**20  # bytes under which `/ready` is to be red: the disk is small
BOUND = f"0 lost, fault <= {ANSWER:.0f} s, /ready red <= {RED:.0f} s, healed <= {HEALED:.0f} s"
Fault = Callable[[Stage, Path], AbstractContextManager[object]]
Disk = Callable[[Path], AbstractContextManager[object]]


def _failing(calls: str, error: str) -> Fault:
    def fault(stage: Stage, data: Path) -> AbstractContextManager[object]:
        log = stage.folder / f"{error}.log"
        return tracing.traced(stage.workers(), log, *tracing.failing(calls, error))

    return fault


@contextmanager
def _read_only(stage: Stage, data: Path) -> Iterator[None]:
    """What is open stays open for writing, so the workers have to open it anew."""
    with mounts.read_only(data):
        for pid in stage.workers():
            stage.kill(pid)
        yield


FAULTS: dict[str, tuple[Disk, Fault]] = {
    "failing disk": (lambda data: nullcontext(), _failing("pwrite64,fdatasync", "EIO")),
    "no space (injected)": (lambda data: nullcontext(), _failing("pwrite64,ftruncate,fallocate", "ENOSPC")),
    "full disk": (lambda data: mounts.small_disk(data, MEGABYTES), lambda stage, data: mounts.filled(data)),
    "read-only": (lambda data: nullcontext(), _read_only),
}


def run(form: Form) -> Outcome:
    """Each fault in turn, under load."""
    seconds = form.pick(6.0, 20.0)
    figures, wrong, late, not_run = [], list[str](), list[str](), list[str]()
    for name, (disk, fault) in FAULTS.items():
        try:
            seen = _hurt(form, name, disk, fault, seconds)
        except NotRun as reason:
            not_run.append(f"{name}: {reason}")
            continue
        figures.append(f"{name}: {seen.figure}")
        wrong += [f"{name}: {breach}" for breach in seen.wrong]
        late += [f"{name}: {breach}" for breach in seen.late]
    if not figures:
        raise NotRun("; ".join(not_run))
    did = f"{len(figures)} faults under load"
    return Outcome(did, "; ".join(figures), BOUND, tuple(wrong), tuple(not_run), tuple(late))


@dataclass
class Seen:
    """What a prober saw of one fault."""

    slow: float = 1.0
    slowest: float = 0.0
    silent: int = 0
    failed: int = 0
    red: float | None = None
    healed: float | None = None
    breaches: list[str] = field(default_factory=list)

    @property
    def figure(self) -> str:
        """All of it in a few words."""
        red = "never" if self.red is None else f"{self.red:.1f} s"
        healed = "never" if self.healed is None else f"{self.healed:.1f} s"
        faults = f"{self.failed} faults <= {self.slowest:.1f} s"
        return f"{faults}, red {red}, healed {healed}{machine.noted([self.slow])}"

    @property
    def wrong(self) -> list[str]:
        """What breaks the bound."""
        found = list(self.breaches)
        if self.silent:
            found.append(f"{self.silent} calls got no answer")
        if not self.failed:
            found.append("no call failed: the fault did not bite")
        if self.red is None:
            found.append("/ready stayed green")
        if self.healed is None:
            found.append("did not heal without a restart")
        return found

    @property
    def late(self) -> list[str]:
        """What came too late."""
        found = []
        if self.slowest > ANSWER * self.slow:
            found.append(f"an answer took {self.slowest:.1f} s")
        if self.red is not None and self.red > RED * self.slow:
            found.append(f"/ready was red after {self.red:.1f} s")
        if self.healed is not None and self.healed > HEALED * self.slow:
            found.append(f"healed after {self.healed:.1f} s")
        return found


def _hurt(
    form: Form,
    name: str,
    disk: Disk,
    fault: Fault,
    seconds: float,
    sabotage: Callable[[], None] | None = None,
) -> Seen:
    (folder := form.folder / name.split()[0]).mkdir()
    (data := folder / "data").mkdir()
    seen = Seen()
    with disk(data), staged(folder, data=data, sabotage=sabotage, disk_free_bytes=FREE) as stage:
        stage.start()
        with load.under_load(stage, form.seed, CLIENTS), _prober(stage) as prober:
            time.sleep(1)
            with fault(stage, data):
                _watch_fault(stage, prober, seen, seconds)
            _watch_healing(stage, prober, seen)
            seen.slow = machine.slowness()
        stage.stop()
        found = judge.judge(load.journals(folder), dump.dump(stage.database))
        seen.breaches += found.told
    return seen


@contextmanager
def _prober(stage: Stage) -> Iterator[Client]:
    with (stage.folder / f"journal-{PROBER}.jsonl").open("w") as file:
        line = Line(str(stage.plan["bind"]), patience=GIVEN_UP)
        yield Client(PROBER, stage.plan, Journal(file), random.Random(1), line)
        line.close()


def _probe(prober: Client) -> str:
    """One new activity, tried once."""
    prober.save(f"P{prober.calls}", "Add", lambda: True)
    return prober.last.fate


def _watch_fault(stage: Stage, prober: Client, seen: Seen, seconds: float) -> None:
    begun = time.monotonic()
    while time.monotonic() < begun + seconds:
        fate = _probe(prober)
        seen.silent += fate == UNKNOWN
        seen.failed += fate == FAILED
        if fate != UNSENT:
            seen.slowest = max(seen.slowest, prober.last.seconds)
        if seen.red is None and not stage.ready():
            seen.red = time.monotonic() - begun
        time.sleep(0.1)


def _watch_healing(stage: Stage, prober: Client, seen: Seen) -> None:
    """It has healed when calls are taken, several in a row since workers heal each by itself, and
    `/ready` says so."""
    begun, row = time.monotonic(), 0
    while time.monotonic() < begun + GIVEN_UP:
        well = _probe(prober) == ACKED and stage.ready()
        row = row + 1 if well else 0
        if row == 5:
            seen.healed = time.monotonic() - begun
            return
        prober.line.close()  # so that another worker may take the next one
        time.sleep(0.1)


def _answered_first(form: Form) -> Outcome:
    disk, fault = FAULTS["failing disk"]
    seen = _hurt(form, "failing disk", disk, fault, 3.0, answer_first)
    return Outcome("", f"{len(seen.breaches)} kinds of loss; {seen.figure}", BOUND, tuple(seen.breaches))


CONTROLS = {"commit before the answer": _answered_first}
