"""Who may call: providers, users, their secrets, and what is counted against guessing."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from storage.tables.columns import metadata, provider
from storage.values import Moment

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
    provider(key=True),
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
