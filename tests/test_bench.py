"""The benchmarks measure what they say: the same work for both, and nothing that was not stored."""

from __future__ import annotations

import importlib
from datetime import date
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from rich.console import Console

from bench import activities, batches, completions, contest, contestants, echo, invalid, stages, templates
from bench.__main__ import Row, Size, run, table
from bench.baseline import calls
from bench.batches import BATCH, BOARD
from bench.clients import Call
from bench.contest import Contestant, NotStored
from gateway import schemas
from gateway.intake import Limits
from gateway.records import RegisterRow
from gateway.schema import Reader
from tools.register import people


@pytest.fixture(scope="module")
def some() -> list[RegisterRow]:
    """People of whom some are known to the board."""
    return list({row.person: row for row in people(2_000, 1)}.values())


def test_a_batch_is_half_of_the_board(some: list[RegisterRow]) -> None:
    """A hundred completions, each with a credit of its own, half of them claimed from the board."""
    first, second = islice(batches.all_of(some), 2)
    assert (BATCH, BATCH // 2) == (len(first), sum(claim.board for claim in first))
    assert 2 * BATCH == len({claim.number for claim in (*first, *second)})
    assert all(claim.person.board == BOARD for claim in first if claim.board)


def test_nothing_is_completed_twice(some: list[RegisterRow]) -> None:
    """A person, an activity and a type of credit meet once, whatever the batch."""
    claims = [claim for batch in batches.all_of(some) for claim in batch]
    met = {(claim.person.person, claim.activity.activity_id, claim.credit_type) for claim in claims}
    assert len(claims) == len(met)


def test_the_gateway_reads_a_call_without_findings(some: list[RegisterRow]) -> None:
    """What is measured is the usual way: each record is valid, and none has to be tidied."""
    reader = Reader(schemas.VERSIONS, Limits())
    body = etree.fromstring(batches.call(next(batches.all_of(some))))
    payload = next(body.iter("{*}ACCMELearnerReports"))
    reading = reader.read(payload, date.today())  # noqa: DTZ011  the activities are of this week, too
    assert ("learner", "2.0") == (reading.version.payload, reading.version.name)
    assert BATCH == sum(not entry.findings and entry.completion is not None for entry in reading.entries)


def test_both_are_sent_the_same_credits(some: list[RegisterRow]) -> None:
    """The baseline is given the same people and the same credits, in its own shape."""
    batch = next(batches.all_of(some))
    ours, theirs = etree.fromstring(batches.call(batch)), etree.fromstring(calls.completions(batch))
    ids = [one.text for one in ours.iter("{*}CreditID")]
    assert ids == [one.text for one in theirs.iter("{*}CreditId")]
    names = [one.text for one in ours.iter("{*}FamilyName")]
    assert names == [one.text for one in theirs.iter("{*}LastName")]


def test_the_echoed_activity_is_as_recorded() -> None:
    """The baseline echoes an activity of 4 KB with 45 elements, as when its rate was recorded."""
    body = calls.echo()
    assert 3_800 < len(body) < 4_200
    assert 45 == len(list(etree.fromstring(body).iter()))


def test_a_template_knows_by_what_it_was_made() -> None:
    """The code that makes one is where it is looked for, so that a change of it is noticed."""
    made_by = [Path(contestants.ROOT) / name for name in templates.MADE_BY]
    assert [] == [path for path in made_by if not path.is_file() and not [*path.rglob("*.py")]]
    assert templates._way()


def test_a_slow_baseline_is_not_measured_against() -> None:
    """Below 80 % of its recorded rate the baseline does not count, whatever the machine's speed."""
    floor = 29.0
    recorded = echo.Fitness(echo.RECORDED * floor, floor)
    assert recorded.fit
    assert echo.Fitness(recorded.echo * 3, floor * 3).fit
    assert not echo.Fitness(recorded.echo / 0.79, floor).fit


class _Answers:
    """Clients that are answered at once, one call after another, each in a second."""

    def send(self, url: str, bodies: list[bytes]) -> list[Call]:
        """Answer all as stored."""
        return [Call(float(n), n + 1.0, 200, b">Added<" * BATCH) for n, _ in enumerate(bodies)]


def _contestant(name: str = "ours") -> Contestant:
    return Contestant(name, "", lambda batch: b"", lambda answer: answer.count(b">Added<"))


def test_a_rate_is_of_what_was_acknowledged() -> None:
    """A round's rate is what was told to be stored in the time from its first call to its last answer."""
    one = _contestant()
    one.run(_Answers(), [(), ()], counts=False)  # type: ignore[arg-type]  # stands in for client processes
    one.run(_Answers(), [(), (), ()])  # type: ignore[arg-type]  # likewise
    assert (5 * BATCH, [float(BATCH)]) == (one.acknowledged, one.rates)


def test_what_was_not_stored_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contestant that acknowledged more than its database holds has no rate at all."""
    one = _contestant()
    one.acknowledged = 200
    monkeypatch.setattr(contest, "count", lambda url, query: 199)
    with pytest.raises(NotStored, match="acknowledged 200 records and stored 199"):
        one.check("", "completions")
    monkeypatch.setattr(contest, "count", lambda url, query: 200)
    one.check("", "completions")


def test_each_ratio_is_of_neighbours() -> None:
    """The ratio is the middle one of the rounds, each against the round beside it."""
    ours, other = _contestant(), _contestant("baseline")
    ours.rates, other.rates = [300.0, 30.0, 200.0], [100.0, 10.0, 100.0]
    outcome = completions.Outcome("SQLite", 10, ours, other)
    assert (3.0, True) == (outcome.ratio, outcome.reached)


def test_a_benchmark_that_fails_is_told_beside_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be finished does not keep the others from being told."""

    def broken(size: Size) -> list[Row]:
        raise NotStored("ours stored less")

    known = {"P2": broken, "P6": lambda size: [Row("P6 matching", "30,000/s", reached=True)]}
    monkeypatch.setattr("bench.__main__.BENCHMARKS", known)
    rows, whole = run(["P2", "P6"], Size(quick=True, people=10))
    console = Console(file=StringIO(), width=200)
    console.print(table(rows))
    told = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    assert not whole
    assert "ours stored less" in told
    assert "reached" in told


def test_the_gateway_reads_an_activity_without_findings() -> None:
    """The activity that is sent has about 45 elements and 4 KB, and is valid as it is."""
    body = activities.call(1)
    payload = next(etree.fromstring(body).iter("{*}ACCMEActivities"))
    (entry,) = Reader(schemas.VERSIONS, Limits()).read(payload, date.today()).entries  # noqa: DTZ011  as above
    assert ("B-1", ()) == (entry.activity.provider_activity_id, entry.findings)
    assert 3_800 < len(body) < 4_400
    assert abs(len(list(payload.iter())) - activities.ELEMENTS) < 5


def test_activities_differ_in_their_own_id_alone() -> None:
    """No activity is sent twice, and all are of one size."""
    one, other = activities.call(11), activities.call(12)
    assert one != other
    assert one.replace(b">B-11<", b">B-12<") == other


def test_each_break_breaks_every_record(some: list[RegisterRow]) -> None:
    """A broken call is another one than the valid, in each of its records, and still XML."""
    valid = batches.call(next(batches.all_of(some)))
    for name, broken in invalid.BREAKS.items():
        records = [etree.tostring(one) for one in etree.fromstring(broken(valid)).iter("{*}ActivityReport")]
        same = [etree.tostring(one) for one in etree.fromstring(valid).iter("{*}ActivityReport")]
        assert [name == invalid.VALID] * BATCH == [
            one == other for one, other in zip(records, same, strict=True)
        ]


def test_every_stage_is_a_function_of_ours() -> None:
    """A stage that is renamed in the code is renamed here too."""
    missing = []
    for stage, module, name in stages.STAGES:
        found: Any = importlib.import_module(module)
        for step in name.split("."):
            found = getattr(found, step, None)
        missing += [] if callable(found) else [stage]
    assert [] == missing
