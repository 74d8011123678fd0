"""The American Board of Surgery: a ticket for a chunk, and all outcomes at once when they are there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.boards.face import (
    Adapter,
    Line,
    areas,
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
    acronym="ABS",
    name="American Board of Surgery",
    since=date(2021, 3, 1),
    running=True,
    credit_types=(
        CreditType("Accredited CME"),
        CreditType("Self-Assessment", also=("Self-Assessment (Part II)",)),
    ),
    practice_areas=areas(
        "Complex General Surgical Oncology",
        "Hand Surgery",
        "Hospice & Palliative Medicine",
        "Neurocritical Care",
        "Pediatric Surgery",
        "Surgical Critical Care",
        "Vascular Surgery",
        "General Surgery",
        "Bariatric Surgery",
    ),
)
CODES = {"Accredited CME": "CME", "Self-Assessment": "SA"}
WORDS = {"POSTED": True, "NOT POSTED": False}
# Not found is no refusal: the board holds nothing, so nothing counts.
RETRACTED = {"RETRACTED": True, "NOT FOUND": True}
PENDING, DONE = "PENDING", "DONE"


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Submit credits for a ticket."""
    answer = line.call("SubmitCredits", Submission=[_submission(claim) for claim in claims])
    return Reply(ticket=said(answer, "Ticket") or None)


def collect(line: Line, ticket: str, claims: Sequence[Claim]) -> Reply:
    """Fetch the outcomes; a ticket the board does not know any more is given up."""
    answer = line.call("FetchOutcomes", Ticket=ticket)
    state = said(answer, "State")
    told = (
        verdict(said(one, "SubmissionRef"), said(one, "Status"), WORDS, said(one, "Explanation"))
        for one in answer.iterfind("Outcome")
    )
    verdicts = settled(claims, told) if state == DONE else ()
    return Reply(verdicts, ticket if state == PENDING else None)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Retract credits, without a ticket."""
    answer = line.call("RetractCredits", SubmissionRef=references(claims))
    told = (
        verdict(said(one, "SubmissionRef"), said(one, "Status"), RETRACTED)
        for one in answer.iterfind("Retraction")
    )
    return Reply(settled(claims, told))


def _submission(claim: Claim) -> dict[str, object]:
    named = kind(BOARD, claim)
    return {
        "SubmissionRef": claim.reference,
        "Surgeon": {
            "@absId": claim.board_id,
            "First": given(claim),
            "Last": family(claim),
            "BirthMonthDay": born(claim, "{month}/{day}"),
        },
        "Activity": {
            "@id": claim.activity_id,
            "@provider": claim.provider_id,
            "#text": claim.activity_title,
        },
        "TypeCode": CODES.get(named, named),
        "Credits": claim.amount,
        "Completed": f"{claim.completed_on:%Y%m%d}",
    }


ADAPTER = Adapter(board=BOARD, wsdl="abs.wsdl", most=100, report=report, withdraw=withdraw, collect=collect)
