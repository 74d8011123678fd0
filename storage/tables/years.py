"""What is kept of an activity or a provider year by year, and of who opened what again."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from storage.tables.columns import metadata, provider, row
from storage.values import Moment

# How many learners an enduring material had altogether, as of 31 December of each year.
counts = Table(
    "counts",
    metadata,
    provider(key=True),
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
    row(),
    provider(),
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
    row(),
    provider(),
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
    provider(key=True),
    Column("since", Integer, primary_key=True, autoincrement=False),
    Column("due", String, nullable=False),
)
