"""A gateway on a real database, whose rows are counted, and callers who come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from fakes import GATEKEEPER, KEYS, NOW, PROVIDER, Clock, Mirror, terms
from lxml import etree
from messages import activity, payload, request
from reports import ADA, ADA_ROW, BOARD_CREDIT, CME_CREDIT, COURSE, completion
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from gateway import assembly, schemas
from gateway.intake import Limits
from gateway.lifecycle import lasting
from gateway.records import Completion, Identifier, Provider, RegisterRow
from gateway.schema import Reader
from gateway.service import V2, Gateway
from storage import Store, open_store

T = TypeVar("T")
BOTH = (CME_CREDIT, BOARD_CREDIT)


class Counter:
    """A gateway on a real store."""

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://")
        self.clock = clock or Clock()
        self.store: Store = open_store(url, Mirror(), assembly.now, lasting)
        self.store.migrate()
        if not self.store.accounts.providers():
            self.store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        self.gateway = Gateway(
            store=self.store,
            reader=Reader(schemas.VERSIONS, Limits()),
            gatekeeper=GATEKEEPER,
            terms=terms(self.clock),
            limits=Limits(),
        )

    def save(self, key: str, title: str = "Asthma in Schools", records: str = "") -> etree._Element:
        """Save an activity that has no id of its own: the key alone keeps it from being stored twice."""
        nameless = activity(title=title).replace("<lom:entry>SPRING-27</lom:entry>", "<lom:entry/>")
        xml = request("SaveActivity", f"<SubmissionKey>{key}</SubmissionKey>", payload(records or nameless))
        return V2.answer(etree.fromstring(xml), self.gateway, None, "trace")

    def know(self, *people: RegisterRow) -> None:
        """Take people up into the register, and the course they complete."""
        with self.store.loading as loading:
            loading.keep([KEYS.enrol(row) for row in people])
        self.store.write(PROVIDER, lambda unit: unit.activities.add([COURSE]))

    def report(self, *said: Completion, key: str = "") -> etree._Element:
        """Report completions."""
        reader = self.gateway.reader
        element, _ = reader.write(said, reader.named("learner", "2.0"), created=NOW)
        kept = f"<SubmissionKey>{key}</SubmissionKey>" if key else ""
        xml = request("SaveLearnerActivity", kept, etree.tostring(element).decode())
        return V2.answer(etree.fromstring(xml), self.gateway, None, "trace")

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.execute(f"SELECT count(*) FROM {table}"))  # noqa: S608  our own words

    def execute(self, statement: str) -> int:
        """Run a statement past the store; gives its number, if it has one."""
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                result = connection.execute(sql(statement))
                return int(result.scalar_one() if result.returns_rows else 0)
        finally:
            engine.dispose()


def together(calls: list[Callable[[], T]]) -> list[T]:
    """Run calls at the same time, each in a thread of its own."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def person(number: int) -> tuple[RegisterRow, Completion]:
    """A person of the register, and a completion of theirs with a credit of each kind."""
    row = replace(
        ADA_ROW,
        person=f"q{number}",
        licence=f"Q-{number}",
        npi=f"{number:010}",
        board_id=f"{100_000 + number}",
    )
    ids = (Identifier("ABIM", row.board_id), Identifier(row.state, row.licence))
    named = (replace(credit, credit_id=f"{credit.credit_id}-{number}") for credit in BOTH)
    return row, completion(replace(ADA, identifiers=ids), *named)
