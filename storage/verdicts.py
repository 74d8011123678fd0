"""What the boards said, kept: verdicts, the CME credit they yield, withdrawals, and the audit log's row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    String,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    update,
)

from gateway.records import AuditEntry, CreditStatus, Errand, Outcome, Question, Verdict
from gateway.vocabulary import CME_CREDIT
from storage.audit import Audit
from storage.numbers import new_rows
from storage.scope import INSERTS, Scope
from storage.tables import CREDITED, WAITS, credits, living
from storage.values import AT, ROWS

USER, OPERATION = "worker", "BoardVerdict"  # as the audit log names them

_DECIDED = (
    update(credits)
    .where(credits.c.row.in_(ROWS), credits.c.status == CreditStatus.SUBMITTED.value)
    .values(status=bindparam("to"), reason=bindparam("why"), decided_at=AT)
    .returning(credits.c.row)
)
_WITHDRAWN = (
    update(credits)
    .where(credits.c.row.in_(ROWS), WAITS[Errand.WITHDRAW])
    .values(withdrawn_at=AT)
    .returning(credits.c.row)
)


_KEPT = "provider_id activity_id amount completed_on submitted_at person learner_key said_key".split()
_KEPT += ["family_key", "birth_key", "sealed"]
_YIELDS = and_(
    living(credits),
    credits.c.status == CreditStatus.ACCEPTED.value,
    credits.c.board.is_not(None),
    credits.c.person.is_not(None),
)


def _size(amount: Any) -> ColumnElement[Any]:
    return cast(amount, Numeric)  # it is kept as a text


def _matched() -> tuple[list[str], Any]:
    """The columns of CME credit, and where they come from: the largest accepted board credit of a living
    record that each learner has for an activity, and of those alike the one that was reported first."""
    row: ColumnElement[int] = bindparam("first") + func.row_number().over(order_by=credits.c.row) - 1
    made = {
        "row": row,
        "credit_id": literal("ccid:cme-gateway:") + cast(row, String),
        "credit_type": literal(CME_CREDIT),
        "status": literal(CreditStatus.ACCEPTED.value),
        "decided_at": AT,
        "matched_from": credits.c.row,
    }
    columns: dict[str, Any] = made | {name: credits.c[name] for name in _KEPT}
    place = func.row_number().over(
        partition_by=(credits.c.provider_id, credits.c.learner_key, credits.c.activity_id),
        order_by=(_size(credits.c.amount).desc(), credits.c.row),
    )
    ranked = select(credits.c.row, place.label("place")).where(credits.c.row.in_(ROWS), _YIELDS).subquery()
    largest = select(ranked.c.row).where(ranked.c.place == 1)
    return list(columns), select(*columns.values()).where(credits.c.row.in_(largest))


def _match(insert: Any) -> Any:
    # Who has this credit already, sent or matched, has it once: the index of living credits decides. What
    # was matched follows the larger credit then, whoever was first to keep a verdict.
    names, source = _matched()
    made = insert(credits).from_select(names, source, include_defaults=False)
    return made.on_conflict_do_update(
        index_elements=CREDITED,
        index_where=living(credits),
        set_={name: made.excluded[name] for name in ("matched_from", "decided_at", *_KEPT)},
        where=and_(
            credits.c.matched_from.is_not(None), _size(made.excluded.amount) > _size(credits.c.amount)
        ),
    )


_MATCH = {database: _match(insert) for database, insert in INSERTS.items()}


def keep(scope: Scope, question: Question, verdicts: Sequence[Verdict]) -> None:
    """Keep the verdicts on a question, once."""
    kept = _withdrawn if question.errand is Errand.WITHDRAW else _reported
    decided, refused = kept(scope, verdicts)
    if decided:
        _note(scope, question, decided, refused)


def match(scope: Scope, rows: Sequence[int]) -> None:
    """Give the CME credit that board credits yield: those of these that live and are accepted. A learner
    has it once for an activity, of the largest; what its sender reported stays."""
    if rows:
        new = {"rows": rows, "first": new_rows(scope.now, len(rows))[0], "at": scope.now}
        scope.connection.execute(_MATCH[scope.connection.dialect.name], new)


def _reported(scope: Scope, verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """What was deleted while it was asked about yields nothing, and its withdrawal is on its way."""
    accepted, rejected = (_decide(scope, verdicts, status) for status in _SAID)
    match(scope, accepted)
    return len(accepted) + len(rejected), len(rejected)


def _withdrawn(scope: Scope, verdicts: Sequence[Verdict]) -> tuple[int, int]:
    """A board that will not withdraw has said its last word too: nothing waits for it any longer."""
    said = {int(verdict.reference): verdict.accepted for verdict in verdicts}
    gone = scope.connection.scalars(_WITHDRAWN, {"rows": list(said), "at": scope.now}).all() if said else ()
    return len(gone), sum(not said[row] for row in gone)


_SAID = {CreditStatus.ACCEPTED: True, CreditStatus.REJECTED: False}


def _decide(scope: Scope, verdicts: Collection[Verdict], status: CreditStatus) -> list[int]:
    """Set what was submitted to what the board said; gives the rows that changed."""
    said = {"to": status.value, "at": scope.now}
    return [
        row
        for reason, rows in _by_reason(verdicts, _SAID[status])
        for row in scope.connection.scalars(_DECIDED, {**said, "rows": rows, "why": reason})
    ]


def _by_reason(verdicts: Collection[Verdict], accepted: bool) -> Iterator[tuple[str | None, list[int]]]:
    """Rows by the reason they share, so that a chunk needs few statements; in one order for all."""
    rows = defaultdict(list)
    for verdict in verdicts:
        if verdict.accepted is accepted:
            rows[None if accepted else verdict.reason].append(int(verdict.reference))
    return ((reason, sorted(rows[reason])) for reason in sorted(rows, key=str))


def _note(scope: Scope, question: Question, decided: int, refused: int) -> None:
    Audit(scope).add(
        AuditEntry(
            at=scope.now,
            provider_id=scope.provider_id,
            user=USER,
            operation=OPERATION,
            outcome=Outcome.SUCCESS,
            receipt_id=None,
            trace_id=question.id,
            records=decided,
            refused=refused,
        )
    )
