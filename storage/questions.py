"""Questions to the boards: chunks of credits on their way, each kept with its first attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy import Connection

from gateway.records import Errand
from storage.numbers import new_rows
from storage.scope import Scope, owning
from storage.tables import questions

Chunk = Callable[[str], int]
"""How many credits a question to a board holds at most, by the board's acronym."""

_PUT = owning(questions)


class Outbox(Protocol):
    """Where attempts are enqueued, within the transaction of `connection`."""

    def send(
        self, connection: Connection, board: str, question_id: str, attempt: int, delay: float = 0.0
    ) -> None:
        """Enqueue an attempt, to be made not before `delay` seconds have passed."""


class Questions:
    """The way to the boards, for one provider's credits."""

    def __init__(self, scope: Scope, outbox: Callable[[], Outbox], chunk: Chunk) -> None:
        self._scope = scope
        self._outbox = outbox
        self._chunk = chunk

    def put(self, board: str, errand: Errand, rows: Sequence[int]) -> None:
        """Put credits to a board, in this very transaction, so many in a question at most."""
        most = self._chunk(board)
        for start in range(0, len(rows), most):
            self._keep(board, errand, rows[start : start + most])

    def _keep(self, board: str, errand: Errand, rows: Sequence[int]) -> None:
        """Keep one question, and enqueue its first attempt."""
        scope = self._scope
        question_id = f"{new_rows(scope.now, 1)[0]:x}"
        new = {
            "id": question_id,
            "board": board,
            "errand": errand.value,
            "credits": json.dumps(list(rows)),
            "attempt": 1,
            "since": scope.now,
            "unanswered": False,
        }
        scope.run(_PUT, new)
        self._outbox().send(scope.connection, board, question_id, 1)
