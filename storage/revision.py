"""The schema's revision: what the database has, what this program needs, and the way from one to the
other (Alembic, configured here and nowhere else)."""

from __future__ import annotations

import enum

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from gateway.errors import StoreUnavailable

ADVISORY_LOCK = 0x434D45  # any number, if all use the same: who migrates waits for who migrates


class Standing(enum.Enum):
    """Where a database stands against this program."""

    CURRENT = enum.auto()
    BEHIND = enum.auto()
    AHEAD = enum.auto()


REFUSALS = {
    Standing.BEHIND: (
        "The database is not set up for this version.",
        "Run `cme-gateway migrate`.",
    ),
    Standing.AHEAD: (
        "The database was set up by a newer version of this program.",
        "Install the newer version, or restore a backup made with this one.",
    ),
}


def standing(connection: Connection) -> Standing:
    """Where the database stands."""
    scripts = ScriptDirectory.from_config(_config())
    current = MigrationContext.configure(connection).get_current_revision()
    if current == scripts.get_current_head():
        return Standing.CURRENT
    known = {script.revision for script in scripts.walk_revisions()}
    return Standing.BEHIND if current in {None, *known} else Standing.AHEAD


def refuse(where: Standing) -> None:
    """Do not work with a database of another revision. Raises StoreUnavailable."""
    if where in REFUSALS:
        text, remedy = REFUSALS[where]
        raise StoreUnavailable(text, remedy=remedy)


def refuse_newer(connection: Connection) -> None:
    """Leave a database of a newer program alone. Raises StoreUnavailable."""
    if standing(connection) is Standing.AHEAD:
        refuse(Standing.AHEAD)


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision, within the transaction of `connection`.

    Raises StoreUnavailable if the database is newer than this program.
    """
    if connection.dialect.name == "postgresql":  # SQLite has but one writer at a time
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    refuse_newer(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    """Alembic's settings, in code: a wheel has no alembic.ini beside it."""
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
