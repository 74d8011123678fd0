"""What activities are searched by, the history of their counts, why they were opened again, and the
yearly cycle of providers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)
LIVING = sa.column("deleted_at").is_(None)


def _provider(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("provider_id", sa.String, sa.ForeignKey("providers.id"), nullable=False, primary_key=key)


def upgrade() -> None:
    """Make columns, indexes and tables. The new columns of what is there are filled by the store, which
    reads the records (storage/stamping.py)."""
    _make_searchable()
    _make_history()
    _make_program()


def _make_searchable() -> None:
    for name, kind in (
        ("first_year", sa.Integer),
        ("last_year", sa.Integer),
        ("complete", sa.Boolean),
        ("complete_then", sa.Boolean),
        ("boards", sa.String),
        ("repeat_of", sa.String),
    ):
        op.add_column("activities", sa.Column(name, kind))
    searched = sa.and_(LIVING, sa.column("row") > sa.literal_column("0"))
    unclosed = sa.and_(searched, sa.column("closed", sa.Boolean).is_(False))
    long = sa.and_(LIVING, sa.column("first_year") < sa.column("last_year"))
    repeating = sa.and_(LIVING, sa.column("repeat_of").is_not(None))
    status = ["end_date", "closed", "complete", "complete_then"]
    yearly = ["last_year", "provider_id", "row", "first_year", "start_date", *status]
    for name, columns, where in (
        ("ix_activities_newest", ["provider_id", "row", *status], searched),
        ("ix_activities_unclosed", ["provider_id", "row", *status], unclosed),
        ("ix_activities_year", yearly, LIVING),
        ("ix_activities_long", yearly, long),
        ("ix_activities_repeats", ["repeat_of", "provider_id", "row"], repeating),
    ):
        op.create_index(name, "activities", columns, sqlite_where=where, postgresql_where=where)


def _make_history() -> None:
    op.create_table(
        "counts",
        _provider(key=True),
        sa.Column("activity_id", sa.String, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("physicians", sa.BigInteger),
        sa.Column("other_learners", sa.BigInteger),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "reopenings",
        sa.Column("row", ROW_NUMBER, primary_key=True),
        _provider(),
        sa.Column("activity_id", sa.String, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_reopenings_activity_id", "reopenings", ["activity_id"])


def _make_program() -> None:
    op.create_table(
        "program_steps",
        sa.Column("row", ROW_NUMBER, primary_key=True),
        _provider(),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("user", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("figures", sa.Text),
    )
    op.create_index("ix_program_steps_year_provider_id", "program_steps", ["year", "provider_id"])
    op.create_table(
        "due_days",
        _provider(key=True),
        sa.Column("since", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("due", sa.String, nullable=False),
    )
