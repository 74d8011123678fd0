"""Completions on their whole road while everything goes wrong: each gets one final state, and counts once.

A third of the boards' calls fail in every way there is, one board is dead for a while, a worker is
killed; what is left in the store is held against what the boards have on record.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from reports import ADA, ADA_ROW, BOARD_CREDIT, COURSE, completion
from road import Road, open_road
from served import PROVIDER
from sqlalchemy import create_engine, text
from wire import Answer, envelope, exchange, parameters
from wire import connect as connect_to

from gateway import assembly, schemas
from gateway.boards import BOARDS
from gateway.intake import Limits
from gateway.records import Activity, Completion, Identifier, MocRegistration, RegisterRow
from gateway.schema import Reader
from gateway.settings import Settings

AT_A_TIME, CALLS = 25, 5
DEAD = "ABA"
TYPES = {
    name: BOARDS[name].credit_types[0].name if BOARDS[name].credit_types else "Lifelong Learning"
    for name in ("ABIM", DEAD, "ABS", "ABP")
}
"""Boards that answer unlike one another, the dead one among them, and a credit of each."""
POINTS = Decimal("2.25")
SHARE = 0.3
READER = Reader(schemas.VERSIONS, Limits())


@dataclass(frozen=True)
class Kept:
    """A credit as it lies in the store."""

    row: int
    credit_id: str
    board: str | None
    status: str
    matched_from: int | None


def course(board: str, number: int) -> Activity:
    """A course of last week, registered with a board."""
    day = assembly.now().date() - timedelta(days=7)
    days = dict.fromkeys(("start_date", "end_date", "reporting_start", "reporting_end"), day)
    registered = MocRegistration(board, POINTS, (TYPES[board],), day + timedelta(days=99))
    return replace(
        COURSE,
        activity_id=f"20260010{number}",
        provider_activity_id=f"ROAD-{number}",
        credits=(replace(COURSE.credits[0], amount=POINTS),),
        moc_registrations=(registered,),
        **days,  # type: ignore[arg-type]  # all four are days
    )


COURSES = {board: course(board, number) for number, board in enumerate(TYPES)}


def person(board: str, number: int) -> RegisterRow:
    """A person of the register who is certified by a board."""
    number += 10_000 * list(TYPES).index(board)
    return replace(
        ADA_ROW,
        person=f"r{number}",
        licence=f"R-{number}",
        npi=f"{number:010}",
        board=board,
        board_id=f"{100_000 + number}",
    )


def said(board: str, number: int) -> Completion:
    """What is reported of them: the board's credit, from which CME is to follow."""
    row, course = person(board, number), COURSES[board]
    ids = (Identifier(board, row.board_id), Identifier(row.state, row.licence))
    credit = replace(
        BOARD_CREDIT, credit_id=f"ccid:road:{board}-{number}", credit_type=TYPES[board], amount=POINTS
    )
    return completion(replace(ADA, identifiers=ids), credit, activity=course, completed_on=course.end_date)


def report(road: Road, board: str, numbers: Collection[int]) -> Answer:
    """Send a call of completions for one board."""
    records = [said(board, number) for number in numbers]
    payload, _ = READER.write(records, READER.named("learner", "2.0"), created=assembly.now())
    content = parameters() + etree.tostring(payload).decode()
    with closing(connect_to(road.served)) as connection:
        return exchange(connection, "v2", envelope("v2", "SaveLearnerActivity", content))


def calls(first: int) -> Iterator[tuple[str, range]]:
    """The calls of a part of the run, those of all boards in turn."""
    for start in range(first, first + CALLS * AT_A_TIME, AT_A_TIME):
        for board in TYPES:
            yield board, range(start, start + AT_A_TIME)


def violations(kept: Sequence[Kept], ledger: Sequence[dict[str, Any]], expected: int) -> list[str]:
    """What store and boards' records say against the promise: each credit final, and effective once."""
    own = {str(one.row): one for one in kept if one.board is not None}
    held = {row["reference"]: row for row in ledger}
    yielded = [one.matched_from for one in kept if one.matched_from is not None]
    found = [f"{len(own)} board credits instead of {expected}"] if len(own) != expected else []
    found += [f"{name} is {one.status}" for name, one in own.items() if one.status != "Accepted"]
    found += [f"{name} was never asked about" for name in own.keys() - held.keys()]
    found += [f"{name} is nobody's" for name in held.keys() - own.keys()]
    found += [f"{name} counted {row['times_effective']} times" for name, row in held.items()
              if (row["times_effective"], row["effective"]) != (1, True)]  # fmt: skip
    found += [f"{name} yielded {yielded.count(int(name))}" for name in own if yielded.count(int(name)) != 1]
    return found


def kept(road: Road) -> list[Kept]:
    """The living credits."""
    query = "SELECT row, credit_id, board, status, matched_from FROM credits WHERE deleted_at IS NULL"
    return [Kept(*row) for row in _asked(road, query)]


def _asked(road: Road, query: str) -> list[Any]:
    url = road.environment["CME_GATEWAY_DATABASE"].replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return list(connection.execute(text(query)))
    finally:
        engine.dispose()


def decided(road: Road, board: str | None = None) -> int:
    """How many credits a board, or all of them, have decided on."""
    return sum(
        one.status != "Submitted" and one.board is not None and board in (None, one.board)
        for one in kept(road)
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Road]:
    """A served gateway on each database, with the courses and people of this page in it."""
    url = f"sqlite:///{tmp_path / 'gateway.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("fresh_postgres")()
    with open_road(url, tmp_path) as road:
        settings = Settings(database=url, key_file=str(tmp_path / "gateway.key"))
        with assembly.opened(settings) as store:
            store.write(PROVIDER, lambda unit: unit.activities.add(list(COURSES.values())))
        everybody = range(2 * CALLS * AT_A_TIME)
        road.enrol(person(board, number) for board in TYPES for number in everybody)
        yield road


@pytest.mark.network
@pytest.mark.slow
def test_every_credit_arrives_once(road: Road) -> None:
    """Of 1,000 credits for four boards none is lost and none counts twice; calls are taken all the while,
    no call to a board is without both timeouts, and the dead board is left alone until it is well."""
    expected = 2 * CALLS * len(TYPES) * AT_A_TIME
    for board in TYPES:
        road.boards.trouble(board, SHARE, seed=7)
    road.boards.kill(DEAD)
    answers = [report(road, board, numbers) for board, numbers in calls(0)]
    assert [] == road.boards.ledger()  # no worker yet: taking calls asks no board
    first, _second = road.watched(), road.watched()
    road.wait(lambda: decided(road) > AT_A_TIME, "something is decided")
    answers += [report(road, board, numbers) for board, numbers in calls(CALLS * AT_A_TIME)]
    first.send_signal(signal.SIGKILL)
    road.wait(lambda: f"board left alone for a while: board={DEAD}" in road.said(), "the breaker opens")
    assert 0 == decided(road, DEAD)
    road.boards.revive(DEAD)
    road.boards.trouble(DEAD, SHARE, seed=8)
    assert {(200, "Added")} == {answer.told for answer in answers}
    assert {"Submitted"} == {status for answer in answers for status in answer.texts("Status")}
    road.wait(lambda: decided(road) == expected, "all is decided", 90)
    assert [] == violations(kept(road), road.boards.ledger(), expected)
    assert [(0,)] == _asked(road, "SELECT count(*) FROM questions WHERE done_at IS NULL")
    assert {0} == {road.boards.told(board)["strayed"] for board in TYPES}
    assert road.waits() and all(re.fullmatch(r"[\d.]+ [\d.]+", line) for line in road.waits())


def test_the_judge_sees_what_is_wrong() -> None:
    """The control of the one above: lost, open, doubled, stray and unmatched credits are each told."""
    good = [Kept(1, "a", "ABIM", "Accepted", None), Kept(2, "b", None, "Accepted", 1)]
    row = {"reference": "1", "times_effective": 1, "effective": True}
    assert [] == violations(good, [row], 1)
    for wrong, ledger, expected in (
        (good, [row], 2),
        (good, [], 1),
        (good, [row, row | {"reference": "9"}], 1),
        (good, [row | {"times_effective": 2}], 1),
        (good, [row | {"effective": False}], 1),
        (good[:1], [row], 1),
        ([*good, replace(good[1], row=3)], [row], 1),
        ([replace(good[0], status="Submitted"), good[1]], [row], 1),
    ):
        assert violations(wrong, ledger, expected)
