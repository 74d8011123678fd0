"""Providers and users, activities with their counter, receipts with their payloads, the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


# The audit log is added to, sealed once, and pruned up to an anchor. Whoever may drop these triggers is
# found out by the chain instead.
_WHAT = 'id, provider_id, at, "user", operation, outcome, receipt_id, trace_id'
_CONTENT = f"{_WHAT}, records, refused, code, source, times"
_UNANCHORED = "NOT EXISTS (SELECT 1 FROM audit_anchors WHERE position >= OLD.position)"
_REFUSE = "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
_SEALED = "WHEN (OLD.position IS NOT NULL OR OLD.hash IS NOT NULL)"
_GUARDS_SQLITE = (
    f"CREATE TRIGGER audit_unchanged BEFORE UPDATE OF {_CONTENT} ON audit {_REFUSE}",
    f"CREATE TRIGGER audit_sealed_once BEFORE UPDATE OF position, hash ON audit {_SEALED} {_REFUSE}",
    f"CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN {_UNANCHORED} {_REFUSE}",
    f"CREATE TRIGGER audit_anchors_unchanged BEFORE UPDATE ON audit_anchors {_REFUSE}",
    f"CREATE TRIGGER audit_anchors_kept BEFORE DELETE ON audit_anchors {_REFUSE}",
)
_FUNCTION = "RETURNS trigger LANGUAGE plpgsql AS"
_RAISE = "RAISE EXCEPTION 'the audit log is append-only'"
_GUARDS_POSTGRES = (
    f"CREATE FUNCTION audit_refuse() {_FUNCTION} $$ BEGIN {_RAISE}; END $$",
    f"CREATE FUNCTION audit_keep() {_FUNCTION} "
    f"$$ BEGIN IF {_UNANCHORED} THEN {_RAISE}; END IF; RETURN OLD; END $$",
    f"CREATE TRIGGER audit_unchanged BEFORE UPDATE OF {_CONTENT} ON audit "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    f"CREATE TRIGGER audit_sealed_once BEFORE UPDATE OF position, hash ON audit "
    f"FOR EACH ROW {_SEALED} EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_kept BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_keep()",
    "CREATE TRIGGER audit_emptied BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_anchors_unchanged BEFORE UPDATE OR DELETE ON audit_anchors "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_anchors_emptied BEFORE TRUNCATE ON audit_anchors EXECUTE FUNCTION audit_refuse()",
)


def _row() -> sa.Column[int]:
    return sa.Column("row", ROW_NUMBER, primary_key=True)


def _provider(*, key: bool = False) -> sa.Column[str]:
    return sa.Column("provider_id", sa.String, sa.ForeignKey("providers.id"), nullable=False, primary_key=key)


def upgrade() -> None:
    """Make the tables, and start the counter of ACCME Activity IDs."""
    _make_accounts()
    _make_activities()
    _make_receipts()
    _make_audit()


def _make_accounts() -> None:
    op.create_table(
        "providers",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "users",
        _provider(key=True),
        sa.Column("user", sa.String, primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.String, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("provider_id", sa.String, primary_key=True),
        sa.Column("user", sa.String, primary_key=True),
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("generated", sa.Boolean, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.ForeignKeyConstraint(["provider_id", "user"], ["users.provider_id", "users.user"]),
    )
    op.create_table(
        "nonces",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("until", MOMENT, nullable=False),
    )
    op.create_index(None, "nonces", ["until"])
    op.create_table(
        "attempts",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
    )
    op.create_index(None, "attempts", ["since"])


def _make_activities() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"name": "activity", "last": 0}])
    op.create_table(
        "activities",
        _row(),
        _provider(),
        sa.Column("activity_id", sa.String, nullable=False, unique=True),
        sa.Column("provider_activity_id", sa.String),
        sa.Column("title", sa.String),
        sa.Column("title_key", sa.String, nullable=False),
        sa.Column("format", sa.String),
        sa.Column("start_date", sa.Date),
        sa.Column("end_date", sa.Date),
        sa.Column("closed", sa.Boolean, nullable=False),
        sa.Column("born", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
    )
    live = sa.column("deleted_at").is_(None)
    identity = ["provider_activity_id", "provider_id"]
    _make_partial_index("ix_activities_identity", "activities", identity, live)


def _make_receipts() -> None:
    op.create_table(
        "receipts",
        _row(),
        _provider(),
        sa.Column("id", sa.String, nullable=False, unique=True),
        sa.Column("operation", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("submission_key", sa.String),
        sa.Column("holds_key", sa.Boolean, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    holding = sa.column("holds_key", sa.Boolean).is_(True)
    _make_partial_index(
        "ix_receipts_key", "receipts", ["submission_key", "operation", "provider_id"], holding
    )
    op.create_index(None, "receipts", ["submission_key", "provider_id"])
    op.create_index(None, "receipts", ["digest", "operation", "provider_id"])
    op.create_table(
        "payloads",
        sa.Column("receipt_id", sa.String, sa.ForeignKey("receipts.id"), primary_key=True),
        _provider(),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ROW_NUMBER, primary_key=True),
        sa.Column("provider_id", sa.String, sa.ForeignKey("providers.id")),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("user", sa.String),
        sa.Column("operation", sa.String),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("receipt_id", sa.String),
        sa.Column("trace_id", sa.String, nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("code", sa.String),
        sa.Column("source", sa.String),
        sa.Column("times", sa.Integer),
        sa.Column("position", sa.BigInteger, unique=True),
        sa.Column("hash", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_anchors",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
    )
    guard = _GUARDS_SQLITE if op.get_bind().dialect.name == "sqlite" else _GUARDS_POSTGRES
    for statement in guard:
        op.execute(statement)


def _make_partial_index(name: str, table: str, columns: list[str], where: sa.ColumnElement[bool]) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)
