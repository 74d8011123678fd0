"""The table of threats says what is so: each is listed once, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.settings import FIELDS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")
ATTACKS = [f"A{number:02}" for number in range(1, 33)]
STATES = ("stands", "later")


def rows(page: str = PAGE) -> list[list[str]]:
    """The rows of the tables of attacks and goals: id, threat, control, settings, tests, state."""
    cells = ([cell.strip() for cell in line.strip("|").split(" |")] for line in page.splitlines())
    return [row for row in cells if len(row) == 6 and re.fullmatch(r"[ARSI]\d+c?", row[0])]


def missing(page: str = PAGE) -> list[str]:
    """The tests and settings that the page names and that are not there."""
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", page)
    tests = [f"{file}::{test}" for file, test in named if not _there(file, test)]
    settings = {name for row in rows(page) for name in re.findall(r"[A-Z_]{5,}", row[3])}
    return [*tests, *sorted(name for name in settings if name.lower() not in FIELDS)]


def _there(file: str, test: str) -> bool:
    path = ROOT / file
    return path.exists() and (not test or f"def {test}(" in path.read_text("utf-8"))


def test_every_attack_is_listed_once() -> None:
    """All 32 of the catalogue."""
    assert ATTACKS == [row[0] for row in rows() if row[0].startswith("A")]


def test_every_goal_with_a_command_is_listed() -> None:
    """And none twice."""
    goals = [row[0] for row in rows() if not row[0].startswith("A")]
    assert len(goals) == len(set(goals))
    files = (ROOT / "tests" / "trust" / "goals").glob("[a-z]*.py")
    assert {re.findall(r'^GOAL = "(\w+)"', file.read_text("utf-8"), re.M)[0] for file in files} <= set(goals)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row[0]))
def test_what_stands_is_tested(row: list[str]) -> None:
    """A control without a test is a hope."""
    assert row[5] in STATES
    assert row[5] == "later" or "tests/" in row[4]


def test_what_is_named_is_there() -> None:
    """Every test and every setting."""
    assert [] == missing()


def test_a_table_that_lies_is_found() -> None:
    """A test, a file or a setting that is not there is noticed."""
    lie = "| A01 | a | b | MAX_NONSENSE | tests/test_threats.py::test_no_such, tests/test_gone.py | stands |"
    assert ["tests/test_threats.py::test_no_such", "tests/test_gone.py::", "MAX_NONSENSE"] == missing(lie)
