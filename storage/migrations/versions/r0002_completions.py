"""Learners' credits and REMS participants, questions to boards and who works on them, the register."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
LIVING = sa.column("deleted_at").is_(None)


def _provider(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("provider_id", sa.String, sa.ForeignKey("providers.id"), nullable=False, primary_key=key)


def upgrade() -> None:
    """Make the tables."""
    _make_credits()
    _make_participants()
    _make_questions()
    _make_register()


def _make_credits() -> None:
    op.create_table(
        "credits",
        sa.Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
        _provider(),
        sa.Column("activity_id", sa.String, nullable=False),
        sa.Column("credit_id", sa.String, nullable=False),
        sa.Column("credit_type", sa.String, nullable=False),
        sa.Column("amount", sa.String, nullable=False),
        sa.Column("completed_on", sa.Date, nullable=False),
        sa.Column("board", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("decided_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("deleted_at", MOMENT),
        sa.Column("matched_from", sa.BigInteger),
        sa.Column("person", sa.String),
        sa.Column("learner_key", sa.LargeBinary, nullable=False),
        sa.Column("said_key", sa.LargeBinary, nullable=False),
        sa.Column("family_key", sa.LargeBinary),
        sa.Column("birth_key", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    _make_partial_index("ix_credits_credit_id", "credits", ["credit_id", "provider_id"], LIVING)
    learner = ["learner_key", "activity_id", "credit_type", "provider_id"]
    _make_partial_index("ix_credits_learner", "credits", learner, LIVING)
    searched = sa.and_(LIVING, sa.column("row") > sa.literal_column("0"))
    _make_partial_index("ix_credits_newest", "credits", ["provider_id", "row"], searched, unique=False)
    family = ["family_key", "provider_id", "row"]
    _make_partial_index("ix_credits_family", "credits", family, LIVING, unique=False)
    op.create_index("ix_credits_activity", "credits", ["activity_id", "birth_key"])
    gone = sa.column("deleted_at").is_not(None)
    withdrawing = sa.and_(gone, sa.column("asked_at").is_not(None), sa.column("withdrawn_at").is_(None))
    op.create_index(
        "ix_credits_withdrawing",
        "credits",
        ["learner_key", "activity_id"],
        sqlite_where=withdrawing,
        postgresql_where=withdrawing,
    )


def _make_participants() -> None:
    op.create_table(
        "participants",
        sa.Column("row", ROW_NUMBER, primary_key=True, autoincrement=False),
        _provider(),
        sa.Column("activity_id", sa.String, nullable=False),
        sa.Column("local_key", sa.LargeBinary, nullable=False),
        sa.Column("completed_on", sa.Date, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    identity = ["local_key", "activity_id", "provider_id"]
    _make_partial_index("ix_participants_identity", "participants", identity, LIVING)
    op.create_index("ix_participants_activity", "participants", ["activity_id"])


def _make_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", sa.String, primary_key=True),
        _provider(),
        sa.Column("board", sa.String, nullable=False),
        sa.Column("errand", sa.String, nullable=False),
        sa.Column("credits", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("ticket", sa.String),
        sa.Column("unanswered", sa.Boolean, nullable=False),
        sa.Column("done_at", MOMENT),
    )
    waiting = sa.column("done_at").is_(None)
    op.create_index(
        "ix_questions_open", "questions", ["board", "since"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "workers",
        sa.Column("executor", sa.String, primary_key=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.Column("resting", sa.String, nullable=False),
    )


def _make_register() -> None:
    op.create_table(
        "register",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("licence_key", sa.LargeBinary),
        sa.Column("npi_key", sa.LargeBinary),
        sa.Column("board_key", sa.LargeBinary),
        sa.Column("form_key", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.LargeBinary, nullable=False),
        sa.Column("given", sa.LargeBinary, nullable=False),
        sa.Column("first", sa.LargeBinary, nullable=False),
        sa.Column("birthday", sa.LargeBinary, nullable=False),
    )
    for kind in ("licence", "npi", "board", "form"):
        op.create_index(f"ix_register_{kind}", "register", [f"{kind}_key"])
    op.create_index("ix_register_person", "register", ["person"])
    op.create_table(
        "match_counts",
        _provider(key=True),
        sa.Column("hour", MOMENT, primary_key=True),
        sa.Column("lookups", sa.Integer, nullable=False),
        sa.Column("misses", sa.Integer, nullable=False),
    )


def _make_partial_index(
    name: str, table: str, columns: list[str], where: sa.ColumnElement[bool], *, unique: bool = True
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
