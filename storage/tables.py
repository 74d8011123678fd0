"""The tables, as the newest migration leaves them; every row but a counter's belongs to a provider."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    literal_column,
)

from gateway.records import CreditStatus, Errand
from storage.values import Moment

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

ROW_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER keys only


def _row() -> Column[int]:
    return Column("row", ROW_NUMBER, primary_key=True)


def _provider(*, key: bool = False) -> Column[str]:
    return Column("provider_id", String, ForeignKey("providers.id"), nullable=False, primary_key=key)


def _index_where(
    condition: ColumnElement[bool], name: str, table: Table, *columns: str, unique: bool = False
) -> None:
    """An index of those rows only that a condition is true of."""
    kept = (table.c[column] for column in columns)
    Index(name, *kept, unique=unique, sqlite_where=condition, postgresql_where=condition)


def living(table: FromClause) -> ColumnElement[bool]:
    """What was not deleted."""
    return table.c.deleted_at.is_(None)


providers = Table(
    "providers",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
)

users = Table(
    "users",
    metadata,
    _provider(key=True),
    Column("user", String, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("scopes", String, nullable=False),
)

# What users prove themselves by: several at a time, so that one can take over from another.
secrets = Table(
    "secrets",
    metadata,
    Column("provider_id", String, primary_key=True),
    Column("user", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("generated", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("until", Moment),
    ForeignKeyConstraint(["provider_id", "user"], ["users.provider_id", "users.user"]),
)

# Nonces that were used, and failures to get in, by a hash of whose they are (storage/guard.py).
nonces = Table(
    "nonces",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("until", Moment, nullable=False),
)
Index(None, nonces.c.until)
attempts = Table(
    "attempts",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)
Index(None, attempts.c.since)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

activities = Table(
    "activities",
    metadata,
    _row(),
    _provider(),
    Column("activity_id", String, nullable=False, unique=True),  # over the deleted too: never reused
    Column("provider_activity_id", String),
    Column("title", String),
    Column("title_key", String, nullable=False),  # as it is searched by (storage/values.py)
    Column("format", String),
    Column("start_date", Date),
    Column("end_date", Date),
    Column("closed", Boolean, nullable=False),
    Column("born", String, nullable=False),
    # What is searched by and no field of a record (storage/finding.py); not known before it was kept.
    Column("first_year", Integer),
    Column("last_year", Integer),
    Column("complete", Boolean),
    Column("complete_then", Boolean),
    Column("boards", String),
    Column("repeat_of", String),
    Column("content", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
)
# The telling column leads in every index. With the provider first, PostgreSQL, while it has no
# statistics yet, takes this index for a change by row number and reads all the provider's rows.
_index_where(
    living(activities),
    "ix_activities_identity",
    activities,
    "provider_activity_id",
    "provider_id",
    unique=True,
)
# What a provider looks through, newest first: all, those that were not closed on purpose, those of a
# year, and those that began in an earlier year than they end, or long before. As with credits, what is
# true of every row keeps the first two from being taken for anything but a search.
MOST_YEARS = 4  # enduring material of 36 months is of four calendar years at most
SEARCHED_ACTIVITIES = and_(living(activities), activities.c.row > literal_column("0"))
UNCLOSED = and_(SEARCHED_ACTIVITIES, activities.c.closed.is_(False))
LONG = and_(living(activities), activities.c.first_year < activities.c.last_year)
ENDLESS = and_(
    living(activities), activities.c.last_year > activities.c.first_year + literal_column(str(MOST_YEARS - 1))
)
REPEATING = and_(living(activities), activities.c.repeat_of.is_not(None))
_index_where(SEARCHED_ACTIVITIES, "ix_activities_newest", activities, "provider_id", "row")
# With all that statuses are told from: in SQLite a row's later columns may lie pages away from its first.
_STANDING = ("end_date", "closed", "complete", "complete_then")
_index_where(UNCLOSED, "ix_activities_unclosed", activities, "provider_id", "row", *_STANDING)
_YEARLY = ("last_year", "provider_id", "row", "first_year", *_STANDING)
_index_where(living(activities), "ix_activities_year", activities, *_YEARLY)
_index_where(LONG, "ix_activities_long", activities, *_YEARLY)
_index_where(ENDLESS, "ix_activities_endless", activities, "provider_id", "row")
_index_where(REPEATING, "ix_activities_repeats", activities, "repeat_of", "provider_id", "row")

# How many learners an enduring material had altogether, as of 31 December of each year.
counts = Table(
    "counts",
    metadata,
    _provider(key=True),
    Column("activity_id", String, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("physicians", BigInteger),
    Column("other_learners", BigInteger),
    Column("at", Moment, nullable=False),
)

# Who opened a closed activity again, when, and why.
reopenings = Table(
    "reopenings",
    metadata,
    _row(),
    _provider(),
    Column("activity_id", String, nullable=False),
    Column("user", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
Index(None, reopenings.c.activity_id)

# The steps of a year's reporting that were taken, by whom and when; a summary with its figures, as JSON.
program_steps = Table(
    "program_steps",
    metadata,
    _row(),
    _provider(),
    Column("year", Integer, nullable=False),
    Column("step", String, nullable=False),
    Column("user", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("figures", Text),
)
Index(None, program_steps.c.year, program_steps.c.provider_id)

# By which day (MM-DD of the following year) a provider's years are due, from some year on.
due_days = Table(
    "due_days",
    metadata,
    _provider(key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("due", String, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    _row(),
    _provider(),
    Column("id", String, nullable=False, unique=True),
    Column("operation", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("submission_key", String),
    Column("holds_key", Boolean, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("outcome", String, nullable=False),
    Column("content", Text, nullable=False),
)
HOLDING = receipts.c.holds_key.is_(True)
_index_where(HOLDING, "ix_receipts_key", receipts, "submission_key", "operation", "provider_id", unique=True)
Index(None, receipts.c.submission_key, receipts.c.provider_id)
Index(None, receipts.c.digest, receipts.c.operation, receipts.c.provider_id)

credits = Table(
    "credits",
    metadata,
    # Given by the gateway, in the order of time (storage/credits.py), and told to boards.
    Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
    _provider(),
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
_index_where(living(credits), "ix_credits_credit_id", credits, "credit_id", "provider_id", unique=True)
_index_where(
    living(credits),
    "ix_credits_learner",
    credits,
    "learner_key",
    "activity_id",
    "credit_type",
    "provider_id",
    unique=True,
)
# What a provider looks through, newest first: without these two a search walks all providers' rows. What
# is true of every row keeps SQLite from taking the first one for anything but a search.
SEARCHED = and_(living(credits), credits.c.row > literal_column("0"))
_index_where(SEARCHED, "ix_credits_newest", credits, "provider_id", "row")
_index_where(living(credits), "ix_credits_family", credits, "family_key", "provider_id", "row")
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


_index_where(_withdrawing(credits), "ix_credits_withdrawing", credits, "learner_key", "activity_id")
# Which credits wait for an answer, by errand. What is deleted is reported no more.
WAITS = {
    Errand.REPORT: and_(credits.c.status == CreditStatus.SUBMITTED.value, living(credits)),
    Errand.WITHDRAW: held(credits),
}

participants = Table(
    "participants",
    metadata,
    Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
    _provider(),
    Column("activity_id", String, nullable=False),
    Column("local_key", LargeBinary, nullable=False),
    Column("completed_on", Date, nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    Column("sealed", LargeBinary, nullable=False),
)
_index_where(
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
    _provider(),
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
_index_where(OPEN, "ix_questions_open", questions, "board", "since")

# Who works on questions, by their heartbeat: it alone decides who is dead.
workers = Table(
    "workers",
    metadata,
    Column("executor", String, primary_key=True),
    Column("started_at", Moment, nullable=False),
    Column("beat_at", Moment, nullable=False),
    Column("resting", String, nullable=False),  # boards it leaves alone for now, with commas between
)

# The register of learners: keyed hashes, of which only equality can be asked.
register = Table(
    "register",
    metadata,
    Column("id", LargeBinary, primary_key=True),  # of person, licence and board id: a load may be repeated
    Column("person", String, nullable=False),
    Column("licence_key", LargeBinary),
    Column("npi_key", LargeBinary),
    Column("board_key", LargeBinary),
    Column("form_key", LargeBinary, nullable=False),  # last name, birthday, state: as PARS's form asks
    Column("family", LargeBinary, nullable=False),
    Column("given", LargeBinary, nullable=False),
    Column("first", LargeBinary, nullable=False),
    Column("birthday", LargeBinary, nullable=False),
)
Index("ix_register_licence", register.c.licence_key)
Index("ix_register_npi", register.c.npi_key)
Index("ix_register_board", register.c.board_key)
Index("ix_register_form", register.c.form_key)
Index("ix_register_person", register.c.person)

# How often a caller asked who is who, hour by hour, so that nobody can fish.
match_counts = Table(
    "match_counts",
    metadata,
    _provider(key=True),
    Column("hour", Moment, primary_key=True),
    Column("lookups", Integer, nullable=False),
    Column("misses", Integer, nullable=False),
)

payloads = Table(
    "payloads",
    metadata,
    Column("receipt_id", String, ForeignKey("receipts.id"), primary_key=True),
    _provider(),
    Column("sealed", LargeBinary, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", ROW_NUMBER, primary_key=True),
    Column("provider_id", String, ForeignKey("providers.id")),
    Column("at", Moment, nullable=False),
    Column("user", String),
    Column("operation", String),
    Column("outcome", String, nullable=False),
    Column("receipt_id", String),
    Column("trace_id", String, nullable=False),
    Column("records", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("code", String),  # this and the next two are of failed attempts
    Column("source", String),
    Column("times", Integer),
    # Its place in the chain, given once, after the transaction that it tells of (storage/audit.py).
    Column("position", BigInteger, unique=True),
    Column("hash", LargeBinary),
    sqlite_autoincrement=True,  # a number that was given out never names another row
)

# Where the chain begins after its front was pruned: only what an anchor covers can be deleted.
audit_anchors = Table(
    "audit_anchors",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("proof", LargeBinary, nullable=False),
)
