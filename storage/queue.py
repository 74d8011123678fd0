"""The durable queue: attempts at questions, kept by DBOS in tables of its own beside ours.

Nothing else imports dbos. A workflow here is one attempt, and its arguments are ids only, since DBOS
keeps them readable; what it is about stands in `questions` and `credits`
(docs/decisions/0012-durable-work.md).
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from dbos import DBOS, DBOSClient, DBOSConfig, error
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import StoreUnavailable
from gateway.records import Run
from storage.engine import Full, is_full, teach

NAME = "cme-gateway"
VERSION = "1"  # pinned: DBOS gives work to workers of the same version only
WORKFLOW = "ask"
ENDED_BADLY = ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
BUSY_TIMEOUT = 30_000  # milliseconds
ADVISORY_LOCK = 0x44424F53  # any number, if all use the same: who migrates waits for who migrates
TURN = 0.05  # seconds between two looks whether it is our turn
PAGE = 1_000

_log = logging.getLogger(__name__)
# Its own level is INFO, and it tells every start, stop and queue; `launch` may not set it lower again.
logging.getLogger("dbos").setLevel(logging.WARNING)


def migrate(engine: Engine) -> None:
    """Make the tables of DBOS in the same database; harmless to repeat, and when two do it at once.

    Raises StoreUnavailable.
    """
    try:
        with _one_at_a_time(engine):
            DBOS.migrate(_address(engine))
    except (SQLAlchemyError, error.DBOSException) as trouble:
        _log.warning("the durable queue cannot be set up: %s", type(trouble).__name__)
        if is_full(trouble):
            raise Full from None
        raise StoreUnavailable(
            "The tables of the durable queue cannot be made.",
            remedy="Let the database's user make a schema named dbos, then run `cme-gateway migrate` again.",
        ) from None


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    """On PostgreSQL, a lock of our own: for its own DBOS looks once a second. SQLite waits by itself.

    Nobody may wait for it within a statement: DBOS makes indexes CONCURRENTLY, and these wait for all
    statements that have begun.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(select(func.pg_try_advisory_lock(ADVISORY_LOCK))):
            time.sleep(TURN)
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(ADVISORY_LOCK)))


def _address(engine: Engine) -> str:
    """The URL as DBOS takes it, which chooses its own driver and would not know ours."""
    plain = engine.url.set(drivername=engine.dialect.name)
    return plain.render_as_string(hide_password=False)


class Outbox:
    """Where attempts are enqueued, within a transaction of ours: kept with it or not at all."""

    def __init__(self, engine: Engine) -> None:
        self._client = DBOSClient(system_database_engine=engine, application_name=NAME, lazy=True)

    def send(
        self, connection: Connection, board: str, question_id: str, attempt: int, delay: float = 0.0
    ) -> None:
        """Enqueue an attempt, to be made not before `delay` seconds have passed."""
        options = {
            "workflow_name": WORKFLOW,
            "queue_name": _queue_name(board),
            "workflow_id": _workflow_id(question_id, attempt),
            "app_version": VERSION,
        }
        later = {"delay_seconds": delay} if delay > 0 else {}
        self._client.enqueue_in_transaction(
            connection,
            {**options, **later},  # type: ignore[typeddict-item]  # all keys are EnqueueOptions'
            board,
            question_id,
            attempt,
        )


class Queue:
    """The queue as one worker sees it. DBOS knows one worker in a process, so there may be only one."""

    def __init__(self, main: Engine, executor: str) -> None:
        self._executor = executor
        self._engine = _open(main)
        self._client = DBOSClient(system_database_engine=self._engine, application_name=NAME, lazy=True)

    def start(
        self,
        boards: Collection[str],
        work: Callable[[str, str, int], None],
        *,
        at_once: int,
        rate: int,
        pause: float,
    ) -> None:
        """Begin to take attempts of these boards, on threads: `work(board, question_id, attempt)`.

        Of each board `at_once` are taken at a time, and looked for every `pause` seconds; `rate` are
        started in a second by all workers together, 0 is no limit. What raises counts as unfinished.
        """

        def ask(board: str, question_id: str, attempt: int) -> None:
            work(board, question_id, attempt)

        DBOS(config=_config(self._engine, self._executor))
        DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)(ask)
        DBOS.listen_queues([_queue_name(board) for board in boards])
        DBOS.launch()
        limiter = {"limiter": {"limit": rate, "period": 1.0}} if rate else {}
        for board in boards:
            DBOS.register_queue(
                _queue_name(board),
                worker_concurrency=at_once,
                polling_interval_sec=pause,
                on_conflict="always_update",
                **limiter,  # type: ignore[arg-type]
            )

    def stop(self, patience: float) -> None:
        """Take no more, and wait so many seconds for what is being done."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=max(1, round(patience)))

    def close(self) -> None:
        """Let go of all connections."""
        self._client.destroy()
        self._engine.dispose()

    def unfinished(self) -> list[Run]:
        """The attempts that are being made, by whom; and those that ended badly, by nobody."""
        found = [
            run
            for status in (["PENDING"], ENDED_BADLY)
            for run in self._client.list_workflows(
                status=status, name=WORKFLOW, load_input=False, load_output=False
            )
        ]
        return [_run(run.workflow_id, run.executor_id if run.status == "PENDING" else None) for run in found]

    def forget(self, runs: Collection[Run]) -> None:
        """Remove attempts that others have taken over."""
        self._client.delete_workflows([_workflow_id(run.question_id, run.attempt) for run in runs])

    def sweep(self, before: datetime) -> int:
        """Remove attempts that ended well before then; gives how many, a page of them at most."""
        old = self._client.list_workflows(
            status=["SUCCESS"],
            completed_before=before.isoformat(),
            limit=PAGE,
            load_input=False,
            load_output=False,
        )
        if old:
            self._client.delete_workflows([run.workflow_id for run in old])
        return len(old)


def _queue_name(board: str) -> str:
    return f"board-{board.lower()}"


def _workflow_id(question_id: str, attempt: int) -> str:
    return f"{question_id}.{attempt}"


def _run(workflow_id: str, executor: str | None) -> Run:
    question_id, _, attempt = workflow_id.rpartition(".")
    return Run(question_id, int(attempt), executor)


def _config(engine: Engine, executor: str) -> DBOSConfig:
    """No server, no tracing, no conductor, no migrations: nothing that leaves this database."""
    return {
        "name": NAME,
        "system_database_url": _address(engine),
        "system_database_engine": engine,
        "application_version": VERSION,
        "executor_id": executor,
        "run_migrations": False,
        "enable_otlp": False,
        "use_listen_notify": False,  # nobody waits for messages; what is enqueued is polled for anyway
        "log_level": "WARNING",
    }


def _open(main: Engine) -> Engine:
    """An engine for DBOS: it begins transactions in its own way, which on SQLite is not ours."""
    if main.dialect.name == "sqlite":
        # Few, since there is one writer at a time: in the pool threads queue, in SQLite they sleep.
        engine = create_engine(main.url, hide_parameters=True, pool_size=4, max_overflow=0)
        event.listen(engine, "connect", _prepare)
        return engine
    return create_engine(
        main.url,
        hide_parameters=True,
        pool_size=8,
        max_overflow=16,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10},
    )


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # as DBOS does: it reads without a transaction
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    teach(connection)
