"""Sending again, many at once, on real databases: one key, one receipt, one activity, one credit."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter as Tally
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from counted import Counter, person, together
from lxml import etree
from messages import activity, text, texts
from reports import ADA, ADA_ROW, BEN, BEN_ROW, BOARD_TYPE, CME_CREDIT, COURSE, completion

from gateway.errors import Conflict
from gateway.operations import call
from gateway.records import Completion, RegisterRow
from storage.credits import Credits

T = TypeVar("T")
AT_ONCE = 16


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
    looked, look = threading.Barrier(2), call._earlier

    def look_and_wait(*asked: object) -> object:
        found = look(*asked)  # type: ignore[arg-type]
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(timeout=0.5)
        return found

    monkeypatch.setattr(call, "_earlier", look_and_wait)
    if not guarded:
        counter.execute("DROP INDEX ix_receipts_key")
    answers = together([lambda: counter.save("K")] * 2)
    assert stored == counter.count("activities") == len({text(answer, "ReceiptId") for answer in answers})
    counter.store.close()


# --- completions ---------------------------------------------------------------------------------------


def done(answer: etree._Element) -> tuple[str, tuple[str, ...]]:
    """What became of the only record of a call, and the errors told of it."""
    errors = answer.iterfind(".//{*}Result/{*}Finding[{*}Severity='Error']")
    return text(answer, "Action") or "", tuple(text(error, "Code") or "" for error in errors)


def queued(counter: Counter) -> int:
    """How many attempts at asking a board were enqueued."""
    return counter.count("workflow_status" if "sqlite" in counter.url else "dbos.workflow_status")


@pytest.mark.slow
def test_identical_reports_at_once_are_done_once(counter: Counter) -> None:
    """20 keys, 16 calls each: 20 receipts and records, one question each, equal answers but for Replayed."""
    known = [person(number) for number in range(20)]
    counter.know(*(row for row, _ in known))
    for number, (_, said) in enumerate(known):
        answers = together([lambda key=f"K{number}", said=said: counter.report(said, key=key)] * AT_ONCE)  # type: ignore[misc]
        told = {etree.tostring(answer).replace(b"Replayed>true", b"Replayed>false") for answer in answers}
        assert 1 == len(told)
        assert [False] + [True] * (AT_ONCE - 1) == sorted(text(a, "Replayed") == "true" for a in answers)
    assert [20, 40, 20] == [counter.count(table) for table in ("receipts", "credits", "questions")]
    assert 20 == queued(counter)


@pytest.mark.slow
def test_without_a_key_a_report_credits_once(counter: Counter) -> None:
    """Of 16 calls with the same content one adds, the others find it unchanged, with its status."""
    row, said = person(1)
    counter.know(row)
    answers = together([lambda: counter.report(said)] * AT_ONCE)
    assert Tally(Added=1, Unchanged=AT_ONCE - 1) == Tally(text(answer, "Action") for answer in answers)
    assert {("Accepted", "Submitted")} == {tuple(texts(answer, "Status")) for answer in answers}
    assert [2, 1, AT_ONCE] == [counter.count(table) for table in ("credits", "questions", "receipts")]
    assert 1 == queued(counter)


@pytest.mark.slow
def test_of_different_reports_at_once_one_gets_the_key(counter: Counter) -> None:
    """All others are refused, and nothing of them is stored."""
    known = [person(number) for number in range(AT_ONCE)]
    counter.know(*(row for row, _ in known))

    def call(said: Completion) -> str:
        try:
            return text(counter.report(said, key="K"), "Outcome") or ""
        except Conflict:
            return "Conflict"

    outcomes = together([lambda said=said: call(said) for _, said in known])  # type: ignore[misc]
    assert ["Conflict"] * (AT_ONCE - 1) + ["Success"] == sorted(outcomes)
    assert [1, 2, 1] == [counter.count(table) for table in ("receipts", "credits", "questions")]


def test_a_failed_report_sent_again_is_processed(counter: Counter) -> None:
    """A Failure holds no key: the corrected content takes it, and then no other has it."""
    row, said = person(1)
    counter.know(row)
    wrong = replace(said, credits=(replace(CME_CREDIT, credit_id="nonsense"),))
    answers = [counter.report(said, key="K") for said in (wrong, wrong, said)]
    assert [("Failure", "false"), ("Failure", "false"), ("Success", "false")] == [
        (text(answer, "Outcome"), text(answer, "Replayed")) for answer in answers
    ]
    with pytest.raises(Conflict):
        counter.report(wrong, key="K")
    assert [3, 2] == [counter.count(table) for table in ("receipts", "credits")]


def test_doubles_in_a_call_are_told_by_record(counter: Counter) -> None:
    """The same record twice is Unchanged with a warning; another's use of its credit id is refused, and
    so is a second id for the same credit. Each names the record that was first."""
    counter.know(ADA_ROW, BEN_ROW)
    first, credit = completion(ADA, CME_CREDIT), replace(CME_CREDIT, credit_id="ccid:demo:other")
    answer = counter.report(first, first, completion(BEN, CME_CREDIT), completion(ADA, credit))
    told = [
        (
            text(result, "Action"),
            [(text(found, "Code"), text(found, "Text")) for found in result.iterfind("{*}Finding")],
        )
        for result in answer.iterfind(".//{*}Result")
    ]
    assert ["Added", "Unchanged", "Refused", "Refused"] == [action for action, _ in told]
    assert [[], ["C907"], ["C902"], ["C903"]] == [[code for code, _ in found] for _, found in told]
    assert all("Record 1" in (words or "") for _, found in told for _, words in found)
    assert 1 == counter.count("credits")


def test_what_differs_is_told_by_the_names_of_the_message(counter: Counter) -> None:
    """Whoever is refused learns which elements to compare, and nothing that stands in them."""
    counter.know(ADA_ROW)
    counter.report(completion(ADA, CME_CREDIT))
    for changed, names in (
        (completion(ADA, replace(CME_CREDIT, amount=Decimal(5))), "numberOfCredits"),
        (completion(ADA, replace(CME_CREDIT, credit_type=BOARD_TYPE)), "activityCertification"),
        (completion(replace(ADA, birthday="03-01"), CME_CREDIT), "Member"),
        (completion(ADA, CME_CREDIT, completed_on=COURSE.start_date), "CompletedDateTime"),
    ):
        (said,) = counter.report(changed).iterfind(".//{*}Result/{*}Finding[{*}Code='C902']/{*}Text")
        assert f" Different: {names}. It was submitted on " in (said.text or "")


def rivals(way: str) -> tuple[list[RegisterRow], list[Completion], str]:
    """Reports of which only one can be right: several people's under one credit id, or several credit ids
    of one person's credit; with the code the others are refused by."""
    if way == "id":
        known = [person(number) for number in range(AT_ONCE)]
        reports = [replace(said, credits=(CME_CREDIT,)) for _, said in known]
        return [row for row, _ in known], reports, "C902"
    ids = (f"ccid:demo:rival-{number}" for number in range(AT_ONCE))
    return [ADA_ROW], [completion(ADA, replace(CME_CREDIT, credit_id=one)) for one in ids], "C903"


@pytest.mark.slow
@pytest.mark.parametrize("way", ["id", "learner"])
def test_of_rivals_at_once_one_wins(counter: Counter, way: str) -> None:
    """Whoever comes first is credited; all others are told of it, by a finding and not by a fault."""
    rows, reports, code = rivals(way)
    counter.know(*rows)
    answers = together([lambda said=said: counter.report(said) for said in reports])  # type: ignore[misc]
    assert Tally({("Added", ()): 1, ("Refused", (code,)): AT_ONCE - 1}) == Tally(map(done, answers))
    assert 1 == counter.count("credits")


@pytest.mark.parametrize(("guarded", "stored"), [(True, 1), (False, 2)], ids=["with index", "without"])
@pytest.mark.parametrize(
    ("way", "index"), [("id", "ix_credits_credit_id"), ("learner", "ix_credits_learner")]
)
def test_the_unique_indexes_are_what_guards_a_credit(
    fresh_postgres: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    index: str,
    guarded: bool,
    stored: int,
) -> None:
    """The negative control: two rivals that both found nothing are told apart by the index, and without
    it both are credited. (On SQLite no second writer gets as far as looking.)"""
    rows, reports, code = rivals(way)
    looked, look = threading.Barrier(2), Credits.find

    def look_and_wait(*asked: object) -> object:
        found = look(*asked)  # type: ignore[arg-type]
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(timeout=0.5)
        return found

    monkeypatch.setattr(Credits, "find", look_and_wait)
    counter = Counter(fresh_postgres())
    with contextlib.closing(counter.store):
        counter.know(*rows)
        if not guarded:
            counter.execute(f"DROP INDEX {index}")
        answers = together([lambda said=said: counter.report(said) for said in reports[:2]])  # type: ignore[misc]
        expected = Tally({("Added", ()): stored, ("Refused", (code,)): 2 - stored})
        assert expected == Tally(map(done, answers))
        assert stored == counter.count("credits")
