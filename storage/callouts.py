"""What a worker needs of the store: questions taken, answers kept, attempts put off.

A worker works for all providers, so its statements are bound to a question and its rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    exists,
    func,
    literal,
    not_,
    select,
    update,
)

from gateway.records import Backlog, Claim, Errand, Question, Reply
from storage import engine as database
from storage import sealed
from storage.engine import Clock
from storage.questions import Outbox
from storage.scope import Scope
from storage.sealed import Sealer
from storage.tables import OPEN, WAITS, activities, credits, held, questions
from storage.values import AT, ROWS
from storage.verdicts import keep
from storage.workers import assert_alive

T = TypeVar("T")

_OF = questions.c.id == bindparam("of")
_THIS_ATTEMPT = questions.c.attempt == bindparam("made")

_earlier = credits.alias("earlier")
# While the board holds, or may hold, the deleted credit this one replaces, it would take it for a double.
# Which was first is no question of row numbers, since those of two machines are of two clocks.
_REPLACES = exists().where(
    _earlier.c.learner_key == credits.c.learner_key,
    _earlier.c.activity_id == credits.c.activity_id,
    _earlier.c.credit_type == credits.c.credit_type,
    _earlier.c.provider_id == credits.c.provider_id,
    _earlier.c.board == credits.c.board,
    held(_earlier),
)
_READY = {Errand.REPORT: not_(_REPLACES), Errand.WITHDRAW: literal(True)}

_CURRENT = select(questions).where(_OF, _THIS_ATTEMPT, OPEN).with_for_update()
_CLAIMS = {
    errand: select(credits, activities.c.title, ready.label("ready"))
    .outerjoin(activities, activities.c.activity_id == credits.c.activity_id)
    .where(credits.c.row.in_(ROWS), WAITS[errand])
    .order_by(credits.c.row)
    .with_for_update(of=credits)  # whoever deletes one now learns that it was asked about
    for errand, ready in _READY.items()
}
_STILL_OPEN = {
    errand: select(func.count()).select_from(credits).where(credits.c.row.in_(ROWS), WAITS[errand])
    for errand in Errand
}
_ASKED = update(credits).where(credits.c.row.in_(ROWS), credits.c.asked_at.is_(None)).values(asked_at=AT)
_QUESTION_ASKED = update(questions).where(_OF).values(asked_at=AT)
_TICKET = update(questions).where(_OF).values(ticket=bindparam("given"))
_DONE = update(questions).where(_OF).values(done_at=AT, unanswered=False)
_NEXT = (
    update(questions)
    .where(_OF, _THIS_ATTEMPT, OPEN)
    .values(
        attempt=questions.c.attempt + 1,
        unanswered=questions.c.since < bindparam("overdue"),
    )
    .returning(questions.c.board)
)
_WAITING = (
    select(
        questions.c.board,
        func.count(),
        func.min(questions.c.since),
        func.count().filter(questions.c.unanswered),
    )
    .where(OPEN)
    .group_by(questions.c.board)
)


@dataclass(frozen=True, slots=True)
class Callouts:
    """The questions of all providers, for the worker `executor`; one that is older than `patience` and
    still open is marked unanswered."""

    engine: Engine
    sealer: Sealer
    clock: Clock
    outbox: Callable[[], Outbox]
    executor: str
    patience: timedelta

    def take(self, question_id: str, attempt: int) -> Question | None:
        """A question with the claims that still wait, noted as asked; None when no one waits any more.

        Raises TakenForDead, and what a write raises.
        """

        def work(connection: Connection) -> Question | None:
            stored = _current(connection, question_id, attempt)
            return self._taken(connection, stored) if stored else None

        return self._write(work)

    def _taken(self, connection: Connection, stored: Any) -> Question | None:
        now, errand = self.clock(), Errand(stored.errand)
        waiting = connection.execute(_CLAIMS[errand], {"rows": json.loads(stored.credits)}).all()
        if not waiting:
            connection.execute(_DONE, {"of": stored.id, "at": now})
            return None
        ready = [row for row in waiting if row.ready]
        if ready:
            connection.execute(_ASKED, {"rows": [row.row for row in ready], "at": now})
            connection.execute(_QUESTION_ASKED, {"of": stored.id, "at": now})
        return Question(
            id=stored.id,
            board=stored.board,
            errand=errand,
            attempt=stored.attempt,
            since=stored.since,
            ticket=stored.ticket,
            claims=tuple(self._claim(row) for row in ready),
        )

    def _claim(self, row: Any) -> Claim:
        learner = sealed.learner(row.sealed, self.sealer)
        known = {each.domain: each.value for each in learner.identifiers}
        return Claim(
            reference=str(row.row),
            board_id=known.get(row.board) or "",
            given_names=learner.given_names,
            family_names=learner.family_names,
            birthday=learner.birthday or "",
            provider_id=row.provider_id,
            activity_id=row.activity_id,
            activity_title=row.title or "",
            credit_type=row.credit_type,
            amount=Decimal(row.amount),
            completed_on=row.completed_on,
        )

    def record(self, question: Question, reply: Reply, delay: float) -> int:
        """Keep what a board said, once; while anything is open, enqueue the next attempt.

        Gives the number still open; nothing is kept of an attempt that is not the current one any
        more. Raises TakenForDead, and what a write raises.
        """

        def work(connection: Connection) -> int:
            stored = _current(connection, question.id, question.attempt)
            return self._recorded(connection, stored, question, reply, delay) if stored else 0

        return self._write(work)

    def _recorded(
        self, connection: Connection, stored: Any, question: Question, reply: Reply, delay: float
    ) -> int:
        scope = Scope(connection, stored.provider_id, self.clock(), writing=True)
        asked = {claim.reference for claim in question.claims}
        keep(scope, question, [said for said in reply.verdicts if said.reference in asked])
        rows = {"rows": json.loads(stored.credits)}
        still_open = int(connection.scalar(_STILL_OPEN[question.errand], rows) or 0)
        if not still_open:
            connection.execute(_DONE, {"of": stored.id, "at": scope.now})
            return 0
        if reply.ticket != stored.ticket:
            connection.execute(_TICKET, {"of": stored.id, "given": reply.ticket})
        self._next(connection, stored.id, stored.attempt, delay)
        return still_open

    def put_off(self, question_id: str, attempt: int, delay: float) -> None:
        """Ask again after `delay` seconds, if this attempt is the current one.

        Raises TakenForDead, and what a write raises.
        """
        self._write(lambda connection: self._next(connection, question_id, attempt, delay))

    def _next(self, connection: Connection, question_id: str, attempt: int, delay: float) -> None:
        """The number of the attempt decides who goes on: of two that made the same one, the first."""
        made = {"of": question_id, "made": attempt, "overdue": self.clock() - self.patience}
        board = connection.scalar(_NEXT, made)
        if board is not None:
            self.outbox().send(connection, board, question_id, attempt + 1, delay)

    def _write(self, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction in which this worker is known to be alive."""

        def guarded(connection: Connection) -> T:
            assert_alive(connection, self.executor)
            return work(connection)

        return database.write(self.engine, guarded)


def _current(connection: Connection, question_id: str, attempt: int) -> Any:
    """The question, locked, if that attempt is its current one."""
    return connection.execute(_CURRENT, {"of": question_id, "made": attempt}).one_or_none()


def backlogs(connection: Connection) -> list[Backlog]:
    """What waits for an answer, by board."""
    return [Backlog(*row) for row in connection.execute(_WAITING)]
