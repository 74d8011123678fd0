"""Activities, and what they are searched by."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    String,
    Table,
    Text,
    and_,
    literal_column,
)

from storage.tables.columns import index_where, living, metadata, provider, row
from storage.values import Moment

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

activities = Table(
    "activities",
    metadata,
    row(),
    provider(),
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
index_where(
    living(activities),
    "ix_activities_identity",
    activities,
    "provider_activity_id",
    "provider_id",
    unique=True,
)
# What a provider looks through, newest first: all, those that were not closed on purpose, those of a
# year, and those that began in an earlier year than they end. As with credits, what is true of every
# row keeps the first two from being taken for anything but a search.
MOST_YEARS = 4  # enduring material of 36 months is of four calendar years at most
ENDLESS = 0  # the last year of what claims more: so few that PostgreSQL cannot guess how few otherwise
SEARCHED_ACTIVITIES = and_(living(activities), activities.c.row > literal_column("0"))
UNCLOSED = and_(SEARCHED_ACTIVITIES, activities.c.closed.is_(False))
LONG = and_(living(activities), activities.c.first_year < activities.c.last_year)
REPEATING = and_(living(activities), activities.c.repeat_of.is_not(None))
# With all that statuses and days are told from: to look at ten thousand rows costs ten times as much.
_STANDING = ("end_date", "closed", "complete", "complete_then")
index_where(SEARCHED_ACTIVITIES, "ix_activities_newest", activities, "provider_id", "row", *_STANDING)
index_where(UNCLOSED, "ix_activities_unclosed", activities, "provider_id", "row", *_STANDING)
_YEARLY = ("last_year", "provider_id", "row", "first_year", "start_date", *_STANDING)
index_where(living(activities), "ix_activities_year", activities, *_YEARLY)
index_where(LONG, "ix_activities_long", activities, *_YEARLY)
index_where(REPEATING, "ix_activities_repeats", activities, "repeat_of", "provider_id", "row")
