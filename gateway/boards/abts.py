"""The American Board of Thoracic Surgery: one credit a call, answered by a number."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.boards.face import Adapter, Answer, Line, born, family, given, kind, one_by_one, said
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABTS",
    name="American Board of Thoracic Surgery",
    credit_types=(
        CreditType("Accredited CME"),
        CreditType("Self-Assessment"),
        CreditType("Performance in Practice"),
        CreditType("Patient Safety"),
    ),
)
DONE = {0, 1}  # now, and before
REFUSED = range(20, 50)
NOTHING_TO_VOID = 20


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Post credits, one a call; a number that is no decision leaves the credit open."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("PostCredit", **_credit(claim))
        code = int(said(answer, "Code"))
        if code in DONE:
            return Verdict(said(answer, "Reference"), True)
        return Verdict(said(answer, "Reference"), False, _reason(answer)) if code in REFUSED else None

    return one_by_one(claims, ask)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Void credits, one a call."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("VoidCredit", Reference=claim.reference)
        voided = int(said(answer, "Code")) in {*DONE, NOTHING_TO_VOID}
        return Verdict(said(answer, "Reference"), True) if voided else None

    return one_by_one(claims, ask)


def _reason(answer: Answer) -> str:
    return said(answer, "Message") or f"code {said(answer, 'Code')}"


def _credit(claim: Claim) -> dict[str, object]:
    return {
        "Reference": claim.reference,
        "Surgeon": {
            "AbtsId": claim.board_id,
            "FullName": f"{family(claim)}, {given(claim)}".strip(", "),
            "BirthDay": int(born(claim, "{day}")),
            "BirthMonth": int(born(claim, "{month}")),
        },
        "Activity": {
            "Number": claim.activity_id,
            "Title": claim.activity_title,
            "Provider": claim.provider_id,
        },
        "Category": kind(BOARD, claim),
        "Hours": claim.amount,
        "Completed": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abts.wsdl", most=20, report=report, withdraw=withdraw)
