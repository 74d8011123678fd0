"""The American Board of Internal Medicine: a chunk a call, one verdict for each record in any order."""

from __future__ import annotations

from collections.abc import Sequence

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
    trimmed,
    verdict,
)
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABIM",
    name="American Board of Internal Medicine",
    id_shape=r"\d{6}",
    credit_types=(
        CreditType("Medical Knowledge", also=("Medical Knowledge (Part II)",)),
        CreditType("Practice Assessment", also=("Practice Assessment (Part IV)",)),
        CreditType("Patient Safety"),
    ),
    practice_areas=areas(
        "Adolescent Medicine",
        "Adult Congenital Heart Disease",
        "Advanced Heart Failure and Transplant Cardiology",
        "Cardiovascular Disease",
        "Clinical Cardiac Electrophysiology",
        "Critical Care Medicine",
        "Endocrinology, Diabetes, and Metabolism",
        "Gastroenterology",
        "Geriatric Medicine",
        "Hematology",
        "Hospice and Palliative Medicine",
        "Hospital Medicine",
        "Infectious Disease",
        "Internal Medicine",
        "Interventional Cardiology",
        "Medical Oncology",
        "Nephrology",
        "Neurocritical Care",
        "Pulmonary Disease",
        "Rheumatology",
        "Sleep Medicine",
        "Sports Medicine",
        "Transplant Hepatology",
    ),
)
CODES = {"Medical Knowledge": "MK", "Practice Assessment": "PA", "Patient Safety": "PS"}
WORDS = {"true": True, "1": True, "false": False, "0": False}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Report credits, and take the verdicts as they come."""
    answer = line.call("ReportCredits", Record=[_record(claim) for claim in claims])
    told = (
        verdict(said(one, "Reference"), said(one, "Accepted"), WORDS, said(one, "Reason"))
        for one in answer.iterfind("Verdict")
    )
    return Reply(settled(claims, told))


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Take credits back; what the board does not hold is as good as taken back."""
    answer = line.call("WithdrawCredits", Reference=references(claims))
    lists = (*answer.iterfind("Withdrawn"), *answer.iterfind("NotHeld"))
    return Reply(settled(claims, (Verdict(trimmed(one.text), True) for one in lists)))


def _record(claim: Claim) -> dict[str, object]:
    named = kind(BOARD, claim)
    return {
        "Reference": claim.reference,
        "AbimId": claim.board_id,
        "FirstName": given(claim),
        "LastName": family(claim),
        "Birthday": born(claim, "{month}{day}"),
        "ActivityId": claim.activity_id,
        "ActivityTitle": claim.activity_title,
        "ProviderId": claim.provider_id,
        "CreditCode": CODES.get(named, named),
        "Points": claim.amount,
        "CompletionDate": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abim.wsdl", most=100, report=report, withdraw=withdraw)
