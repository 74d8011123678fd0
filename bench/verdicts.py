"""How many verdicts of boards one worker records in a second (speed.md, P7: 5,000).

    python bench/verdicts.py [--credits N] [--postgres URL] [--boards http://127.0.0.1:PORT/boards]

Without --boards the board is a function that answers at once, so what is measured is the durable work:
queue, take, record, credit match, audit. With it, the simulated boards are asked over HTTP. The worker
is a process of its own; what is counted is what lies decided in the table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway import assembly
from gateway.board import Switchboard
from gateway.callouts import Worker
from gateway.outbound import Waits
from gateway.records import (
    Activity,
    CreditStatus,
    Errand,
    Identifier,
    Learner,
    Provider,
    Question,
    Reply,
    StoredCredit,
    Verdict,
)
from gateway.sealing import make_key
from gateway.settings import Settings
from storage import Store, Unit
from storage.tables import credits

AIM, CHUNK, PROVIDER = 5_000, 100, "0001234"


def main() -> int:
    """Measure once, and print the rate against the aim."""
    arguments = _arguments()
    if arguments.work:
        return _work(json.loads(arguments.work))
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(Path(folder), arguments)
        make_key(settings["key_file"])
        with assembly.opened(_migrated(settings)) as store:
            _fill(store, arguments.credits)
            rate = _drain(store, settings, arguments.credits)
    kind = "PostgreSQL" if arguments.postgres else "SQLite"
    board = "simulated boards" if arguments.boards else "instant board"
    print(f"{kind}, {board}: {rate:,.0f} verdicts/s; aim {AIM:,}: {'reached' if rate >= AIM else 'missed'}")
    return 0 if rate >= AIM else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--credits", type=int, default=30_000)
    parser.add_argument("--postgres", help="URL of an empty database")
    parser.add_argument("--boards", help="where the simulated boards are served")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    return parser.parse_args()


def _settings(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "database": arguments.postgres or f"sqlite:///{folder / 'bench.db'}",
        "key_file": str(folder / "key"),
        "boards": {"ABIM": f"{arguments.boards or 'http://127.0.0.1:9'}/ABIM"},
    }


def _migrated(values: dict[str, Any]) -> Settings:
    settings = Settings(**values)
    with closing(assembly.store(settings)) as store:
        store.migrate()
    return settings


def _fill(store: Store, count: int) -> None:
    store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
    started = time.monotonic()
    store.write(PROVIDER, lambda unit: unit.activities.add([Activity(activity_id="202600001")]))
    for start in range(0, count, CHUNK):
        store.write(PROVIDER, lambda unit, start=start: _put(unit, start))  # type: ignore[misc]
    took = time.monotonic() - started
    print(f"kept and enqueued: {count:,} credits, {count / took:,.0f} a second")


def _put(unit: Unit, start: int) -> None:
    now = datetime.now(UTC)
    rows = unit.credits.rows(CHUNK)
    unit.credits.add([_credit(row, start + n, now) for n, row in enumerate(rows)])
    unit.questions.put("ABIM", Errand.REPORT, list(rows))


def _credit(row: int, number: int, now: datetime) -> StoredCredit:
    identifier = Identifier("ABIM", f"{100_000 + number % 800_000}")
    return StoredCredit(
        row=row,
        activity_id="202600001",
        credit_id=f"ccid:bench:{number}",
        credit_type="Medical Knowledge",
        amount=Decimal("1.25"),
        completed_on=date(2026, 3, 10),
        board="ABIM",
        submitted_at=now,
        person=f"person-{number}",
        learner=Learner(("Ada",), ("Quimby-Torres",), None, "02-29", (identifier,)),
        learner_key=number.to_bytes(16),
    )


def _drain(store: Store, values: dict[str, Any], count: int) -> float:
    """Verdicts a second, from the first that is in the table to the last: the start of the worker, and
    the second that DBOS takes to find its queues, are no part of the rate."""
    command = [sys.executable, "-m", "bench.verdicts", "--work", json.dumps(values)]
    worker = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."})  # noqa: S603  our own
    try:
        before = _decided(store)
        while not before:
            time.sleep(0.01)
            before = _decided(store)
        started = time.monotonic()
        while _decided(store) < count:
            time.sleep(0.02)
        return (count - before) / (time.monotonic() - started)
    finally:
        worker.terminate()
        worker.wait()


def _decided(store: Store) -> int:
    decided = credits.c.status != CreditStatus.SUBMITTED.value
    query = select(func.count()).select_from(credits).where(decided, credits.c.board == "ABIM")
    with store._engine.connect() as connection:
        return connection.scalar(query) or 0


def _work(values: dict[str, Any]) -> int:
    import signal

    instant = str(values["boards"]).count(":9/")
    settings = Settings(**values)
    board = Switchboard(settings.boards, Waits())
    with assembly.worker(settings, _accept if instant else board.ask) as worker:
        running: Worker = worker
        signal.signal(signal.SIGTERM, lambda *_: running.stop())
        running.run()
    return 0


def _accept(question: Question) -> Reply:
    return Reply(tuple(Verdict(claim.reference, accepted=True) for claim in question.claims))


if __name__ == "__main__":
    sys.exit(main())
