"""Credits on their way to a board, for the tests of the callouts, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Row, select

from gateway.records import (
    Claim,
    CreditStatus,
    Errand,
    Identifier,
    Learner,
    Question,
    Reply,
    StoredCredit,
    Verdict,
)
from storage import Callouts, Store
from storage.numbers import new_rows
from storage.tables import credits, questions

MADE = datetime(2026, 3, 10, 15, 4, 5, tzinfo=UTC)
PATIENCE = timedelta(hours=24)
LEARNER = Learner(("Ada",), ("Quimby-Torres",), None, "02-29", (Identifier("ABIM", "900001"),))
_numbers = count(1)


def a_credit(**changes: Any) -> StoredCredit:
    """A matched learner's credit of a board, submitted; each is another learner's."""
    number = next(_numbers)
    credit = StoredCredit(
        row=new_rows(MADE, 1)[0],
        activity_id="202600001",
        credit_id=f"ccid:demo:{number}",
        credit_type="Medical Knowledge",
        amount=Decimal("11.25"),
        completed_on=date(2026, 3, 10),
        board="ABIM",
        submitted_at=MADE,
        person=f"person-{number}",
        learner=LEARNER,
        learner_key=f"learner-{number}".encode(),
        said_key=f"said-{number}".encode(),
        family_key=b"quimby",
        birth_key=b"02-29",
    )
    return replace(credit, **changes)


def put(
    store: Store, *some: StoredCredit, provider: str = "0001234", errand: Errand = Errand.REPORT
) -> list[int]:
    """Keep credits and put them to the ABIM, in one transaction; gives their rows."""
    rows = [credit.row for credit in some]

    def work(unit: Any) -> None:
        unit.credits.add(some)
        unit.questions.put("ABIM", errand, rows)

    store.write(provider, work)
    return rows


def delete(store: Store, *rows: int, provider: str = "0001234") -> None:
    """Let go of credits, and put to the ABIM what it may hold of them, in one transaction."""

    def work(unit: Any) -> None:
        for board, held in unit.credits.delete(rows).items():
            unit.questions.put(board, Errand.WITHDRAW, held)

    store.write(provider, work)


def worker(store: Store, name: str = "one", *, alive: bool = True) -> Callouts:
    """A worker's side of a store."""
    if alive and name not in store.workers(name).beats():
        store.workers(name).enter()
    return store.callouts(name, PATIENCE)


def take(callouts: Callouts, store: Store, number: int = 0) -> Question:
    """The current attempt of a question, by its place."""
    row = asked(store)[number]
    question = callouts.take(row.id, row.attempt)
    assert question is not None
    return question


def stored(store: Store, *rows: int) -> list[Row[Any]]:
    """Credits as they lie in the table, deleted or not."""
    query = select(credits).where(credits.c.row.in_(rows)).order_by(credits.c.row)
    with store._engine.connect() as connection:
        return list(connection.execute(query))


def statuses(store: Store, *rows: int) -> list[str]:
    """What became of credits."""
    return [row.status for row in stored(store, *rows)]


def matched(store: Store) -> list[Row[Any]]:
    """The credits that were made by credit match."""
    query = select(credits).where(credits.c.matched_from.is_not(None)).order_by(credits.c.row)
    with store._engine.connect() as connection:
        return list(connection.execute(query))


def asked(store: Store) -> list[Row[Any]]:
    """All questions, in the order they were put."""
    with store._engine.connect() as connection:
        return list(connection.execute(select(questions).order_by(questions.c.id)))


def verdicts(*claims: Claim, accepted: bool = True, reason: str | None = None) -> Reply:
    """The same answer for all claims."""
    return Reply(tuple(Verdict(claim.reference, accepted, reason) for claim in claims))


ACCEPTED, REJECTED, SUBMITTED = CreditStatus.ACCEPTED, CreditStatus.REJECTED, CreditStatus.SUBMITTED
