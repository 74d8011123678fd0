"""The American Board of Physical Medicine and Rehabilitation: small chunks, decided at once but for what
is under review, which is asked about again by a review number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.boards.face import (
    Adapter,
    Answer,
    Line,
    born,
    family,
    given,
    kind,
    references,
    said,
    settled,
    verdict,
)
from gateway.records import Board, Claim, CreditType, Reply

BOARD = Board(
    acronym="ABPMR",
    name="American Board of Physical Medicine and Rehabilitation",
    since=date(2025, 1, 1),
    # Its types are not publicly known: these are our reading of what it says of its programme.
    credit_types=(CreditType("Lifelong Learning"), CreditType("Self-Assessment")),
)
MINUTES = 60
WORDS = {"recorded": True, "refused": False}
# Never recorded is no refusal: nothing counts.
ERASED = {"removed": True, "never recorded": True}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Log credits; what is under review has a number to come back with."""
    return _reply(line.call("LogCredits", Entry=[_entry(claim) for claim in claims]), claims)


def collect(line: Line, ticket: str, claims: Sequence[Claim]) -> Reply:
    """Ask for the standing of what was under review."""
    return _reply(line.call("AskReview", ReviewNumber=ticket), claims)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Erase credits."""
    answer = line.call("EraseCredits", Ref=references(claims))
    told = (verdict(one.get("ref"), one.text, ERASED) for one in answer.iterfind("Standing"))
    return Reply(settled(claims, told))


def _reply(answer: Answer, claims: Sequence[Claim]) -> Reply:
    told = (verdict(one.get("ref"), one.text, WORDS, one.get("why")) for one in answer.iterfind("Standing"))
    return Reply(settled(claims, told), said(answer, "ReviewNumber") or None)


def _entry(claim: Claim) -> dict[str, object]:
    return {
        "@ref": claim.reference,
        "@activity": claim.activity_id,
        "@provider": claim.provider_id,
        "@type": kind(BOARD, claim),
        "@minutes": int(claim.amount * MINUTES),
        "Title": claim.activity_title,
        "Diplomate": {
            "@abpmrId": claim.board_id,
            "@birthMonth": int(born(claim, "{month}")),
            "@birthDay": int(born(claim, "{day}")),
            "Given": given(claim),
            "Family": family(claim),
        },
        "CompletionDate": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abpmr.wsdl", most=25, report=report, withdraw=withdraw, collect=collect)
