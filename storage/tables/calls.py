"""What was answered and received, and the audit log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from storage.tables.columns import ROW_NUMBER, index_where, metadata, provider, row
from storage.values import Moment

receipts = Table(
    "receipts",
    metadata,
    row(),
    provider(),
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
index_where(HOLDING, "ix_receipts_key", receipts, "submission_key", "operation", "provider_id", unique=True)
Index(None, receipts.c.submission_key, receipts.c.provider_id)
Index(None, receipts.c.digest, receipts.c.operation, receipts.c.provider_id)

payloads = Table(
    "payloads",
    metadata,
    Column("receipt_id", String, ForeignKey("receipts.id"), primary_key=True),
    provider(),
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
