"""Completions on their whole road: served gateway, two workers, simulated boards, each its own process.

    python -m bench.road [--count N] [--postgresql [URL]] [--boards ABIM,ABA] [--share 0.3] [--keep FOLDER]

Half of the completions claim CME credit, half CME and board credit, for two boards in turn. 30 % of all
calls to the boards fail in every way there is, and one board is dead for the middle part of the run.
At the end the client's journal is held against the store and the store against the boards' ledger:
nothing may be lost, nothing may have counted twice. Submitting may take at most 1.2 times as long at
the 95th percentile while the board is dead. Ends with 1 where that does not hold.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from bench.processes import Stage, free_port, postgresql
from bench.reporters import CREDIT_ID, RECORDS, Call, Crowd, Journal, post_all
from gateway import assembly
from gateway.accounts import hash_secret
from gateway.records import Account, Provider
from gateway.sealing import load_key, make_key
from gateway.settings import Settings
from gateway.simulators import read

AIM = 1.2
PARTS = (("alive", 0.2), ("dead", 0.4), ("alive", 0.4))  # and which share of the calls falls in each
WORKERS = 2
PATIENCE = 1800.0  # seconds
SEED = 7
QUICK = {
    "BOARD_READ_SECONDS": "1",
    "BOARD_TOTAL_SECONDS": "2",
    "BOARD_REST_SECONDS": "2",
    "BOARD_RETRY_MOST": "10",
}
"""Silent boards are waited for, and failing ones left alone, for less long than in earnest: a run of
minutes would show nothing but pauses."""


def main() -> int:
    """Run once, print what came of it, and say whether all of it held."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so through what has to be cleared up
    with ExitStack() as stack:
        folder = Path(arguments.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="road-")))
        folder.mkdir(exist_ok=True)
        url = arguments.postgresql
        if url == "embedded":
            url = stack.enter_context(postgresql())
        settings = _settings(folder, url, arguments)
        engine = create_engine(settings.database.replace("postgresql://", "postgresql+psycopg://"))
        stack.callback(engine.dispose)
        crowd = Crowd(arguments.count, tuple(arguments.boards.split(",")))
        _prepare(settings, crowd)
        stage = _stage(folder, settings)
        stack.callback(stage.end)
        _open_road(stage, settings, arguments.share)
        return _report(_run(stage, crowd, arguments, engine), stage, engine, crowd)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="completions")
    parser.add_argument("--postgresql", nargs="?", const="embedded", help="URL of an empty database")
    parser.add_argument("--boards", default="ABIM,ABA", help="two boards; the first one dies")
    parser.add_argument("--share", type=float, default=0.3, help="of the boards' calls that fail")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--keep", help="folder for database, ledger and logs")
    return parser.parse_args()


def _settings(folder: Path, url: str | None, arguments: argparse.Namespace) -> Settings:
    where = f"http://127.0.0.1:{free_port()}/boards"
    return Settings(
        database=url or f"sqlite:///{folder / 'road.db'}",
        key_file=str(folder / "key"),
        bind=f"127.0.0.1:{free_port()}",
        boards={name: f"{where}/{name}" for name in arguments.boards.split(",")},
    )


def _prepare(settings: Settings, crowd: Crowd) -> None:
    """Make the database with its provider, its register and the courses."""
    make_key(settings.key_file)
    assembly.migrate(settings)
    key, account = load_key(settings.key_file), crowd.account
    with assembly.opened(settings) as store:
        store.accounts.add_provider(Provider(account["ProviderId"], "Demo Medical Society"))
        secret = hash_secret(account["Password"], key)
        store.accounts.add_user(Account(account["ProviderId"], account["User"], secret))
        with store.loading as loading:
            for rows in crowd.register(key.digest):
                loading.keep(rows)
        store.write(account["ProviderId"], lambda unit: unit.activities.add(crowd.courses))


def _stage(folder: Path, settings: Settings) -> Stage:
    told = {
        **QUICK,
        "DATABASE": settings.database,
        "KEY_FILE": settings.key_file,
        "BIND": settings.bind,
        "BOARDS": ",".join(f"{name}={url}" for name, url in settings.boards.items()),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CME_GATEWAY_")}
    environment |= {f"CME_GATEWAY_{name}": value for name, value in told.items()}
    boards = min(settings.boards.values()).partition("/boards/")[0]
    return Stage(folder, environment, f"http://{settings.bind}", boards)


def _open_road(stage: Stage, settings: Settings, share: float) -> None:
    """Start everything, with boards of whose calls a share fails."""
    port, ledger = stage.boards.rpartition(":")[2], str(stage.folder / "ledger.db")
    stage.start("simulate-boards", "--port", port, "--ledger", ledger)
    stage.wait(f"{stage.boards}/control")
    for board in settings.boards:
        stage.tell(board, f"flaky {share} {SEED}")
    stage.start("serve")
    stage.wait(f"{stage.address}/ready")
    for _ in range(WORKERS):
        stage.start("worker")


# --- the run -----------------------------------------------------------------------------------------


@dataclass
class Told:
    """What a run has to tell: the journal of each part, when each began, and seconds."""

    journals: list[tuple[str, Journal]] = field(default_factory=list)
    turns: list[datetime] = field(default_factory=list)
    submitting: float = 0.0
    waiting: float = 0.0

    def calls(self, part: str = "") -> list[Call]:
        """The calls of a part, or all."""
        return [call for name, journal in self.journals if part in name for call in journal.calls]

    def p95(self, part: str) -> float:
        """The 95th percentile of a call's seconds."""
        return statistics.quantiles((call.seconds for call in self.calls(part)), n=20)[-1]


def _run(stage: Stage, crowd: Crowd, arguments: argparse.Namespace, engine: Engine) -> Told:
    while _number(engine, "SELECT count(*) FROM workers") < WORKERS:
        time.sleep(0.1)
    told, dying, begun = Told(), crowd.boards[0], time.monotonic()
    calls = iter(range(0, arguments.count, RECORDS))
    for part, share in PARTS:
        stage.tell(dying, "dead" if part == "dead" else "alive")
        told.turns.append(datetime.now())  # noqa: DTZ005  as the workers' logs have it
        if part != "dead":
            stage.tell(dying, f"flaky {arguments.share} {SEED}")
        most = round(share * arguments.count / RECORDS)
        starts = list(islice(calls, most))
        told.journals.append((part, post_all(stage.address, crowd, starts, arguments.clients)))
        print(f"  {part:6} {len(starts):6,} calls, {_open(engine):5,} questions open", flush=True)
    told.submitting = time.monotonic() - begun
    while _open(engine) and time.monotonic() - begun < PATIENCE:
        time.sleep(0.2)
    told.waiting = time.monotonic() - begun
    return told


def _open(engine: Engine) -> int:
    return _number(engine, "SELECT count(*) FROM questions WHERE done_at IS NULL")


def _number(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


# --- the judge ---------------------------------------------------------------------------------------


def _report(told: Told, stage: Stage, engine: Engine, crowd: Crowd) -> int:
    wrong = _wrong(told, stage, engine)
    alive, dead = told.p95("alive"), told.p95("dead")
    records = sum(call.records for call in told.calls())
    retried = sum(call.retries for call in told.calls())
    opened, closed = _breaker(told, stage, crowd.boards[0])
    print(
        f"{engine.dialect.name}: {records:,} completions submitted in {told.submitting:.1f} s "
        f"({records / told.submitting:,.0f}/s), all decided after {told.waiting:.1f} s; "
        f"{retried} calls sent again\n"
        f"p95 of a call of {RECORDS}: {alive * 1000:.0f} ms with both boards, {dead * 1000:.0f} ms with "
        f"{crowd.boards[0]} dead: {dead / alive:.2f} times; aim {AIM}: "
        f"{'reached' if dead <= AIM * alive else 'missed'}\n"
        f"{crowd.boards[0]} left alone {opened} s after it died, asked again {closed} s after it was well\n"
        f"wrong: {dict(wrong) or 'nothing'}; logs: {dict(stage.suspicious()) or 'clean'}; {_grown(engine)}"
    )
    return 1 if wrong or dead > AIM * alive else 0


def _breaker(told: Told, stage: Stage, board: str) -> tuple[str, str]:
    """Seconds until a worker left the dead board alone, and until it answered again; nan for never."""
    _, died, well = told.turns
    opened = stage.first(f"board left alone for a while: board={board}", died)
    closed = stage.first(f"board asked: board={board} ", well)
    return _seconds(opened, died), _seconds(closed, well)


def _seconds(moment: datetime | None, since: datetime) -> str:
    return f"{(moment - since).total_seconds():.1f}" if moment else "nan"


def _wrong(told: Told, stage: Stage, engine: Engine) -> Counter[str]:
    """What journal, store and ledger say against the promise, by kind."""
    stored = _stored(engine)
    claimed = {
        CREDIT_ID.format(kind=kind, number=number)
        for call in told.calls()
        for kind, number in call.acknowledged
    }
    ledger = {row["reference"]: row for row in read(stage.folder / "ledger.db")}
    asked = {str(row): status for row, _, board, status in stored if board}
    known = {credit_id for _, credit_id, _, _ in stored}
    wrong = Counter(
        {
            "not acknowledged": sum(not call.acknowledged for call in told.calls()),
            "acknowledged and lost": len(claimed - known),
            "stored and not acknowledged": len(known - claimed),
            "stored twice": len(stored) - len(known),
            "without a verdict": sum(status == "Submitted" for _, _, _, status in stored),
            "rejected": sum(status == "Rejected" for _, _, _, status in stored),
            "never asked about": len(asked.keys() - ledger.keys()),
            "asked under a strange reference": len(ledger.keys() - asked.keys()),
            "effective twice": sum(row["times_effective"] > 1 for row in ledger.values()),
            "accepted and not effective": sum(
                status == "Accepted" and not ledger.get(name, {}).get("effective")
                for name, status in asked.items()
            ),
        }
    )
    return +wrong


def _stored(engine: Engine) -> list[Any]:
    query = "SELECT row, credit_id, board, status FROM credits WHERE deleted_at IS NULL"
    with engine.connect() as connection:
        return list(connection.execute(text(query)))


def _grown(engine: Engine) -> str:
    """How large the database became, and how many attempts the durable queue holds."""
    postgresql = engine.dialect.name == "postgresql"
    if postgresql:
        size = _number(engine, "SELECT pg_database_size(current_database())")
    else:
        size = Path(str(engine.url.database)).stat().st_size
    queue = "dbos.workflow_status" if postgresql else "workflow_status"
    attempts = _number(engine, f"SELECT count(*) FROM {queue}")  # noqa: S608  our own words
    questions = _number(engine, "SELECT count(*) FROM questions")
    return f"database {size / 2**20:,.0f} MiB, {questions:,} questions, {attempts:,} attempts kept"


if __name__ == "__main__":
    sys.exit(main())
