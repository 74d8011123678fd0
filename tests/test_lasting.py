"""What of a status is kept with an activity: it holds on every day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from entries import COMPLETE, DRAFT, LEGACY, TODAY

from gateway.lifecycle import GATES, LEGACY_GATES, Lasting, lasting
from gateway.lifecycle.gates import missing
from gateway.records import Activity, Status

DAYS = (date.min, TODAY, date.max)


@pytest.mark.parametrize("activity", [COMPLETE, DRAFT, LEGACY, replace(LEGACY, physicians=None)])
def test_no_gate_that_is_kept_looks_at_the_day(activity: Activity) -> None:
    """Else a search by status would go wrong as days pass."""
    kept = [gate for gate in (*GATES, *LEGACY_GATES) if gate.status is not Status.READY_TO_CLOSE]
    assert 1 == len({missing(kept, activity, day) for day in DAYS})


def test_the_gate_of_ready_to_close_does_look_at_it() -> None:
    """The control: that one is asked of the dates instead."""
    of_the_day = [gate for gate in GATES if gate.status is Status.READY_TO_CLOSE]
    assert 2 == len({missing(of_the_day, COMPLETE, day) for day in DAYS})


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        (COMPLETE, Lasting(complete=True, complete_then=False)),
        (DRAFT, Lasting(complete=False, complete_then=False)),
        (LEGACY, Lasting(complete=True, complete_then=True)),
        (replace(LEGACY, born="2.0"), Lasting(complete=True, complete_then=False)),
    ],
)
def test_what_is_kept(activity: Activity, expected: Lasting) -> None:
    """All that Active asks for; and what closed a record of 1.0 of such records alone."""
    assert expected == lasting(activity)
