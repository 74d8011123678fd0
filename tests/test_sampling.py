"""The command that makes activities up: every version, status and format, right or wrong by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from command import Ended, run_command
from lxml import etree
from payloads import ACTIVITIES, READER, parse

from gateway import lifecycle, vocabulary
from gateway.cli.options import today
from gateway.records import Activity, ActivityEntry, Status, replace
from gateway.settings import Settings
from gateway.vocabulary import format_named

Run = Callable[..., Ended]
VERSIONS = [version.name for version in ACTIVITIES]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A function that runs a command in an empty folder."""
    return partial(run_command, tmp_path)


def _read(xml: str) -> list[Activity]:
    """The activities of a payload, closed where their senders say so."""
    entries = READER.read(parse(xml.encode()), today(Settings())).entries
    told = [one for one in entries if isinstance(one, ActivityEntry)]
    return [replace(one.activity, closed=bool(one.close)) for one in told if one.activity]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", Status)
def test_every_version_makes_every_status(run: Run, version: str, status: Status) -> None:
    """What is made is accepted, and has the status that was asked for, whatever its case."""
    options = ("--version", version, "--status", status.value.upper(), "--count", "25", "--seed", "4")
    made = run("sample", "activity", *options)
    day = today(Settings())
    assert {status} == {lifecycle.status(one, day) for one in _read(made.out)}
    assert 0 == run("check", "-", stdin=made.out.encode()).code


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_makes_the_format(run: Run, version: str) -> None:
    """An old name of a format will do as well."""
    made = run("sample", "activity", "--version", version, "--activity-format", "iem", "--count", "9")
    formats = {format_named(one.format or one.legacy_type) for one in _read(made.out)}
    assert {format_named("Enduring Material")} == formats


def test_what_they_are_written_as_can_be_said(run: Run) -> None:
    """XML, which is what they are without a word too."""
    options = ("--seed", "4")
    for payload in ("activity", "learner"):
        said = run("sample", payload, *options, "--format", "xml")
        assert (0, run("sample", payload, *options).out) == (said.code, said.out)


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "Live Course"),
        ("--activity-format", "Lunch"),
        ("--status", "Open"),
        ("--version", "1.0", "--activity-format", "Other/Blended Learning"),
    ],
)
def test_what_cannot_be_made_is_wrong_usage(run: Run, options: tuple[str, ...]) -> None:
    """One clear line says what can be asked for."""
    told = run("sample", "activity", *options)
    assert (64, True, "") == (told.code, told.is_one_clear_line, told.out)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", Status)
def test_errors_come_at_their_rate_in_every_status(run: Run, version: str, status: Status) -> None:
    """About as many as asked for are refused, each by the rule that the comment before it names; what is
    to be closed may then lack what closing asks for."""
    options = ("--version", version, "--status", status, "--count", "200", "--seed", "9", "--errors", "30")
    made = run("sample", "activity", *options).out.encode()
    named = {
        number: str(before.text).split()[-1]
        for number, record in enumerate(etree.fromstring(made).iter(ACTIVITIES[0].record), 1)
        if (before := record.getprevious()) is not None and isinstance(before, etree._Comment)
    }
    told = run("check", "-", "--json", stdin=made)
    found = {(row["record"], row["code"]) for row in told.rows if row["severity"] == "Error"}
    unclosed = {number for number, code in found if code == "A907"}
    assert set(named.items()) == {(number, code) for number, code in found if code != "A907"}
    assert unclosed <= (set(named) if status is Status.CLOSED else set())
    assert 35 <= len(named) <= 85


def test_each_format_is_one_that_can_be_asked_for() -> None:
    """The formats of the vocabulary are known by the names that the help and the refusal list."""
    assert all(format_named(one.name) is one for one in vocabulary.FORMATS)
