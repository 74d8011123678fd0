"""The American Board of Pediatrics: one completion a call, decided at once."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.boards.face import Adapter, Line, areas, born, kind, one_by_one, said, verdict
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABP",
    name="American Board of Pediatrics",
    credit_types=(
        CreditType(
            "Lifelong Learning and Self-Assessment",
            also=("Lifelong Learning and Self-Assessment (Part II)",),
        ),
    ),
    practice_areas=areas(
        "Adolescent Medicine",
        "Child Abuse Pediatrics",
        "Developmental-Behavioral Pediatrics",
        "General Pediatrics",
        "Hospice & Palliative Medicine",
        "Hospital Medicine",
        "Medical Toxicology",
        "Neonatal-Perinatal Medicine",
        "Neurodevelopmental Disabilities",
        "Pediatric Cardiology",
        "Pediatric Critical Care Medicine",
        "Pediatric Emergency Medicine",
        "Pediatric Endocrinology",
        "Pediatric Gastroenterology",
        "Pediatric Hematology-Oncology",
        "Pediatric Infectious Diseases",
        "Pediatric Nephrology",
        "Pediatric Neurology",
        "Pediatric Pulmonology",
        "Pediatric Rheumatology",
        "Pediatric Transplant Hepatology",
        "Sleep Medicine",
        "Sports Medicine",
        "Professionalism/Patient Safety/Other Skills",
    ),
    one_report=True,
)
WORDS = {"Accepted": True, "Declined": False}
# Unknown is no refusal: the board holds nothing, so nothing counts.
WITHDRAWN = {"Withdrawn": True, "Unknown": True}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Report completions, one a call."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("ReportCompletion", **_completion(claim))
        return verdict(said(answer, "Reference"), said(answer, "Decision"), WORDS, said(answer, "Reason"))

    return one_by_one(claims, ask)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Withdraw completions, one a call."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("WithdrawCompletion", Reference=claim.reference)
        return verdict(said(answer, "Reference"), said(answer, "Outcome"), WITHDRAWN)

    return one_by_one(claims, ask)


def _completion(claim: Claim) -> dict[str, object]:
    return {
        "Reference": claim.reference,
        "DiplomateId": claim.board_id,
        "GivenName": list(claim.given_names),
        "FamilyName": list(claim.family_names),
        "BirthMonth": int(born(claim, "{month}")),
        "BirthDay": int(born(claim, "{day}")),
        "ActivityId": claim.activity_id,
        "ActivityTitle": claim.activity_title,
        "ProviderId": claim.provider_id,
        "CreditType": kind(BOARD, claim),
        "Points": claim.amount,
        "CompletedOn": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abp.wsdl", most=20, report=report, withdraw=withdraw)
