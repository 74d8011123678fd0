"""Where the time of a call goes, stage by stage, in one process without HTTP: of a hundred completions, or
of one activity.

    python -m bench.stages [--calls N] [--people N] [--activities]

Each stage counts without the stages within it; of all calls the quickest quarter is told, since a busy
machine only ever adds. Beside them stands the floor: to parse the same call and hold it to its XSD.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, cast

from lxml import etree

from bench import activities, batches
from bench.templates import SQLITE, accounted, template
from gateway import assembly
from gateway.application import Application
from gateway.settings import Settings
from storage import Store

STAGES = (
    ("admission", "gateway.admission", "Admission.run"),
    ("observed", "gateway.calls", "Observed.__call__"),
    ("dispatch: spyne", "gateway.soap.dispatch", "Dispatch.answer"),
    ("service: frame", "gateway.service.request", "ServiceVersion._answer"),
    ("credentials: account", "storage.accounts", "Accounts.user"),
    ("operation: frame of an activity", "gateway.operations.activities", "perform"),
    ("activities: find", "storage.repositories", "Activities.find"),
    ("activities: decide", "gateway.saving", "decide"),
    ("activities: shelf", "gateway.saving", "Shelf.put_back"),
    ("activities: result", "gateway.saving", "result"),
    ("store: issue a number", "storage.repositories", "Activities.issue"),
    ("store: activities", "storage.repositories", "Activities.add"),
    ("store: same content", "storage.repositories", "Receipts.same_content"),
    ("intake: parse and bound", "gateway.intake", "parse"),
    ("canonical form", "gateway.service.request", "canonical"),
    ("credentials", "gateway.accounts", "Gatekeeper.admit"),
    ("schema: frame of reading", "gateway.schema", "Reader.read"),
    ("schema: judge by XSD", "gateway.shape", "Judge.accepts"),
    ("schema: read fields", "gateway.fields.table", "Table.read"),
    ("operation: frame", "gateway.operations.learners", "perform"),
    ("matching: keys and comparing", "gateway.operations.learners", "find_out"),
    ("matching: register", "storage.register", "Register.find"),
    ("activities: look up", "storage.repositories", "Activities.named"),
    ("ledger: keys and frame", "gateway.ledger", "Ledger.__init__"),
    ("ledger: look up credits", "storage.credits", "Credits.find"),
    ("rules", "gateway.rules", "judge"),
    ("rules: whose credit", "gateway.rules", "certified"),
    ("places of findings", "gateway.schema", "Sent.field"),
    ("crediting", "gateway.crediting", "decide"),
    ("results", "gateway.crediting", "result"),
    ("store: credits", "storage.credits", "Credits.add"),
    ("store: questions to boards", "storage.questions", "Questions.put"),
    ("store: receipt and payload", "storage.repositories", "Receipts.add"),
    ("store: audit", "storage.audit", "Audit.add"),
    ("answer: told", "gateway.answers", "receipt"),
    ("answer: elements", "gateway.answers", "tell"),
    ("answer: written", "gateway.soap.envelope", "closed"),
    ("commit", "storage.engine", "_write_once"),
)
"""A stage and the function it is; the commit is what is left of a transaction."""

WHOLE, FLOOR = "door and all the rest", "floor: parse and XSD"
OUTSIDE = (
    *(WHOLE, "admission", "observed", "dispatch", "service", "intake", "canonical", "credentials"),
    *("schema", "matching", "answer", "operation"),
)
"""How those stages begin that are no part of the transaction, during which SQLite lets nobody else write."""


@dataclass(slots=True)
class Watch:
    """Seconds of each stage, within one call, without the stages within it."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inner: list[float] = field(default_factory=lambda: [0.0])

    def watched(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is counted."""

        def run(*args: Any, **kwargs: Any) -> Any:
            begun = time.process_time()
            self._inner.append(0.0)
            try:
                return work(*args, **kwargs)
            finally:
                took = time.process_time() - begun
                self.seconds[stage] += took - self._inner.pop()
                self._inner[-1] += took

        return run


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Have the stages' functions watched, until left."""
    before = []
    for stage, module, name in STAGES:
        owner: Any = importlib.import_module(module)
        *inner, last = name.split(".")
        for step in inner:
            owner = getattr(owner, step)
        before.append((owner, last, getattr(owner, last)))
        setattr(owner, last, watch.watched(stage, getattr(owner, last)))
    try:
        yield
    finally:
        for owner, last, work in before:
            setattr(owner, last, work)


def post(application: Application, body: bytes) -> bytes:
    """What the gateway answers to a call, without HTTP."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/soap/v2",
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
    }
    return b"".join(application(environ, lambda *_: None))


def measure(settings: Settings, bodies: Sequence[bytes], records: int) -> dict[str, float]:
    """Microseconds a record by stage, those of the floor among them; `records` are in each call."""
    watch, taken = Watch(), []
    application = assembly.application(settings)
    run = watch.watched(WHOLE, post)
    with watching(watch):
        for body in bodies:
            watch.seconds.clear()
            answer = run(application, body)
            assert answer.count(b">Added<") == records, answer[:1000]
            taken.append({**watch.seconds, FLOOR: _floor(application, body)})
            gc.freeze()
    cast(Store, application.gateway.store).close()
    names = {name: None for one in taken for name in one}
    return {
        name: _quick([one.get(name, 0.0) for one in taken[len(taken) // 4 :]]) / records for name in names
    }


def _floor(application: Application, body: bytes) -> float:
    """Seconds to parse a call and to hold its records to their XSD."""
    reader = application.gateway.reader
    versions = [reader.named("learner", "2.0"), reader.named("activity", "2.0")]
    begun = time.process_time()
    root = etree.fromstring(body)
    for version in versions:
        for record in root.iter(version.record):
            version.judge._validator.validate(record)
    return time.process_time() - begun


def _quick(seconds: Sequence[float]) -> float:
    """Microseconds, of the quickest quarter of calls."""
    return statistics.quantiles(seconds, n=4)[0] * 1e6


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--activities", action="store_true", help="one activity a call, and nothing else")
    options = parser.parse_args(arguments)
    stages = _of_activities(options.calls) if options.activities else _of_completions(options)
    floor = stages.pop(FLOOR)
    locked = sum(micros for name, micros in stages.items() if not name.startswith(OUTSIDE))
    told = sorted(stages.items(), key=lambda stage: -stage[1])
    told += [("all of a record, in process", sum(stages.values())), ("within the transaction", locked)]
    sys.stdout.writelines(f"{line}\n" for line in _lines([*told, (FLOOR, floor)], floor))


def _of_activities(calls: int) -> dict[str, float]:
    with accounted(SQLITE) as settings:
        return measure(settings, [activities.call(number) for number in range(calls)], 1)


def _of_completions(options: argparse.Namespace) -> dict[str, float]:
    made = template(options.people)
    bodies = [batches.call(batch) for batch in islice(batches.all_of(made.people), options.calls)]
    with made.copied() as settings:
        return measure(settings, bodies, batches.BATCH)


def _lines(told: Sequence[tuple[str, float]], floor: float) -> Iterator[str]:
    yield f"{'stage':34}{'us a record':>16}{'floors':>8}"
    for name, micros in told:
        yield f"{name:34}{micros:16.1f}{micros / floor:8.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
