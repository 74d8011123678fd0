"""Credits and participants, what boards are asked about them, and who asks."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    func,
    literal_column,
)

from gateway.records import CreditStatus, Errand
from storage.tables.columns import ROW_NUMBER, index_where, living, metadata, provider
from storage.values import Moment

credits = Table(
    "credits",
    metadata,
    # Given by the gateway, in the order of time (storage/credits.py), and told to boards.
    Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
    provider(),
    Column("activity_id", String, nullable=False),
    Column("credit_id", String, nullable=False),
    Column("credit_type", String, nullable=False),
    Column("amount", String, nullable=False),
    Column("completed_on", Date, nullable=False),
    Column("board", String),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("submitted_at", Moment, nullable=False),
    Column("asked_at", Moment),
    Column("decided_at", Moment),
    Column("withdrawn_at", Moment),
    Column("deleted_at", Moment),
    Column("matched_from", BigInteger),
    Column("person", String),
    Column("learner_key", LargeBinary, nullable=False),
    Column("said_key", LargeBinary, nullable=False),
    Column("family_key", LargeBinary),
    Column("birth_key", LargeBinary),
    Column("sealed", LargeBinary, nullable=False),
)
index_where(living(credits), "ix_credits_credit_id", credits, "credit_id", "provider_id", unique=True)
# Several boards may call a type of credit alike; no board counts as one too, which NULL would not.
CREDITED = (
    *(credits.c.learner_key, credits.c.activity_id, credits.c.credit_type, credits.c.provider_id),
    func.coalesce(credits.c.board, literal_column("''")),
)
index_where(living(credits), "ix_credits_learner", credits, *CREDITED, unique=True)
# What a provider looks through, newest first: without these two a search walks all providers' rows. What
# is true of every row keeps SQLite from taking the first one for anything but a search.
SEARCHED = and_(living(credits), credits.c.row > literal_column("0"))
index_where(SEARCHED, "ix_credits_newest", credits, "provider_id", "row")
index_where(living(credits), "ix_credits_family", credits, "family_key", "provider_id", "row")
Index("ix_credits_activity", credits.c.activity_id, credits.c.birth_key)


def _asked_about(table: FromClause) -> ColumnElement[bool]:
    """Credit that a board was asked about, and has not been told to forget."""
    return and_(table.c.asked_at.is_not(None), table.c.withdrawn_at.is_(None))


def _withdrawing(table: FromClause) -> ColumnElement[bool]:
    """Such credit that was deleted."""
    return and_(table.c.deleted_at.is_not(None), _asked_about(table))


def may_be_held(table: FromClause) -> ColumnElement[bool]:
    """Credit that a board holds, or may hold, having been asked and given no answer."""
    return and_(_asked_about(table), table.c.status != CreditStatus.REJECTED.value)


def held(table: FromClause) -> ColumnElement[bool]:
    """Such credit that was deleted."""
    return and_(table.c.deleted_at.is_not(None), may_be_held(table))


index_where(_withdrawing(credits), "ix_credits_withdrawing", credits, "learner_key", "activity_id")
# Which credits wait for an answer, by errand. What is deleted is reported no more.
WAITS = {
    Errand.REPORT: and_(credits.c.status == CreditStatus.SUBMITTED.value, living(credits)),
    Errand.WITHDRAW: held(credits),
}

participants = Table(
    "participants",
    metadata,
    Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
    provider(),
    Column("activity_id", String, nullable=False),
    Column("local_key", LargeBinary, nullable=False),
    Column("completed_on", Date, nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Column("sealed", LargeBinary, nullable=False),
)
index_where(
    living(participants),
    "ix_participants_identity",
    participants,
    "local_key",
    "activity_id",
    "provider_id",
    unique=True,
)
Index("ix_participants_activity", participants.c.activity_id)

questions = Table(
    "questions",
    metadata,
    Column("id", String, primary_key=True),
    provider(),
    Column("board", String, nullable=False),
    Column("errand", String, nullable=False),
    Column("credits", Text, nullable=False),  # their rows, as a JSON list
    Column("attempt", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("asked_at", Moment),
    Column("ticket", String),
    Column("unanswered", Boolean, nullable=False),
    Column("done_at", Moment),
)
OPEN = questions.c.done_at.is_(None)
index_where(OPEN, "ix_questions_open", questions, "board", "since")

# Who works on questions, by their heartbeat: it alone decides who is dead.
workers = Table(
    "workers",
    metadata,
    Column("executor", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("resting", String, nullable=False),  # boards it leaves alone for now, with commas between
)
