"""What is told of a call: counts, codes, and a trace id that may be the caller's own."""

from __future__ import annotations

from typing import Any

import pytest
from doors import Doors
from fakes import NOW, PROVIDER
from messages import envelope, payload, request

from gateway import calls
from gateway.calls import Call, Observed
from gateway.errors import Busy, Malformed, Refused
from gateway.records import Action, Finding, Outcome, Receipt, Result, Severity

THEIRS = "0af7651916cd43dd8448eb211c80319c"
FINDING = Finding("A001", Severity.ERROR, "The title is missing.", "Add it.", "title", "/a", 1)


def observed(work: Any = lambda: None, **environ: Any) -> tuple[Call, str]:
    """The record of a call in which `work` was done, and its trace id as the door sees it."""
    told: list[Call] = []
    traces: list[str] = []

    def door(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        traces.append(calls.trace_id(environ))
        work()
        start_response("200 OK", [])
        return [b""]

    assert [b""] == Observed(door, "/soap/v2", [told.append])(environ, lambda *_: None)
    ((call,), (trace,)) = told, traces
    return call, trace


@pytest.mark.parametrize(
    "parent",
    [
        f"00-{THEIRS}-b7ad6b7169203331-01",
        f"00-{THEIRS}-b7ad6b7169203331-00",
        f"01-{THEIRS}-b7ad6b7169203331-01-more",
    ],
)
def test_a_well_formed_traceparent_is_taken_over(parent: str) -> None:
    """The caller's trace id stands in fault and log; of a later version what follows is nobody's business."""
    call, trace = observed(HTTP_TRACEPARENT=parent)
    assert THEIRS == call.trace_id == trace


@pytest.mark.parametrize(
    "parent",
    [
        "",
        THEIRS,
        f"00-{THEIRS}-b7ad6b7169203331",
        f"00-{THEIRS}-b7ad6b7169203331-01-more",
        f"00-{THEIRS.upper()}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{THEIRS}-{'0' * 16}-01",
        f"ff-{THEIRS}-b7ad6b7169203331-01",
        f"00-{THEIRS[:-1]}\n-b7ad6b7169203331-01",
        f"00-{THEIRS}-b7ad6b7169203331-01\n",
    ],
)
def test_any_other_is_replaced(parent: str) -> None:
    """Nothing a sender makes up reaches a log by this way."""
    call, trace = observed(HTTP_TRACEPARENT=parent)
    assert call.trace_id == trace != THEIRS
    assert 16 == len(trace) and int(trace, 16)


def test_two_calls_have_two_traces() -> None:
    """Without a traceparent each has its own."""
    assert observed()[0].trace_id != observed()[0].trace_id


def test_a_receipt_is_counted() -> None:
    """Records by what became of them, findings by code, and whose call of what it was."""

    def work() -> None:
        calls.asked("SaveActivity", "0001234")
        results = (Result(1, Action.ADDED), Result(2, Action.REFUSED, findings=(FINDING, FINDING)))
        calls.acknowledged(Receipt("20260101-000000000001", NOW, "2.0", Outcome.PARTIAL, results))

    call, _ = observed(work)
    assert ("SaveActivity", "0001234", "Partial success") == (call.operation, call.provider_id, call.outcome)
    assert {"Added": 1, "Refused": 1} == call.actions
    assert {"A001": 2} == call.findings
    assert (200, "20260101-000000000001") == (call.status, call.receipt_id)
    assert call.seconds > 0


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (Refused(), "Refused", "S000"),
        (Busy(), "Failed", "S902"),
        (Malformed(findings=[FINDING]), "Refused", "X012"),
    ],
)
def test_a_refusal_is_told_apart_from_a_failure(error: Any, outcome: str, code: str) -> None:
    """By the sender's fault or ours, with its code."""
    call, _ = observed(lambda: calls.refused(error))
    assert (outcome, code, len(error.findings)) == (call.outcome, call.code, call.findings.total())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            request("SaveActivity", payload(), credentials="<User>x</User><Password>y</Password>"),
            ("S001", ""),
        ),
        (request("ReopenActivity"), ("S002", PROVIDER)),
    ],
    ids=["a wrong login", "a scope that is missing"],
)
def test_a_call_that_is_not_admitted_is_told_by_its_operation(asked: str, told: tuple[str, str]) -> None:
    """As in the audit log; the provider is only told once they have proven to be it."""
    doors, seen = Doors(), list[Call]()
    doors.doors["v2"] = Observed(doors.doors["v2"], "/soap/v2", [seen.append])
    doors.send(envelope(asked))
    [call] = seen
    assert asked.startswith(f"<{call.operation} ")
    assert told == (call.code, call.provider_id)


def test_outside_a_call_nothing_is_noted() -> None:
    """A worker or a command uses the same operations; and no call is left over after its end."""
    observed()
    calls.asked("SaveActivity", "0001234")
    calls.refused(Refused())
    assert calls.current() is None


def test_a_door_that_breaks_is_told_all_the_same() -> None:
    """What the server answers then, it says itself."""
    told: list[Call] = []

    def door(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Observed(door, "/soap/v2", [told.append])({}, lambda *_: None)
    assert [0] == [call.status for call in told]
    assert calls.current() is None
