"""Copies of a PostgreSQL database, by its own pg_dump and pg_restore."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from gateway.errors import Failed, Refused
from gateway.records import Copied
from storage import engine as database
from storage import revision
from storage.audit import Trail
from storage.backup import IN_USE, STOP_FIRST, sealed_in, told

ASIDE = "--exclude-schema=*_before_*"  # what a restore has put aside
SCHEMAS = ("public", "dbos")  # our tables, and those of the durable queue
FOLDERS = ("/usr/lib/postgresql", "/usr/local/pgsql")  # where systems keep tools that are not on the path
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class PostgresCopies:
    """Copies of a PostgreSQL database, in the custom format of pg_dump."""

    refuse = staticmethod(revision.refuse_newer_than_this)
    file = "database.pgdump"

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sealed(self) -> bytes | None:
        """A sealed secret, by which a key can be tried. Raises Failed."""
        return sealed_in(self._engine)

    def copy(self, to: Path) -> Copied:
        """Copy the database as it is now: what is told of it is of the very same moment.

        Raises Failed, or Refused where pg_dump is missing.
        """

        def work(connection: Connection) -> Copied:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
            held = told(connection)
            options = ["--format=custom", f"--snapshot={snapshot}", f"--file={to}", "--no-password", ASIDE]
            self._run("pg_dump", options)
            return held

        held = database.read(self._engine, work)
        self._run("pg_restore", ["--list", str(to)], there=False)  # whether it can be read at all
        return held

    @contextmanager
    def trail(self, _copy: Path) -> Iterator[Trail]:
        """The audit log to be verified: the one that was copied, since a dump cannot be asked."""
        yield Trail(self._engine)

    def occupied(self) -> bool:
        """Whether there is a database of ours that a restore would take the place of."""
        return database.read(self._engine, lambda it: bool(inspect(it).get_table_names()))

    def put(self, copy: Path, stamp: str) -> str | None:
        """Restore a dump; gives where the tables lie that were there. Raises Refused, Failed."""
        self._tool("pg_restore")  # before anything is moved
        there = self.occupied()
        if there:
            database.write(self._engine, lambda connection: self._move(connection, stamp))
        self._engine.dispose()
        options = [
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
            "--no-password",
        ]
        try:
            self._run("pg_restore", [*options, str(copy)])
        except (Failed, KeyboardInterrupt):
            self.put_back(stamp if there else None)
            raise
        database.write(self._engine, lambda connection: connection.execute(text("ANALYZE")))
        return stamp if there else None

    def put_back(self, old: str | None) -> None:
        """Take away what was restored, and have the old tables back."""

        def work(connection: Connection) -> None:
            for name in SCHEMAS:
                connection.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
            for name in self._schemas(connection, f"_before_{old}"):
                connection.execute(text(f'ALTER SCHEMA "{name}" RENAME TO {name.partition("_before_")[0]}'))
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS public"))

        database.write(self._engine, work)

    def told(self) -> Copied:
        """What the database holds now. Raises Failed."""
        return database.read(self._engine, told)

    # --- schemas ---------------------------------------------------------------------------------------

    def _schemas(self, connection: Connection, ending: str = "") -> list[str]:
        there = inspect(connection).get_schema_names()
        return [name for name in (f"{each}{ending}" for each in SCHEMAS) if name in there]

    def _move(self, connection: Connection, stamp: str) -> None:
        """Name the schemas otherwise, which takes no time however much lies in them."""
        if connection.scalar(_OTHERS):
            raise Refused(IN_USE, remedy=STOP_FIRST)
        for name in self._schemas(connection):
            connection.execute(text(f'ALTER SCHEMA {name} RENAME TO "{name}_before_{stamp}"'))
        connection.execute(text("CREATE SCHEMA public"))

    # --- tools -----------------------------------------------------------------------------------------

    def _run(self, name: str, options: Sequence[str], *, there: bool = True) -> None:
        """Run a tool; what it says is left out, since it may quote rows."""
        url = self._engine.url.set(drivername="postgresql", password=None)
        address = [f"--dbname={url.render_as_string(hide_password=False)}"] if there else []
        secret = {"PGPASSWORD": str(self._engine.url.password)} if self._engine.url.password else {}
        command = [self._tool(name), *address, *options]
        ended = subprocess.run(  # noqa: S603  a tool that was looked for, on the operator's database
            command, env={**os.environ, **secret}, capture_output=True, check=False
        )
        if ended.returncode:
            raise Failed(
                f"{name} ended with {ended.returncode}; nothing of what it wrote was kept.",
                remedy="See that the disk has room, and run it by hand, which tells what is amiss.",
            )

    def _tool(self, name: str) -> str:
        """A tool that is not older than the server: an older one refuses. Raises Refused."""
        server = database.read(self._engine, _server_version)
        for path in _candidates(name):
            if _version(path) >= server:
                return path
        raise Refused(
            f"There is no {name} of PostgreSQL {server} or newer on this machine.",
            remedy=f"Install the client tools (postgresql-client-{server}) or put their folder on PATH.",
        )


def _server_version(connection: Connection) -> int:
    return int(str(connection.scalar(text("SHOW server_version_num")))) // 10_000


def _candidates(name: str) -> Iterator[str]:
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if found := shutil.which(name, path=folder or None):
            yield found
    for root in FOLDERS:
        yield from (str(path) for path in sorted(Path(root).glob(f"**/bin/{name}"), reverse=True))


def _version(path: str) -> int:
    said = subprocess.run(  # noqa: S603  a tool that was looked for
        [path, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"(\d+)", said.partition(")")[2])
    return int(found[0]) if found else 0
