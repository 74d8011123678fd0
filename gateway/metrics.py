"""The metrics, as Prometheus reads them: what was called, how long it took, what waits.

Every label is a word of ours: an operation, an outcome, a code, a board. Worker processes count into
files of a folder they share, and whichever of them is asked adds them up.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import threading
from collections import Counter as Counted
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from gateway.admission import Admission
from gateway.calls import Call
from gateway.errors import Failed
from gateway.health import Seen
from gateway.memory import resident

SHARED = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TURN = 1.0
"""Seconds between two looks at what goes up and down by itself."""
KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemax")
OURS = re.compile(rf"(?:{'|'.join(KINDS)})_(\d+)\.db")
"""The names of the files that are counted into, each with the process it is of."""
FILE_BYTES = 256 * 1024
"""Taken up at the start for each file: to write into a file that has no room ends a process at once."""
UNKNOWN = "unknown"
GONE = b"# What the processes have counted is left out: its files were removed. A restart counts anew.\n"


def share(folder: Path) -> None:
    """Have all processes that are forked from now on count together, in a folder of theirs alone.

    What is left there of an earlier run is removed. Raises Failed where it is somebody else's.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise Failed(
                f"{folder} is not ours to keep metrics in.", remedy="Set CME_GATEWAY_METRICS_FOLDER."
            )
        _empty(folder)
    except OSError as error:
        raise Failed(
            f"No metrics can be kept in {folder}: {error.strerror}.", remedy="Set CME_GATEWAY_METRICS_FOLDER."
        ) from None
    os.environ[SHARED] = str(folder)


def share_no_more() -> None:
    """Leave nothing behind, once all processes that counted have ended."""
    folder = Path(os.environ.pop(SHARED))
    with contextlib.suppress(OSError):  # what is left is removed at the next start
        _empty(folder)
        folder.rmdir()


def _empty(folder: Path) -> None:
    for left in folder.iterdir():
        if OURS.fullmatch(left.name):
            left.unlink()


def folder_for(bind: str, within: str = "") -> Path:
    """The folder of whoever serves an address, which one at a time can.

    It stands in the folder `within`, whose other contents are none of ours, or among the temporary files.
    """
    name = f"cme-gateway-metrics-{os.geteuid()}-{quote(bind, safe='')}"
    return Path(within or tempfile.gettempdir()) / name


class Metrics:
    """What one process counts, and what all of them have counted."""

    def __init__(
        self,
        operations: Collection[str],
        admission: Admission,
        seen: Callable[[], Seen],
        clock: Callable[[], datetime],
    ) -> None:
        self._operations = frozenset(operations)
        self._admission = admission
        self._shared = _prepare()
        self._registry = own = CollectorRegistry()
        self._calls = Counter("cme_gateway_calls", "Calls answered.", ("operation", "outcome"), registry=own)
        self._refusals = Counter(
            "cme_gateway_refusals", "Calls refused or failed as a whole, by code.", ("code",), registry=own
        )
        self._seconds = Histogram(
            "cme_gateway_call_seconds",
            "Seconds from a call that has come whole to its answer.",
            ("operation",),
            buckets=SECONDS,
            registry=own,
        )
        self._records = Counter(
            "cme_gateway_records", "Records, by what became of them.", ("operation", "action"), registry=own
        )
        self._findings = Counter("cme_gateway_findings", "Findings told, by code.", ("code",), registry=own)
        self._working, self._waiting, self._memory = (
            Gauge(f"cme_gateway_{name}", text, registry=own, multiprocess_mode="livesum")
            for name, text in (
                ("calls_working", "Calls that are worked on."),
                ("calls_waiting", "Calls that wait to be worked on."),
                (
                    "memory_bytes",
                    "Resident memory of all processes; what they share counts in each.",
                ),
            )
        )
        self._largest = Gauge(
            "cme_gateway_memory_largest_bytes",
            "Resident memory of the largest of them.",
            registry=own,
            multiprocess_mode="livemax",
        )
        self._outside = CollectorRegistry()
        self._outside.register(_Outside(seen, clock))
        self._ending = threading.Event()

    def count(self, call: Call) -> None:
        """Count a call."""
        operation = call.operation if call.operation in self._operations else UNKNOWN
        self._calls.labels(operation, call.outcome).inc()
        self._seconds.labels(operation).observe(call.seconds)
        if call.code:
            self._refusals.labels(call.code).inc()
        if not call.replayed:
            for action, times in call.actions.items():
                self._records.labels(operation, action).inc(times)
            for code, times in call.findings.items():
                self._findings.labels(code).inc(times)

    def page(self) -> bytes:
        """All of it, as text."""
        self._sample()
        return self._counted() + bytes(generate_latest(self._outside))

    def _counted(self) -> bytes:
        """What all processes have counted: what one of them has would pass for all of it."""
        if self._shared is None:
            return bytes(generate_latest(self._registry))
        if not _file(self._shared, KINDS[0]).exists():
            return GONE
        _bury(self._shared)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._shared))  # type: ignore[no-untyped-call]
        return bytes(generate_latest(registry))

    def start(self) -> None:
        """Look from time to time at what goes up and down; whoever is asked cannot look into others."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def stop(self) -> None:
        """Look no more, and leave what was counted to the others."""
        self._ending.set()

    def _run(self) -> None:
        while not self._ending.wait(TURN):
            self._sample()

    def _sample(self) -> None:
        memory = resident()
        self._working.set(self._admission.working)
        self._waiting.set(self._admission.waiting)
        self._memory.set(memory)
        self._largest.set(memory)


def _prepare() -> Path | None:
    """The folder that is shared, with the files of this process in it; None where it counts alone."""
    named = os.environ.get(SHARED)
    try:
        if named is not None:
            for kind in KINDS:
                _take_up(_file(Path(named), kind))
    except OSError:
        named = None
    if named is None:
        return None
    if (
        values.ValueClass is values.MutexValue
    ):  # decided when the library was loaded, before there was a folder
        values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
    return Path(named)


def _file(folder: Path, kind: str) -> Path:
    return folder / f"{kind}_{os.getpid()}.db"


def _take_up(file: Path) -> None:
    with file.open("ab") as opened:
        if not opened.tell():
            os.posix_fallocate(opened.fileno(), 0, FILE_BYTES)


def _bury(folder: Path) -> None:
    """Take out of what goes up and down those processes that are gone; what they counted stays."""
    found = [OURS.fullmatch(file.name) for file in folder.glob("gauge_live*.db")]
    for pid in {int(name[1]) for name in found if name}:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
        except OSError:
            continue


class _Outside(Collector):
    """What is seen of the database: the same for whichever process is asked."""

    def __init__(self, seen: Callable[[], Seen], clock: Callable[[], datetime]) -> None:
        self._seen = seen
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """How everything stands; what cannot be seen now is left out."""
        seen = self._seen()
        ready = GaugeMetricFamily(
            "cme_gateway_ready", "Whether calls can be taken, by part.", labels=["part"]
        )
        for name, part in seen.parts.items():
            ready.add_metric([name], float(part.ok))
        yield ready
        for name, text, value in (
            ("database_bytes", "Bytes the database takes.", seen.bytes),
            ("disk_free_bytes", "Bytes that are free where the database is.", seen.free),
            ("audit_unsealed_rows", "Rows of the audit log that are not in the chain yet.", seen.unsealed),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"cme_gateway_{name}", text, value=value)
        yield from self._boards(seen)

    def _boards(self, seen: Seen) -> Iterable[Metric]:
        texts = {
            "questions": "Questions that wait for an answer, by board.",
            "oldest_seconds": "Seconds the oldest of them has waited, by board.",
            "unanswered": "Questions a board has left unanswered for longer than it should, by board.",
        }
        told = {
            name: GaugeMetricFamily(f"cme_gateway_board_{name}", text, labels=["board"])
            for name, text in texts.items()
        }
        now = self._clock()
        for one in seen.backlogs or ():
            age = max(0.0, (now - one.since).total_seconds())
            for name, value in (
                ("questions", one.open),
                ("oldest_seconds", age),
                ("unanswered", one.unanswered),
            ):
                told[name].add_metric([one.board], value)
        yield from told.values()
        if seen.resting is not None:
            yield from self._workers(seen.resting)

    def _workers(self, resting: Collection[frozenset[str]]) -> Iterable[Metric]:
        yield GaugeMetricFamily("cme_gateway_workers", "Workers that ask the boards.", value=len(resting))
        alone = GaugeMetricFamily(
            "cme_gateway_board_left_alone", "Workers whose breaker of a board is open.", labels=["board"]
        )
        for board, workers in Counted(board for boards in resting for board in boards).items():
            alone.add_metric([board], workers)
        yield alone
