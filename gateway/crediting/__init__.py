"""What becomes of each completion of a submission: matched, judged, then kept, decided or refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway import rules
from gateway.crediting.adding import UNMATCHED, add, claimed, is_reported
from gateway.crediting.case import Case, Decision, Judgement, undone
from gateway.crediting.deleting import delete
from gateway.ledger import Ledger
from gateway.records import (
    Action,
    CompletionEntry,
    Finding,
    LearnerAction,
    Result,
    replace,
)
from gateway.rules import CompletionContext, finding

__all__ = ["Decision", "Judgement", "decide", "not_done", "result"]


def decide(entry: CompletionEntry, ledger: Ledger, by: Judgement) -> Decision:
    """Decide what becomes of one record, and leave its credits in that state in the ledger."""
    said = entry.completion
    if said is None:
        context = by.context(entry.activity_id or "", entry.action)
        besides = rules.besides(entry.findings, entry.legible, context, entry.place)
        return Decision(entry, Action.REFUSED, (*entry.findings, *besides))
    case = Case(entry, said, said.activity_id or "", by.learners.get(entry.number), ledger, by)
    context = by.context(case.activity_id, entry.action)
    certificates = [rules.certified(credit, said, context.activity, by.boards) for credit in said.credits]
    judged = rules.judge(said, context, entry.place, certificates)
    theirs = tuple(_not_theirs(case, context))
    if entry.action is LearnerAction.DELETE:
        return delete(case, (*theirs, *judged, *entry.findings))
    claims = claimed(case, certificates)
    if any(one.blocks for one in judged) and is_reported(case, claims):
        judged = _still_wrong(case, context, judged)
    return add(case, claims, (*theirs, *judged, *entry.findings))


def _still_wrong(case: Case, context: CompletionContext, judged: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is found of a record that is sent again: not what would refuse it as new only today, for the
    day or the activity is another; whoever lost the answer would take good credit for rejected."""
    assert case.said.completed_on is not None
    as_such = replace(context, activity=None, status=None, today=case.said.completed_on)
    wrong = {(one.code, one.path) for one in rules.judge(case.said, as_such, case.entry.place)}
    return tuple(one for one in judged if not one.blocks or (one.code, one.path) in wrong)


def _not_theirs(case: Case, context: CompletionContext) -> Iterator[Finding]:
    """The record speaks of no other provider than the caller's, and of an activity of theirs."""
    for name, provider_id in (
        ("provider_id", case.entry.provider_id),
        ("provider_organization", case.said.provider_organization),
    ):
        if provider_id not in (None, case.by.provider_id):
            yield finding("C906", case.entry.place(name), rules.detail(provider_id))
    if context.activity is None and case.activity_id:
        yield finding("C901", case.entry.place("activity_id"), rules.detail(case.activity_id))


def result(decision: Decision) -> Result:
    """Say what became of a record."""
    return Result(
        decision.entry.number,
        decision.action,
        activity_id=decision.entry.activity_id,
        credits=decision.credits,
        findings=rules.told(decision.findings, decision.entry.place("")),
    )


def not_done(decision: Decision) -> Result:
    """Say of a record that it was not done because another one of its AllOrNothing call was refused.

    Whether its learner is known is not told: nothing is stored, and guesses would cost nothing.
    """
    if decision.action is Action.REFUSED:
        return result(decision)
    found = (one for one in decision.findings if one.code not in UNMATCHED.values())
    findings = (finding("A909", decision.entry.place("action")), *found)
    credits = tuple(undone(credit, stands=credit.credit_id in decision.stored) for credit in decision.credits)
    return result(replace(decision, action=Action.REFUSED, findings=findings, credits=credits))
