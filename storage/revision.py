"""The schema's revision: what the database has, what this program needs, and the way from one to the
other (Alembic, configured here and nowhere else)."""

from __future__ import annotations

import enum
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, inspect, select, text

from gateway.errors import StoreUnavailable
from gateway.records import Migrated

if TYPE_CHECKING:
    from alembic.config import Config

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
        "Install the newer version, or have this one restore a backup that it made.",
    ),
}


def standing(connection: Connection) -> Standing:
    """Where the database stands: asked by whoever opens it, so without Alembic, which is 11 MB to load."""
    return standing_of(noted(connection))


def standing_of(current: str | None) -> Standing:
    """Where a database of a revision stands."""
    known = _revisions()
    if current == known[-1]:
        return Standing.CURRENT
    return Standing.BEHIND if current in {None, *known} else Standing.AHEAD


def noted(connection: Connection) -> str | None:
    """The revision Alembic has noted in the database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _revisions() -> list[str]:
    """The revisions of this program, the newest last; a file says its own as r0001_what_it_does.py."""
    folder = files("storage") / "migrations" / "versions"
    names = (entry.name for entry in folder.iterdir() if entry.name.endswith(".py"))
    return sorted(name[1:].partition("_")[0] for name in names)


def refuse(where: Standing) -> None:
    """Do not work with a database of another revision. Raises StoreUnavailable."""
    if where in REFUSALS:
        text, remedy = REFUSALS[where]
        raise StoreUnavailable(text, remedy=remedy)


def refuse_newer(connection: Connection) -> None:
    """Leave a database of a newer program alone. Raises StoreUnavailable."""
    if standing(connection) is Standing.AHEAD:
        refuse(Standing.AHEAD)


def refuse_newer_than_this(revision: str | None) -> None:
    """Leave what a newer program made alone. Raises StoreUnavailable."""
    if standing_of(revision) is Standing.AHEAD:
        refuse(Standing.AHEAD)


def upgrade(connection: Connection, to: str = "head") -> Migrated:
    """Bring the database to a revision, by default the newest, within the transaction of `connection`; says
    which one it had.

    Raises StoreUnavailable if the database is newer than this program.
    """
    if connection.dialect.name == "postgresql":  # SQLite has but one writer at a time
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
    refuse_newer(connection)
    before = noted(connection)
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return Migrated(before, _revisions()[-1] if to == "head" else to)


def _config() -> Config:
    """Alembic's settings, in code: a wheel has no alembic.ini beside it."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config
