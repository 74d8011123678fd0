"""Where the time of a call of a hundred completions goes, stage by stage, in one process without HTTP.

    python -m bench.stages [--calls N] [--people N]

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

from bench import batches
from bench.templates import Template, template
from gateway import assembly
from gateway.assembly import Application
from storage import Store

STAGES = (
    ("intake: parse and bound", "gateway.intake", "parse"),
    ("canonical form", "gateway.service.request", "_canonical"),
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
    ("store: audit", "storage.repositories", "Audit.add"),
    ("answer: told", "gateway.answers", "receipt"),
    ("answer: elements", "gateway.answers", "tell"),
    ("answer: written", "gateway.soap", "_closed"),
    ("commit", "storage.engine", "_write_once"),
)
"""A stage and the function it is; the commit is what is left of a transaction."""

WHOLE, FLOOR = "door and all the rest", "floor: parse and XSD"
OUTSIDE = (WHOLE, "intake", "canonical", "credentials", "schema", "matching", "answer", "operation")
"""How those stages begin that are no part of the transaction, during which SQLite lets nobody else write."""


@dataclass(slots=True)
class Watch:
    """Seconds of each stage, within one call, without the stages within it."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _inner: list[float] = field(default_factory=lambda: [0.0])

    def watched(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, whose time is counted."""

        def run(*args: Any, **kwargs: Any) -> Any:
            begun = time.thread_time()
            self._inner.append(0.0)
            try:
                return work(*args, **kwargs)
            finally:
                took = time.thread_time() - begun
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


def measure(made: Template, calls: int) -> dict[str, float]:
    """Microseconds a completion by stage, those of the floor among them."""
    bodies = [batches.call(batch) for batch in islice(batches.all_of(made.people), calls)]
    watch, taken = Watch(), []
    with made.copied() as settings:
        application = assembly.application(settings)
        run = watch.watched(WHOLE, post)
        with watching(watch):
            for body in bodies:
                watch.seconds.clear()
                answer = run(application, body)
                assert answer.count(b">Added<") == batches.BATCH, answer[:1000]
                taken.append({**watch.seconds, FLOOR: _floor(application, body)})
                gc.freeze()
        cast(Store, application.gateway.store).close()
    names = {name: None for one in taken for name in one}
    return {name: _quick([one.get(name, 0.0) for one in taken[calls // 4 :]]) for name in names}


def _floor(application: Application, body: bytes) -> float:
    """Seconds to parse a call and to hold its records to their XSD."""
    version = application.gateway.reader.named("learner", "2.0")
    begun = time.thread_time()
    root = etree.fromstring(body)
    for record in root.iter(version.record):
        version.judge._validator.validate(record)
    return time.thread_time() - begun


def _quick(seconds: Sequence[float]) -> float:
    """Microseconds a completion, of the quickest quarter of calls."""
    return statistics.quantiles(seconds, n=4)[0] / batches.BATCH * 1e6


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--people", type=int, default=30_000)
    options = parser.parse_args(arguments)
    stages = measure(template(options.people), options.calls)
    floor = stages.pop(FLOOR)
    locked = sum(micros for name, micros in stages.items() if not name.startswith(OUTSIDE))
    told = sorted(stages.items(), key=lambda stage: -stage[1])
    told += [("all of a completion, in process", sum(stages.values())), ("within the transaction", locked)]
    sys.stdout.writelines(f"{line}\n" for line in _lines([*told, (FLOOR, floor)], floor))


def _lines(told: Sequence[tuple[str, float]], floor: float) -> Iterator[str]:
    yield f"{'stage':34}{'us a completion':>16}{'floors':>8}"
    for name, micros in told:
        yield f"{name:34}{micros:16.1f}{micros / floor:8.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
