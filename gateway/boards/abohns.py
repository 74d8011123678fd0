"""The American Board of Otolaryngology - Head and Neck Surgery: one credit a call, all in attributes."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.boards.face import Adapter, Line, areas, born, family, given, kind, one_by_one, trimmed, verdict
from gateway.records import Board, Claim, CreditType, Reply, Verdict

BOARD = Board(
    acronym="ABOHNS",
    name="American Board of Otolaryngology – Head and Neck Surgery",  # noqa: RUF001  its own dash
    credit_types=(
        CreditType("Lifelong Learning", also=("Lifelong Learning (CME)",)),
        CreditType("Self-Assessment Module", also=("Self-Assessment Module (Part II)",)),
        CreditType("Improvement in Medical Practice", also=("Improvement in Medical Practice (Part IV)",)),
        CreditType("Patient Safety"),
    ),
    practice_areas=areas(
        "Allergy",
        "Facial Plastic & Reconstructive Surgery",
        "Head & Neck",
        "Laryngology",
        "Otology",
        "Neurotology",
        "Pediatric Otolaryngology",
        "Rhinology",
        "Sleep Medicine",
        "General Otolaryngology",
    ),
)
WORDS = {"yes": True, "no": False}
# None is no refusal: the board holds nothing, so nothing counts.
CANCELLED = {"cancelled": True, "none": True}


def report(line: Line, claims: Sequence[Claim]) -> Reply:
    """Report credits, one a call; the notes of one outcome make one reason."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("Credit", **_credit(claim))
        reason = "; ".join(trimmed(note.text) for note in answer.iterfind("Note"))
        return verdict(answer.get("reference"), answer.get("outcome"), WORDS, reason)

    return one_by_one(claims, ask)


def withdraw(line: Line, claims: Sequence[Claim]) -> Reply:
    """Cancel credits, one a call."""

    def ask(claim: Claim) -> Verdict | None:
        answer = line.call("Cancel", **{"@reference": claim.reference})
        return verdict(answer.get("reference"), answer.get("outcome"), CANCELLED)

    return one_by_one(claims, ask)


def _credit(claim: Claim) -> dict[str, object]:
    return {
        "@reference": claim.reference,
        "@abohnsId": claim.board_id,
        "@given": given(claim),
        "@family": family(claim),
        "@birthday": born(claim, "{day}/{month}"),
        "@activity": claim.activity_id,
        "@title": claim.activity_title,
        "@provider": claim.provider_id,
        "@part": kind(BOARD, claim),
        "@credits": claim.amount,
        "@completed": claim.completed_on,
    }


ADAPTER = Adapter(board=BOARD, wsdl="abohns.wsdl", most=20, report=report, withdraw=withdraw)
