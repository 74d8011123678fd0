"""A completion that breaks no rule, and the judging of changes to it, for the tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.boards import BOARDS
from gateway.records import (
    Activity,
    ClaimedCredit,
    Completion,
    Credit,
    Finding,
    Identifier,
    Learner,
    MocRegistration,
    Place,
    Status,
    replace,
)
from gateway.rules import CompletionContext, judge

TODAY = date(2026, 11, 21)
AMID = "context."
COURSE = Activity(
    activity_id="202600001",
    title="Asthma in Schools",
    start_date=date(2026, 11, 9),
    end_date=date(2026, 11, 10),
    credits=(Credit("AMA PRA Category 1", Decimal(20)),),
    moc_registrations=(MocRegistration("ABIM", Decimal(10), ("Medical Knowledge",)),),
)
COMPLETION = Completion(
    organization="Demo Medical Society",
    learner=Learner(
        ("Ada",),
        ("Quimby-Torres",),
        None,
        "02-29",
        (Identifier("ABIM", "900001"), Identifier("ME", "MD012345")),
    ),
    provider_organization="0001234",
    activity_name="Asthma in Schools",
    activity_id="202600001",
    module_name="Asthma in Schools",
    status="Completed",
    completed_on=date(2026, 11, 10),
    credits=(
        ClaimedCredit("ccid:demo:2026-000001", "AMA PRA Category 1", "Point", Decimal(20)),
        ClaimedCredit("ccid:demo:2026-000002", "Medical Knowledge", "Point", Decimal(10)),
    ),
)
CONTEXT = CompletionContext(
    today=TODAY,
    version=(1, 0),
    boards=BOARDS,
    provider_id="0001234",
    activity=COURSE,
    status=Status.ACTIVE,
)


def changed(changes: Mapping[str, Any]) -> tuple[Completion, CompletionContext]:
    """The completion and what is known besides it, after a rule's example."""
    around = {name.removeprefix(AMID): value for name, value in changes.items() if name.startswith(AMID)}
    said = {name: value for name, value in changes.items() if not name.startswith(AMID)}
    return replace(COMPLETION, **said), replace(CONTEXT, **around)


def found(changes: Mapping[str, Any] | None = None, version: tuple[int, int] = (2, 0)) -> tuple[Finding, ...]:
    """What is found of the completion after changes to it; places are the fields' own names."""
    record, context = changed(changes or {})
    return judge(record, replace(context, version=version), lambda field: Place(f"/{field}", 7))


def codes(findings: Iterable[Finding]) -> list[str]:
    """The codes of findings, in order."""
    return [finding.code for finding in findings]
