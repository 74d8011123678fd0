"""Sending again, many at once, on real databases: one key, one receipt, one activity."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from fakes import GATEKEEPER, PROVIDER, Clock, Mirror, terms
from lxml import etree
from messages import activity, payload, request, text, texts
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from gateway import assembly, operations, schemas
from gateway.errors import Conflict
from gateway.intake import Limits
from gateway.records import Provider
from gateway.schema import Reader
from gateway.service import V2, Gateway
from storage import Store, open_store

T = TypeVar("T")
AT_ONCE = 16


class Counter:
    """A gateway on a real store."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("postgresql://", "postgresql+psycopg://")
        self.store: Store = open_store(url, Mirror(), assembly.now)
        self.store.migrate()
        self.store.accounts.add_provider(Provider(PROVIDER, "Demo Medical Society"))
        self.gateway = Gateway(
            store=self.store,
            reader=Reader(schemas.VERSIONS, Limits()),
            gatekeeper=GATEKEEPER,
            terms=terms(Clock()),
            limits=Limits(),
        )

    def save(self, key: str, title: str = "Asthma in Schools", records: str = "") -> etree._Element:
        """Save an activity that has no id of its own: the key alone keeps it from being stored twice."""
        nameless = activity(title=title).replace("<lom:entry>SPRING-27</lom:entry>", "<lom:entry/>")
        xml = request("SaveActivity", f"<SubmissionKey>{key}</SubmissionKey>", payload(records or nameless))
        return V2.answer(etree.fromstring(xml), self.gateway, None, "trace")

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.execute(f"SELECT count(*) FROM {table}"))  # noqa: S608  our own words

    def execute(self, statement: str) -> int:
        """Run a statement past the store; gives its number, if it has one."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            result = connection.execute(sql(statement))
            value = result.scalar_one() if result.returns_rows else 0
        engine.dispose()
        return int(value)


@pytest.fixture(params=["sqlite", "postgresql"])
def counter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counter]:
    """A gateway on an empty database, once of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'gateway.db'}"
    else:
        url = request.getfixturevalue("fresh_postgres")()
    counter = Counter(url)
    yield counter
    counter.store.close()


def together(calls: list[Callable[[], T]]) -> list[T]:
    """Run calls at the same time, each in a thread of its own."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.slow
def test_identical_calls_at_once_are_done_once(counter: Counter) -> None:
    """20 keys, 16 calls each: 20 receipts and activities, and all answers of a key the same receipt."""
    for number in range(20):
        answers = together([lambda key=f"K{number}": counter.save(key)] * AT_ONCE)  # type: ignore[misc]
        told = {etree.tostring(answer).replace(b"Replayed>true", b"Replayed>false") for answer in answers}
        assert 1 == len(told)
        assert [False] + [True] * (AT_ONCE - 1) == sorted(text(a, "Replayed") == "true" for a in answers)
    assert [20, 20, 20] == [counter.count(table) for table in ("receipts", "activities", "audit")]


@pytest.mark.slow
def test_of_different_contents_at_once_one_gets_the_key(counter: Counter) -> None:
    """All others are refused, and nothing of them is stored."""

    def call(title: str) -> str:
        try:
            return text(counter.save("K", title), "Outcome") or ""
        except Conflict:
            return "Conflict"

    outcomes = together([lambda title=f"Title {n}": call(title) for n in range(AT_ONCE)])  # type: ignore[misc]
    assert ["Conflict"] * (AT_ONCE - 1) + ["Success"] == sorted(outcomes)
    assert [1, 1] == [counter.count(table) for table in ("receipts", "activities")]


def test_a_failed_call_sent_again_is_processed(counter: Counter) -> None:
    """A Failure holds no key: it is tried anew each time, and the corrected content takes the key."""
    wrong = activity(title="")
    answers = [counter.save("K", records=wrong), counter.save("K", records=wrong), counter.save("K")]
    assert [("Failure", "false"), ("Failure", "false"), ("Success", "false")] == [
        (text(answer, "Outcome"), text(answer, "Replayed")) for answer in answers
    ]
    with pytest.raises(Conflict):
        counter.save("K", records=wrong)
    assert [3, 1] == [counter.count(table) for table in ("receipts", "activities")]


def test_an_answer_comes_back_from_the_database_as_it_was_given(counter: Counter) -> None:
    """Also with findings, gates and refused records in it."""
    records = activity("A") + activity("B", title="")
    first, again = (counter.save("K", records=records) for _ in range(2))
    assert ["Added", "Refused"] == texts(first, "Action")
    assert etree.tostring(first).replace(b"Replayed>false", b"Replayed>true") == etree.tostring(again)


@pytest.mark.parametrize(("guarded", "stored"), [(True, 1), (False, 2)], ids=["with index", "without"])
def test_the_unique_index_is_what_guards_a_key(
    fresh_postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch, guarded: bool, stored: int
) -> None:
    """The negative control: two calls that both found the key free are done once with the index, twice
    without. (On SQLite no second writer gets as far as looking: `BEGIN IMMEDIATE`, tests/storage.)"""
    counter = Counter(fresh_postgres())
    looked, look = threading.Barrier(2), operations._earlier

    def look_and_wait(*call: object) -> object:
        found = look(*call)  # type: ignore[arg-type]
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(timeout=0.5)
        return found

    monkeypatch.setattr(operations, "_earlier", look_and_wait)
    if not guarded:
        counter.execute("DROP INDEX ix_receipts_key")
    answers = together([lambda: counter.save("K")] * 2)
    assert stored == counter.count("activities") == len({text(answer, "ReceiptId") for answer in answers})
    counter.store.close()
