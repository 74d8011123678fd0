"""A learner has credit of one type once from each board, where it was once from all boards together."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

LIVING = sa.column("deleted_at").is_(None)


def upgrade() -> None:
    """Make the index anew, no board counting as one board; what was unique stays so."""
    board: sa.ColumnElement[str] = sa.func.coalesce(sa.column("board"), sa.literal_column("''"))
    op.drop_index("ix_credits_learner", "credits")
    op.create_index(
        "ix_credits_learner",
        "credits",
        ["learner_key", "activity_id", "credit_type", "provider_id", board],
        unique=True,
        sqlite_where=LIVING,
        postgresql_where=LIVING,
    )
