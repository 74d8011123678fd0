"""The American Board of Orthopaedic Surgery: a receipt number for a chunk, and decisions as they come."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.boards.face import Adapter, Line, areas, kind, one_by_one, said, settled, trimmed, verdict
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABOS",
    name="American Board of Orthopaedic Surgery",
    credit_types=(
        CreditType("Accredited CME"),
        CreditType("Self-Assessment Examination", also=("Self-Assessment Examination (SAE)",)),
    ),
    practice_areas=areas(
        "Adult Reconstruction",
        "Foot and Ankle",
        "General Orthopaedics",
        "Musculoskeletal Oncology",
        "Orthopaedic Sports Medicine",
        "Orthopaedic Trauma",
        "Pediatric Orthopaedic Surgery",
        "Shoulder and Elbow",
        "Surgery of the Hand",
        "Surgery of the Spine",
    ),
)
WORDS = {"Y": True, "N": False}
# N is no refusal: there was nothing to take back, so nothing counts.
RECLAIMED = {"Y": True, "N": True}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Deposit credits for a receipt number."""
    answer = line.call("Deposit", credit=[_credit(claim) for claim in claims])
    return Reply(ticket=said(answer, "receiptNumber") or None)


def collect(line: Line, ticket: str, claims: Sequence[Claim]) -> Reply:
    """Collect the decisions so far; as long as some remain the receipt number is good."""
    answer = line.call("Collect", receiptNumber=ticket)
    told = (
        verdict(
            said(one, "yourReference"),
            said(one, "granted"),
            WORDS,
            "; ".join(trimmed(remark.text) for remark in one.iterfind("remark")),
        )
        for one in answer.iterfind("decision")
    )
    return Reply(settled(claims, told), ticket if int(said(answer, "remaining")) > 0 else None)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Reclaim credits, one a call."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("Reclaim", yourReference=claim.reference)
        return verdict(said(answer, "yourReference"), said(answer, "reclaimed"), RECLAIMED)

    return one_by_one(claims, ask)


def _credit(claim: Claim) -> dict[str, object]:
    return {
        "abosId": claim.board_id,
        "givenName": list(claim.given_names),
        "familyName": list(claim.family_names),
        "birthday": claim.birthday,
        "activityNumber": claim.activity_id,
        "activityTitle": claim.activity_title,
        "provider": claim.provider_id,
        "creditType": kind(BOARD, claim),
        "quarterHours": int(claim.amount * 4),
        "completionDate": claim.completed_on,
        "yourReference": claim.reference,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abos.wsdl", most=100, report=report, withdraw=withdraw, collect=collect)
