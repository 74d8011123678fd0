"""The frame of the trust goals: its judges find what is wrong in journals and histories made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from trust import runner
from trust.client import ACKED, FAILED, REFUSED, UNKNOWN, UNSENT
from trust.dump import Dump
from trust.face import Form, NotRun, Outcome, Run
from trust.goals.r2c_syncs import count
from trust.history import GONE, Deed, check
from trust.judge import Judgement, judge

INFINITE = float("inf")
ONE: dict[str, str | None] = {"activity A": "One"}
OTHER: dict[str, str | None] = {"activity B": "Two"}
HALF: dict[str, str | None] = {"credit 1": "held", "credit 2": "held"}


def journal(*calls: tuple[dict[str, str | None], str]) -> list[str]:
    """What a client would write of calls with these wants and fates; receipts are called R0, R1, …"""
    lines = []
    for number, (wants, fate) in enumerate(calls):
        receipt = f"R{number}" if fate == ACKED else None
        lines.append(json.dumps({"n": number, "kind": "add", "key": f"K{number}", "wants": wants}))
        lines.append(json.dumps({"n": number, "fate": fate, "receipt": receipt, "text": ""}))
    return lines


def held(records: dict[str, list[str]], receipts: Iterable[str] = ("R0", "R1")) -> Dump:
    """A database with these records, and with receipts that the audit knows."""
    return Dump(records, dict.fromkeys(receipts), set(receipts))


def judged(calls: list[str], there: Dump) -> dict[str, int]:
    """What the judge finds, by kind."""
    found: Judgement = judge([calls], there)
    return {kind: number for kind, number in found.breaches.items() if number}


def test_what_was_acknowledged_and_is_there_is_in_order() -> None:
    """The judge finds nothing where journal and database agree, a deletion included."""
    calls = journal((ONE, ACKED), ({"activity A": None}, ACKED), (HALF, UNKNOWN))
    assert not judged(calls, held({}))
    assert not judged(calls, held({"credit 1": ["held"], "credit 2": ["held"]}))


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (held({}), "lost"),
        (held({"activity A": ["Old"]}), "lost"),
        (held({"activity A": ["One"]}, ()), "lost"),
        (held({"activity A": ["One", "One"]}), "doubled"),
        (held({"activity A": ["One"], "activity B": ["Two"]}), "risen"),
        (Dump({"activity A": ["One"]}, {"R0": None}), "unaudited"),
    ],
)
def test_a_breach_of_an_acknowledgement_is_found(there: Dump, kind: str) -> None:
    """A record or receipt that is lost, doubled, unproven or nobody's is found, and called so."""
    assert {kind: 1} == judged(journal((ONE, ACKED)), there)


def test_a_deleted_record_that_is_there_has_risen() -> None:
    """What was deleted and acknowledged may not come back."""
    calls = journal((ONE, ACKED), ({"activity A": None}, ACKED))
    assert {"risen": 1} == judged(calls, held({"activity A": ["One"]}))


@pytest.mark.parametrize("fate", [UNKNOWN, FAILED])
def test_an_open_call_may_be_stored_or_not_but_not_by_half(fate: str) -> None:
    """Of a call without a clear answer either all records are there or none."""
    assert {"half": 1} == judged(journal((HALF, fate)), held({"credit 1": ["held"]}))


def test_an_open_call_is_stored_at_most_once() -> None:
    """A call that was sent again under its key and stored twice is found, by record and by key."""
    twice = Dump({name: ["held", "held"] for name in HALF}, taken_twice=["K0: 2 receipts"])
    assert {"doubled": 3} == judged(journal((HALF, UNKNOWN)), twice)


def test_what_never_reached_the_gateway_or_was_refused_is_told_apart() -> None:
    """A refusal of a good call is told; a call that could not be sent says nothing."""
    calls = journal((ONE, REFUSED), (OTHER, UNSENT))
    assert {"refused": 1} == judged(calls, held({}))


def test_a_database_that_is_not_sound_is_found() -> None:
    """What SQLite says of its own file, and credits no board will be asked about, count."""
    assert {"unsound": 1, "unasked": 1} == judged([], Dump(unsound=["page 3"], unasked=2))


# --- histories ---------------------------------------------------------------------------------------


def wrote(value: str, begun: float, ended: float = INFINITE) -> Deed:
    """A write of the one record."""
    return Deed("A", True, value, begun, ended)


def read(value: str | None, begun: float, ended: float) -> Deed:
    """A read of the one record."""
    return Deed("A", False, value, begun, ended)


@pytest.mark.parametrize(
    "deeds",
    [
        [wrote("1", 0, 1), read("1", 2, 3), wrote("2", 2, 5), read("1", 4, 6), read("2", 6, 7)],
        [wrote("1", 0, 1), wrote("2", 2), read("1", 3, 4), read("2", 5, 6)],
        [wrote("1", 0, 1), wrote("2", 2), read("1", 9, 10)],
        [read(None, 0, 1), wrote("1", 2, 3), read("1", 4, 5), wrote(GONE, 6, 8), read(None, 7, 9)],
    ],
)
def test_what_one_machine_could_have_answered_is_in_order(deeds: list[Deed]) -> None:
    """Overlapping deeds and open writes may have happened in any order that explains the reads."""
    assert not check(deeds)


@pytest.mark.parametrize(
    "deeds",
    [
        pytest.param([wrote("1", 0, 1), wrote("2", 2, 3), read("1", 4, 5)], id="lost update"),
        pytest.param([wrote("1", 0, 1), wrote("2", 2), read("2", 3, 4), read("1", 5, 6)], id="stale read"),
        pytest.param([wrote("1", 0, 1), wrote(GONE, 2, 3), read("1", 4, 5)], id="deleted and back"),
        pytest.param([wrote("1", 0, 1), read(None, 2, 3)], id="not its own write"),
        pytest.param([wrote("1", 5, 6), read("1", 0, 1)], id="before it was written"),
        pytest.param([read("9", 0, 1)], id="nobody's"),
    ],
)
def test_what_no_machine_could_have_answered_is_found(deeds: list[Deed]) -> None:
    """A history that no order explains is a breach."""
    assert check(deeds)


# --- strace ------------------------------------------------------------------------------------------


def test_a_reply_before_the_sync_is_told_from_one_after_it() -> None:
    """Only a sync of the database that has ended, since the reply before, makes a reply a good one."""
    reply = '7 sendto(9<socket:[1]>, "HTTP/1.1 200 OK"..., 90, 0, NULL, 0) = 90'
    lines = [
        "7 fdatasync(5</x/gateway.db-wal>) = 0",
        reply,
        reply,
        "7 fdatasync(5</x/other.db-wal>) = 0",
        reply,
        "8 fdatasync(5</x/gateway.db-wal> <unfinished ...>",
        reply,
        "8 <... fdatasync resumed>) = 0",
        reply,
    ]
    assert (2, 5) == count(lines, Path("/x/gateway.db"))


# --- the runner --------------------------------------------------------------------------------------


class Goal:
    """A goal made up, with a control."""

    GOAL = "R0"

    def __init__(self, wrong: tuple[str, ...], control: tuple[str, ...], late: int = 0) -> None:
        self._wrong = wrong
        self.late = late
        self.CONTROLS: Mapping[str, Run] = {"a guard": lambda form: Outcome("", "", "", control)}

    def run(self, form: Form) -> Outcome:
        """Give what was made up, and be late as often as was said."""
        self.late -= 1
        return Outcome("did", "figure", "bound", self._wrong, late=("late",) if self.late >= 0 else ())


@pytest.mark.parametrize(
    ("wrong", "control", "code"), [((), ("red",), 0), (("red",), ("red",), 1), ((), (), 1)]
)
def test_a_red_goal_and_a_green_control_fail(
    wrong: tuple[str, ...],
    control: tuple[str, ...],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The runner ends well only where the goal is green and its control is red; the end tells why not."""
    report = runner.Report()
    report.add(Goal(wrong, control), Form(tmp_path))
    capsys.readouterr()
    assert code == report.end(all_or_fail=False)
    told = capsys.readouterr().out
    assert bool(wrong) == ("R0: red; figure; red" in told)
    assert (not control) == ("R0, a guard: green, though a guard is off" in told)


@pytest.mark.parametrize(
    ("late", "wrong", "code", "tries"), [(2, (), 0, 3), (3, (), 1, 3), (1, ("red",), 1, 1)]
)
def test_a_goal_that_was_only_late_is_tried_again(
    late: int, wrong: tuple[str, ...], code: int, tries: int, tmp_path: Path
) -> None:
    """Twice at most, and never where something was wrong too."""
    goal, report = Goal(wrong, ("red",), late), runner.Report()
    report.add(goal, Form(tmp_path))
    assert (code, tries) == (report.end(all_or_fail=False), late - goal.late)


def test_a_control_gets_another_try(tmp_path: Path) -> None:
    """A control may miss its moment, and is not taken for a guard that guards nothing at once."""
    goal, report, missed = Goal((), ()), runner.Report(), iter((True, False))
    goal.CONTROLS = {"a guard": lambda form: Outcome("", "", "", () if next(missed) else ("red",))}
    report.add(goal, Form(tmp_path))
    assert not report.end(all_or_fail=False)


def test_what_did_not_run_is_listed_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A goal that cannot run here is no failure but where all was to run, and is told."""

    class Missing(Goal):
        def run(self, form: Form) -> Outcome:
            raise NotRun("no strace")

    report = runner.Report()
    report.add(Missing((), ("red",)), Form(tmp_path))
    assert (0, 1) == (report.end(all_or_fail=False), report.end(all_or_fail=True))
    assert "R0: no strace" in capsys.readouterr().out
